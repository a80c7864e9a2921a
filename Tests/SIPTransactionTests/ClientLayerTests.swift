import Basics
import SIPMessage
import SIPTransaction
import Testing

@Suite("Requests of ours")
struct ClientLayerTests {
    private let target = SIPTarget.flow(flow())

    @Test("an INVITE is sent again until answered; its responses reach the user; nothing is left")
    func inviteLives() throws {
        var bench = Bench()
        let invite = try request("INVITE")
        let id = bench.send(invite)
        #expect(bench.run(until: 2) == [.send(invite, target), .send(invite, target)])
        let ringing = try response(.ringing, to: invite)
        #expect(bench.receive(ringing, at: 2) == [.response(ringing, id, flow())])
        #expect(bench.layer.nextDeadline == nil)
        let ok = try response(.ok, to: invite)
        #expect(bench.receive(ok, at: 10) == [.response(ok, id, flow())])
        #expect(
            bench.receive(ok, at: 11) == [.response(ok, id, flow())],
            "a copy means that the ACK was lost: the user sends it again")
        #expect(bench.run().isEmpty)
        #expect(bench.layer.count == 0)
        #expect(bench.receive(ok, at: 60) == [.strayResponse(ok, flow())])
    }

    @Test("a refusal is acknowledged here, and again when the ACK was lost")
    func refusalIsAcknowledged() throws {
        var bench = Bench()
        let invite = try request(
            "INVITE", cseq: 7,
            extra: ["Route: <sip:p1.example.com;lr>, <sip:p2.example.com;lr>", "Route: <sip:p3.example.com;lr>"])
        let id = bench.send(invite)
        let busy = try response(.busyHere, to: invite, tag: "theirs")
        let effects = bench.receive(busy, at: 1)
        let ack = try #require(effects.firstSent)
        #expect(effects == [.send(ack, target), .response(busy, id, flow())])
        #expect(ack.method == .ack)
        #expect(ack.requestURI == invite.requestURI)
        #expect(ack.topVia == invite.topVia)
        #expect(ack.values(.via).count == 1)
        #expect(ack.values(.route) == invite.values(.route))
        #expect(ack.first(.from) == invite.first(.from))
        #expect(ack.toTag == "theirs")
        #expect(ack.callID == invite.callID)
        #expect(ack.cseq.number == 7)
        #expect(ack.cseq.method == .ack)
        #expect(bench.receive(busy, at: 2) == [.send(ack, target)])
        let late = try response(.ok, to: invite, tag: "other")
        #expect(bench.receive(late, at: 3) == [.strayResponse(late, flow())])
        #expect(bench.run().isEmpty)
        #expect(bench.layer.count == 0)
    }

    @Test("without an answer the user is told of a timeout", arguments: ["INVITE", "OPTIONS"])
    func timesOut(method: String) throws {
        var bench = Bench()
        let id = bench.send(try request(method))
        let effects = bench.run()
        #expect(effects.last == .failed(id, .timeout))
        #expect(effects.dropLast().allSatisfy { if case .send = $0 { true } else { false } })
        #expect(bench.layer.count == 0)
        #expect(bench.layer.counters.timeouts == 1)
    }

    @Test("copies of a final response to another request end with timer K; over TCP nothing is kept")
    func nonInvite() throws {
        var bench = Bench()
        let options = try request("OPTIONS")
        let id = bench.send(options)
        let ok = try response(.ok, to: options)
        #expect(bench.receive(ok) == [.response(ok, id, flow())])
        #expect(bench.receive(ok, at: 1).isEmpty)
        #expect(bench.layer.nextDeadline == at(5))
        #expect(bench.run().isEmpty)
        #expect(bench.layer.count == 0)

        let tcp = flow("192.0.2.5:5060", .tcp, connection: 4)
        let second = bench.send(options, to: .flow(tcp))
        #expect(bench.receive(ok, over: tcp) == [.response(ok, second, tcp)])
        #expect(bench.layer.count == 0)
        #expect(second != id)
    }

    @Test("a response must have the branch and the method of the request")
    func matching() throws {
        var bench = Bench()
        let id = bench.send(try request("INVITE", branch: "z9hG4bKa"))
        #expect(bench.receive(try response(.ringing, to: request("INVITE", branch: "z9hG4bKb"))).isEmpty)
        #expect(bench.receive(try response(.ok, to: request("OPTIONS", branch: "z9hG4bKa"))).isEmpty)
        #expect(bench.receive(try response(.busyHere, to: request("INVITE", branch: nil))).isEmpty)
        #expect(bench.layer.counters.strayResponses == 3)
        let ringing = try response(.ringing, to: request("INVITE", branch: "z9hG4bKa"))
        #expect(bench.receive(ringing) == [.response(ringing, id, flow())])
    }

    @Test("a CANCEL waits for the first provisional response, and copies what it must from the INVITE")
    func cancelWaits() throws {
        var bench = Bench()
        let invite = try request(
            "INVITE", cseq: 9, extra: ["Route: <sip:p1.example.com;lr>", "Require: 100rel", "Proxy-Require: x"])
        let id = bench.send(invite)
        #expect(bench.cancel(id, reason: "SIP;cause=200;text=\"Call completed elsewhere\"").isEmpty)
        let trying = try response(.trying, to: invite)
        let effects = bench.receive(trying, at: 1)
        let cancel = try #require(effects.firstSent)
        #expect(effects == [.response(trying, id, flow()), .send(cancel, target)])
        #expect(cancel.method == .cancel)
        #expect(cancel.requestURI == invite.requestURI)
        #expect(cancel.topVia == invite.topVia)
        #expect(cancel.values(.route) == invite.values(.route))
        #expect(cancel.first(.from) == invite.first(.from))
        #expect(cancel.first(.to) == invite.first(.to))
        #expect(cancel.cseq.number == 9)
        #expect(cancel.first(.reason) == "SIP;cause=200;text=\"Call completed elsewhere\"")
        #expect(!cancel.has(.require))
        #expect(bench.cancel(id, reason: nil, at: 1).isEmpty, "once is enough")
        #expect(bench.run(until: 2) == [.send(cancel, target)], "the CANCEL has its own timers")
        #expect(bench.receive(try response(.ok, to: cancel), at: 2).isEmpty, "its answer is not the user's")
        let terminated = try response(.requestTerminated, to: invite)
        #expect(bench.receive(terminated, at: 3).last == .response(terminated, id, flow()))
        #expect(bench.run().isEmpty)
        #expect(bench.layer.count == 0)
    }

    @Test("after a provisional response the CANCEL goes at once, and 64×T1 later the INVITE is given up")
    func cancelUnanswered() throws {
        var bench = Bench()
        let invite = try request("INVITE")
        let id = bench.send(invite)
        _ = bench.receive(try response(.ringing, to: invite), at: 1)
        #expect(bench.cancel(id, at: 2).sent == ["CANCEL"])
        let effects = bench.run()
        #expect(effects.last == .failed(id, .timeout))
        #expect(effects.filter { if case .failed = $0 { true } else { false } }.count == 1)
        #expect(bench.layer.count == 0)
    }

    @Test(
        "a final response that comes before any provisional one makes the CANCEL needless",
        arguments: [SIPStatus.ok, .busyHere])
    func cancelLosesRace(status: SIPStatus) throws {
        var bench = Bench()
        let invite = try request("INVITE")
        let id = bench.send(invite)
        #expect(bench.cancel(id).isEmpty)
        let final = try response(status, to: invite)
        let effects = bench.receive(final, at: 1)
        #expect(effects.contains(.response(final, id, flow())))
        #expect(!effects.sent.contains("CANCEL"))
        #expect(bench.cancel(id, at: 2).isEmpty)
        #expect(!bench.run().sent.contains("CANCEL"))
    }

    @Test("a 2xx that crosses the CANCEL is the user's, to be acknowledged and ended")
    func cancelCrosses2xx() throws {
        var bench = Bench()
        let invite = try request("INVITE")
        let id = bench.send(invite)
        _ = bench.receive(try response(.ringing, to: invite), at: 1)
        let cancel = try #require(bench.cancel(id, at: 2).firstSent)
        let ok = try response(.ok, to: invite)
        #expect(bench.receive(ok, at: 2.1) == [.response(ok, id, flow())])
        #expect(bench.receive(try response(.callTransactionDoesNotExist, to: cancel), at: 2.2).isEmpty)
        #expect(bench.run().isEmpty)
        #expect(bench.layer.count == 0)
    }

    @Test("a reason that cannot be written does not keep the CANCEL back")
    func badReason() throws {
        var bench = Bench()
        let invite = try request("INVITE")
        let id = bench.send(invite)
        _ = bench.receive(try response(.ringing, to: invite), at: 1)
        let cancel = try #require(bench.cancel(id, reason: "a\r\nb", at: 2).firstSent)
        #expect(!cancel.has(.reason))
    }

    @Test("a message that could not be sent fails its own transaction")
    func failsByBranch() throws {
        var bench = Bench()
        let first = bench.send(try request("OPTIONS", branch: "z9hG4bKa"))
        _ = bench.send(try request("OPTIONS", branch: "z9hG4bKb"))
        #expect(bench.fail(target, branch: "z9hG4bKa") == [.failed(first, .transport)])
        #expect(bench.fail(target, branch: "z9hG4bKa").isEmpty)
        #expect(bench.layer.count == 1)
    }

    @Test("a closed connection fails what waits on it, in the order it was sent, and nothing else")
    func failsByConnection() throws {
        var bench = Bench()
        let one = SIPTarget.flow(flow("192.0.2.5:5060", .tcp, connection: 1))
        let two = SIPTarget.flow(flow("192.0.2.5:5060", .tcp, connection: 2))
        let ids = try (0..<5).map { bench.send(try request("OPTIONS", branch: "z9hG4bK\($0)", cseq: $0), to: one) }
        _ = bench.send(try request("OPTIONS", branch: "z9hG4bKother"), to: two)
        #expect(bench.fail(one, branch: nil) == ids.map { .failed($0, .transport) })
        #expect(bench.fail(one, branch: nil).isEmpty)
        #expect(bench.layer.count == 1)
    }

    @Test("an address that cannot be reached fails what goes there; an INVITE that rings is left to its timers")
    func failsByAddress() throws {
        var bench = Bench()
        let there = SIPTarget.address(
            .tcp, try #require(IPEndpoint("198.51.100.1:5060")), listener: ListenerID(0), serverName: nil)
        let ringing = try request("INVITE", branch: "z9hG4bKr")
        _ = bench.send(ringing, to: there)
        let waiting = bench.send(try request("INVITE", branch: "z9hG4bKw", cseq: 2), to: there)
        _ = bench.receive(try response(.ringing, to: ringing))
        #expect(bench.fail(there, branch: nil) == [.failed(waiting, .transport)])
    }

    @Test("when only the ACK to a refusal is lost the user, who has the refusal, hears nothing")
    func lostAcknowledgement() throws {
        var bench = Bench()
        let invite = try request("INVITE", branch: "z9hG4bKa")
        _ = bench.send(invite)
        _ = bench.receive(try response(.busyHere, to: invite))
        #expect(bench.fail(target, branch: "z9hG4bKa").isEmpty)
        #expect(bench.layer.count == 0)
    }
}
