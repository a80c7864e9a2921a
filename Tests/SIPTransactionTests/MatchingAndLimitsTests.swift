import Basics
import SIPMessage
import SIPTransaction
import Testing

@Suite("Matching requests to server transactions")
struct MatchingTests {
    enum Verdict: Sendable { case copy, new }

    struct Row: Sendable, CustomTestStringConvertible {
        let label: String, verdict: Verdict
        let first: @Sendable () throws -> SIPMessage
        let second: @Sendable () throws -> SIPMessage
        var testDescription: String { label }
        init(
            _ label: String, _ verdict: Verdict, _ first: @escaping @Sendable () throws -> SIPMessage,
            _ second: @escaping @Sendable () throws -> SIPMessage
        ) {
            (self.label, self.verdict, self.first, self.second) = (label, verdict, first, second)
        }
    }

    @Test(
        "by branch, sent-by and method; without the cookie by what RFC 2543 has",
        arguments: [
            Row("same", .copy, { try request("OPTIONS") }, { try request("OPTIONS") }),
            Row("other branch", .new, { try request("OPTIONS") }, { try request("OPTIONS", branch: "z9hG4bK2") }),
            Row(
                "branch in other case", .new, { try request("OPTIONS", branch: "z9hG4bKa") },
                { try request("OPTIONS", branch: "z9hG4bKA") }),
            Row("other host", .new, { try request("OPTIONS") }, { try request("OPTIONS", host: "192.0.2.6:5060") }),
            Row("other port", .new, { try request("OPTIONS") }, { try request("OPTIONS", host: "192.0.2.5:5061") }),
            Row(
                "host in other case", .copy, { try request("OPTIONS", host: "a.example") },
                { try request("OPTIONS", host: "A.Example") }),
            Row("other method", .new, { try request("OPTIONS") }, { try request("INFO") }),
            Row(
                "branch alone counts", .copy, { try request("OPTIONS") },
                { try request("OPTIONS", cseq: 2, callID: "c2", fromTag: "f2") }),
            Row("2543: same", .copy, { try request("OPTIONS", branch: nil) }, { try request("OPTIONS", branch: nil) }),
            Row(
                "2543: a branch without cookie", .copy, { try request("OPTIONS", branch: "1") },
                { try request("OPTIONS", branch: "1") }),
            Row(
                "2543: the cookie alone", .copy, { try request("OPTIONS", branch: "z9hG4bK") },
                { try request("OPTIONS", branch: "z9hG4bK") }),
            Row(
                "2543: other Via", .new, { try request("OPTIONS", branch: "1") },
                { try request("OPTIONS", branch: "2") }),
            Row(
                "2543: other CSeq", .new, { try request("OPTIONS", branch: nil) },
                { try request("OPTIONS", branch: nil, cseq: 2) }),
            Row(
                "2543: other call", .new, { try request("OPTIONS", branch: nil) },
                { try request("OPTIONS", branch: nil, callID: "c2") }),
            Row(
                "2543: other From tag", .new, { try request("OPTIONS", branch: nil) },
                { try request("OPTIONS", branch: nil, fromTag: "f2") }),
            Row(
                "2543: other URI", .new, { try request("OPTIONS", branch: nil) },
                { try request("OPTIONS", branch: nil, uri: "sip:c@example.com") }),
            Row(
                "2543: other method", .new, { try request("OPTIONS", branch: nil) },
                { try request("INFO", branch: nil) }),
        ])
    func matches(row: Row) throws {
        var bench = Bench()
        _ = try bench.begin(row.first())
        let isNew: Bool = bench.receive(try row.second()).contains { if case .request = $0 { true } else { false } }
        #expect(isNew == (row.verdict == .new))
    }

    @Test("an old peer's ACK ends the refusal it names by its To tag, and no other")
    func oldAcknowledgement() throws {
        var bench = Bench()
        let invite = try request("INVITE", branch: nil)
        let id = try bench.begin(invite)
        let busy = try response(.busyHere, to: invite, tag: "mine")
        _ = bench.respond(busy, on: id)
        let other = try request("ACK", branch: nil, toTag: "else")
        #expect(bench.receive(other) == [.acknowledged(other, flow())])
        #expect(bench.run(until: 0.5) == [.send(busy, .flow(flow()))])
        #expect(bench.receive(try request("ACK", branch: nil, toTag: "mine"), at: 1).isEmpty)
        #expect(bench.run().isEmpty)
    }

