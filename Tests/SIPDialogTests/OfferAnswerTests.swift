import Basics
import SIPDialog
import Testing

/// One message between two ends: who sends it, what carries the description, and the description.
private struct Step {
    let from: SessionSide
    let carrier: SDPCarrier
    let sdp: String?
    init(_ from: SessionSide, _ carrier: SDPCarrier, _ sdp: String? = nil) {
        (self.from, self.carrier, self.sdp) = (from, carrier, sdp)
    }
}

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// Plays `steps` on one end; `.local` is that end.
private func play(_ steps: [Step], on machine: inout OfferAnswer) -> [OfferAnswerVerdict] {
    var random = AnyRandom(SeededRandom(seed: 1))
    return steps.map { step in
        let sdp: [UInt8]? = step.sdp.map(bytes)
        return step.from == .local
            ? machine.sending(step.carrier, sdp: sdp) : machine.received(step.carrier, sdp: sdp, random: &random)
    }
}

private func agreement(_ local: String, _ remote: String, _ offerer: SessionSide) -> OfferAnswer.Agreement {
    OfferAnswer.Agreement(local: bytes(local), remote: bytes(remote), offerer: offerer)
}

/// An end whose first INVITE, sent by `caller`, was answered.
private func established(caller: SessionSide = .local) -> OfferAnswer {
    var machine = OfferAnswer()
    _ = play(
        [Step(caller, .invite, "caller"), Step(caller.other, .inviteSuccess, "callee"), Step(caller, .ack)],
        on: &machine)
    return machine
}

@Suite("OfferAnswer")
struct OfferAnswerTests {
    struct Pattern: CustomTestStringConvertible {
        let testDescription: String
        let steps: [(SDPCarrier, isByCaller: Bool, sdp: String?)]
        let offererIsCaller: Bool
    }

    static let patterns: [Pattern] = [
        Pattern(
            testDescription: "1: INVITE, 2xx",
            steps: [(.invite, true, "o"), (.inviteSuccess, false, "a"), (.ack, true, nil)], offererIsCaller: true),
        Pattern(
            testDescription: "2: 2xx, ACK",
            steps: [(.invite, true, nil), (.inviteSuccess, false, "o"), (.ack, true, "a")], offererIsCaller: false),
        Pattern(
            testDescription: "3: INVITE, reliable 1xx",
            steps: [
                (.invite, true, "o"), (.reliableProvisional, false, "a"), (.prack, true, nil),
                (.prackSuccess, false, nil),
                (.inviteSuccess, false, nil), (.ack, true, nil),
            ], offererIsCaller: true),
        Pattern(
            testDescription: "4: reliable 1xx, PRACK",
            steps: [
                (.invite, true, nil), (.reliableProvisional, false, "o"), (.prack, true, "a"),
                (.prackSuccess, false, nil),
                (.inviteSuccess, false, nil), (.ack, true, nil),
            ], offererIsCaller: false),
        Pattern(
            testDescription: "5: PRACK, 2xx to PRACK",
            steps: [
                (.invite, true, "x"), (.reliableProvisional, false, "y"), (.prack, true, "o"),
                (.prackSuccess, false, "a"),
                (.inviteSuccess, false, nil), (.ack, true, nil),
            ], offererIsCaller: true),
        Pattern(
            testDescription: "6: UPDATE, 2xx to UPDATE, by the callee and early",
            steps: [
                (.invite, true, "x"), (.reliableProvisional, false, "y"), (.prack, true, nil),
                (.prackSuccess, false, nil),
                (.update, false, "o"), (.updateSuccess, true, "a"), (.inviteSuccess, false, nil), (.ack, true, nil),
            ], offererIsCaller: false),
    ]

