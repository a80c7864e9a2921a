internal import Basics
internal import Codecs
internal import Identity
internal import MediaNegotiation
internal import MediaSession
internal import SDP
internal import SIPDialog
internal import SIPMessage

/// A fax that is heard in sound, and what the server does about it.
struct FaxWatch: Sendable {
    /// The leg it was heard on; nil while none was.
    var heardOn: UInt16?
    /// When T.38 is offered, or offered again; and until when that is tried.
    var offerAt: Moment?
    var giveUpAt: Moment = .zero
    /// How often T.38 was offered in the call.
    var offers: Int = 0
    /// When a leg that was offered T.38 is brought back to speech.
    var speechAt: Moment?
    /// The fax goes as sound, until then: T.38 is not offered any more.
    var soundUntil: Moment?
    var isSound: Bool { soundUntil != nil }
    /// Legs that are still to be asked for sound that modems survive.
    var soundLegs: [UInt16] = []
    /// Keys are not looked for in the sound of these legs.
    var deaf: Set<UInt16> = []

    /// A phone that turns to T.38 by itself does so at once; its offer is not to meet ours.
    static let patience: Duration = .milliseconds(400)
    /// T.30 asks again every 3 s, three times.
    static let limit: Duration = .seconds(9)
    /// No frame of a fax came in T.38: it was none.
    static let silence: Duration = .seconds(20)
    /// After the last frame of a fax.
    static let pause: Duration = .seconds(3)
    static let mostOffers: Int = 5
    /// How long no keys are looked for in what was taken for a fax.
    static let longestFax: Duration = .seconds(600)
}

/// T.38 offered by the server where it hears the flags of V.21 by which a fax begins (T.30 §5.3.1), to a leg that takes T.38.
extension Call {
    /// Whether a leg is offered T.38 when a fax is heard.
    func mayOfferFax(to index: Int) -> Bool {
        let leg: Leg = legs[index]
        // T.38 goes in the clear: who speaks under keys is not asked to do without.
        guard !leg.refusesT38, leg.stage == .up, !leg.wantsEncryption,
            !leg.streams.contains(where: { $0?.plan.security != nil && $0?.plan.security != MediaSecurity.none })
        else { return false }
        switch leg.settings.fax {
        case .offer: return true
        case .auto, .gateway: return leg.speaksT38
        case .passthrough, .off: return false
        }
    }

    private func isT38(_ index: Int) -> Bool {
        legs[index].streams.contains { $0?.plan.fax != nil }
    }

    /// Listens where that may lead to something, and not for keys where a modem speaks.
    mutating func listenForFax() {
        guard let connected = connectedIndex else { return }
        let pair: [Int] = [0, connected]
        let isOpen: Bool =
            attendance == nil && !faxWatch.isSound && faxWatch.heardOn == nil && fax == nil
            && faxWatch.offers < FaxWatch.mostOffers && pair.contains { mayOfferFax(to: $0) }
            && !pair.contains { isT38($0) }
        var deaf: Set<UInt16> = []
        if faxWatch.isSound { deaf = [0, UInt16(connected)] } else if let fax { deaf = [fax.soundLeg] }
        if deaf != faxWatch.deaf {
            faxWatch.deaf = deaf
            for index in pair { planDigits(of: index) }
        }
        for index in pair {
            for position in legs[index].streams.indices where legs[index].streams[position] != nil {
                let listens: Bool = isOpen && legs[index].streams[position]?.audio != nil
                if listens {
                    legs[index].streams[position]?.plan.listensFor.insert(.machines)
                } else {
                    legs[index].streams[position]?.plan.listensFor.remove(.machines)
                }
            }
        }
    }

