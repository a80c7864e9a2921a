internal import Basics
internal import MediaNegotiation
internal import SDP
internal import SIPDialog
internal import SIPMessage

/// Changes of one party's codecs that the other party need not hear of, and changes of ours that bring both to the codec they share.
extension Call {
    /// The answer to a re-offer that changes nothing but codecs, where the parties still share one and the other party has been asked
    /// about all the rest; nil where the re-offer is to be passed on.
    mutating func absorbed(
        _ description: SessionDescription, leg index: Int, in env: inout CallEnvironment
    ) -> Written? {
        guard let other = peer(of: UInt16(index)), legs[other].stage == .up, change == nil,
            delayedAcknowledgement == nil, changesCodecsOnly(description, of: index)
        else { return nil }
        for (position, media) in description.media.enumerated()
        where !media.isRejected && MediaNegotiation.negotiates(media) {
            guard position < legs[other].streams.count, let audio = legs[other].streams[position]?.audio,
                MediaNegotiation.canAbsorb(
                    media, of: legs[index].codecPolicy, with: audio, of: legs[other].codecPolicy)
            else { return nil }
        }
        return ownAnswer(to: description, of: index, in: &env)
    }

    /// The answer to a re-offer that changes nothing but codecs and that the other party refused; nil where there is none.
    mutating func answeredAlone(
        _ description: SessionDescription, leg index: Int, in env: inout CallEnvironment
    ) -> Written? {
        guard peer(of: UInt16(index)) != nil, changesCodecsOnly(description, of: index) else { return nil }
        return ownAnswer(to: description, of: index, in: &env)
    }

    /// Same streams, same directions, and what is relayed as it is unchanged. Keys, handshakes and ICE are the leg's own.
    private func changesCodecsOnly(_ description: SessionDescription, of index: Int) -> Bool {
        guard let known = legs[index].remoteDescription, known.media.count == description.media.count else {
            return false
        }
        return zip(known.media, description.media).allSatisfy { old, new in
            guard old.kind == new.kind, old.isRejected == new.isRejected, old.meantDirection == new.meantDirection
            else { return false }
            if MediaNegotiation.negotiates(new) { return MediaNegotiation.negotiates(old) }
            return old.transportProtocol == new.transportProtocol && old.formats == new.formats
                && old.attributesBesideTransport == new.attributesBesideTransport
        }
    }

    // MARK: Keeping to what is shared

    /// A party named first what the other one does not have, though they share a codec, and may send it: it is offered the other
    /// party's codecs alone, once.
    mutating func narrow(in env: inout CallEnvironment) {
        guard let connected = connectedIndex, phase != .ending, fax == nil, isInviteAnswered, !needsResync,
            resyncAt == nil,
            change == nil, delayedAcknowledgement == nil,
            [0, connected].allSatisfy({ legs[$0].stage == .up && legs[$0].session?.answer == nil })
        else { return }
        for (index, other) in [(0, connected), (connected, 0)] {
            let strays: Bool = choices.values.contains { settled in
                guard settled.other == connected, let choice = settled.choice else { return false }
                return index == 0 ? choice.firstStrays : choice.secondStrays
            }
            guard strays, !legs[index].wasNarrowed, let held = legs[other].remoteDescription,
                legs[index].session?.offers.canOffer(in: .invite) ?? false, !owesPrack(to: index)
            else { continue }
            legs[index].wasNarrowed = true
            var policy: CodecPolicy = legs[index].codecPolicy
            policy.transcoding = false
            guard let own = try? offer(held, from: other, to: index, policy: policy, in: &env) else { continue }
            note(
                "is asked to keep to the codecs of the other party, so that nothing is transcoded", leg: index, in: &env
            )
            return sendChange(.invite, sdp: own.bytes, on: index, purpose: .narrow, in: &env)
        }
    }

    mutating func narrowAnswered(
        _ response: SIPMessage, _ status: SIPStatus, _ exchange: Exchange, in env: inout CallEnvironment
    ) {
        let index = Int(exchange.leg)
        guard status.code < 300 else {
            legs[index].session?.offers.failed(.invite, by: .local)
            note("keeps its codecs: \(status.code)", leg: index, in: &env)
            return judge(response, leg: index, in: &env)
        }
        guard let answer = ownChangeAccepted(response, index, in: &env) else { return }
        apply(answer, from: index, own: ownDescription(of: index), isFinal: true, in: &env)
    }
}
