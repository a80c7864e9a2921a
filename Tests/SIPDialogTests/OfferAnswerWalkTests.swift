import Basics
import SIPDialog
import Testing

/// Two ends that invite, update, acknowledge and refuse each other at random over an ordered network.
private struct Walk {
    struct Message {
        let carrier: SDPCarrier
        let sdp: [UInt8]?
        /// A final response other than 2xx to a request of this carrier.
        var isRefusal = false
        /// The refusal of a request that never got anywhere: 491 or 500.
        var isRejection = false
    }

    struct End {
        var machine = OfferAnswer()
        var inbox: [Message] = []
        var owesInvite = false
        var owesUpdate: [UInt8]??
        var awaitsInvite = false
        var awaitsUpdate = false
        var awaitsPrack = false  // a reliable 1xx of ours is unacknowledged
    }

    var ends: [End] = [End(), End()]
    var random: SeededRandom
    var serial = 0
    var violations: [OfferAnswerVerdict] = []
    var agreements = 0

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
    mutating func fresh() -> [UInt8] {
        serial += 1
        return Array("v\(serial)".utf8)
    }

    /// Sends and tells whether the machine allowed it.
    @discardableResult
    mutating func send(_ carrier: SDPCarrier, _ sdp: [UInt8]?, from end: Int) -> Bool {
        let verdict = ends[end].machine.sending(carrier, sdp: sdp)
        if case .violation = verdict { return false }
        if case .answer = verdict { agreements += 1 }
        ends[1 - end].inbox.append(Message(carrier: carrier, sdp: sdp))
        return true
    }

    mutating func refuse(_ carrier: SDPCarrier, from end: Int, isRejection: Bool) {
        if !isRejection { ends[end].machine.failed(carrier, by: .remote) }
        ends[1 - end].inbox.append(Message(carrier: carrier, sdp: nil, isRefusal: true, isRejection: isRejection))
    }

    mutating func act(_ end: Int) {
        switch Int.random(in: 0..<6, using: &random) {
        case 0 where ends[end].machine.canOffer(in: .invite) && !ends[end].awaitsInvite:
            let sdp: [UInt8]? = chance(60) ? fresh() : nil
            if send(.invite, sdp, from: end) { ends[end].awaitsInvite = true }
        case 1 where ends[end].machine.canOffer(in: .update) && !ends[end].awaitsUpdate:
            if send(.update, fresh(), from: end) { ends[end].awaitsUpdate = true }
        case 2 where ends[end].owesInvite && !ends[end].awaitsPrack:
            if send(.reliableProvisional, fresh(), from: end) { ends[end].awaitsPrack = true }
        case 3: answerInvite(end)
        case 4: answerUpdate(end)
        default: deliver(to: end)
        }
    }

    mutating func answerInvite(_ end: Int) {
        guard ends[end].owesInvite, !ends[end].awaitsPrack else { return }
        if chance(30) {
            refuse(.invite, from: end, isRejection: false)
        } else {
            let isAllowed = send(.inviteSuccess, fresh(), from: end)
            if !isAllowed { return }  // an offer of an UPDATE is open; later
        }
        ends[end].owesInvite = false
    }

    mutating func answerUpdate(_ end: Int) {
        guard let owed = ends[end].owesUpdate else { return }
        ends[end].owesUpdate = nil
        if chance(30) { return refuse(.update, from: end, isRejection: false) }
        send(.updateSuccess, owed == nil ? nil : fresh(), from: end)
    }

    mutating func deliver(to end: Int) {
        guard !ends[end].inbox.isEmpty else { return }
        let message = ends[end].inbox.removeFirst()
        if message.isRefusal { return refused(message, at: end) }
        var any = AnyRandom(SeededRandom(seed: UInt64(serial)))
        let verdict = ends[end].machine.received(message.carrier, sdp: message.sdp, random: &any)
        if case .violation = verdict { violations.append(verdict) }
        if case .reject = verdict {
            if message.carrier == .prack { ends[end].awaitsPrack = false }
            return refuse(message.carrier, from: end, isRejection: true)
        }
        react(to: message, verdict, at: end)
    }

    mutating func refused(_ message: Message, at end: Int) {
        ends[end].machine.failed(message.carrier, by: .local)
        switch message.carrier {
        case .invite: ends[end].awaitsInvite = false
        case .update: ends[end].awaitsUpdate = false
        default: break
        }
    }

    mutating func react(to message: Message, _ verdict: OfferAnswerVerdict, at end: Int) {
        var isOffer = false
        if case .offer = verdict { isOffer = true }
        switch message.carrier {
        case .invite: ends[end].owesInvite = true
        case .reliableProvisional:
            // The answer where one is owed; else now and then an offer of our own.
            let offers: Bool = ends[end].machine.canOffer(in: .prack) && chance(20)
            send(.prack, isOffer || offers ? fresh() : nil, from: end)
        case .prack:
            ends[end].awaitsPrack = false
            send(.prackSuccess, isOffer ? fresh() : nil, from: end)
        case .inviteSuccess:
            ends[end].awaitsInvite = false
            send(.ack, isOffer ? fresh() : nil, from: end)
        case .update: ends[end].owesUpdate = .some(message.sdp)
        case .updateSuccess: ends[end].awaitsUpdate = false
        case .ack, .prackSuccess, .unreliableProvisional: break
        }
    }

    var isQuiet: Bool {
        ends.allSatisfy {
            $0.inbox.isEmpty && !$0.owesInvite && $0.owesUpdate == nil && !$0.awaitsInvite && !$0.awaitsUpdate
        }
    }

    /// Lets everything open come to its end.
    mutating func settle() {
        for _ in 0..<200 where !isQuiet {
            for end in 0...1 {
                deliver(to: end)
                answerUpdate(end)
                answerInvite(end)
            }
        }
    }
}

@Suite("OfferAnswer, at random")
struct OfferAnswerWalkTests {
    @Test(
        "RFC 3264 §4: whatever two ends do, no rule is broken and both agree on the same once all is quiet",
        arguments: 0..<40)
    func bothEndsAgree(seed: Int) {
        var walk = Walk(seed: UInt64(seed))
        for _ in 0..<50 {
            for _ in 0..<60 {
                let end = Int.random(in: 0...1, using: &walk.random)
                walk.act(end)
            }
            walk.settle()
            #expect(walk.isQuiet)
            let (a, b) = (walk.ends[0].machine, walk.ends[1].machine)
            #expect(a.phase == .idle && b.phase == .idle)
            for side in [SessionSide.local, .remote] {
                #expect(!a.isInvitePending(by: side) && !b.isInvitePending(by: side))
            }
            #expect(a.agreed?.local == b.agreed?.remote && a.agreed?.remote == b.agreed?.local)
            #expect(a.agreed?.offerer == b.agreed?.offerer.other)
        }
        #expect(walk.violations.isEmpty)
        #expect(walk.agreements > 50, "the walk got somewhere")
    }
}
