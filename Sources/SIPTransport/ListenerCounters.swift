import Synchronization

/// What went through a listener since it was opened.
public struct ListenerCounters: Hashable, Sendable {
    /// Datagrams, or messages and keep-alives of connections.
    public var received: Int = 0
    public var sent: Int = 0
    public var bytesReceived: Int = 0
    public var bytesSent: Int = 0
    /// Messages refused by the parser.
    public var malformed: Int = 0
    /// Keep-alives: empty lines, STUN and other datagrams that are no SIP by their first byte.
    public var keepAlives: Int = 0
    /// STUN Binding requests answered.
    public var stunAnswered: Int = 0
    /// What begins like STUN and got no answer: over the limit, or no Binding request.
    public var stunDropped: Int = 0
    /// Datagrams and connections of addresses that are not accepted.
    public var banned: Int = 0
    /// Messages that could not be sent.
    public var sendFailures: Int = 0
    public var connectionsOpened: Int = 0
    public var connectionsClosed: Int = 0
    /// Connections refused or cut by a limit.
    public var connectionsRefused: Int = 0

    public init() {}

    public static func + (lhs: Self, rhs: Self) -> Self {
        var sum = lhs
        sum.received += rhs.received
        sum.sent += rhs.sent
        sum.bytesReceived += rhs.bytesReceived
        sum.bytesSent += rhs.bytesSent
        sum.malformed += rhs.malformed
        sum.keepAlives += rhs.keepAlives
        sum.stunAnswered += rhs.stunAnswered
        sum.stunDropped += rhs.stunDropped
        sum.banned += rhs.banned
        sum.sendFailures += rhs.sendFailures
        sum.connectionsOpened += rhs.connectionsOpened
        sum.connectionsClosed += rhs.connectionsClosed
        sum.connectionsRefused += rhs.connectionsRefused
        return sum
    }
}

/// A counter that one loop writes and anybody reads: a plain load and store, never a locked instruction.
struct LoopCounter: ~Copyable, Sendable {
    private let value = Atomic<Int>(0)

    func add(_ amount: Int = 1) {
        value.store(value.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }

    var now: Int { value.load(ordering: .relaxed) }
}

/// The counters of one listener on one loop.
final class LoopCounters: Sendable {
    let received = LoopCounter()
    let sent = LoopCounter()
    let bytesReceived = LoopCounter()
    let bytesSent = LoopCounter()
    let malformed = LoopCounter()
    let keepAlives = LoopCounter()
    let stunAnswered = LoopCounter()
    let stunDropped = LoopCounter()
    let banned = LoopCounter()
    let sendFailures = LoopCounter()
    let connectionsOpened = LoopCounter()
    let connectionsClosed = LoopCounter()
    let connectionsRefused = LoopCounter()

    var snapshot: ListenerCounters {
        var sum = ListenerCounters()
        sum.received = received.now
        sum.sent = sent.now
        sum.bytesReceived = bytesReceived.now
        sum.bytesSent = bytesSent.now
        sum.malformed = malformed.now
        sum.keepAlives = keepAlives.now
        sum.stunAnswered = stunAnswered.now
        sum.stunDropped = stunDropped.now
        sum.banned = banned.now
        sum.sendFailures = sendFailures.now
        sum.connectionsOpened = connectionsOpened.now
        sum.connectionsClosed = connectionsClosed.now
        sum.connectionsRefused = connectionsRefused.now
        return sum
    }
}
