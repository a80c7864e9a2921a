internal import Basics
internal import MediaNegotiation
internal import MediaSession
internal import SDP
internal import SIPDialog
internal import SIPTransaction

/// How each leg's packets travel: profile, keys, handshakes and ICE are the leg's own and nothing of them passes to the other one.
extension Call {
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
            isSignallingEncrypted: legs[index].target.transport == .tls, fingerprint: env.media.fingerprint)
    }

    func offerTransports(
        for description: SessionDescription, to index: Int, in env: inout CallEnvironment
    ) -> [StreamTransport?] {
        let (before, context) = (agreement(of: index), transportContext(of: index, in: env))
        return description.media.indices.map { position in
            let media = description.media[position]
            guard !media.isRejected, StreamTransport.isRTP(media) else { return nil }
            return StreamTransport.offer(
                after: media, at: position, before: before, in: context, random: &env.random)
        }
    }

    /// The same for the same offer, however often it is answered: in a 183 and in the 200, for one terminal and for another.
    @discardableResult
    mutating func answerTransports(
        to offer: SessionDescription, of index: Int, in env: inout CallEnvironment
    ) throws(MediaRefusal) -> [StreamTransport?] {
        if let known = legs[index].answered, known.offer == offer { return known.transports }
        let (before, context) = (agreement(of: index), transportContext(of: index, in: env))
        let wanted = MediaNegotiation.withoutAlternatives(offer, policy: context.policy)
        var transports: [StreamTransport?] = []
        for (position, media) in wanted.media.enumerated() {
            guard !media.isRejected, StreamTransport.isRTP(media) else {
                transports.append(nil)
                continue
            }
            do throws(EncryptionRefusal) {
                transports.append(
                    try StreamTransport.answer(
                        to: offer, at: position, before: before, in: context, random: &env.random))
            } catch {
                note("refused: \(error.explanation)", leg: index, in: &env)
                throw .insecure(error)
            }
        }
        legs[index].answered = AnsweredOffer(offer: offer, transports: transports)
        return transports
    }

    /// An answer to an encrypted offer of ours has to have keys.
    func checkEncryption(
        of description: SessionDescription, told: SessionDescription, leg index: Int, in env: inout CallEnvironment
    ) throws(MediaRefusal) {
        let both = StreamTransport.Agreement(own: told, remote: description)
        for position in description.media.indices where position < told.media.count {
            guard MediaNegotiation.isEncrypted(told.media[position]),
                AgreedSecurity(both, at: position)?.isPlain ?? false
            else { continue }
            throw .insecure(.noUsableKey)
        }
    }

    /// What protects a stream, into its plan.
    mutating func protect(
        _ stream: inout LegStream, _ position: Int, of index: Int, own: SessionDescription,
        remote: SessionDescription, in env: inout CallEnvironment
    ) {
        let agreed = AgreedSecurity(StreamTransport.Agreement(own: own, remote: remote), at: position)
        stream.plan.security = agreed?.security ?? .none
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

/// How an offer of a leg was answered.
struct AnsweredOffer: Sendable {
    let offer: SessionDescription
    let transports: [StreamTransport?]
}
