internal import Basics
internal import MediaNegotiation
internal import MediaSession
internal import SDP
internal import SIPDialog
internal import SIPMessage
internal import SIPTransaction

/// How each leg's packets travel: profile, keys, handshakes and ICE are the leg's own and nothing of them passes to the other one.
extension Call {
    /// Why a call did not come about, in its record.
    static let encryptionReason: String = "encryption of the media"

    /// What both ends of a leg hold to.
    private func agreement(of index: Int) -> StreamTransport.Agreement? {
        guard let agreed = legs[index].session?.offers.agreed, let own = try? SessionDescription.parse(agreed.local),
            let remote = try? SessionDescription.parse(agreed.remote)
        else { return nil }
        return StreamTransport.Agreement(own: own, remote: remote)
    }

    private func transportContext(of index: Int, in env: CallEnvironment) -> StreamTransport.Context {
        StreamTransport.Context(
            policy: legs[index].codecPolicy.encryption,
            isSignallingEncrypted: legs[index].target.transport.isSecure, fingerprint: env.media.fingerprint)
    }

    /// How the streams of an offer of ours travel.
    func offerTransports(
        for description: SessionDescription, to index: Int, in env: inout CallEnvironment
    ) -> LegTransports {
        let (before, context) = (agreement(of: index), transportContext(of: index, in: env))
        let streams: [StreamTransport?] = description.media.indices.map { position in
            let media = description.media[position]
            guard !media.isRejected, StreamTransport.isRTP(media) else { return nil }
            return StreamTransport.offer(after: media, at: position, before: before, in: context, random: &env.random)
        }
        return LegTransports(streams: streams, groups: StreamTransport.groups(offering: description, streams))
    }

    /// The same for the same offer, however often it is answered: in a 183 and in the 200, for one terminal and for another.
    @discardableResult
    mutating func answerTransports(
        to offer: SessionDescription, of index: Int, in env: inout CallEnvironment
    ) throws(MediaRefusal) -> [StreamTransport?] {
        if let known = legs[index].answered, known.offer == offer { return known.streams }
        let (before, context) = (agreement(of: index), transportContext(of: index, in: env))
        let wanted = MediaNegotiation.withoutAlternatives(offer, policy: context.policy)
        var streams: [StreamTransport?] = []
        for position in wanted.media.indices {
            guard StreamTransport.isRTP(wanted.media[position]) else {
                streams.append(nil)
                continue
            }
            if context.policy != .forbidden {
                for text in wanted.media[position].cryptoFaults { note(text, leg: index, in: &env) }
            }
            do throws(EncryptionRefusal) {
                streams.append(
                    try StreamTransport.answer(
                        to: wanted, at: position, before: before, in: context, random: &env.random))
            } catch { throw insecure(error, leg: index, in: &env) }
        }
        legs[index].answered = AnsweredOffer(offer: offer, streams: streams)
        return streams
    }

    /// Writes how the streams travel into what a leg was told last, which is said again: as an offer, or as the answer to another one.
    /// - Returns: false where the offer can't be answered.
    mutating func protect(
        _ own: inout SessionDescription, to index: Int, answering offer: SessionDescription?,
        in env: inout CallEnvironment
    ) -> Bool {
        guard let offer else {
            own.offerAnyPart()
            return true
        }
        guard let streams = try? answerTransports(to: offer, of: index, in: &env), let address = own.origin.address.ip
        else { return false }
        let groups: [SDPGroup] = StreamTransport.groups(answering: offer, after: own)
        own = own.withoutTransport(profiles: streams.map { $0?.profile })
        own.write(streams, groups: groups, address: address)
        return true
    }

