internal import Basics
internal import Codecs
internal import Fax
internal import Identity
internal import MediaNegotiation
internal import MediaSession
internal import SDP
internal import SIPDialog
internal import SIPMessage
internal import SIPTransaction

/// A fax between a leg of T.38 and one of sound.
struct FaxBridge: Sendable {
    /// The leg of T.38, and the stream it is on.
    let leg: UInt16
    let stream: Int
    /// The leg of sound, and what the other one's party had described before it turned to T.38.
    let soundLeg: UInt16
    let speech: SessionDescription
    /// The server offered T.38: to go back to speech is its part.
    var isOffered = false
    /// A frame of a fax went through.
    var hasBegun = false
}

/// Faxes as T.38: passed on to a party that speaks it too, and bridged to the sound of one that does not (T.38 Annex D.2.2).
extension Call {
    enum FaxRoute { case pass, refuse, gateway }

    /// What is to become of a leg's offer.
    func faxRoute(of offer: SessionDescription, leg index: Int) -> FaxRoute {
        guard Call.faxStream(of: offer) != nil else { return .pass }
        let own: FaxUse = legs[index].settings.fax
        guard own != .off else { return .refuse }
        guard let other = peer(of: UInt16(index)) else { return .pass }
        let its: FaxUse = legs[other].settings.fax
        let mayPass: Bool = own != .gateway && its != .gateway && its != .off
        if mayPass { return .pass }
        return mayBridgeFax(offer, leg: index) ? .gateway : .refuse
    }

    /// The stream of T.38 where an offer has nothing else.
    static func faxStream(of offer: SessionDescription) -> Int? {
        let open: [Int] = offer.media.indices.filter { !offer.media[$0].isRejected }
        return open.count == 1 && offer.media[open[0]].isT38 ? open[0] : nil
    }

    /// Whether a refusal of T.38 says that the party does not speak it.
    static func isFaxRefusal(_ status: SIPStatus) -> Bool { [415, 488, 606].contains(status.code) }

    /// Whether an answer left the T.38 of an offer and gave nothing for it.
    static func leavesFax(_ answer: SessionDescription, _ offer: SessionDescription) -> Bool {
        faxStream(of: offer) != nil && answer.media.allSatisfy(\.isRejected)
    }

    /// Whether a leg's offer of T.38 can be answered here, for the sound of the other leg.
    func mayBridgeFax(_ offer: SessionDescription, leg index: Int) -> Bool {
        let own: FaxUse = legs[index].settings.fax
        guard own != .off, own != .passthrough, Call.faxStream(of: offer) != nil, let other = peer(of: UInt16(index)),
            legs[other].stage == .up, fax == nil || fax?.leg == UInt16(index)
        else { return false }
        return fax != nil || Call.speech(legs[index].remoteDescription) != nil
    }

    /// What a party said last, where it was speech.
    static func speech(_ description: SessionDescription?) -> SessionDescription? {
        guard let description, description.media.contains(where: { !$0.isRejected && MediaNegotiation.negotiates($0) })
        else { return nil }
        return description
    }

    /// How a stream of T.38 goes, where both ends of a leg have described it.
    static func faxSettings(_ local: MediaDescription, _ remote: MediaDescription) -> T38Settings? {
        guard let own = local.t38, let its = remote.t38, !local.isRejected, !remote.isRejected else { return nil }
        return FaxRelay.settings(local: own, remote: its)
    }

    // MARK: Bridging

    /// Answers a leg's offer of T.38 and joins it to the sound of the other leg.
    /// - Returns: false where it can't be done; nothing is answered then.
    mutating func answerFax(
        _ passed: PassedRequest, _ offer: SessionDescription, in env: inout CallEnvironment
    ) -> Bool {
        let index = Int(passed.from)
        guard let position = Call.faxStream(of: offer), let other = peer(of: passed.from),
            let speech = fax?.speech ?? Call.speech(legs[index].remoteDescription),
            let own = describeFax(offer, at: position, leg: index, in: &env)
        else {
            closeUnagreed(of: index, in: &env)
            return false
        }
        note("turns to T.38, which the server bridges to the sound of the \(Call.party(other))", leg: index, in: &env)
        for gone in legs[index].streams.indices where gone != position {
            if let id = legs[index].streams[gone]?.plan.id { env.effects.append(.media(.unjoin(id))) }
        }
        fax = FaxBridge(leg: passed.from, stream: position, soundLeg: UInt16(other), speech: speech)
        countFax()
        apply(offer, from: index, own: own.description, isFinal: true, in: &env)
        closeRejected(by: offer, of: index, in: &env)
        answerChange(passed, timer: acceptedTimer(for: passed, leg: index), sdp: own.bytes, in: &env)
        joinFax(in: &env)
        askForSound(in: &env)
        return true
    }