    /// A machine is heard. Its answering and calling tones may be those of a modem or of a human's recorder: the flags of a fax are not.
    mutating func machineHeard(_ tone: MachineTone, on endpoint: MediaEndpointID, in env: inout CallEnvironment) {
        guard tone == .faxPreamble, connectedIndex != nil, attendance == nil, faxWatch.heardOn == nil,
            !faxWatch.isSound, fax == nil, peer(of: endpoint.leg.index) != nil,
            faxWatch.offers < FaxWatch.mostOffers
        else { return }
        note("a fax is heard", leg: Int(endpoint.leg.index), in: &env)
        faxWatch.heardOn = endpoint.leg.index
        faxWatch.offerAt = env.now.advanced(by: FaxWatch.patience)
        faxWatch.giveUpAt = env.now.advanced(by: FaxWatch.limit)
    }

    mutating func faxDeadline(in env: inout CallEnvironment) {
        if let at = faxWatch.offerAt, env.now >= at { offerFax(in: &env) }
        if let at = faxWatch.speechAt, env.now >= at { endFax(in: &env) }
        if let at = faxWatch.soundUntil, env.now >= at { faxWatch.soundUntil = nil }
    }

    /// Nothing else is under way on either leg.
    private func isFree(_ index: Int) -> Bool {
        change == nil && delayedAcknowledgement == nil && isInviteAnswered && !needsResync && resyncAt == nil
            && legs.allSatisfy { $0.session?.answer == nil } && !owesPrack(to: index)
            && (legs[index].session?.offers.canOffer(in: .invite) ?? false)
    }

    // MARK: Offering

    /// Offers T.38 to the party that the fax was heard on, as is a called fax's part, or else to the other one.
    private mutating func offerFax(in env: inout CallEnvironment) {
        faxWatch.offerAt = nil
        guard let heard = faxWatch.heardOn, let other = peer(of: heard), fax == nil else {
            return faxWatch.heardOn = nil
        }
        let pair: [Int] = [Int(heard), other]
        // A party turned to it by itself.
        guard !pair.contains(where: { isT38($0) }) else { return faxWatch.heardOn = nil }
        guard let index = pair.first(where: { mayOfferFax(to: $0) }), env.now < faxWatch.giveUpAt else {
            return keepSound(in: &env)
        }
        guard isFree(index) else { return faxWatch.offerAt = env.now.advanced(by: .milliseconds(500)) }
        guard let own = faxOffer(to: index, in: &env) else {
            legs[index].refusesT38 = true
            return offerFax(in: &env)
        }
        faxWatch.offers += 1
        note("is offered T.38", leg: index, in: &env)
        sendChange(.invite, sdp: own.bytes, on: index, purpose: .faxOffer, in: &env)
    }

    /// T.38 in the place of a leg's first stream of speech, and no other stream (RFC 3264 §8.3.3).
    private mutating func faxOffer(to index: Int, in env: inout CallEnvironment) -> Written? {
        guard var wanted = ownDescription(of: index),
            let position = legs[index].streams.indices.first(where: { legs[index].streams[$0]?.audio != nil }),
            position < wanted.media.count
        else { return nil }
        for place in wanted.media.indices where place != position {
            wanted.media[place] = MediaDescription(
                kind: wanted.media[place].kind, port: 0, transportProtocol: wanted.media[place].transportProtocol,
                formats: wanted.media[place].formats)
        }
        wanted.media[position] = MediaDescription(t38: FaxRelay.offer, port: 9)
        let none = LegTransports(streams: Array(repeating: nil, count: wanted.media.count), groups: [])
        return try? describe(wanted, none, to: index, in: &env)
    }