    /// An answer to an encrypted offer of ours has to have keys, and a key has to be one that was asked for.
    mutating func checkEncryption(
        of description: SessionDescription, told: SessionDescription, leg index: Int, in env: inout CallEnvironment
    ) throws(MediaRefusal) {
        let both = StreamTransport.Agreement(own: told, remote: description)
        for position in description.media.indices where position < told.media.count {
            let offered: MediaDescription = told.media[position]
            guard AgreedSecurity(both, at: position)?.isPlain ?? false,
                MediaNegotiation.isEncrypted(offered)
                    || (!offered.crypto.isEmpty
                        && description.media[position].attributes.contains { $0.name.lowercased() == "crypto" })
            else { continue }
            throw insecure(.unanswered(offered.transportProtocol), leg: index, in: &env)
        }
    }

    private mutating func insecure(
        _ why: EncryptionRefusal, leg index: Int, in env: inout CallEnvironment
    ) -> MediaRefusal {
        note("refused: \(why.explanation(of: Call.party(index)))", leg: index, in: &env)
        legs[index].insecurity = why
        return .insecure(why, party: Call.party(index))
    }

    /// What protects a stream, into its plan.
    mutating func protect(
        _ stream: inout LegStream, _ position: Int, of index: Int, own: SessionDescription,
        remote: SessionDescription, in env: inout CallEnvironment
    ) {
        let agreed = AgreedSecurity(StreamTransport.Agreement(own: own, remote: remote), at: position)
        let security: MediaSecurity = agreed?.security ?? .none
        if security != stream.plan.security { legs[index].insecureUntil = nil }
        stream.plan.security = security
        stream.plan.ice = agreed?.ice
        guard own.media[position].kind == .audio else { return }
        let label: String? = agreed?.label
        if label != legs[index].protection {
            legs[index].protection = label
            note(
                label.map { "its media is encrypted: \($0)" } ?? "its media is not encrypted any more", leg: index,
                in: &env)
        }
        switch stream.plan.security {
        case .none: legs[index].spoken.encryption = nil
        case .sdes: legs[index].spoken.encryption = .sdes
        case .dtls: legs[index].spoken.encryption = .dtls
        }
    }
}

// MARK: What comes of handshakes

extension Call {
    /// How long a party whose audio has no keys may take to hang up, or to agree them after all.
    private static let insecurePatience: Duration = .seconds(5)

    mutating func secured(_ endpoint: MediaEndpointID, in env: inout CallEnvironment) {
        let index = Int(endpoint.leg.index)
        note("stream \(endpoint.stream): keys are agreed", leg: index, in: &env)
        if isAudio(endpoint) { legs[index].insecureUntil = nil }
    }

    /// No keys, or none any more: nothing is sent to the party or taken from it, and a call in which nobody is heard is ended.
    mutating func insecure(_ endpoint: MediaEndpointID, _ why: String, in env: inout CallEnvironment) {
        let index = Int(endpoint.leg.index)
        note("stream \(endpoint.stream) is not encrypted, and carries nothing: \(why)", leg: index, in: &env)
        guard isAudio(endpoint), legs[index].insecureUntil == nil else { return }
        legs[index].insecureUntil = env.now.advanced(by: Call.insecurePatience)
    }

    private func isAudio(_ endpoint: MediaEndpointID) -> Bool {
        let (index, position) = (Int(endpoint.leg.index), Int(endpoint.stream))
        guard index < legs.count, position < legs[index].streams.count else { return false }
        return legs[index].streams[position]?.audio != nil
    }

    mutating func endInsecure(_ index: Int, in env: inout CallEnvironment) {
        guard let due = legs[index].insecureUntil, env.now >= due else { return }
        // While it rings all may still change.
        legs[index].insecureUntil = phase == .ringing ? env.now.advanced(by: Call.insecurePatience) : nil
        guard legs[index].stage == .up, peer(of: UInt16(index)) != nil else { return }
        hangUp(
            by: .server, outcome: .failed, reason: "the media of the \(Call.party(index)) can't be encrypted",
            status: .notAcceptableHere, in: &env)
    }
}

/// How the streams of a description of ours travel, and which belong together.
struct LegTransports: Sendable {
    var streams: [StreamTransport?]
    var groups: [SDPGroup]
}

/// How an offer of a leg was answered.
struct AnsweredOffer: Sendable {
    let offer: SessionDescription
    let streams: [StreamTransport?]
}