    /// The answer to an offer of T.38: that stream, at a port of ours, and no other.
    mutating func describeFax(
        _ offer: SessionDescription, at position: Int, leg index: Int, in env: inout CallEnvironment
    ) -> Written? {
        guard let said = offer.media[position].t38 else { return nil }
        var answer: SessionDescription = offer
        answer.media[position].attributes = []
        answer.media[position].t38 = FaxRelay.answer(to: said)
        let none = LegTransports(streams: Array(repeating: nil, count: answer.media.count), groups: [])
        return try? describe(answer, none, to: index, in: &env)
    }

    /// The stream of speech of the leg of sound; nil where it has none now.
    private func soundStream(of bridge: FaxBridge) -> Int? {
        let index = Int(bridge.soundLeg)
        return legs[index].streams.indices.first { legs[index].streams[$0]?.audio != nil }
    }

    mutating func joinFax(in env: inout CallEnvironment) {
        guard let fax, let position = soundStream(of: fax),
            let sound = legs[Int(fax.soundLeg)].streams[position]?.plan.id,
            let packets = legs[Int(fax.leg)].streams[fax.stream]?.plan.id
        else { return }
        env.effects.append(.media(.join(packets, sound)))
    }

    /// Asks the leg of sound to speak G.711 and nothing else, unless it does.
    mutating func askForSound(in env: inout CallEnvironment) {
        guard let fax, !speaksG711(fax) else { return }
        let index = Int(fax.soundLeg)
        guard change == nil, legs[index].session?.offers.canOffer(in: .invite) ?? false,
            let own = try? offer(
                fax.speech.forModems, from: Int(fax.leg), to: index, policy: modemPolicy(of: index), in: &env)
        else { return note("can't be asked for G.711 now: the fax has no sound", leg: index, in: &env) }
        note("is asked for G.711, which alone carries a fax", leg: index, in: &env)
        sendChange(.invite, sdp: own.bytes, on: index, purpose: .faxSound, in: &env)
    }

    /// A leg's codecs, as far as they carry a modem.
    func modemPolicy(of index: Int) -> CodecPolicy {
        var policy: CodecPolicy = legs[index].codecPolicy
        let allowed: [PolicyCodec] = policy.codecs.filter { $0 == .pcma || $0 == .pcmu }
        policy.codecs = allowed.isEmpty ? [.pcma, .pcmu] : allowed
        return policy
    }

    private func speaksG711(_ bridge: FaxBridge) -> Bool {
        guard let position = soundStream(of: bridge),
            let plan = legs[Int(bridge.soundLeg)].streams[position]?.plan
        else { return false }
        switch plan.outgoing.lazy.compactMap(\.codec).first {
        case .pcma, .pcmu: return plan.sends && plan.receives
        case .g722, .g729, .opus, .l16, nil: return false
        }
    }

    mutating func faxSoundAnswered(
        _ response: SIPMessage, _ status: SIPStatus, _ exchange: Exchange, in env: inout CallEnvironment
    ) {
        narrowAnswered(response, status, exchange, in: &env)
        if status.code < 300 { joinFax(in: &env) }
        modemSoundSettled(in: &env)
    }
}

extension SessionDescription {
    /// The same speech for modems: no comfort noise, and no silence left out (RFC 3108 §5.6.2.2).
    var forModems: SessionDescription {
        var result: SessionDescription = self
        for index in result.media.indices where MediaNegotiation.negotiates(result.media[index]) {
            let noise: Set<String> = Set(
                ["13"]
                    + result.media[index].rtpmaps.filter { $0.encoding.uppercased() == "CN" }.map {
                        String($0.payloadType)
                    })
            result.media[index].formats.removeAll { noise.contains($0) }
            result.media[index].direction = .sendrecv
            result.media[index].attributes.append(SDPAttribute("silenceSupp", "off - - - -"))
        }
        return result
    }
}
