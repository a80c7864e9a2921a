/// Names of sources (RFC 3550 §6.5); valid only while the buffer it was read from is.
public struct RTCPSourceDescription {
    /// The item that names a source for the whole session (RFC 3550 §6.5.1).
    public static let cname: UInt8 = 1

    let bytes: UnsafeRawBufferPointer
    let count: Int

    /// Calls `body` with each item's source, type and text (UTF-8), in order; stops at the first that does not fit.
    ///
    /// - Returns: false when it stopped early.
    @discardableResult
    public func forEachItem(_ body: (_ ssrc: UInt32, _ type: UInt8, _ text: UnsafeRawBufferPointer) -> Void) -> Bool {
        var offset = 0
        for _ in 0..<count {
            guard offset + 4 <= bytes.count else { return false }
            let ssrc: UInt32 = load32(bytes, offset)
            offset += 4
            while true {
                guard offset < bytes.count else { return false }
                let type: UInt8 = bytes[offset]
                if type == 0 { break }
                guard offset + 2 <= bytes.count else { return false }
                let end: Int = offset + 2 + Int(bytes[offset + 1])
                guard end <= bytes.count else { return false }
                body(ssrc, type, UnsafeRawBufferPointer(rebasing: bytes[(offset + 2)..<end]))
                offset = end
            }
            // The list ends with zeros up to the next 32-bit word.
            offset = (offset / 4 + 1) * 4
        }
        return true
    }
}

/// Sources that leave (RFC 3550 §6.6); valid only while the buffer it was read from is.
public struct RTCPGoodbye {
    let bytes: UnsafeRawBufferPointer
    /// How many sources leave; 0 ... 31.
    public let count: Int

    init(bytes: UnsafeRawBufferPointer, count: Int) { (self.bytes, self.count) = (bytes, count) }

    /// The source at `index`; 0 ..< ``count``.
    public subscript(index: Int) -> UInt32 {
        precondition(index >= 0 && index < count)
        return load32(bytes, 4 * index)
    }

    /// Why, as UTF-8; nil when it is not said or does not fit.
    public var reason: UnsafeRawBufferPointer? {
        let start: Int = 4 * count
        guard start < bytes.count, start + 1 + Int(bytes[start]) <= bytes.count else { return nil }
        return UnsafeRawBufferPointer(rebasing: bytes[(start + 1)..<(start + 1 + Int(bytes[start]))])
    }
}
