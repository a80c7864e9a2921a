import Basics
import SRTP
import Testing

func hex(_ text: String) -> [UInt8] {
    let digits = Array(text.filter { !$0.isWhitespace })
    return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...($0 + 1)]), radix: 16) }
}

/// An RTP packet; the payload tells its number, so that a wrong decryption cannot pass.
func rtp(
    _ sequence: Int, ssrc: UInt32 = 0x1234_5678, payload: [UInt8]? = nil, csrcs: Int = 0, extensionWords: Int? = nil
) -> [UInt8] {
    let number = UInt16(truncatingIfNeeded: sequence)
    var packet: [UInt8] = [0x80 | UInt8(csrcs) | (extensionWords == nil ? 0 : 0x10), 0]
    packet += bytes(number) + bytes32(UInt32(truncatingIfNeeded: sequence &* 160)) + bytes32(ssrc)
    for source in 0..<csrcs { packet += bytes32(UInt32(source)) }
    if let extensionWords {
        packet +=
            [0xBE, 0xDE] + bytes(UInt16(extensionWords))
            + (0..<4 * extensionWords).map { UInt8(truncatingIfNeeded: $0) }
    }
    return packet + (payload ?? bytes32(UInt32(truncatingIfNeeded: sequence)) + Array(repeating: 0x55, count: 28))
}

/// A sender report with `words` words of blocks behind it.
func rtcp(ssrc: UInt32 = 0x1234_5678, words: Int = 5) -> [UInt8] {
    [0x80, 200] + bytes(UInt16(words + 1)) + bytes32(ssrc) + (0..<4 * words).map { UInt8(truncatingIfNeeded: $0 &* 7) }
}

func bytes(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)] }
func bytes32(_ value: UInt32) -> [UInt8] { bytes(UInt16(value >> 16)) + bytes(UInt16(truncatingIfNeeded: value)) }

/// A sender that the test macros can hold.
final class Sender {
    var context: SRTPSender
    init(_ key: SRTPKey) throws { context = try SRTPSender(key) }
    init(_ key: SRTPKey, session keys: SessionKeys) throws { context = try SRTPSender(key, rtp: keys, rtcp: keys) }

    var counters: SRTPCounters { context.counters }
    var packetsLeft: UInt64 { context.packetsLeft }
    func use(_ key: SRTPKey) throws -> Bool { try context.use(key) }

    /// The packet as it goes out; nil when it was refused.
    func protect(_ packet: [UInt8], rtcp: Bool = false) -> [UInt8]? {
        var buffer: [UInt8] = packet + Array(repeating: 0xEE, count: context.overhead)
        let length: Int? = buffer.withUnsafeMutableBytes { bytes in
            rtcp
                ? context.protectRTCP(bytes, length: packet.count) : context.protectRTP(bytes, length: packet.count)
        }
        return length.map { Array(buffer[..<$0]) }
    }
}

/// A receiver that the test macros can hold.
final class Receiver {
    var context: SRTPReceiver
    init(_ keys: [SRTPKey]) throws { context = try SRTPReceiver(keys) }
    convenience init(_ key: SRTPKey) throws { try self.init([key]) }
    init(_ key: SRTPKey, session keys: SessionKeys) throws { context = try SRTPReceiver(key, rtp: keys, rtcp: keys) }

    var counters: SRTPCounters { context.counters }
    var packetsLeft: UInt64 { context.packetsLeft }
    var hasReplacedKeys: Bool { context.hasReplacedKeys }
    func use(_ key: SRTPKey) throws -> Bool { try context.use(key) }
    func use(_ keys: [SRTPKey]) throws -> Bool { try context.use(keys) }

    /// The packet as it was; a refused one must not have changed.
    func take(_ packet: [UInt8], rtcp: Bool = false) -> Result<[UInt8], SRTPFailure> {
        var buffer: [UInt8] = packet
        let result: Result<Int, SRTPFailure> = buffer.withUnsafeMutableBytes { bytes in
            rtcp ? context.unprotectRTCP(bytes) : context.unprotectRTP(bytes)
        }
        if case .failure = result, buffer != packet { Issue.record("a refused packet was changed") }
        return result.map { Array(buffer[..<$0]) }
    }
}

extension SRTPProfile {
    /// The same key on each run.
    func key(_ seed: UInt64, mki: [UInt8]? = nil, lifetime: UInt64? = nil) -> SRTPKey {
        var random = SeededRandom(seed: seed)
        var key = SRTPKey.random(self, using: &random)
        key.mki = mki
        key.lifetime = lifetime
        return key
    }
}