    @Test("an old peer's CANCEL finds its INVITE")
    func oldCancel() throws {
        var bench = Bench()
        let id = try bench.begin(try request("INVITE", branch: nil))
        let cancel = try request("CANCEL", branch: nil)
        #expect(bench.receive(cancel).last == .cancelled(id, cancel))
    }

    @Test("an identifier of a transaction that is over means nothing to the next with the same branch")
    func identifiersAreNotReused() throws {
        var bench = Bench()
        let options = try request("OPTIONS")
        let old = try bench.begin(options)
        _ = bench.respond(try response(.ok, to: options), on: old)
        _ = bench.run()
        let new = try bench.begin(options, at: 40)
        #expect(bench.respond(try response(.notFound, to: options), on: old, at: 40).isEmpty)
        #expect(bench.respond(try response(.notFound, to: options), on: new, at: 40).sent == ["404 OPTIONS"])
    }
}

@Suite("Bounded tables")
struct LimitsTests {
    @Test("beyond the table's size new requests are turned away; those in a dialog have an eighth more")
    func active() throws {
        var bench = Bench(limits: TransactionLimits(maximumActive: 8, maximumPerSource: nil))
        for index in 0..<8 {
            _ = try bench.begin(try request("OPTIONS", branch: "z9hG4bK\(index)", callID: "c\(index)"))
        }
        let more = try request("OPTIONS", branch: "z9hG4bKx", callID: "x")
        #expect(bench.receive(more) == [.overloaded(more, flow())])
        _ = try bench.begin(try request("BYE", branch: "z9hG4bKy", toTag: "t"))
        let late = try request("BYE", branch: "z9hG4bKz", toTag: "t")
        #expect(bench.receive(late) == [.overloaded(late, flow())])
        #expect(bench.receive(try request("OPTIONS", branch: "z9hG4bK3", callID: "c3")).isEmpty, "a copy needs no room")
        let ack = try request("ACK", branch: "z9hG4bKack", toTag: "t")
        #expect(bench.receive(ack) == [.acknowledged(ack, flow())])
        #expect(bench.receive(try request("CANCEL", branch: "z9hG4bKc")).sent == ["481 CANCEL"])
        #expect(bench.layer.count == 9)
        #expect(bench.layer.counters.overloads == 2)
    }

    @Test(
        "what the driver exempts has the eighth too, and is not held to its address's share; it is asked only without room"
    )
    func exempt() throws {
        var layer = TransactionLayer(limits: TransactionLimits(maximumActive: 8, maximumPerSource: 2))
        var asked: [String] = []
        func offer(_ number: Int) throws -> Bool {
            var effects: [TransactionEffect] = []
            let message = try request("INVITE", branch: "z9hG4bK\(number)", callID: "c\(number)")
            layer.receive(
                message, over: flow(), now: .zero,
                exempting: {
                    asked.append($0.callID)
                    return number != 3
                }, into: &effects)
            return effects.contains { if case .request = $0 { true } else { false } }
        }
        #expect(try (1...2).map { try offer($0) } == [true, true])
        #expect(asked == [])
        #expect(try (3...10).map { try offer($0) } == [false] + Array(repeating: true, count: 7))
        #expect(try !offer(11), "memory is bounded for all")
        #expect(asked.first == "c3")
    }

