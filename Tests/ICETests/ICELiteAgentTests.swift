import Basics
import ICE
import STUN
import Testing

@Suite("ICE: the lite agent")
struct ICELiteAgentTests {
    static let plan = ICEPlan(
        localUfrag: "ours", localPassword: "password-of-ours-with-22", remoteUfrag: "theirs", remotePassword: "another")
    static let wifi = IPEndpoint(IPAddress(v4: 0xC000_0201), 5000)
    static let mobile = IPEndpoint(IPAddress(v4: 0xC633_6402), 6000)

    /// A check as a full agent makes it.
    static func check(
        _ number: UInt8 = 1, plan: ICEPlan = plan, user: String? = nil, password: String? = nil,
        nominates: Bool = false,
        priority: UInt32 = 100, more: [STUNMessage.Attribute] = []
    ) -> [UInt8] {
        typealias Attribute = STUNMessage.Attribute
        var attributes: [Attribute] = [
            Attribute(Attribute.username, text: user ?? "\(plan.localUfrag):\(plan.remoteUfrag)"),
            Attribute(Attribute.priority, number: priority), Attribute(Attribute.iceControlling, number: UInt64(9)),
        ]
        if nominates { attributes.append(Attribute(Attribute.useCandidate, [])) }
        return STUNMessage(
            class: .request, transaction: Array(repeating: number, count: 12), attributes: attributes + more
        ).wire(signedWith: Array((password ?? plan.localPassword).utf8))
    }

    static func at(_ seconds: Double) -> Moment { Moment(nanoseconds: Int64(seconds * 1e9)) }

    /// The only answer among the effects.
    static func answer(_ effects: [ICEEffect]) throws -> STUNMessage {
        let sent: [[UInt8]] = effects.compactMap { if case .send(let bytes, _) = $0 { bytes } else { nil } }
        try #require(sent.count == 1)
        return try STUNMessage(sent[0])
    }

    @Test("a check is answered with where it came from, signed with our password and with a fingerprint")
    func answered() throws {
        var agent = ICELiteAgent(Self.plan, now: .zero)
        let effects = agent.handle(Self.check(7), from: Self.wifi, now: .zero)
        guard effects.count == 1, case .send(let bytes, Self.wifi) = effects[0] else {
            Issue.record("\(effects)")
            return
        }
        let answer = try STUNMessage(bytes)
        #expect(answer.class == .success && answer.transaction == Array(repeating: 7, count: 12))
        #expect(answer.mappedAddress == Self.wifi)
        #expect(answer.isSigned(with: Array(Self.plan.localPassword.utf8), in: bytes))
        #expect(answer.attributes.last?.type == STUNMessage.Attribute.fingerprint)
        #expect(agent.counters.answered == 1 && agent.selected() == nil)
    }

