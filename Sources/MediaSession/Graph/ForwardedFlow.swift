public import Basics

/// What can be done for a stream without looking at more than its headers: packets of one source and SSRC go to one listener, under other
/// numbers. Whoever does it may be below this program; each packet is told to the graph afterwards.
public struct ForwardedFlow: Hashable, Sendable {
    public let source: IPEndpoint
    public let sourceSSRC: UInt32
    /// Where they go.
    public let destination: IPEndpoint
    /// The driver's number of the sockets they leave by.
    public let line: Int
    public let ssrc: UInt32
    /// Added to what comes, modulo their size.
    public let sequenceOffset: UInt16
    public let timestampOffset: UInt32
}

/// The header of a packet that was forwarded, as it came.
public struct ForwardedPacket: Sendable {
    public var sequenceNumber: UInt16
    public var timestamp: UInt32
    /// The payload type with the marker above it.
    public var type: UInt8
    /// Of the whole packet, in bytes.
    public var count: Int
    public var arrival: Moment

    public init(sequenceNumber: UInt16, timestamp: UInt32, type: UInt8, count: Int, arrival: Moment) {
        (self.sequenceNumber, self.timestamp, self.type) = (sequenceNumber, timestamp, type)
        (self.count, self.arrival) = (count, arrival)
    }
}
