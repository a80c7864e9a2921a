internal import Basics
internal import Identity
internal import MediaNegotiation
internal import MediaSession
internal import SDP
internal import SIPDialog

/// What the parties' audio is agreed to be: descriptions go through ``MediaNegotiation``, and the plans of both legs follow from what was
/// said on each.
extension Call {
    /// A description of ours, as it goes out.
    struct Written {
        let bytes: [UInt8]
        let description: SessionDescription
    }

    /// Which party a leg is, in the words of the history.
    static func party(_ index: Int) -> String { index == 0 ? "caller" : "callee" }

    /// What a leg is offered after another leg described its media.
    /// - Parameter policy: of the leg, where another one than its own holds this once.
    mutating func offer(
        _ description: SessionDescription, from source: Int, to index: Int, policy: CodecPolicy? = nil,
        in env: inout CallEnvironment
    ) throws(MediaRefusal) -> Written {
        let policies = (legs[source].codecPolicy, policy ?? legs[index].codecPolicy)
        let wanted = withMusic(
            MediaNegotiation.withoutAlternatives(description, policy: policies.0.encryption), of: source)
        let negotiated: SessionDescription
        do {
            negotiated = try MediaNegotiation.offer(
                wanted, from: policies.0, to: policies.1, numbers: &legs[index].numbers)
        } catch { throw incompatible(error, offerer: source, answerer: index, in: &env) }
        let transports = offerTransports(for: wanted, to: index, in: &env)
        return try describe(negotiated, transports, to: index, in: &env)
    }

    /// The answer to a leg's offer, after the other leg said what it takes.
    mutating func answer(
        _ description: SessionDescription, from source: Int, to index: Int, offer: SessionDescription,
        in env: inout CallEnvironment
    ) throws(MediaRefusal) -> Written {
        let policies = (legs[index].codecPolicy, legs[source].codecPolicy)
        let told: SessionDescription = ownDescription(of: source) ?? description
        try checkEncryption(of: description, told: told, leg: source, in: &env)
        let streams = try answerTransports(to: offer, of: index, in: &env)
        let negotiated: SessionDescription
        do {
            negotiated = try MediaNegotiation.answer(
                to: offer, of: policies.0, after: description, own: told, of: policies.1, numbers: &legs[index].numbers)
        } catch { throw incompatible(error, offerer: index, answerer: source, in: &env) }
        let groups: [SDPGroup] = StreamTransport.groups(answering: offer, after: description)
        let transports = LegTransports(streams: streams, groups: groups)
        return try describe(negotiated, transports, to: index, in: &env)
    }

    /// The answer to a leg's offer out of what the other party holds to, which is not asked; nil where there is none.
    mutating func ownAnswer(
        to offer: SessionDescription, of index: Int, in env: inout CallEnvironment
    ) -> Written? {
        let other: Int? = index == 0 ? partner : (partner == index ? 0 : nil)
        guard let other, var held = legs[other].remoteDescription else { return nil }
        for stream in offer.media.dropFirst(held.media.count) {
            held.media.append(
                MediaDescription(
                    kind: stream.kind, port: 0, transportProtocol: stream.transportProtocol, formats: stream.formats))
        }
        held.media.removeLast(held.media.count - offer.media.count)
        // Nothing is opened: what one of them has no part in stays as it is.
        for position in held.media.indices where !isOpen(position, of: index) || !isOpen(position, of: other) {
            held.media[position].port = 0
        }
        return try? answer(held, from: other, to: index, offer: offer, in: &env)
    }

    private func isOpen(_ position: Int, of index: Int) -> Bool {
        position < legs[index].streams.count && legs[index].streams[position] != nil
    }

    private mutating func incompatible(
        _ why: MediaIncompatibility, offerer: Int, answerer: Int, in env: inout CallEnvironment
    ) -> MediaRefusal {
        let (one, other) = (Call.party(offerer), Call.party(answerer))
        note(why.explanation(offerer: one, answerer: other), leg: offerer == 0 ? answerer : offerer, in: &env)
        return .incompatible(why)
    }

    /// What we described last to a leg's party: an offer of ours that is open, else what is agreed.
    func ownDescription(of index: Int) -> SessionDescription? {
        guard let offers = legs[index].session?.offers else { return nil }
        if case .pending(.local, _, let sdp) = offers.phase { return try? SessionDescription.parse(sdp) }
        return offers.agreed.flatMap { try? SessionDescription.parse($0.local) }
    }

