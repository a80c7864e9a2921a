public import Basics
public import Identity
public import MediaSession
public import Registration
public import SIPMessage
public import SIPTransaction

/// What happens to a shard.
public enum ShardEvent: Sendable {
    case received(SIPMessage, SIPFlow)
    /// Bytes that are no SIP message.
    case malformed(SIPParseError, SIPFlow)
    /// A connection is gone.
    case flowClosed(SIPFlow)
    /// A message could not be sent; the branch of its top Via, nil where everything towards the target is lost.
    case sendFailed(SIPTarget, branch: String?)
    /// The changes of a REGISTER, or the record of a call that begins, are on disk, or could not be written.
    case stored(token: UInt64, succeeded: Bool)
    case media(MediaFact)
    /// What ``ShardEffect/locate(_:token:)`` found.
    case located(token: UInt64, LocationOutcome)
    case deadlineReached
    /// Tenants, users or terminals changed.
    case directoryChanged(Directory)
    /// How long events now wait before they are handled.
    case queueDelay(Duration)
    /// No new calls from now on; those that are up go on.
    case drain
    /// End every call now.
    case shutDown
}

/// What a shard asks for; to be performed in order.
public enum ShardEffect: Sendable {
    case send([UInt8], SIPTarget)
    /// Write the changes of one REGISTER as a whole and report by ``ShardEvent/stored(token:succeeded:)``; token 0 wants no report.
    case storeBindings([BindingChange], token: UInt64)
    case storeRecord(CallRecordChange)
    /// Write the record of a call that begins, and report by ``ShardEvent/stored(token:succeeded:)``: no 200 goes to the caller before.
    case startRecord(CallRecord, token: UInt64)
    case storePhone(PhoneState)
    case media([MediaCommand])
    /// Resolve a URI (RFC 3263) and report by ``ShardEvent/located(token:_:)``.
    case locate(SIPURI, token: UInt64)
    /// A located place did not answer, could not be reached, or said 503: it comes last for a while, or for so long as it
    /// asked to be left alone (RFC 3263 §4.3).
    case targetFailed(SIPTarget, retryAfter: Duration?)
    /// A located place answered.
    case targetAnswered(SIPTarget)
    /// Send CR LF CR LF on a flow.
    case ping(SIPFlow)
    case trace(CallTrace)
    /// Something an operator can act on.
    case alarm(ShardAlarm)
}

/// A line of a call's trace.
public struct CallTrace: Sendable {
    public enum Content: Sendable {
        case received([UInt8], SIPFlow)
        case sent([UInt8], SIPTarget)
        case note(String)
    }
    public let call: CallID
    /// Index of the leg; nil where the line concerns the whole call.
    public let leg: UInt16?
    public let at: WallTime
    public let content: Content
}

/// What an operator should know of.
public enum ShardAlarm: Sendable {
    /// An address is banned for a time after too many wrong passwords.
    case banned(AbuseEvent)
    /// A registration came through a router that rewrites SIP.
    case suspectedALG(AddressOfRecord, ALGSign)
    /// The store refused to write a registration.
    case storeFailed(AddressOfRecord)
    /// The store refused to write the record of a call; the call goes on.
    case recordFailed(CallID)
    /// An authenticated phone sent a request to a host that is not ours and got 404; told once for each host.
    case foreignHost(String, user: AddressOfRecord)
    /// A phone that answered no longer does, or does again.
    case reachability(AddressOfRecord, isReachable: Bool)
}

/// What a shard has counted since it was made.
public struct ShardCounters: Hashable, Sendable {
    public var requests: UInt64 = 0
    public var responses: UInt64 = 0
    public var malformed: UInt64 = 0
    public var scannersDropped: UInt64 = 0
    public var bannedDropped: UInt64 = 0
    public var challenges: UInt64 = 0
    public var wrongPasswords: UInt64 = 0
    public var registrations: UInt64 = 0
    public var callsStarted: UInt64 = 0
    public var callsAnswered: UInt64 = 0
    public var callsRefusedByOverload: UInt64 = 0
    public var registrationsRefusedByOverload: UInt64 = 0
    public var media = MediaCounters()
    public init() {}
}
