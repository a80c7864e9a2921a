public import Basics

/// A player of a call.
public struct MediaPlayerID: Hashable, Sendable {
    public let call: CallID
    public let number: UInt16
    public init(call: CallID, number: UInt16) { (self.call, self.number) = (call, number) }
}

/// A recorder of a call.
public struct MediaRecorderID: Hashable, Sendable {
    public let call: CallID
    public let number: UInt16
    public init(call: CallID, number: UInt16) { (self.call, self.number) = (call, number) }
}

/// A conference: legs of any calls meet in it. Named after the call it was made for, as that says where it is mixed.
public struct MediaRoomID: Hashable, Sendable {
    public let call: CallID
    public let number: UInt16
    public init(call: CallID, number: UInt16) { (self.call, self.number) = (call, number) }
}

/// What a leg hears. It hears one thing at a time; a change never breaks its stream's SSRC, sequence or timestamps.
public enum MediaSource: Hashable, Sendable {
    /// Nothing is sent.
    case nothing
    case endpoint(MediaEndpointID)
    case player(MediaPlayerID)
    /// The room the endpoint is a member of.
    case room(MediaRoomID)
}