    @Test("RFC 6337 §2.2: each of the six patterns ends agreed, the same at both ends", arguments: patterns)
    func patternsAgree(pattern: Pattern) {
        for asCaller in [true, false] {
            var machine = OfferAnswer()
            let verdicts = play(
                pattern.steps.map { Step($0.isByCaller == asCaller ? .local : .remote, $0.0, $0.sdp) }, on: &machine)
            for verdict in verdicts {
                switch verdict {
                case .nothing, .offer, .answer: break
                case .preview, .reject, .violation: Issue.record("\(verdict)")
                }
            }
            let offeredHere: Bool = pattern.offererIsCaller == asCaller
            #expect(machine.phase == .idle)
            #expect(
                machine.agreed == (offeredHere ? agreement("o", "a", .local) : agreement("a", "o", .remote)))
            #expect(!machine.isInvitePending(by: .local) && !machine.isInvitePending(by: .remote))
        }
    }

    enum Situation: String, CaseIterable {
        case idle, localInvite, localEmptyInvite, remoteInvite, remoteEmptyInvite, localUpdate, remoteUpdate,
            localOfferIn2xx

        var machine: OfferAnswer {
            var machine = established()
            let steps: [Step] =
                switch self {
                case .idle: []
                case .localInvite: [Step(.local, .invite, "n")]
                case .localEmptyInvite: [Step(.local, .invite)]
                case .remoteInvite: [Step(.remote, .invite, "n")]
                case .remoteEmptyInvite: [Step(.remote, .invite)]
                case .localUpdate: [Step(.local, .update, "n")]
                case .remoteUpdate: [Step(.remote, .update, "n")]
                case .localOfferIn2xx: [Step(.remote, .invite), Step(.local, .inviteSuccess, "n")]
                }
            _ = play(steps, on: &machine)
            return machine
        }
    }

    enum Expected { case offer, nothing, pending491, later500 }

    static let incoming: [(SDPCarrier, String?, [Situation: Expected])] = [
        (
            .invite, "z",
            [
                .idle: .offer, .localInvite: .pending491, .localEmptyInvite: .pending491, .remoteInvite: .later500,
                .remoteEmptyInvite: .later500, .localUpdate: .pending491, .remoteUpdate: .later500,
                .localOfferIn2xx: .pending491,
            ]
        ),
        (
            .invite, nil,
            [
                .idle: .nothing, .localInvite: .pending491, .localEmptyInvite: .pending491, .remoteInvite: .later500,
                .remoteEmptyInvite: .later500, .localUpdate: .pending491, .remoteUpdate: .later500,
                .localOfferIn2xx: .pending491,
            ]
        ),
        (
            .update, "z",
            [
                .idle: .offer, .localInvite: .pending491, .localEmptyInvite: .offer, .remoteInvite: .later500,
                .remoteEmptyInvite: .offer, .localUpdate: .pending491, .remoteUpdate: .later500,
                .localOfferIn2xx: .pending491,
            ]
        ),
        (
            .update, nil,
            [
                .idle: .nothing, .localInvite: .nothing, .localEmptyInvite: .nothing, .remoteInvite: .nothing,
                .remoteEmptyInvite: .nothing, .localUpdate: .nothing, .remoteUpdate: .nothing,
                .localOfferIn2xx: .nothing,
            ]
        ),
    ]

    @Test(
        "RFC 3261 §14.2, RFC 3311 §5.2: what an INVITE or UPDATE gets in each situation; a refused one changes nothing",
        arguments: incoming, Situation.allCases)
    func glare(row: (SDPCarrier, String?, [Situation: Expected]), situation: Situation) throws {
        var machine = situation.machine
        let before = machine
        var random = AnyRandom(SeededRandom(seed: 7))
        let verdict = machine.received(row.0, sdp: row.1.map(bytes), random: &random)
        switch try #require(row.2[situation]) {
        case .offer: #expect(verdict == .offer(bytes("z")))
        case .nothing: #expect(verdict == .nothing)
        case .pending491:
            #expect(verdict == .reject(.requestPending))
            #expect(machine == before)
        case .later500:
            guard case .reject(.retryLater(let seconds)) = verdict else {
                Issue.record("\(verdict)")
                return
            }
            #expect((0...10).contains(seconds))
            #expect(machine == before)
        }
    }

    static let outgoing: [(SDPCarrier, Set<Situation>)] = [
        (.invite, [.idle]),
        (.update, [.idle]),
    ]

    @Test(
        "RFC 3264 §4, RFC 3261 §14.1: an offer may be sent only where nothing is open, and is refused else",
        arguments: outgoing, Situation.allCases)
    func sendingOffers(row: (SDPCarrier, Set<Situation>), situation: Situation) {
        var machine = situation.machine
        let before = machine
        let isAllowed: Bool = row.1.contains(situation)
        #expect(machine.canOffer(in: row.0) == isAllowed)
        let verdict = machine.sending(row.0, sdp: bytes("z"))
        #expect(verdict == (isAllowed ? .offer(bytes("z")) : .violation(.notNow)))
        if !isAllowed { #expect(machine == before) }
    }

    @Test("RFC 3311 §5.1: no UPDATE with an offer before the first agreement")
    func noEarlyUpdate() {
        var machine = OfferAnswer()
        #expect(!machine.canOffer(in: .update))
        #expect(
            play([Step(.local, .invite, "o"), Step(.local, .update, "u")], on: &machine).last == .violation(.notNow))
    }

    @Test("RFC 6337 §3.1.1: the description of an unreliable 1xx is a preview; the 2xx brings the answer")
    func previewThenAnswer() {
        var machine = OfferAnswer()
        let verdicts = play(
            [
                Step(.local, .invite, "o"), Step(.remote, .unreliableProvisional, "a"),
                Step(.remote, .inviteSuccess, "a"),
            ],
            on: &machine)
        #expect(verdicts == [.offer(bytes("o")), .preview(bytes("a")), .answer(bytes("a"))])
        #expect(machine.preview == nil)
    }

    @Test("a 2xx without description after an unreliable 1xx with one: the preview counts as the answer")
    func previewIsTheAnswer() {
        var machine = OfferAnswer()
        let verdicts = play(
            [Step(.local, .invite, "o"), Step(.remote, .unreliableProvisional, "a"), Step(.remote, .inviteSuccess)],
            on: &machine)
        #expect(verdicts.last == .answer(bytes("a")))
        #expect(machine.agreed == agreement("o", "a", .local))
    }

    @Test(
        "RFC 6337 §3.1: a description after the answer, and one in an unreliable 1xx to an empty INVITE, is ignored"
    )
    func repetitionsAreIgnored() {
        var machine = OfferAnswer()
        let verdicts = play(
            [
                Step(.local, .invite, "o"), Step(.remote, .reliableProvisional, "a"),
                Step(.remote, .reliableProvisional, "b"),
                Step(.remote, .inviteSuccess, "c"), Step(.remote, .inviteSuccess, "d"),
            ], on: &machine)
        #expect(verdicts == [.offer(bytes("o")), .answer(bytes("a")), .nothing, .nothing, .nothing])
        #expect(machine.agreed == agreement("o", "a", .local))
        var empty = OfferAnswer()
        #expect(play([Step(.local, .invite), Step(.remote, .unreliableProvisional, "x")], on: &empty).last == .nothing)
    }

    struct Broken: CustomTestStringConvertible {
        let testDescription: String
        let steps: [(SessionSide, SDPCarrier, String?)]
        let violation: OfferAnswerViolation
    }

    static let broken: [Broken] = [
        Broken(
            testDescription: "2xx without answer", steps: [(.local, .invite, "o"), (.remote, .inviteSuccess, nil)],
            violation: .missingAnswer),
        Broken(
            testDescription: "2xx without offer", steps: [(.local, .invite, nil), (.remote, .inviteSuccess, nil)],
            violation: .missingOffer),
        Broken(
            testDescription: "ACK without answer",
            steps: [(.remote, .invite, nil), (.local, .inviteSuccess, "o"), (.remote, .ack, nil)],
            violation: .missingAnswer),
        Broken(
            testDescription: "PRACK without answer",
            steps: [(.remote, .invite, nil), (.local, .reliableProvisional, "o"), (.remote, .prack, nil)],
            violation: .missingAnswer),
        Broken(
            testDescription: "2xx to UPDATE without answer",
            steps: [
                (.local, .invite, "o"), (.remote, .inviteSuccess, "a"), (.local, .update, "u"),
                (.remote, .updateSuccess, nil),
            ], violation: .missingAnswer),
        Broken(
            testDescription: "offer in 2xx while the peer's UPDATE is open",
            steps: [
                (.local, .invite, "o"), (.remote, .inviteSuccess, "a"), (.local, .invite, nil), (.remote, .update, "u"),
                (.remote, .inviteSuccess, "x"),
            ], violation: .overlappingOffers),
    ]

    @Test("RFC 3261 §13.2.1, RFC 3262 §5: a missing or overlapping description is a violation", arguments: broken)
    func violations(row: Broken) {
        var machine = OfferAnswer()
        let verdicts = play(row.steps.map { Step($0.0, $0.1, $0.2) }, on: &machine)
        #expect(verdicts.last == .violation(row.violation))
    }

    @Test(
        "RFC 3261 §14.1: a refused re-INVITE leaves the session as it was, even after a reliable answer",
        arguments: [SessionSide.local, .remote])
    func refusedInviteRollsBack(side: SessionSide) {
        var machine = established()
        let agreed = machine.agreed
        _ = play(
            [Step(side, .invite, "n"), Step(side.other, .reliableProvisional, "m"), Step(side, .prack)], on: &machine)
        #expect(machine.agreed != agreed)
        machine.failed(.invite, by: side)
        #expect(machine.agreed == agreed)
        #expect(machine.phase == .idle)
        #expect(machine.canOffer(in: .invite))
    }

    @Test("RFC 3311 §5.2: what an UPDATE agreed within a re-INVITE survives the re-INVITE's refusal")
    func updateSurvivesRefusedInvite() {
        var machine = established()
        _ = play(
            [
                Step(.local, .invite, "n"), Step(.remote, .reliableProvisional, "m"), Step(.local, .prack),
                Step(.remote, .update, "u"), Step(.local, .updateSuccess, "v"),
            ], on: &machine)
        machine.failed(.invite, by: .local)
        #expect(machine.agreed == agreement("v", "u", .remote))
    }

    @Test("a refused UPDATE or PRACK voids its offer alone", arguments: [SDPCarrier.update, .prack])
    func refusedUpdate(carrier: SDPCarrier) {
        var machine = established()
        let agreed = machine.agreed
        _ = play([Step(.local, carrier, "u")], on: &machine)
        machine.failed(carrier, by: .remote)
        #expect(machine.pendingOfferer == .local)
        machine.failed(carrier, by: .local)
        #expect(machine.phase == .idle)
        #expect(machine.agreed == agreed)
    }

    @Test("RFC 3261 §13.2.2.4: each fork of an INVITE keeps its own answer")
    func forks() {
        var first = OfferAnswer()
        _ = play([Step(.local, .invite, "o")], on: &first)
        var second = first
        _ = play([Step(.remote, .reliableProvisional, "a1")], on: &first)
        _ = play([Step(.remote, .inviteSuccess, "a2")], on: &second)
        #expect(first.agreed == agreement("o", "a1", .local))
        #expect(second.agreed == agreement("o", "a2", .local))
    }

    @Test("RFC 3264 §8: the version grows by one with each change, and only then")
    func versions() {
        func description(_ version: UInt64, _ name: String) -> [UInt8] {
            bytes("v=0\r\no=- 7 \(version) IN IP4 192.0.2.1\r\ns=\(name)\r\n")
        }
        var machine = OfferAnswer(firstVersion: 5)
        var versions: [UInt64] = []
        for name in ["a", "a", "b", "b", "a"] {
            versions.append(machine.version(of: description(0, name)))
            machine.sent(description(machine.version(of: description(0, name)), name))
            // Written and never sent: it counts for nothing.
            _ = machine.version(of: description(0, "c"))
        }
        #expect(versions == [5, 5, 6, 6, 7])
        // An older one, sent again.
        machine.sent(description(6, "b"))
        #expect(machine.version(of: description(0, "a")) == 7)
    }

    @Test("RFC 3261 §14.1: after 491 the owner of the Call-ID waits 2.1-4 s, the other 0-2 s, in steps of 10 ms")
    func glareDelays() {
        var random = AnyRandom(SeededRandom(seed: 3))
        for _ in 0..<500 {
            let owner = OfferAnswer.glareDelay(ownsCallID: true, random: &random).wholeMilliseconds
            let other = OfferAnswer.glareDelay(ownsCallID: false, random: &random).wholeMilliseconds
            #expect(owner >= 2100 && owner <= 4000 && owner % 10 == 0)
            #expect(other >= 0 && other <= 2000 && other % 10 == 0)
        }
    }
}