    mutating func faxOfferAnswered(
        _ response: SIPMessage, _ status: SIPStatus, _ exchange: Exchange, in env: inout CallEnvironment
    ) {
        let index = Int(exchange.leg)
        guard status.code < 300 else { return faxOfferRefused(response, status, index, in: &env) }
        guard let answer = ownChangeAccepted(response, index, in: &env), let other = peer(of: UInt16(index)) else {
            return
        }
        let speech: SessionDescription? = Call.speech(legs[index].remoteDescription)
        let own: SessionDescription? = ownDescription(of: index)
        apply(answer, from: index, own: own, isFinal: true, in: &env)
        closeRejected(by: answer, of: index, in: &env)
        if let own { closeRejected(by: own, of: index, in: &env) }
        guard let stream = answer.media.indices.first(where: { answer.media[$0].isT38 && !answer.media[$0].isRejected })
        else {
            legs[index].refusesT38 = true
            note("took the change, and no T.38", leg: index, in: &env)
            if fax == nil { return speakAgain(index, with: other, in: &env) }
            return beginFax(in: &env)
        }
        if let bridge = fax {
            // Both ends are T.38 now: nothing is between them.
            note("takes T.38 too: it passes through", leg: index, in: &env)
            fax = nil
            (faxWatch.heardOn, faxWatch.speechAt) = (nil, nil)
            return join(Int(bridge.leg), index, in: &env)
        }
        guard let speech else { return }
        note("takes T.38", leg: index, in: &env)
        fax = FaxBridge(
            leg: UInt16(index), stream: stream, soundLeg: UInt16(other), speech: speech, isOffered: true)
        bridgeOrPass(answer, from: index, to: other, in: &env)
    }

    /// The other party is offered T.38 too, where it takes it; else its sound is joined.
    private mutating func bridgeOrPass(
        _ answer: SessionDescription, from index: Int, to other: Int, in env: inout CallEnvironment
    ) {
        faxWatch.heardOn = nil
        faxWatch.speechAt = env.now.advanced(by: FaxWatch.silence)
        countFax()
        if mayOfferFax(to: other), isFree(other), let own = try? offer(answer, from: index, to: other, in: &env) {
            note("is offered T.38", leg: other, in: &env)
            return sendChange(.invite, sdp: own.bytes, on: other, purpose: .faxOffer, in: &env)
        }
        beginFax(in: &env)
    }

    private mutating func beginFax(in env: inout CallEnvironment) {
        joinFax(in: &env)
        askForSound(in: &env)
    }

    private mutating func faxOfferRefused(
        _ response: SIPMessage, _ status: SIPStatus, _ index: Int, in env: inout CallEnvironment
    ) {
        legs[index].session?.offers.failed(.invite, by: .local)
        closeUnagreed(of: index, in: &env)
        guard phase != .ending else { return judge(response, leg: index, in: &env) }
        if status == .requestPending {
            // It wants something itself, which may well be T.38.
            note("is busy with a change of its own: 491", leg: index, in: &env)
            let owns = legs[index].session?.dialog.ownsCallID ?? false
            if fax == nil {
                faxWatch.offerAt = env.now.advanced(by: OfferAnswer.glareDelay(ownsCallID: owns, random: &env.random))
            } else {
                beginFax(in: &env)
            }
            return judge(response, leg: index, in: &env)
        }
        note("refuses T.38: \(status.code)", leg: index, in: &env)
        legs[index].refusesT38 = true
        judge(response, leg: index, in: &env)
        guard phase != .ending else { return }
        if fax == nil { offerFax(in: &env) } else { beginFax(in: &env) }
    }

    // MARK: As sound

    /// Nobody takes T.38: the fax goes on as sound, in G.711 and without comfort noise, silence suppression and a look for keys.
    private mutating func keepSound(in env: inout CallEnvironment) {
        guard let heard = faxWatch.heardOn, let other = peer(of: heard) else { return }
        (faxWatch.heardOn, faxWatch.soundUntil) = (nil, env.now.advanced(by: FaxWatch.longestFax))
        note("the fax goes on as sound", in: &env)
        faxWatch.soundLegs = [UInt16(other), heard].filter { !isFitForModems(Int($0)) }
        askForModemSound(in: &env)
    }

