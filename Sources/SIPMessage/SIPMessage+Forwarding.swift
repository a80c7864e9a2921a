/// The same message by another way.
extension SIPMessage {
    /// This request with another topmost Via: for the next place it is sent to (RFC 3263 §4.3).
    ///
    /// All else stays as it is, byte for byte.
    /// - Throws: ``SIPParseError`` when `via` has a value that may not stand on the wire.
    public func replacingTopVia(_ via: Via) throws(SIPParseError) -> SIPMessage {
        guard let slot = storage.slots.first(where: { matches($0, .via) }) else { return self }
        var wire: [UInt8] = []
        wire.reserveCapacity(storage.wire.count + 32)
        wire.append(contentsOf: storage.wire[..<Int(slot.valueStart)])
        via.write(to: &wire)
        wire.append(contentsOf: storage.wire[storage.topViaEnd...])
        return try SIPMessage.parse(wire, limits: .unlimited)
    }
}
