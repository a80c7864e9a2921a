import Basics
import Identity
import SIPMessage
import Testing

@Suite("Digest authentication")
struct DigestTests {
    @Test(
        "hashes give their published values",
        arguments: [
            ("abc", DigestAlgorithm.md5, "900150983cd24fb0d6963f7d28e17f72"),
            ("abc", .sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ("abc", .sha512t256, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
            ("", .sha512t256, "c672b8d1ef56ed28ab87c3622c5114069bdd3ad7b8f9737498d0c01ecef0967a"),
            (
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                .sha512t256, "3928e184fb8690f840da3988121d31be65cb9d3ef83ee6146feac861e19b563a"
            ),
        ])
    func hashes(_ text: String, _ algorithm: DigestAlgorithm, _ expected: String) {
        #expect(DigestHash.hexadecimal(of: Array(text.utf8), algorithm) == expected)
    }

    @Test("each algorithm of the tenant is challenged for in order and accepted; MD5 alone by default")
    func acceptsAlgorithms() throws {
        let all: [DigestAlgorithm] = [.sha256, .sha512t256, .md5]
        let bench = DigestBench(algorithms: all)
        let values = bench.authenticator.challenges(realm: "r", algorithms: all, stale: true, to: home, now: bench.now)
        let challenges = try bench.message(values.map { "WWW-Authenticate: \($0)" }).challenges(.wwwAuthenticate)
        #expect(challenges.map(\.algorithm) == all)
        #expect(challenges.allSatisfy { $0.isStale && $0.qop == ["auth"] && $0.realm == "r" })
        for algorithm in all {
            var answer = DigestBench.Answer()
            answer.algorithm = algorithm
            #expect(try bench.check(bench.nonce(), answer) == .accepted(TerminalID(100)))
            if algorithm != .md5 {
                let plain = DigestBench()
                #expect(try plain.check(plain.nonce(), answer) == .challenge(stale: false))
            }
        }
        #expect(TenantSettings().digestAlgorithms == [.md5])
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var change: @Sendable (inout DigestBench.Answer) -> Void = { _ in }
        var requestURI: String = "sip:demo.example"
        let verdict: DigestVerdict
    }

    @Test(
        "the answer is judged",
        arguments: [
            Case(testDescription: "right", verdict: .accepted(TerminalID(100))),
            Case(
                testDescription: "wrong password", change: { $0.password = "x" },
                verdict: .wrongPassword(TerminalID(100))),
            Case(testDescription: "unknown user", change: { $0.username = "nobody" }, verdict: .unknownUser),
            Case(
                testDescription: "user names are compared exactly", change: { $0.username = "100 " },
                verdict: .unknownUser),
            Case(
                testDescription: "RFC 2069", change: { ($0.qop, $0.cnonce) = (nil, nil) },
                verdict: .accepted(TerminalID(100))),
            Case(testDescription: "auth-int", change: { $0.qop = "auth-int" }, verdict: .accepted(TerminalID(100))),
            Case(testDescription: "qop without cnonce", change: { $0.cnonce = nil }, verdict: .challenge(stale: false)),
            Case(testDescription: "nc of 0", change: { $0.count = 0 }, verdict: .challenge(stale: false)),
            Case(testDescription: "unknown qop", change: { $0.qop = "token" }, verdict: .challenge(stale: false)),
            Case(testDescription: "another realm", change: { $0.realm = "other" }, verdict: .challenge(stale: false)),
            Case(
                testDescription: "another host in uri", change: { $0.uri = "sip:evil.example" },
                verdict: .challenge(stale: false)),
            Case(
                testDescription: "another name of ours in uri", change: { $0.uri = "sip:192.0.2.5:5060" },
                verdict: .accepted(TerminalID(100))),
            Case(
                testDescription: "another name of ours in the request", change: { $0.uri = "sip:300@demo.example" },
                requestURI: "sip:300@192.0.2.5", verdict: .accepted(TerminalID(100))),
            Case(
                testDescription: "another name of ours, another user", change: { $0.uri = "sip:200@192.0.2.5" },
                requestURI: "sip:300@demo.example", verdict: .challenge(stale: false)),
            Case(
                testDescription: "our name, a foreign request", change: { $0.uri = "sip:demo.example" },
                requestURI: "sip:evil.example", verdict: .challenge(stale: false)),
            Case(
                testDescription: "another scheme", change: { $0.uri = "sips:demo.example" },
                verdict: .challenge(stale: false)),
            Case(testDescription: "a malformed uri", change: { $0.uri = "sip" }, verdict: .challenge(stale: false)),
            Case(
                testDescription: "port and case do not matter",
                change: { $0.uri = "sip:DEMO.example:5060;transport=udp" }, verdict: .accepted(TerminalID(100))),
            Case(
                testDescription: "another user in uri", change: { $0.uri = "sip:200@demo.example" },
                requestURI: "sip:300@demo.example", verdict: .challenge(stale: false)),
            Case(
                testDescription: "no user in uri", requestURI: "sip:300@demo.example",
                verdict: .accepted(TerminalID(100))),
        ])
    func judges(_ row: Case) throws {
        let bench = DigestBench()
        var answer = DigestBench.Answer()
        row.change(&answer)
        #expect(try bench.check(bench.nonce(), answer, uri: row.requestURI) == row.verdict)
    }

    @Test("answers without qop can be switched off")
    func refusesLegacy() throws {
        let bench = DigestBench(legacy: false)
        var answer = DigestBench.Answer()
        answer.qop = nil
        #expect(try bench.check(bench.nonce(), answer) == .challenge(stale: false))
    }

    @Test("nc may come out of order within 64, each once; a repeated one is stale and no wrong password")
    func countsNonceUses() throws {
        let bench = DigestBench()
        let nonce = try bench.nonce()
        func verdict(_ count: UInt32, _ password: String = "secret-100") throws -> DigestVerdict {
            var answer = DigestBench.Answer()
            (answer.count, answer.password) = (count, password)
            return try bench.check(nonce, answer)
        }
        for count: UInt32 in [1, 3, 2, 64, 5, 100, 37] {
            #expect(try verdict(count) == .accepted(TerminalID(100)), "nc \(count)")
        }
        for count: UInt32 in [1, 2, 3, 5, 36, 37, 64, 100] {
            #expect(try verdict(count) == .challenge(stale: true), "nc \(count)")
            #expect(try verdict(count, "wrong") == .challenge(stale: true), "nc \(count)")
        }
        #expect(try verdict(.max) == .accepted(TerminalID(100)))
        #expect(try verdict(101) == .challenge(stale: true))
    }

    @Test("without nc a nonce is good for one request, and a used one is never good without nc")
    func usesLegacyNonceOnce() throws {
        let bench = DigestBench()
        var legacy = DigestBench.Answer()
        (legacy.qop, legacy.cnonce) = (nil, nil)
        let nonce = try bench.nonce()
        #expect(try bench.check(nonce, legacy) == .accepted(TerminalID(100)))
        #expect(try bench.check(nonce, legacy) == .challenge(stale: true))
        var counted = DigestBench.Answer()
        counted.count = 2
        #expect(try bench.check(nonce, counted) == .challenge(stale: true))
        let other = try bench.nonce()
        #expect(try bench.check(other) == .accepted(TerminalID(100)))
        #expect(try bench.check(other, legacy) == .challenge(stale: true))
    }

    @Test("a wrong password does not use the nonce up")
    func keepsNonceAfterWrongPassword() throws {
        let bench = DigestBench()
        let nonce = try bench.nonce()
        var wrong = DigestBench.Answer()
        wrong.password = "x"
        #expect(try bench.check(nonce, wrong) == .wrongPassword(TerminalID(100)))
        #expect(try bench.check(nonce) == .accepted(TerminalID(100)))
    }

    @Test("a nonce lives 300 s; later, from another run or another address it is stale; a forged one says nothing")
    func agesNonces() throws {
        var bench = DigestBench()
        let nonce = try bench.nonce()
        #expect(try DigestBench(seed: 2).check(nonce) == .challenge(stale: true))
        #expect(try bench.check(nonce, from: elsewhere) == .challenge(stale: true))
        var forged = Array(nonce)
        forged[5] = forged[5] == "A" ? "B" : "A"
        #expect(try bench.check(String(forged)) == .challenge(stale: false))
        #expect(try bench.check("") == .challenge(stale: false))
        bench.advance(.seconds(300))
        #expect(try bench.check(nonce) == .accepted(TerminalID(100)))
        bench.advance(.milliseconds(1))
        #expect(try bench.check(nonce) == .challenge(stale: true))
    }

    @Test("binding nonces to addresses can be switched off; IPv6 counts by /64")
    func bindsByNetwork() throws {
        var settings = DigestSettings()
        settings.bindsNonceToAddress = false
        let open = DigestBench(settings: settings)
        #expect(try open.check(open.nonce(), from: elsewhere) == .accepted(TerminalID(100)))
        let bench = DigestBench()
        let nonce = try bench.nonce(to: IPAddress(v6: 0x2001_0DB8_0000_0001, 1))
        #expect(try bench.check(nonce, from: IPAddress(v6: 0x2001_0DB8_0000_0002, 1)) == .challenge(stale: true))
        #expect(try bench.check(nonce, from: IPAddress(v6: 0x2001_0DB8_0000_0001, 99)) == .accepted(TerminalID(100)))
    }

    @Test("a full table forgets the oldest nonces, which then are stale and cannot be replayed")
    func boundsMemory() throws {
        var settings = DigestSettings()
        settings.rememberedNonces = 32
        var bench = DigestBench(settings: settings)
        var used: [String] = []
        for _ in 0..<500 {
            bench.advance(.milliseconds(2))
            let nonce = try bench.nonce()
            #expect(try bench.check(nonce) == .accepted(TerminalID(100)))
            used.append(nonce)
        }
        #expect(bench.authenticator.rememberedNonces <= 32)
        for nonce in used { #expect(try bench.check(nonce) == .challenge(stale: true)) }
        bench.advance(.milliseconds(2))
        #expect(try bench.check(bench.nonce()) == .accepted(TerminalID(100)))
    }

    @Test(
        "no credentials, malformed ones and other schemes are challenged",
        arguments: [
            "X-None: 1", "Authorization: Digest", "Authorization: Basic dXNlcjpwYXNz",
            "Authorization: Digest username=\"100",
            "Authorization: Digest username=\"100\", realm=\"demo.example\"",
        ])
    func challenges(_ line: String) throws {
        let bench = DigestBench()
        let verdict = bench.authenticator.check(
            try bench.message([line]), tenant: bench.tenant, directory: bench.directory, from: home, now: bench.now)
        #expect(verdict == .challenge(stale: false))
    }
}