    /// What both ends of a leg have said of its audio, into its plans.
    mutating func agree(
        _ index: Int, own: SessionDescription, remote: SessionDescription, in env: inout CallEnvironment
    ) {
        let policy: CodecPolicy = legs[index].codecPolicy
        for position in legs[index].streams.indices {
            guard var stream = legs[index].streams[position], position < own.media.count,
                position < remote.media.count
            else { continue }
            let (ours, its) = (own.media[position], remote.media[position])
            stream.plan.rtcpMux = ours.rtcpMux && its.rtcpMux
            stream.plan.fax = Call.faxSettings(ours, its)
            if stream.plan.fax != nil { legs[index].spoken.codec = "T.38" }
            protect(&stream, position, of: index, own: own, remote: remote, in: &env)
            if MediaNegotiation.negotiates(ours), MediaNegotiation.negotiates(its), !ours.isRejected {
                let audio = AgreedAudio(local: ours, remote: its)
                stream.audio = audio
                stream.plan.incoming = audio.incoming
                stream.plan.outgoing = audio.outgoing
                stream.plan.packetTimeMs = policy.packetTime(for: its)
            } else {
                stream.audio = nil
                (stream.plan.incoming, stream.plan.outgoing) = ([], [])
            }
            legs[index].streams[position] = stream
        }
        planDigits(of: index)
    }

    // MARK: What follows from both legs

    /// The leg whose media is the caller's.
    private var partner: Int? {
        if let connectedIndex { return connectedIndex }
        return phase == .ringing ? earlyLeg.map { Int($0) } : nil
    }

    /// At the end of each event: brings the two parties' streams together, and tells the media plane what has changed.
    mutating func settleMedia(in env: inout CallEnvironment) {
        if let partner {
            for position in legs[0].streams.indices { choose(position, with: partner, in: &env) }
        }
        listenForFax()
        noteFaxWays()
        for index in legs.indices {
            for position in legs[index].streams.indices {
                guard let stream = legs[index].streams[position], stream.plan != stream.told else { continue }
                legs[index].streams[position]?.told = stream.plan
                env.effects.append(.media(.set(stream.plan)))
            }
        }
    }

    private mutating func choose(_ position: Int, with other: Int, in env: inout CallEnvironment) {
        guard let one = legs[0].streams[position]?.audio, position < legs[other].streams.count,
            let its = legs[other].streams[position]?.audio
        else { return }
        if let known = choices[position], known.other == other, known.pair == [one, its] {
            return follow(known.choice, position, other)
        }
        let callerOffered: Bool = legs[0].session?.offers.agreed?.offerer != .local
        let choice = MediaChoice(
            .init(Call.party(0), one, offered: callerOffered), .init(Call.party(other), its, offered: !callerOffered),
            transcoding: legs[0].codecPolicy.transcoding && legs[other].codecPolicy.transcoding)
        choices[position] = SettledChoice(other: other, pair: [one, its], choice: choice)
        follow(choice, position, other)
        guard let choice else { return }
        let text: String = (position == 0 ? "" : "stream \(position): ") + choice.explanation
        guard explained[position] != text else { return }
        explained[position] = text
        note(text, leg: other, in: &env)
    }

    private mutating func follow(_ choice: MediaChoice?, _ position: Int, _ other: Int) {
        guard let choice else { return }
        legs[0].streams[position]?.plan.outgoing = choice.firstOutgoing
        legs[0].streams[position]?.plan.clockRate = choice.firstClockRate
        legs[other].streams[position]?.plan.outgoing = choice.secondOutgoing
        legs[other].streams[position]?.plan.clockRate = choice.secondClockRate
        guard position == legs[0].streams.firstIndex(where: { $0?.audio != nil }) else { return }
        (legs[0].spoken.codec, legs[other].spoken.codec) = (choice.firstLabel, choice.secondLabel)
        for index in [0, other] { legs[index].spoken.isTranscoded = choice.isTranscoded }
    }
}

/// A choice, and what it was made from.
struct SettledChoice: Sendable {
    let other: Int
    let pair: [AgreedAudio]
    /// nil where the two have nothing in common.
    let choice: MediaChoice?
}

extension CodecPolicy {
    init(_ settings: TenantSettings) {
        let digits: DigitPreference =
            switch settings.dtmf {
            case .auto: .automatic
            case .rfc4733: .events
            case .inband: .inBand
            case .info: .info
            }
        let encryption: EncryptionPolicy =
            switch settings.encryption {
            case .forbidden: .forbidden
            case .offered: .offered
            case .required: .required
            case .webrtc: .webRTC
            }
        self.init(
            codecs: settings.codecs.compactMap { PolicyCodec(rawValue: $0) }, transcoding: settings.transcoding,
            packetTimeMs: settings.packetTime.milliseconds, digits: digits, encryption: encryption)
    }

    /// How much audio a packet for the author of `media` holds: what it asks for, as far as packets are made.
    func packetTime(for media: MediaDescription) -> UInt8 {
        let asked: UInt32 = min(media.ptimeMs ?? UInt32(packetTimeMs), media.maxptimeMs ?? 60)
        return [60, 40, 30, 20].first { asked >= UInt32($0) } ?? 10
    }
}

extension Leg {
    /// What the party's media may be.
    var codecPolicy: CodecPolicy { CodecPolicy(settings) }
}
