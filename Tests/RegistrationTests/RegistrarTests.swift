import Basics
import Registration
import SIPMessage
import SIPTransaction
import Testing

@Suite("Registrar by RFC 3261 §10.3")
struct RegistrarTests {
    @Test("a contact is bound once the store has it, not before")
    func bindsOnCommit() throws {
        var bench = RegisterBench()
        guard case .store(let ticket, let changes, let reply) = try bench.send([phone, "Expires: 600"]) else {
            Issue.record("nothing to store")
            return
        }
        #expect(changes.count == 1)
        #expect(bench.table.bindings(of: bench.aor).isEmpty)
        bench.table.commit(ticket)
        #expect(bench.contacts == ["sip:100@192.168.1.10:5060"])
        #expect(reply.status == .ok)
        #expect(reply.contacts == ["<sip:100@192.168.1.10:5060>;expires=600"])
        #expect(bench.table.count == 1)
    }

    @Test("what the store refused leaves no trace")
    func abandonForgets() throws {
        var bench = RegisterBench()
        guard case .store(let ticket, _, _) = try bench.send([phone]) else {
            Issue.record("nothing to store")
            return
        }
        bench.table.abandon(ticket)
        #expect(bench.table.bindings(of: bench.aor).isEmpty)
        #expect(try bench.register([]).contacts.isEmpty)
    }

