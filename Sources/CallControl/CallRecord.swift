public import Basics

/// How a call ended.
public enum CallOutcome: Hashable, Sendable {
    /// The callee answered and the parties hung up.
    case answered
    /// It rang until the no-answer limit.
    case noAnswer
    case busy
    /// The caller gave up before an answer.
    case cancelled
    /// Refused with this status; 300 ... 699.
    case rejected(status: Int)
    /// Broken off by a fault: a time-out, a transport error, or an error of our own.
    case failed
    /// No terminal of the callee was registered, or none could be reached.
    case unreachable
    /// The server stopped while the call was up: found open at the next start.
    case interrupted
    /// Answered, then ended because no media came any more and the party did not reply.
    case mediaLost

    /// The word in records, exports and metrics; a closed set.
    public var name: String {
        switch self {
        case .answered: "answered"
        case .noAnswer: "no-answer"
        case .busy: "busy"
        case .cancelled: "cancelled"
        case .rejected: "rejected"
        case .failed: "failed"
        case .unreachable: "unreachable"
        case .interrupted: "interrupted"
        case .mediaLost: "media-lost"
        }
    }

    /// Reads what ``name`` writes; `status` is the SIP status kept beside a rejection (480 where none was kept).
    public init?(name: String, status: Int?) {
        switch name {
        case "answered": self = .answered
        case "no-answer": self = .noAnswer
        case "busy": self = .busy
        case "cancelled": self = .cancelled
        case "rejected": self = .rejected(status: status ?? 480)
        case "failed": self = .failed
        case "unreachable": self = .unreachable
        case "interrupted": self = .interrupted
        case "media-lost": self = .mediaLost
        default: return nil
        }
    }
}

/// Who ended a call.
public enum CallParty: String, Hashable, Sendable, CaseIterable {
    case caller, callee, server
}

/// How media was encrypted.
public enum MediaEncryption: String, Hashable, Sendable, CaseIterable {
    /// Keys in the session descriptions (RFC 4568).
    case sdes
    /// Keys by a handshake (RFC 5763).
    case dtls
}

/// What the media of one leg came to.
public struct LegMediaFacts: Hashable, Sendable {
    /// ``LegID/index`` of the leg; 0 is the caller.
    public var leg: UInt16
    public var packetsIn: UInt64
    public var packetsOut: UInt64
    /// Missing of the packets in, by sequence number (RFC 3550 §A.3).
    public var packetsLost: UInt64
    /// Interarrival jitter (RFC 3550 §6.4.1) in microseconds.
    public var jitterMicroseconds: UInt32
    /// In microseconds; nil where the party sent no RTCP report.
    public var roundTripMicroseconds: UInt32?
    /// What the party spoke last, such as `opus/48000`; empty where no codec was agreed.
    public var codec: String
    /// What it spoke was turned into another codec for the other party.
    public var isTranscoded: Bool
    /// How its media was encrypted; nil where it was not.
    public var encryption: MediaEncryption?
    /// One-way audio in words, such as `the caller was not heard`; empty where nothing is wrong.
    public var verdict: String
    /// Nil where no fax was known.
    public var fax: LegFaxFacts?

    public init(
        leg: UInt16, packetsIn: UInt64 = 0, packetsOut: UInt64 = 0, packetsLost: UInt64 = 0,
        jitterMicroseconds: UInt32 = 0,
        roundTripMicroseconds: UInt32? = nil, codec: String = "", isTranscoded: Bool = false,
        encryption: MediaEncryption? = nil, verdict: String = ""
    ) {
        (self.leg, self.packetsIn, self.packetsOut, self.packetsLost) = (leg, packetsIn, packetsOut, packetsLost)
        (self.jitterMicroseconds, self.roundTripMicroseconds) = (jitterMicroseconds, roundTripMicroseconds)
        (self.codec, self.isTranscoded, self.encryption) = (codec, isTranscoded, encryption)
        self.verdict = verdict
    }
}

/// What is kept of a call; open while `outcome` is nil.
public struct CallRecord: Hashable, Sendable {
    public let id: CallID
    public let tenant: TenantID
    /// nil where the caller is not a user of the tenant.
    public var callerUser: UserID?
    /// The caller's address as a URI, without parameters.
    public var callerURI: String
    /// The caller's display name; may be empty.
    public var callerDisplay: String
    /// What was dialled: the user part of the request's URI.
    public var dialled: String
    /// nil until the destination is known to be a user.
    public var calleeUser: UserID?
    /// Whom the call went to, as a URI; empty while unknown.
    public var calleeURI: String
    public let startedAt: WallTime
    public var ringingAt: WallTime?
    public var answeredAt: WallTime?
    public var endedAt: WallTime?
    public var outcome: CallOutcome?
    public var hangupBy: CallParty?
    /// The final status the caller was given; 200 ... 699.
    public var sipStatus: Int?
    /// Why it ended, in words; may be empty.
    public var reason: String
    public var media: [LegMediaFacts]
    /// What the audio was like; nil while the call is up, and where nothing was measured.
    public var quality: CallQuality?

    public init(
        id: CallID, tenant: TenantID, callerUser: UserID?, callerURI: String, callerDisplay: String = "",
        dialled: String,
        startedAt: WallTime
    ) {
        (self.id, self.tenant, self.callerUser) = (id, tenant, callerUser)
        (self.callerURI, self.callerDisplay, self.dialled, self.startedAt) = (
            callerURI, callerDisplay, dialled, startedAt
        )
        (calleeURI, reason, media) = ("", "", [])
    }

    public var isOpen: Bool { outcome == nil }

    /// From the answer to the end; nil for a call never answered or still up.
    public var talkTime: Duration? {
        guard let answeredAt, let endedAt else { return nil }
        return endedAt.since(answeredAt)
    }
}

/// A step in a call record's life; each carries the whole record as it then is.
public enum CallRecordChange: Hashable, Sendable {
    case started(CallRecord)
    case answered(CallRecord)
    /// The call is over: `outcome` and `endedAt` are set.
    case settled(CallRecord)

    public var record: CallRecord {
        switch self {
        case .started(let record), .answered(let record), .settled(let record): record
        }
    }
}
