public import Basics

/// What is recorded of a leg, and where to.
public struct RecordingPlan: Hashable, Sendable {
    public enum Content: Hashable, Sendable {
        /// What the peer says.
        case peer
        /// What the peer says and what it hears, as the left and the right channel.
        case both
        /// Both, mixed into one channel.
        case mixed
    }

    public let id: MediaRecorderID
    public var endpoint: MediaEndpointID
    /// A path below the folder of recordings, without an extension.
    public var name: String
    public var content: Content
    /// 8 000, 16 000 or 48 000 Hz; nil follows the leg's codec.
    public var sampleRate: UInt32?
    public var limit: Duration?
    /// Ends once the peer was silent for so long.
    public var silenceLimit: Duration?
    public var isPaused: Bool

    public init(id: MediaRecorderID, endpoint: MediaEndpointID, name: String, content: Content = .both) {
        self.id = id
        self.endpoint = endpoint
        self.name = name
        self.content = content
        isPaused = false
    }
}

public struct RecordingResult: Hashable, Sendable {
    public enum End: Hashable, Sendable {
        case stopped, limit, silence, endpointClosed
        /// The file could not be written: why, in words.
        case failed(String)
    }
    public var end: End
    /// Of the audio in the file; pauses are not in it.
    public var duration: Duration
    public var bytes: UInt64
    public init(end: End, duration: Duration, bytes: UInt64) {
        (self.end, self.duration, self.bytes) = (end, duration, bytes)
    }
}
