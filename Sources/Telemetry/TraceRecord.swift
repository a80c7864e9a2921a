public import Basics
public import SIPTransaction

/// One line of a call's story: a SIP message on the wire, or a remark of the server's.
public struct TraceRecord: Hashable, Sendable {
    public enum Direction: UInt8, Hashable, Sendable {
        /// From the peer to the server.
        case received = 0
        case sent = 1
    }

    public enum Content: Hashable, Sendable {
        /// The message's bytes as they were on the wire; at most 65 535 are kept.
        case sip(Direction, SIPTransportKind, local: IPEndpoint, remote: IPEndpoint, [UInt8])
        /// A decision or an event in words, never with secrets or digits.
        case note(String)
    }

    /// nil for what belongs to no call, such as a registration.
    public let call: CallID?
    /// ``LegID/index``; nil for what concerns the whole call.
    public let leg: UInt16?
    public let at: WallTime
    public let content: Content

    public init(call: CallID?, leg: UInt16?, at: WallTime, content: Content) {
        (self.call, self.leg, self.at, self.content) = (call, leg, at, content)
    }

    public init(leg: LegID, at: WallTime, content: Content) {
        self.init(call: leg.call, leg: leg.index, at: at, content: content)
    }

    /// What the record weighs in a queue, in bytes.
    var weight: Int {
        switch content {
        case .sip(_, _, _, _, let bytes): bytes.count + 96
        case .note(let text): text.utf8.count + 96
        }
    }
}
