public import Basics

/// Call-IDs of our own: they name their shard, so that all legs of a call live in one.
enum ShardedCallID {
    /// `m`, two hexadecimal digits of the shard, and 100 random bits.
    static func make(shard: ShardID, random: inout AnyRandom) -> String {
        let digits = String(shard.rawValue, radix: 16)
        return (digits.utf8.count == 1 ? "m0" : "m") + digits + random.token(20)
    }
}

extension ShardID {
    /// The shard, of `count`, that a message with this Call-ID belongs to: the one a Call-ID of ours names, else by its hash.
    ///
    /// Somebody else's Call-ID that looks like ours only chooses its shard.
    public init(callID: String, count: Int) {
        var bytes = callID.utf8.makeIterator()
        if callID.utf8.count == 23, bytes.next() == UInt8(ascii: "m"), let high = bytes.next().flatMap(ShardID.hex),
            let low = bytes.next().flatMap(ShardID.hex), Int(high << 4 | low) < count
        {
            self.init(high << 4 | low)
        } else {
            self.init(UInt8(stableHash(callID) % UInt64(max(1, min(count, 256)))))
        }
    }

    private static func hex(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