    @Test("a nomination selects the path it came by, once")
    func nominated() throws {
        var agent = ICELiteAgent(Self.plan, now: .zero)
        _ = agent.handle(Self.check(1), from: Self.wifi, now: .zero)
        let effects = agent.handle(Self.check(2, nominates: true), from: Self.wifi, now: .zero)
        #expect(effects.last == .selected(Self.wifi, component: 1) && effects.count == 2)
        #expect(agent.handle(Self.check(3, nominates: true), from: Self.wifi, now: .zero).count == 1)
        #expect(agent.selected() == Self.wifi && agent.selected(component: 2) == nil)
        #expect(
            agent.handle(Self.check(4, nominates: true), from: Self.mobile, component: 2, now: .zero).last
                == .selected(Self.mobile, component: 2))
        #expect(agent.selected() == Self.wifi && agent.selected(component: 2) == Self.mobile)
    }

    @Test(
        "of several nominated paths the highest priority counts; a lower one needs a second nomination without one of the other"
    )
    func manyNominated() {
        var agent = ICELiteAgent(Self.plan, now: .zero)
        func nominate(_ number: UInt8, _ remote: IPEndpoint, _ priority: UInt32) -> IPEndpoint? {
            _ = agent.handle(Self.check(number, nominates: true, priority: priority), from: remote, now: .zero)
            return agent.selected()
        }
        #expect(nominate(1, Self.mobile, 50) == Self.mobile)
        #expect(nominate(2, Self.wifi, 100) == Self.wifi)
        // A peer of RFC 5245 nominates all its pairs, in turn.
        #expect(nominate(3, Self.mobile, 50) == Self.wifi)
        #expect(nominate(4, Self.wifi, 100) == Self.wifi)
        #expect(nominate(5, Self.mobile, 50) == Self.wifi)
        // The same check twice, as it was sent again.
        #expect(nominate(5, Self.mobile, 50) == Self.wifi)
        // A browser that left its network nominates the other alone.
        #expect(nominate(6, Self.mobile, 50) == Self.mobile)
        #expect(nominate(7, Self.mobile, 50) == Self.mobile)
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        var name: String
        var testDescription: String { name }
        var check: [UInt8]
        var error: STUNError
        var isSigned: Bool
        var counter: any KeyPath<ICECounters, UInt64> & Sendable
    }

    @Test(
        "checks that are not right are answered with their error, and select nothing",
        arguments: [
            Refused(
                name: "no signature",
                check: STUNMessage(
                    class: .request, transaction: Array(repeating: 1, count: 12),
                    attributes: [STUNMessage.Attribute(STUNMessage.Attribute.username, text: "ours:theirs")]
                ).wire(withFingerprint: true), error: .badRequest, isSigned: false, counter: \.badRequests),
            Refused(
                name: "no user",
                check: STUNMessage(class: .request, transaction: Array(repeating: 1, count: 12), attributes: [])
                    .wire(signedWith: Array(plan.localPassword.utf8)), error: .badRequest, isSigned: false,
                counter: \.badRequests),
            Refused(
                name: "another user", check: check(user: "others:theirs", nominates: true), error: .unauthenticated,
                isSigned: false, counter: \.unauthenticated),
            Refused(
                name: "a user that only begins like ours", check: check(user: "oursX:theirs", nominates: true),
                error: .unauthenticated, isSigned: false, counter: \.unauthenticated),
            Refused(
                name: "a user without a colon", check: check(user: "ours", nominates: true), error: .unauthenticated,
                isSigned: false, counter: \.unauthenticated),
            Refused(
                name: "another password", check: check(password: "wrong", nominates: true), error: .unauthenticated,
                isSigned: false, counter: \.unauthenticated),
            Refused(
                name: "an attribute that must be known and is not",
                check: check(nominates: true, more: [STUNMessage.Attribute(0x0077, [1])]), error: .unknownAttribute,
                isSigned: true, counter: \.unknownAttributes),
            Refused(
                name: "a peer that says it is controlled",
                check: check(
                    nominates: true,
                    more: [STUNMessage.Attribute(STUNMessage.Attribute.iceControlled, number: UInt64(1))]),
                error: .roleConflict, isSigned: true, counter: \.roleConflicts),
        ])
    func refused(row: Refused) throws {
        var agent = ICELiteAgent(Self.plan, now: .zero)
        let effects = agent.handle(row.check, from: Self.wifi, now: Self.at(20))
        let answer = try Self.answer(effects)
        #expect(effects.count == 1 && answer.class == .error && answer.error == row.error, "\(row.name)")
        guard case .send(let bytes, _) = effects[0] else { return }
        #expect(answer.isSigned(with: Array(Self.plan.localPassword.utf8), in: bytes) == row.isSigned)
        #expect(agent.counters[keyPath: row.counter] == 1 && agent.counters.answered == 0)
        #expect(agent.selected() == nil)
        // Nor does it count as consent.
        #expect(agent.nextDeadline == Self.at(30))
        if row.error == .unknownAttribute {
            #expect(answer.attribute(STUNMessage.Attribute.unknownAttributes)?.value == [0x00, 0x77])
        }
    }

    @Test("responses, indications and other methods are passed over, and what is no STUN is counted")
    func ignored() {
        var agent = ICELiteAgent(Self.plan, now: .zero)
        let transaction: [UInt8] = Array(repeating: 1, count: 12)
        for message in [
            STUNMessage(class: .indication, transaction: transaction, attributes: []),
            STUNMessage(class: .success, transaction: transaction, attributes: []),
            STUNMessage(class: .error, transaction: transaction, attributes: []),
            STUNMessage(method: 3, class: .request, transaction: transaction, attributes: []),
        ] {
            #expect(agent.handle(message.wire(withFingerprint: true), from: Self.wifi, now: .zero) == [])
        }
        var spoilt = Self.check()
        spoilt[spoilt.count - 1] ^= 1
        for junk in [[], [0], Array(Self.check().dropLast()), spoilt] {
            #expect(agent.handle(junk, from: Self.wifi, now: .zero) == [])
        }
        #expect(agent.counters.ignored == 4 && agent.counters.malformed == 4)
    }

    @Test("a flood of strangers is cut off at 100 a second, and the peer's checks are still answered")
    func flood() {
        var agent = ICELiteAgent(Self.plan, now: .zero)
        _ = agent.handle(Self.check(1, nominates: true), from: Self.wifi, now: .zero)
        for number in 0..<1000 {
            let stranger = IPEndpoint(IPAddress(v4: UInt32(number)), 1)
            _ = agent.handle(Self.check(password: "wrong"), from: stranger, now: Self.at(0.5))
        }
        #expect(agent.counters.unauthenticated == 99 && agent.counters.flooded == 901)
        #expect(agent.handle(Self.check(2), from: Self.wifi, now: Self.at(0.6)).count == 1)
        _ = agent.handle(Self.check(password: "wrong"), from: Self.mobile, now: Self.at(1.1))
        #expect(agent.counters.unauthenticated == 100 && agent.counters.answered == 2)
    }

    @Test("consent ends 30 s after the last check, is told once, and comes back with the next")
    func consent() {
        var agent = ICELiteAgent(Self.plan, now: .zero)
        #expect(agent.nextDeadline == Self.at(30))
        _ = agent.handle(Self.check(1, nominates: true), from: Self.wifi, now: Self.at(5))
        #expect(agent.nextDeadline == Self.at(35))
        #expect(agent.deadlineReached(now: Self.at(30)) == [])
        #expect(agent.deadlineReached(now: Self.at(35)) == [.consentExpired(since: Self.at(5))])
        #expect(agent.nextDeadline == nil && agent.deadlineReached(now: Self.at(70)) == [])
        let effects = agent.handle(Self.check(2), from: Self.wifi, now: Self.at(80))
        #expect(effects.last == .consentRenewed && effects.count == 2)
        #expect(agent.nextDeadline == Self.at(110))
        // Between two lite agents nobody checks, so nothing is missed.
        var lite = Self.plan
        lite.remoteIsLite = true
        agent.use(lite, now: Self.at(81))
        #expect(agent.nextDeadline == nil)
    }

    @Test("through a restart the old path is good until one is nominated by the new credentials")
    func restart() throws {
        var agent = ICELiteAgent(Self.plan, now: .zero)
        _ = agent.handle(Self.check(1, nominates: true), from: Self.wifi, now: .zero)
        var new = Self.plan
        (new.localUfrag, new.localPassword, new.remoteUfrag) = ("fresh", "a-password-of-22-letters", "theirs2")
        agent.use(new, now: Self.at(1))
        #expect(agent.selected() == Self.wifi)
        // Checks of the old session are still answered, by the old password.
        guard case .send(let bytes, _)? = agent.handle(Self.check(2), from: Self.wifi, now: Self.at(2)).first else {
            Issue.record("no answer")
            return
        }
        #expect(try STUNMessage(bytes).isSigned(with: Array(Self.plan.localPassword.utf8), in: bytes))
        #expect(agent.handle(Self.check(3, plan: new), from: Self.mobile, now: Self.at(2)).count == 1)
        #expect(agent.selected() == Self.wifi)
        #expect(
            agent.handle(Self.check(4, plan: new, nominates: true, priority: 1), from: Self.mobile, now: Self.at(3))
                .last
                == .selected(Self.mobile, component: 1))
        #expect(agent.selected() == Self.mobile)
        // And now the old credentials are gone.
        let refused = try Self.answer(agent.handle(Self.check(5, nominates: true), from: Self.wifi, now: Self.at(4)))
        #expect(refused.error == .unauthenticated)
        #expect(agent.selected() == Self.mobile)
    }

    @Test("two restarts in a row keep the path in use, and the same description again is no restart")
    func twoRestarts() {
        var agent = ICELiteAgent(Self.plan, now: .zero)
        _ = agent.handle(Self.check(1, nominates: true), from: Self.wifi, now: .zero)
        var plans: [ICEPlan] = []
        for number in 1...2 {
            var new = Self.plan
            new.localUfrag = "fresh\(number)"
            plans.append(new)
            agent.use(new, now: Self.at(Double(number)))
            agent.use(new, now: Self.at(Double(number)))
        }
        #expect(agent.selected() == Self.wifi)
        #expect(agent.handle(Self.check(2), from: Self.wifi, now: Self.at(3)).count == 1)
        #expect(agent.counters.answered == 2)
        _ = agent.handle(Self.check(3, plan: plans[0], nominates: true), from: Self.mobile, now: Self.at(3))
        #expect(agent.counters.unauthenticated == 1 && agent.selected() == Self.wifi)
        _ = agent.handle(Self.check(4, plan: plans[1], nominates: true), from: Self.mobile, now: Self.at(3))
        #expect(agent.selected() == Self.mobile)
    }

    @Test("a hundred paths leave the selected one in place")
    func manyPaths() {
        var agent = ICELiteAgent(Self.plan, now: .zero)
        _ = agent.handle(Self.check(1, nominates: true), from: Self.wifi, now: .zero)
        for number in 0..<100 {
            let path = IPEndpoint(IPAddress(v4: 0x0A00_0000 + UInt32(number)), 9)
            #expect(agent.handle(Self.check(2), from: path, now: Self.at(Double(number))).count == 1)
        }
        #expect(agent.selected() == Self.wifi && agent.counters.tooManyPaths == 0)
    }

    @Test("credentials are as long as they must be, and no text shows a password")
    func credentials() {
        var random = SeededRandom(seed: 1)
        let (first, second) = (ICECredentials.random(using: &random), ICECredentials.random(using: &random))
        #expect(first != second && first.ufrag.utf8.count == 8 && first.password.utf8.count == 24)
        var dumped = ""
        dump(Self.plan, to: &dumped)
        for text in ["\(first)", "\(Self.plan)", String(reflecting: Self.plan), dumped] {
            #expect(!text.contains(first.password) && !text.contains("password-of-ours") && !text.contains("another"))
        }
    }
}