    struct ExpiryCase: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let lines: [String]
        var flow: SIPFlow = udp()
        let status: SIPStatus
        var granted: Int = 0
    }

    @Test(
        "the expiry granted",
        arguments: [
            ExpiryCase(testDescription: "header field", lines: [phone, "Expires: 600"], status: .ok, granted: 600),
            ExpiryCase(
                testDescription: "contact parameter wins", lines: [phone + ";expires=700", "Expires: 600"], status: .ok,
                granted: 700),
            ExpiryCase(testDescription: "neither: the default", lines: [phone], status: .ok, granted: 3600),
            ExpiryCase(
                testDescription: "malformed header counts as 3600", lines: [phone, "Expires: soon"], status: .ok,
                granted: 3600),
            ExpiryCase(
                testDescription: "malformed parameter counts as 3600", lines: [phone + ";expires=x"], status: .ok,
                granted: 3600),
            ExpiryCase(
                testDescription: "above the longest", lines: [phone, "Expires: 4294967295"], status: .ok, granted: 3600),
            ExpiryCase(testDescription: "at the minimum", lines: [phone, "Expires: 60"], status: .ok, granted: 60),
            ExpiryCase(testDescription: "below the minimum", lines: [phone, "Expires: 59"], status: .intervalTooBrief),
            ExpiryCase(
                testDescription: "one too brief refuses all",
                lines: [phone, "Contact: <sip:b@192.168.1.10>;expires=1"], status: .intervalTooBrief),
            ExpiryCase(testDescription: "a connection", lines: [phone], flow: tcp(1), status: .ok, granted: 300),
            ExpiryCase(
                testDescription: "behind NAT", lines: [phone], flow: udp(publicSource), status: .ok, granted: 300),
            ExpiryCase(
                testDescription: "behind NAT, less asked", lines: [phone, "Expires: 120"], flow: udp(publicSource),
                status: .ok, granted: 120),
        ])
    func grantsExpiry(_ row: ExpiryCase) throws {
        var bench = RegisterBench()
        let reply = try bench.register(row.lines, over: row.flow)
        #expect(reply.status == row.status)
        if row.status == .ok {
            #expect(bench.table.bindings(of: bench.aor).map { $0.secondsLeft(now: .zero) } == [row.granted])
        } else {
            #expect(reply.values(.minExpires) == ["60"])
            #expect(bench.table.count == 0)
        }
    }

    @Test("the spread shortens by up to 10 % and never goes below the minimum or above what was asked")
    func spreads() throws {
        var bench = RegisterBench()
        bench.settings.spreadPercent = 10
        var granted: Set<Int> = []
        for _ in 0..<200 {
            _ = try bench.register([phone])
            granted.formUnion(bench.table.bindings(of: bench.aor).map { $0.secondsLeft(now: .zero) })
        }
        #expect(granted.allSatisfy { (3240...3600).contains($0) })
        #expect(granted.count > 50)
        _ = try bench.register([phone, "Expires: 61"])
        #expect((60...61).contains(try #require(bench.table.bindings(of: bench.aor).first).secondsLeft(now: .zero)))
    }

    @Test("a fetch lists every binding with what is left of it and changes nothing (§10.2.3)")
    func fetches() throws {
        var bench = RegisterBench()
        _ = try bench.register([
            phone + ";q=0.5", "Contact: <sip:b@192.168.1.10>;+sip.rendering=\"yes\"", "Expires: 600",
        ])
        bench.advance(seconds: 100)
        guard case .reply(let reply) = try bench.send([]) else {
            Issue.record("a fetch stores something")
            return
        }
        #expect(
            reply.contacts == [
                "<sip:100@192.168.1.10:5060>;expires=500;q=0.500",
                "<sip:b@192.168.1.10>;expires=500;+sip.rendering=\"yes\"",
            ])
    }

    @Test("expires=0 removes one contact, * with Expires: 0 all (§10.2.2)")
    func removes() throws {
        var bench = RegisterBench()
        _ = try bench.register([phone, "Contact: <sip:b@192.168.1.10>", "Contact: <sip:c@192.168.1.10>"])
        #expect(try bench.register(["Contact: <sip:b@192.168.1.10>;expires=0"]).contacts.count == 2)
        #expect(bench.contacts == ["sip:100@192.168.1.10:5060", "sip:c@192.168.1.10"])
        #expect(try bench.register(["Contact: *", "Expires: 0"]).contacts.isEmpty)
        #expect(bench.table.count == 0)
        #expect(bench.table.nextExpiry == nil)
    }

    @Test(
        "* without Expires: 0, or beside another contact, is a bad request",
        arguments: [
            ["Contact: *"], ["Contact: *", "Expires: 60"], ["Contact: *", phone, "Expires: 0"],
        ])
    func refusesStar(_ lines: [String]) throws {
        var bench = RegisterBench()
        _ = try bench.register([phone])
        #expect(try bench.register(lines).status == .badRequest)
        #expect(bench.table.count == 1)
    }

    @Test(
        "the same Call-ID needs a higher CSeq, and nothing of an old request is done (step 7)",
        arguments: [
            [phone], [phone + ";expires=0"], ["Contact: *", "Expires: 0"], ["Contact: <sip:new@192.168.1.10>", phone],
        ])
    func refusesOldOrder(_ lines: [String]) throws {
        var bench = RegisterBench()
        _ = try bench.register([phone], cseq: 10)
        for number: UInt32 in [10, 9] {
            #expect(try bench.register(lines, cseq: number).status == .serverInternalError)
        }
        #expect(bench.contacts == ["sip:100@192.168.1.10:5060"])
        #expect(try bench.register(lines, cseq: 11).status == .ok)
    }

    @Test("an equivalent contact from another Call-ID replaces, whatever its CSeq (step 7, §19.1.4)")
    func replacesFromAnotherCallID() throws {
        var bench = RegisterBench()
        _ = try bench.register([phone], cseq: 10)
        bench.advance(seconds: 5)
        _ = try bench.register(["Contact: <SIP:100@192.168.1.10:5060>"], callID: "b@phone", cseq: 1)
        let bindings = bench.table.bindings(of: bench.aor)
        #expect(bindings.map(\.callID) == ["b@phone"])
        #expect(bindings.map(\.key) == ["sip:100@192.168.1.10:5060"])
        #expect(bindings.map { $0.updatedAt.since($0.registeredAt) } == [.seconds(5)])
    }

    /// partly: MV-CALL-08
    @Test("a user's contacts are limited; dead connections make room first")
    func limitsContacts() throws {
        var bench = RegisterBench()
        bench.settings.maxBindings = 2
        _ = try bench.register(["Contact: <sip:a@192.168.1.10;transport=tcp>"], over: tcp(1))
        _ = try bench.register(["Contact: <sip:b@192.168.1.10>"])
        let refused = try bench.register(["Contact: <sip:c@192.168.1.10>"])
        #expect(refused.status == .forbidden)
        #expect(refused.reason == "Too Many Contacts")
        #expect(bench.contacts.count == 2)
        _ = bench.table.connectionClosed(tcp(1))
        #expect(try bench.register(["Contact: <sip:c@192.168.1.10>"]).status == .ok)
        #expect(bench.contacts == ["sip:b@192.168.1.10", "sip:c@192.168.1.10"])
    }

    @Test("an unknown Require is named in a 420 (step 2)")
    func refusesUnknownExtension() throws {
        var bench = RegisterBench()
        let reply = try bench.register([phone, "Require: path, foo"])
        #expect(reply.status == .badExtension)
        #expect(reply.values(.unsupported) == ["foo"])
    }

    @Test(
        "contacts that cannot be called are refused",
        arguments: [
            (["Contact: <mailto:a@b.c>"], SIPStatus.forbidden),
            (["Contact: <sip:100@192.168.1.10;x=\(String(repeating: "y", count: 600))>"], .badRequest),
        ])
    func refusesContacts(_ lines: [String], _ status: SIPStatus) throws {
        var bench = RegisterBench()
        #expect(try bench.register(lines).status == status)
    }

    @Test("two phones of one user with the same private address behind two NATs are two")
    func keepsPhonesBehindTwoNATs() throws {
        var bench = RegisterBench()
        _ = try bench.register([phone], over: udp(publicSource), terminal: 7)
        let elsewhere = udp(IPEndpoint(IPAddress(v4: 0xC633_6401), 1024))
        _ = try bench.register([phone], over: elsewhere, callID: "b", terminal: 8)
        #expect(bench.table.bindings(of: bench.aor).map(\.terminal) == [TerminalID(7), TerminalID(8)])
        _ = try bench.register([phone + ";expires=0"], over: elsewhere, callID: "b", terminal: 8)
        #expect(bench.table.bindings(of: bench.aor).map(\.terminal) == [TerminalID(7)])
    }

    @Test(
        "requests of one user on their way to the store are judged in order, and the last wins whenever it is confirmed"
    )
    func ordersConcurrentRequests() throws {
        var bench = RegisterBench()
        guard case .store(let first, _, _) = try bench.send([phone, "Expires: 600"], cseq: 5) else {
            Issue.record("nothing to store")
            return
        }
        #expect(try bench.register([phone], cseq: 5).status == .serverInternalError)
        guard case .store(let second, _, _) = try bench.send([phone, "Expires: 0"], cseq: 6) else {
            Issue.record("nothing to store")
            return
        }
        bench.table.commit(second)
        #expect(bench.contacts.isEmpty)
        bench.table.commit(first)
        #expect(bench.contacts.isEmpty)
        #expect(bench.table.nextExpiry == nil)
    }

    @Test("the store failing for the first of two lets the second through")
    func abandonsFirstOfTwo() throws {
        var bench = RegisterBench()
        guard case .store(let first, _, _) = try bench.send(["Contact: <sip:a@192.168.1.10>"]),
            case .store(let second, _, _) = try bench.send(["Contact: <sip:b@192.168.1.10>"])
        else {
            Issue.record("nothing to store")
            return
        }
        bench.table.commit(second)
        bench.table.abandon(first)
        #expect(bench.contacts == ["sip:b@192.168.1.10"])
    }
}
