import Basics
import SIPMessage
import SIPTransaction
import Testing

func at(_ seconds: Double) -> Moment { Moment.zero.advanced(by: .milliseconds(Int64(seconds * 1000))) }

func message(_ lines: String...) throws -> SIPMessage {
    try SIPMessage.parse(Array((lines + ["Content-Length: 0", "", ""]).joined(separator: "\r\n").utf8))
}

/// A request as a phone sends it.
func request(
    _ method: String, branch: String? = "z9hG4bK1", host: String = "192.0.2.5:5060", transport: String = "UDP",
    cseq: Int = 1, callID: String = "c1",
    fromTag: String = "f1", toTag: String? = nil, uri: String = "sip:b@example.com", rport: Bool = true,
    extra: [String] = []
) throws -> SIPMessage {
    let lines = [
        "\(method) \(uri) SIP/2.0",
        "Via: SIP/2.0/\(transport) \(host)\(branch.map { ";branch=\($0)" } ?? "")\(rport ? ";rport" : "")",
        "Max-Forwards: 70", "From: \"A\" <sip:a@example.com>;tag=\(fromTag)",
        "To: <sip:b@example.com>\(toTag.map { ";tag=\($0)" } ?? "")", "Call-ID: \(callID)", "CSeq: \(cseq) \(method)",
    ]
    return try SIPMessage.parse(Array((lines + extra + ["Content-Length: 0", "", ""]).joined(separator: "\r\n").utf8))
}

/// The answer to `request`, as a user or a peer makes it.
func response(_ status: SIPStatus, to request: SIPMessage, tag: String? = "t1") throws -> SIPMessage {
    var builder = SIPMessageBuilder(responseTo: request, status: status, source: nil, toTag: tag)
    return try builder.finish()
}

func flow(_ remote: String = "192.0.2.5:5060", _ transport: SIPTransportKind = .udp, connection: UInt64 = 0) -> SIPFlow
{
    SIPFlow(
        listener: ListenerID(0), transport: transport, remote: IPEndpoint(remote) ?? IPEndpoint(.anyV4, 0),
        connection: connection)
}

/// A layer, and what it has done so far.
struct Bench {
    var layer: TransactionLayer
    init(timers: SIPTimers = .standard, limits: TransactionLimits = .standard) {
        layer = TransactionLayer(timers: timers, limits: limits)
    }

    mutating func receive(_ message: SIPMessage, over from: SIPFlow = flow(), at seconds: Double = 0)
        -> [TransactionEffect]
    {
        var effects: [TransactionEffect] = []
        layer.receive(message, over: from, now: at(seconds), into: &effects)
        return effects
    }

    /// Receives a request that must be new.
    mutating func begin(_ message: SIPMessage, over from: SIPFlow = flow(), at seconds: Double = 0) throws
        -> ServerTransactionID
    {
        let effects = receive(message, over: from, at: seconds)
        guard effects.count == 1, case .request(let given, let id, let way) = effects[0] else {
            Issue.record("not taken as a new request: \(effects)")
            throw NotNew()
        }
        #expect(given == message)
        #expect(way == from)
        return id
    }
    struct NotNew: Error {}

    mutating func send(_ message: SIPMessage, to target: SIPTarget = .flow(flow()), at seconds: Double = 0)
        -> ClientTransactionID
    {
        var effects: [TransactionEffect] = []
        let id = layer.send(message, to: target, now: at(seconds), into: &effects)
        #expect(effects == [.send(message, target)])
        return id
    }

    mutating func respond(_ message: SIPMessage, on id: ServerTransactionID, at seconds: Double = 0)
        -> [TransactionEffect]
    {
        var effects: [TransactionEffect] = []
        layer.respond(message, on: id, now: at(seconds), into: &effects)
        return effects
    }

    mutating func respondStatelessly(_ message: SIPMessage, on id: ServerTransactionID) -> [TransactionEffect] {
        var effects: [TransactionEffect] = []
        layer.respondStatelessly(message, on: id, into: &effects)
        return effects
    }

    mutating func cancel(_ id: ClientTransactionID, reason: String? = nil, at seconds: Double = 0)
        -> [TransactionEffect]
    {
        var effects: [TransactionEffect] = []
        layer.cancel(id, reason: reason, now: at(seconds), into: &effects)
        return effects
    }

    mutating func fail(_ target: SIPTarget, branch: String?, at seconds: Double = 0) -> [TransactionEffect] {
        var effects: [TransactionEffect] = []
        layer.transportFailed(target, branch: branch, now: at(seconds), into: &effects)
        return effects
    }

    /// Walks from deadline to deadline up to `seconds`, or until nothing is left.
    mutating func run(until seconds: Double = 1_000_000) -> [TransactionEffect] {
        var effects: [TransactionEffect] = []
        while let deadline = layer.nextDeadline, deadline <= at(seconds) {
            layer.deadlineReached(now: deadline, into: &effects)
        }
        return effects
    }
}

extension [TransactionEffect] {
    /// The messages sent, by their start-lines.
    var sent: [String] {
        compactMap { effect in
            if case .send(let message, _) = effect {
                return message.status.map { "\($0.code) \(message.method)" } ?? "\(message.method)"
            }
            return nil
        }
    }
    var firstSent: SIPMessage? {
        for effect in self { if case .send(let message, _) = effect { return message } }
        return nil
    }
}
