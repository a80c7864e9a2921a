import Basics
import SIPMessage
import SIPTransaction
import Testing

@Suite("Requests of peers")
struct ServerLayerTests {
    private let target = SIPTarget.flow(flow())

    @Test("an INVITE the user leaves open gets one 100, copies get the last response")
    func trying() throws {
        var bench = Bench()
        let invite = try request("INVITE")
        let id = try bench.begin(invite)
        #expect(bench.layer.nextDeadline == .zero)
        let trying = try #require(bench.run(until: 0).firstSent)
        #expect(trying.status == .trying)
        #expect(trying.topVia.rport == 5060)
        #expect(trying.toTag == nil)
        #expect(bench.receive(invite, at: 0.5) == [.send(trying, target)])
        let ringing = try response(.ringing, to: invite)
        #expect(bench.respond(ringing, on: id, at: 1) == [.send(ringing, target)])
        #expect(bench.receive(invite, at: 1.5) == [.send(ringing, target)])
        #expect(bench.layer.counters.requestCopies == 2)
    }

    @Test("an INVITE refused at once gets no 100")
    func refusedAtOnce() throws {
        var bench = Bench()
        let invite = try request("INVITE")
        let id = try bench.begin(invite)
        #expect(bench.respond(try response(.unauthorized, to: invite), on: id).sent == ["401 INVITE"])
        #expect(bench.run(until: 0).isEmpty)
    }

    @Test("a refusal is sent until its ACK comes, which is nobody else's")
    func refusal() throws {
        var bench = Bench()
        let invite = try request("INVITE")
        let id = try bench.begin(invite)
        let busy = try response(.busyHere, to: invite)
        #expect(bench.respond(busy, on: id) == [.send(busy, target)])
        #expect(bench.run(until: 2) == [.send(busy, target), .send(busy, target)])
        #expect(bench.receive(try request("ACK", toTag: "t1"), at: 2).isEmpty)
        #expect(bench.receive(try request("ACK", toTag: "t1"), at: 2.1).isEmpty)
        #expect(bench.receive(invite, at: 2.2).isEmpty)
        #expect(bench.respond(busy, on: id, at: 3).isEmpty)
        #expect(bench.run().isEmpty)
        #expect(bench.layer.count == 0)
    }

    @Test("a challenge leaves nothing behind: no copies, and a copy of the request begins anew (RFC 3261 §8.2.7)")
    func stateless() throws {
        var bench = Bench()
        let invite = try request("INVITE")
        let id = try bench.begin(invite)
        let challenge = try response(.unauthorized, to: invite)
        #expect(bench.respondStatelessly(challenge, on: id) == [.send(challenge, target)])
        #expect(bench.layer.count == 0)
        #expect(bench.layer.nextDeadline == nil)
        #expect(bench.respondStatelessly(challenge, on: id).isEmpty)
        let again = try bench.begin(invite)
        #expect(again != id)
        #expect(bench.layer.counters.requestCopies == 0)
        let acknowledgement = try request("ACK", branch: "z9hG4bKother", toTag: "t1")
        #expect(bench.receive(acknowledgement) == [.acknowledged(acknowledgement, flow())])
    }

    @Test("a refusal without ACK is reported, once")
    func noAcknowledgement() throws {
        var bench = Bench()
        let invite = try request("INVITE")
        let id = try bench.begin(invite)
        _ = bench.respond(try response(.busyHere, to: invite), on: id)
        let effects = bench.run()
        #expect(effects.count == 11)
        #expect(effects.last == .unacknowledged(id))
        #expect(bench.layer.count == 0)
    }

    @Test("a 2xx is sent whenever the user sends it; copies of the INVITE are absorbed; each ACK is the user's")
    func accepted() throws {
        var bench = Bench()
        let invite = try request("INVITE")
        let id = try bench.begin(invite)
        let ok = try response(.ok, to: invite)
        #expect(bench.respond(ok, on: id) == [.send(ok, target)])
        #expect(bench.receive(invite, at: 0.5).isEmpty)
        #expect(bench.respond(ok, on: id, at: 0.5) == [.send(ok, target)])
        let ack = try request("ACK", branch: "z9hG4bKother", toTag: "t1")
        #expect(bench.receive(ack, at: 1) == [.acknowledged(ack, flow())])
        let sameBranch = try request("ACK", toTag: "t1")
        #expect(bench.receive(sameBranch, at: 1) == [.acknowledged(sameBranch, flow())])
        #expect(bench.run().isEmpty)
        #expect(bench.layer.count == 0)
    }

    @Test("copies of an answered request get the answer's bytes for 64×T1, and then it is new again")
    func absorbs() throws {
        var bench = Bench()
        let register = try request("REGISTER")
        let id = try bench.begin(register)
        let ok = try response(.ok, to: register)
        #expect(bench.receive(register, at: 0.5).isEmpty, "the user is at it")
        #expect(bench.respond(ok, on: id, at: 1) == [.send(ok, target)])
        #expect(bench.layer.activeCount == 0)
        #expect(bench.layer.count == 1)
        #expect(bench.receive(register, at: 2) == [.send(ok, target)])
        #expect(bench.layer.nextDeadline == at(33))
        #expect(bench.run().isEmpty)
        #expect(bench.layer.count == 0)
        #expect(try bench.begin(register, at: 40) != id)
    }

    @Test("over TCP an answered request is gone at once")
    func reliable() throws {
        var bench = Bench()
        let tcp = flow("192.0.2.5:40000", .tcp, connection: 3)
        let register = try request("REGISTER", transport: "TCP")
        let id = try bench.begin(register, over: tcp)
        #expect(bench.respond(try response(.ok, to: register), on: id).sent == ["200 REGISTER"])
        #expect(bench.layer.count == 0)
        #expect(bench.layer.nextDeadline == nil)
    }

