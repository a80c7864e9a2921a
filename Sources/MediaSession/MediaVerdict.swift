/// What an endpoint's machine says about one packet.
public struct MediaVerdict: Hashable, Sendable {
    public enum Route: UInt8, Hashable, Sendable {
        case drop
        /// To the partner's RTP destination.
        case rtp
        /// To the partner's RTCP destination.
        case rtcp
    }

    public var route: Route
    public var events: MediaEvents
    /// ``RTCPSenderReport/compactTimestamp`` of a sender report inside; 0 when there is none. To be told to the partner
    /// by ``MediaEndpoint/sentSenderReport(_:at:)`` once the packet left.
    public var senderReport: UInt32

    public init(_ route: Route, _ events: MediaEvents = [], senderReport: UInt32 = 0) {
        (self.route, self.events, self.senderReport) = (route, events, senderReport)
    }

    public static let drop = MediaVerdict(.drop)
}

/// What happened to an endpoint, besides counting.
public struct MediaEvents: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// A source was pinned: ``MediaEndpoint/pinned``.
    public static let latched = MediaEvents(rawValue: 1)
    /// Packets came after silence was told.
    public static let heardAgain = MediaEvents(rawValue: 2)
    /// Where the endpoint sends to may have changed.
    public static let destination = MediaEvents(rawValue: 4)
}