    private func isFitForModems(_ index: Int) -> Bool {
        guard let stream = legs[index].streams.lazy.compactMap({ $0 }).first(where: { $0.audio != nil }) else {
            return true
        }
        switch stream.plan.outgoing.lazy.compactMap(\.codec).first {
        case .pcma, .pcmu: return !stream.plan.incoming.contains { $0.isComfortNoise }
        case .g722, .g729, .opus, .l16, nil: return false
        }
    }

    private mutating func askForModemSound(in env: inout CallEnvironment) {
        while let next = faxWatch.soundLegs.first, let other = peer(of: next) {
            let index = Int(next)
            guard isFree(index) else { return }
            faxWatch.soundLegs.removeFirst()
            guard let held = Call.speech(legs[other].remoteDescription),
                let own = try? offer(
                    held.forModems, from: other, to: index, policy: modemPolicy(of: index), in: &env)
            else {
                note("can't be asked for G.711: the fax goes on in what is spoken", leg: index, in: &env)
                continue
            }
            note("is asked for G.711, which alone carries a fax", leg: index, in: &env)
            return sendChange(.invite, sdp: own.bytes, on: index, purpose: .faxSound, in: &env)
        }
    }

    /// A leg answered, or refused, to speak as modems need it.
    mutating func modemSoundSettled(in env: inout CallEnvironment) {
        guard phase != .ending, faxWatch.isSound else { return }
        askForModemSound(in: &env)
    }

    // MARK: Back to speech

    /// A fax on a leg that was offered T.38 is over, or never came: it is the server's part to go back to speech.
    private mutating func endFax(in env: inout CallEnvironment) {
        faxWatch.speechAt = nil
        guard let fax, fax.isOffered, peer(of: fax.leg) != nil else { return }
        guard isFree(Int(fax.leg)) else { return faxWatch.speechAt = env.now.advanced(by: .seconds(1)) }
        if !fax.hasBegun {
            note("no fax came in T.38", leg: Int(fax.leg), in: &env)
            legs[Int(fax.leg)].refusesT38 = true
        }
        speakAgain(Int(fax.leg), with: Int(fax.soundLeg), in: &env)
    }

    private mutating func speakAgain(_ index: Int, with other: Int, in env: inout CallEnvironment) {
        guard let held = Call.speech(legs[other].remoteDescription),
            let own = try? offer(held, from: other, to: index, in: &env)
        else { return note("can't be offered speech again", leg: index, in: &env) }
        note("is offered speech again", leg: index, in: &env)
        sendChange(.invite, sdp: own.bytes, on: index, purpose: .faxSpeech, in: &env)
    }

    mutating func faxSpeechAnswered(
        _ response: SIPMessage, _ status: SIPStatus, _ exchange: Exchange, in env: inout CallEnvironment
    ) {
        let index = Int(exchange.leg)
        guard status.code < 300 else {
            legs[index].session?.offers.failed(.invite, by: .local)
            closeUnagreed(of: index, in: &env)
            note("stays as it is: \(status.code)", leg: index, in: &env)
            if status == .requestPending, fax != nil {
                let owns = legs[index].session?.dialog.ownsCallID ?? false
                faxWatch.speechAt = env.now.advanced(by: OfferAnswer.glareDelay(ownsCallID: owns, random: &env.random))
            }
            return judge(response, leg: index, in: &env)
        }
        guard let answer = ownChangeAccepted(response, index, in: &env), let other = peer(of: UInt16(index)) else {
            return
        }
        let own: SessionDescription? = ownDescription(of: index)
        apply(answer, from: index, own: own, isFinal: true, in: &env)
        closeRejected(by: answer, of: index, in: &env)
        if let own { closeRejected(by: own, of: index, in: &env) }
        fax = nil
        join(index, other, in: &env)
        // It had refused the T.38 of a fax that is still heard.
        if faxWatch.heardOn != nil { offerFax(in: &env) }
    }
}

extension MediaFormat {
    fileprivate var isComfortNoise: Bool {
        if case .comfortNoise = content { true } else { false }
    }
}
