public import Basics
public import SIPMessage

/// All transactions of one shard (RFC 3261 §17, RFC 6026, RFC 4320).
///
/// The driver hands in what comes from the network and from the user, performs the effects in order, and calls
/// ``deadlineReached(now:into:)`` at ``nextDeadline``.
public struct TransactionLayer: Sendable {
    let timers: SIPTimers
    let limits: TransactionLimits
    var clients: [TransactionKey: ClientTransaction] = [:]
    var servers: [TransactionKey: ServerTransaction] = [:]
    var absorbed: [TransactionKey: AbsorbedResponse] = [:]
    var expiries = ExpiryQueue()
    var deadlines = DeadlineQueue<TransactionKey>()
    /// Unanswered server transactions by what a second way of the same request would have.
    var merges: [TransactionKey: TransactionKey] = [:]
    /// How many server transactions of an address have no final response.
    var pendingBySource: [IPAddress: Int] = [:]
    /// Client transactions on a connection, by its number: they fail with it.
    var clientsByConnection: [UInt64: Set<TransactionKey>] = [:]
    private var lastSerial: UInt64 = 0
    public internal(set) var counters = TransactionCounters()

    public init(timers: SIPTimers = .standard, limits: TransactionLimits = .standard) {
        (self.timers, self.limits) = (timers, limits)
    }

    /// Every transaction, answered ones that wait for copies included.
    public var count: Int { activeCount + absorbed.count }
    /// Transactions in progress, of both sides.
    public var activeCount: Int { clients.count + servers.count }

    /// When ``deadlineReached(now:into:)`` is due; nil when nothing waits.
    public var nextDeadline: Moment? {
        guard let expiry = expiries.next else { return deadlines.next }
        guard let deadline = deadlines.next else { return expiry }
        return min(expiry, deadline)
    }

    /// Takes a message from the network.
    /// - Parameter isExempt: asked only when there is no room: whether the request is turned away last, as ``TransactionLimits``
    ///   have it.
    public mutating func receive(
        _ message: SIPMessage, over flow: SIPFlow, now: Moment,
        exempting isExempt: (SIPMessage) -> Bool = { _ in false },
        into effects: inout [TransactionEffect]
    ) {
        if message.isRequest {
            receiveRequest(message, over: flow, now: now, exempting: isExempt, into: &effects)
        } else {
            receiveResponse(message, over: flow, now: now, into: &effects)
        }
    }

    /// Performs what is due; harmless when called early or late.
    public mutating func deadlineReached(now: Moment, into effects: inout [TransactionEffect]) {
        while let key = deadlines.popDue(now: now) {
            if key.isClient {
                clientDeadline(key, now: now, into: &effects)
            } else {
                serverDeadline(key, now: now, into: &effects)
            }
        }
        while let expiry = expiries.next, expiry <= now { dropOldestAbsorbed() }
    }

    mutating func takeSerial() -> UInt64 {
        lastSerial += 1
        return lastSerial
    }

    mutating func dropOldestAbsorbed() {
        if let key = expiries.popFirst() { absorbed[key] = nil }
    }
}

/// One client transaction with its messages.
struct ClientTransaction: Sendable {
    enum Machine: Sendable {
        case invite(ClientInviteTransaction)
        case nonInvite(ClientNonInviteTransaction)
    }
    enum Cancellation: Sendable { case none, wanted(reason: String?), sent }

    let serial: UInt64
    let method: SIPMethod
    let target: SIPTarget
    var machine: Machine
    /// Nil once it will not be sent again.
    var request: SIPMessage?
    /// The ACK to a refusal.
    var acknowledgement: SIPMessage?
    var cancellation: Cancellation = .none

    /// Made by the layer itself: nothing of it is for the user.
    var isCancel: Bool { method == .cancel }

    var nextDeadline: Moment? {
        switch machine {
        case .invite(let machine): machine.nextDeadline
        case .nonInvite(let machine): machine.nextDeadline
        }
    }
    var isTerminated: Bool {
        switch machine {
        case .invite(let machine): machine.isTerminated
        case .nonInvite(let machine): machine.isTerminated
        }
    }
}

/// One server transaction with its messages.
struct ServerTransaction: Sendable {
    enum Machine: Sendable {
        case invite(ServerInviteTransaction)
        case nonInvite(ServerNonInviteTransaction)
    }

    let serial: UInt64
    /// Where the request came from.
    let flow: SIPFlow
    /// Where its responses go.
    let target: SIPTarget
    var machine: Machine
    /// Nil once it has its final response.
    var request: SIPMessage?
    /// The last one sent; nil where copies of the request get no answer.
    var response: SIPMessage?
    /// The To tag of the responses; RFC 2543 peers are known by it in their ACK.
    var toTag: String?
    var mergeKey: TransactionKey?
    var isCancelled = false

    var nextDeadline: Moment? {
        switch machine {
        case .invite(let machine): machine.nextDeadline
        case .nonInvite(let machine): machine.nextDeadline
        }
    }
    var isTerminated: Bool {
        switch machine {
        case .invite(let machine): machine.isTerminated
        case .nonInvite(let machine): machine.isTerminated
        }
    }
}