    @Test("a 408 to a request other than INVITE is never sent, and its copies stay unanswered")
    func silent408() throws {
        var bench = Bench()
        let options = try request("OPTIONS")
        let id = try bench.begin(options)
        #expect(bench.respond(try response(.requestTimeout, to: options), on: id, at: 1).isEmpty)
        #expect(bench.receive(options, at: 2).isEmpty)
        #expect(bench.run().isEmpty)
        #expect(bench.layer.count == 0)
    }

    @Test("a request the user never answers gets a 100 and is let go")
    func unanswered() throws {
        var bench = Bench()
        let id = try bench.begin(try request("MESSAGE"))
        #expect(bench.run().sent == ["100 MESSAGE"])
        #expect(bench.layer.count == 0)
        #expect(bench.respond(try response(.ok, to: request("MESSAGE")), on: id, at: 40).isEmpty)
    }

    @Test("a CANCEL is answered 200 here, as often as it comes, and reported once")
    func cancel() throws {
        var bench = Bench()
        let invite = try request("INVITE")
        let id = try bench.begin(invite)
        _ = bench.respond(try response(.ringing, to: invite, tag: "mine"), on: id)
        let cancel = try request("CANCEL", extra: ["Reason: SIP;cause=200"])
        let effects = bench.receive(cancel, at: 1)
        let answer = try #require(effects.firstSent)
        #expect(answer.status == .ok)
        #expect(answer.method == .cancel)
        #expect(answer.toTag == "mine")
        #expect(effects == [.send(answer, target), .cancelled(id, cancel)])
        #expect(bench.receive(cancel, at: 1.5) == [.send(answer, target)])
        #expect(bench.respond(try response(.requestTerminated, to: invite), on: id, at: 2).sent == ["487 INVITE"])
    }

    @Test("a CANCEL after the final response changes nothing", arguments: [SIPStatus.ok, .busyHere])
    func lateCancel(status: SIPStatus) throws {
        var bench = Bench()
        let invite = try request("INVITE")
        let id = try bench.begin(invite)
        _ = bench.respond(try response(status, to: invite), on: id)
        let effects = bench.receive(try request("CANCEL"), at: 0.1)
        #expect(effects.sent == ["200 CANCEL"])
        #expect(effects.count == 1)
    }

    @Test(
        "a CANCEL of nothing is answered 481",
        arguments: ["z9hG4bKother", "z9hG4bKoptions"])
    func strayCancel(branch: String) throws {
        var bench = Bench()
        _ = try bench.begin(try request("OPTIONS", branch: "z9hG4bKoptions"))
        let effects = bench.receive(try request("CANCEL", branch: branch))
        #expect(effects.sent == ["481 CANCEL"])
        #expect(effects.firstSent?.toTag?.isEmpty == false)
        #expect(bench.receive(try request("CANCEL", branch: branch)) == effects, "the same for each copy")
    }

    @Test("an unanswered request that comes by another way too is answered 482")
    func merged() throws {
        var bench = Bench()
        let invite = try request("INVITE", branch: "z9hG4bKa")
        let id = try bench.begin(invite)
        let other = try request("INVITE", branch: "z9hG4bKb", host: "198.51.100.1")
        #expect(bench.receive(other).sent == ["482 INVITE"])
        #expect(bench.layer.counters.mergedRequests == 1)
        _ = try bench.begin(try request("INVITE", branch: "z9hG4bKc", cseq: 2))
        _ = try bench.begin(try request("INVITE", branch: "z9hG4bKd", fromTag: "f2"))
        _ = try bench.begin(try request("INVITE", branch: "z9hG4bKe", toTag: "in-dialog"))
        _ = bench.respond(try response(.unauthorized, to: invite), on: id)
        _ = try bench.begin(try request("INVITE", branch: "z9hG4bKf"))
        #expect(bench.layer.counters.mergedRequests == 1)
    }

    struct TargetRow: Sendable, CustomTestStringConvertible {
        let label: String, host: String, rport: Bool, from: String, to: String
        var testDescription: String { label }
        init(_ label: String, _ host: String, rport: Bool = false, from: String, to: String) {
            (self.label, self.host, self.rport, self.from, self.to) = (label, host, rport, from, to)
        }
    }

    @Test(
        "responses over UDP go where the sender can hear them",
        arguments: [
            TargetRow("rport", "192.0.2.5:5060", rport: true, from: "192.0.2.5:1024", to: "192.0.2.5:1024"),
            TargetRow("no rport", "192.0.2.5:5070", from: "192.0.2.5:1024", to: "192.0.2.5:5070"),
            TargetRow("no rport, no port", "192.0.2.5", from: "192.0.2.5:1024", to: "192.0.2.5:5060"),
            TargetRow("no rport, a name", "phone.example.com:5070", from: "192.0.2.5:1024", to: "192.0.2.5:5070"),
            TargetRow("no rport, behind a NAT", "10.0.0.5:5060", from: "192.0.2.5:1024", to: "192.0.2.5:1024"),
            TargetRow(
                "maddr is not followed", "192.0.2.5:5060;maddr=203.0.113.1", from: "192.0.2.5:5060",
                to: "192.0.2.5:5060"),
        ])
    func responseTargets(row: TargetRow) throws {
        let options = try request("OPTIONS", host: row.host, rport: row.rport)
        #expect(TransactionLayer().responseTarget(for: options, over: flow(row.from)) == .flow(flow(row.to)))
    }
}
