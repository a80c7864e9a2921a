internal import Basics
internal import Identity
internal import MediaNegotiation
internal import SDP
internal import SIPMessage

/// What a terminal is offered of a caller's T.38.
enum FaxInvite: Hashable, Sendable {
    /// All of it.
    case asOffered
    /// Speech in its place, which a gateway makes of it.
    case sound
    /// What is beside it.
    case withoutFax
}

/// Calls that begin as T.38, alone or beside speech.
extension Call {
    /// What a terminal is offered first.
    mutating func firstOffer(
        _ description: SessionDescription, to index: Int, in env: inout CallEnvironment
    ) throws(MediaRefusal) -> Written {
        guard description.media.contains(where: { $0.isT38 && !$0.isRejected }) else {
            return try offer(description, from: 0, to: index, in: &env)
        }
        if legs[index].faxInvite == .asOffered { legs[index].faxInvite = faxInvite(of: description, for: index) }
        switch legs[index].faxInvite {
        case .asOffered: return try offer(description, from: 0, to: index, in: &env)
        case .withoutFax: return try offer(description.withoutFax, from: 0, to: index, in: &env)
        case .sound:
            note("is offered the sound of the caller's T.38", leg: index, in: &env)
            return try offer(
                description.asSound.forModems, from: 0, to: index, policy: modemPolicy(of: index), in: &env)
        }
    }

    private func faxInvite(of description: SessionDescription, for index: Int) -> FaxInvite {
        let (own, its): (FaxUse, FaxUse) = (caller.settings.fax, legs[index].settings.fax)
        let isAlone: Bool = Call.faxStream(of: description) != nil
        if own == .passthrough { return .asOffered }
        guard !legs[index].wantsEncryption, own != .gateway, own != .off, its != .gateway, its != .off else {
            return isAlone ? .sound : .withoutFax
        }
        // A telephone may ring before it says that it takes no T.38; speech it takes in any case.
        if isAlone, its != .passthrough, its != .offer, !legs[index].speaksT38 { return .sound }
        return .asOffered
    }

    /// Sends the INVITE of a leg again without T.38 where that was refused.
    /// - Returns: false where the refusal stands.
    mutating func retriesWithoutFax(_ index: Int, _ status: SIPStatus, in env: inout CallEnvironment) -> Bool {
        guard phase == .ringing, legs[index].stage == .calling, legs[index].faxInvite == .asOffered,
            caller.settings.fax != .passthrough, legs[index].settings.fax != .passthrough,
            Call.isFaxRefusal(status), let offer = caller.remoteDescription,
            offer.media.contains(where: { $0.isT38 && !$0.isRejected }), legs[index].inviteSequence < 4
        else { return false }
        note("refuses T.38: \(status.code)", leg: index, in: &env)
        legs[index].faxInvite = Call.faxStream(of: offer) != nil ? .sound : .withoutFax
        legs[index].inviteSequence += 1
        (legs[index].session, legs[index].forks) = (nil, [])
        sendInvite(index, in: &env)
        return true
    }

    /// The answer to a caller's T.38 after a terminal took its sound; nil where it took nothing.
    mutating func faxAnswer(
        to offer: SessionDescription, after answer: SessionDescription, in env: inout CallEnvironment
    ) -> Written? {
        guard let position = Call.faxStream(of: offer), position < answer.media.count,
            !answer.media[position].isRejected, MediaNegotiation.negotiates(answer.media[position])
        else { return nil }
        return describeFax(offer, at: position, leg: 0, in: &env)
    }

    /// Joins a caller of T.38 to the sound of the terminal that answered.
    mutating func bridgeCaller(to index: Int, in env: inout CallEnvironment) {
        guard let offer = caller.remoteDescription, let position = Call.faxStream(of: offer) else { return }
        note("is of T.38, which the server bridges to the sound of the callee", leg: 0, in: &env)
        fax = FaxBridge(leg: 0, stream: position, soundLeg: UInt16(index), speech: offer.asSound)
        countFax()
        joinFax(in: &env)
    }
}

extension SessionDescription {
    /// With the sound of G.711 in the place of T.38.
    fileprivate var asSound: SessionDescription {
        var result: SessionDescription = self
        for index in media.indices where media[index].isT38 && !media[index].isRejected {
            result.media[index] = MediaDescription(
                kind: .audio, port: media[index].port, transportProtocol: "RTP/AVP", formats: ["8", "0"],
                connection: media[index].connection)
        }
        return result
    }

    /// With its T.38 refused.
    fileprivate var withoutFax: SessionDescription {
        var result: SessionDescription = self
        for index in media.indices where media[index].isT38 { result.media[index].port = 0 }
        return result
    }
}
