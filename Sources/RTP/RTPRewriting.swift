extension RTPHeader {
    /// Writes another payload type, marker, sequence number, timestamp and source over those of `packet`; the rest stays.
    ///
    /// - Parameter packet: at least ``minimumLength`` bytes, the packet this header was read from or its copy.
    @inlinable
    public static func rewrite(
        _ packet: UnsafeMutableRawPointer, payloadType: UInt8, marker: Bool, sequenceNumber: UInt16, timestamp: UInt32,
        ssrc: UInt32
    ) {
        packet.storeBytes(of: (marker ? 0x80 : 0) | (payloadType & 0x7F), toByteOffset: 1, as: UInt8.self)
        packet.storeBytes(of: sequenceNumber.bigEndian, toByteOffset: 2, as: UInt16.self)
        packet.storeBytes(of: timestamp.bigEndian, toByteOffset: 4, as: UInt32.self)
        packet.storeBytes(of: ssrc.bigEndian, toByteOffset: 8, as: UInt32.self)
    }

    /// Writes a whole header of ``minimumLength`` bytes, without contributing sources or extension.
    @inlinable
    public static func write(
        _ packet: UnsafeMutableRawPointer, payloadType: UInt8, marker: Bool, sequenceNumber: UInt16, timestamp: UInt32,
        ssrc: UInt32
    ) {
        packet.storeBytes(of: 0x80, as: UInt8.self)
        rewrite(
            packet, payloadType: payloadType, marker: marker, sequenceNumber: sequenceNumber, timestamp: timestamp,
            ssrc: ssrc)
    }
}
