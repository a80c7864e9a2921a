import Basics
import Identity
import SIPMessage
import Testing

@Suite("Abuse")
struct AccessGateTests {
    @Test("1,000 phones behind one address stay served however often one of them errs")
    func servesPhonesBehindOneAddress() throws {
        var bench = DigestBench()
        #expect(try bench.login("100", "secret-100").outcome != .refused)
        for attempt in 0..<1000 {
            bench.advance(.milliseconds(500))
            let wrong = try bench.login("\(attempt % 5 + 900)", "wrong")
            #expect(wrong.outcome == .refused)
            #expect(wrong.event == nil)
            guard case .accepted(let terminal, _) = try bench.login("100", "secret-100").outcome else {
                Issue.record("a right password was not served at attempt \(attempt)")
                return
            }
            #expect(terminal.id == TerminalID(100))
        }
        #expect(bench.gate.abuse.bans(now: bench.now).isEmpty)
    }

    @Test(
        "after three free failures an account is refused from that address for 1, 2, 4 … s, at most 300 s; a success ends it"
    )
    func backsOff() throws {
        let bench = DigestBench()
        let abuse = AbuseGuard()
        var waits: [Duration?] = []
        for _ in 0..<14 {
            _ = abuse.noteFailure(of: "100", at: home, now: bench.now)
            waits.append(abuse.backOff(of: "100", at: home, now: bench.now))
        }
        let expected: [Int?] = [nil, nil, nil, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
        #expect(waits == expected.map { $0.map { .seconds($0) } })
        #expect(abuse.backOff(of: "100", at: elsewhere, now: bench.now) == nil)
        #expect(abuse.backOff(of: "101", at: home, now: bench.now) == nil)
        abuse.noteSuccess(of: "100", at: home, now: bench.now)
        #expect(abuse.backOff(of: "100", at: home, now: bench.now) == nil)
    }

    @Test("during a back-off even the right password is refused unheard")
    func refusesDuringBackOff() throws {
        var bench = DigestBench()
        for _ in 0..<4 { #expect(try bench.login("100", "wrong").outcome == .refused) }
        #expect(try bench.login("100", "secret-100").outcome == .refused)
        bench.advance(.seconds(1))
        guard case .accepted = try bench.login("100", "secret-100").outcome else {
            Issue.record("the back-off did not end")
            return
        }
    }

    /// partly: MV-SEC-04
    @Test("the twentieth failure within 600 s bans an address that never authenticated for 300 s, then twice as long")
    func bans() throws {
        var bench = DigestBench()
        var events: [AbuseEvent] = []
        for attempt in 0..<19 { events += [try bench.login("u\(attempt)", "x").event].compactMap { $0 } }
        #expect(events.isEmpty)
        let event = try #require(try bench.login("u19", "x").event)
        #expect((event.source, event.failures, event.length, event.lastAccount) == (home, 20, .seconds(300), "u19"))
        #expect(try bench.login("100", "secret-100").outcome == .dropped)
        #expect(try bench.login("100", "secret-100", from: elsewhere).outcome != .dropped)
        #expect(bench.gate.abuse.bans(now: bench.now).map(\.source) == [home])
        bench.advance(.seconds(300))
        #expect(bench.gate.abuse.banned(home, now: bench.now) == nil)
        for attempt in 0..<19 { #expect(try bench.login("v\(attempt)", "x").event == nil) }
        #expect(try bench.login("v19", "x").event?.length == .seconds(600))
        bench.gate.abuse.lift(home)
        #expect(try bench.login("100", "secret-100").outcome != .dropped)
    }

    @Test("failures spread over more than the window ban nobody")
    func forgetsOldFailures() throws {
        var bench = DigestBench()
        for attempt in 0..<60 {
            #expect(try bench.login("u\(attempt)", "x").event == nil)
            bench.advance(.seconds(35))
        }
    }

    @Test("a forged source is never punished: answers to nonces of another address, old or made up ones do not count")
    func sparesForgedSources() throws {
        var bench = DigestBench()
        let stolen = try bench.nonce(to: elsewhere)
        var wrong = DigestBench.Answer()
        wrong.password = "x"
        for nonce in Array(repeating: stolen, count: 50) + Array(repeating: "made-up", count: 50) {
            let result = bench.gate.check(
                try bench.message([bench.field(nonce, wrong)]), tenant: bench.tenant, directory: bench.directory,
                from: home, now: bench.now)
            guard case .challenge = result.outcome else {
                Issue.record("\(result.outcome)")
                return
            }
        }
        #expect(bench.gate.abuse.rememberedAddresses == 0)
        bench.advance(.seconds(1))
        guard case .accepted = try bench.login("100", "secret-100").outcome else {
            Issue.record("the victim was struck")
            return
        }
    }

    @Test("a wrong password, an unknown user and a disabled one look the same")
    func hidesWhatWasWrong() throws {
        let bench = DigestBench()
        #expect(try bench.login("100", "x").outcome == .refused)
        #expect(try bench.login("nobody", "x").outcome == .refused)
        #expect(try bench.login("101", "secret-101").outcome == .refused)
    }

    @Test("an address with registered phones is trusted after a restart")
    func trustsRegistered() throws {
        let bench = DigestBench()
        bench.gate.abuse.trust(home, until: bench.now.advanced(by: .seconds(10)))
        for attempt in 0..<100 { #expect(try bench.login("u\(attempt)", "x").event == nil) }
    }

    @Test("memory for addresses is bounded")
    func boundsMemory() {
        var settings = AbuseSettings()
        settings.rememberedAddresses = 1000
        let abuse = AbuseGuard(settings: settings)
        for address: UInt32 in 0..<20_000 { _ = abuse.noteFailure(of: "100", at: IPAddress(v4: address), now: .zero) }
        #expect(abuse.rememberedAddresses <= 1000)
        #expect(abuse.rememberedAddresses > 400)
    }

    @Test(
        "attack tools are told by their fingerprints, phones are not",
        arguments: [
            ("friendly-scanner", "100", true), ("sipcli/v1.8", "100", true), ("VaxSIPUserAgent/3.1", "100", true),
            ("pplsip", "100", true), ("phone", "sipvicious", true), ("phone", "sundayddr", true),
            ("eyeBeam release 1011d", "100", false), ("baresip v1.0.0", "100", false),
            ("Yealink SIP-T46S", "100", false), ("x", "1", false),
        ])
    func tellsScanners(_ agent: String, _ from: String, _ isScanner: Bool) throws {
        let bench = DigestBench()
        let message = try bench.message([], agent: agent, from: from)
        #expect(bench.gate.abuse.isScanner(message) == isScanner)
        #expect(bench.gate.drops(message, from: home, now: bench.now) == isScanner)
    }

    @Test("a terminal with algorithms of its own is challenged for them")
    func challengesByTerminal() throws {
        var bench = DigestBench()
        var terminals = bench.directory.terminals
        terminals[0].settings = ["digest-algorithms": .list(["SHA-256", "MD5"])]
        bench.directory = Directory(tenants: [bench.tenant], users: bench.directory.users, terminals: terminals)
        func algorithms(_ user: String) throws -> [DigestAlgorithm] {
            let values = bench.gate.challenges(
                tenant: bench.tenant, directory: bench.directory, request: try bench.message([], from: user),
                stale: false, to: home, now: bench.now)
            return try bench.message(values.map { "WWW-Authenticate: \($0)" }).challenges(.wwwAuthenticate).map(
                \.algorithm)
        }
        #expect(try algorithms("100") == [.sha256, .md5])
        #expect(try algorithms("101") == [.md5])
        var answer = DigestBench.Answer()
        answer.algorithm = .sha256
        #expect(try bench.check(bench.nonce(), answer) == .accepted(TerminalID(100)))
    }
}