    @Test("one address has its share of unanswered requests; answered ones do not count")
    func perSource() throws {
        var bench = Bench(limits: TransactionLimits(maximumPerSource: 2))
        let first = try request("OPTIONS", branch: "z9hG4bK1", callID: "c1")
        let id = try bench.begin(first)
        _ = try bench.begin(try request("OPTIONS", branch: "z9hG4bK2", callID: "c2"), over: flow("192.0.2.5:9"))
        let third = try request("OPTIONS", branch: "z9hG4bK3", callID: "c3")
        #expect(bench.receive(third) == [.overloaded(third, flow())])
        _ = try bench.begin(try request("OPTIONS", branch: "z9hG4bK4", callID: "c4"), over: flow("192.0.2.6:5060"))
        _ = bench.respond(try response(.ok, to: first), on: id)
        _ = try bench.begin(third)
    }

    @Test("the oldest answer held for copies makes room for the newest")
    func absorbing() throws {
        var bench = Bench(limits: TransactionLimits(maximumAbsorbing: 2))
        let requests = try (0..<3).map { try request("REGISTER", branch: "z9hG4bK\($0)", cseq: $0) }
        for (index, register) in requests.enumerated() {
            let id = try bench.begin(register, at: Double(index))
            _ = bench.respond(try response(.ok, to: register), on: id, at: Double(index))
        }
        #expect(bench.layer.count == 2)
        #expect(bench.layer.counters.absorbedEarly == 1)
        #expect(bench.receive(requests[2], at: 4).sent == ["200 REGISTER"])
        #expect(bench.receive(requests[1], at: 4).sent == ["200 REGISTER"])
        _ = try bench.begin(requests[0], at: 4)
    }

    @Test("whatever comes and is answered, nothing is left in the end")
    func nothingIsLeft() throws {
        var random = SeededRandom(seed: 11)
        var bench = Bench(limits: TransactionLimits(maximumActive: 300, maximumPerSource: 200, maximumAbsorbing: 50))
        var open: [(ServerTransactionID, SIPMessage)] = []
        var clients: [(ClientTransactionID, SIPMessage)] = []
        let statuses: [SIPStatus] = [.trying, .ringing, .ok, .busyHere, .requestTimeout, .movedTemporarily]
        let methods = ["INVITE", "OPTIONS", "REGISTER", "ACK", "CANCEL", "MESSAGE", "BYE"]
        for step in 0..<6000 {
            let seconds = Double(step) * 0.05
            _ = bench.run(until: seconds)
            let number = Int.random(in: 0..<400, using: &random)
            let method = methods.randomElement(using: &random) ?? "INVITE"
            let incoming = try request(
                method, branch: "z9hG4bK\(number)", callID: "c\(number / 2)",
                toTag: Bool.random(using: &random) ? "t" : nil)
            let way = Bool.random(using: &random) ? flow() : flow("192.0.2.9:5060", .tcp, connection: 7)
            switch Int.random(in: 0..<8, using: &random) {
            case 0...2:
                for case .request(let message, let id, _) in bench.receive(incoming, over: way, at: seconds) {
                    open.append((id, message))
                }
            case 3:
                guard let (id, message) = open.randomElement(using: &random),
                    let status = statuses.randomElement(using: &random)
                else { break }
                _ = bench.respond(try response(status, to: message), on: id, at: seconds)
            case 4:
                let own = try request(
                    Bool.random(using: &random) ? "INVITE" : "OPTIONS", branch: "z9hG4bKown\(step)", cseq: step)
                clients.append((bench.send(own, to: .flow(way), at: seconds), own))
            case 5:
                guard let (_, message) = clients.randomElement(using: &random),
                    let status = statuses.randomElement(using: &random)
                else { break }
                _ = bench.receive(try response(status, to: message), over: way, at: seconds)
            case 6:
                guard let (id, _) = clients.randomElement(using: &random) else { break }
                _ = bench.cancel(id, at: seconds)
            default:
                if step % 50 == 0 { _ = bench.fail(.flow(way), branch: nil, at: seconds) }
            }
        }
        // The user's part: every INVITE is answered, every ringing one of ours cancelled.
        for (id, message) in open where message.method == .invite {
            _ = bench.respond(try response(.busyHere, to: message), on: id, at: 301)
        }
        for (id, _) in clients { _ = bench.cancel(id, at: 301) }
        _ = bench.run()
        #expect(bench.layer.count == 0)
        #expect(bench.layer.nextDeadline == nil)
    }
}
