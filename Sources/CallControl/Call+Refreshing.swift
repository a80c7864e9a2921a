internal import Basics
internal import SDP
internal import SIPDialog
internal import SIPMessage
internal import SIPTransaction

/// Session changes of our own: refreshes, and what brings the caller up to the terminal that answered.
extension Call {
    /// A refresh of a leg's session, as its timer asks (RFC 4028 §7.4).
    mutating func refresh(_ index: Int, _ method: SIPMethod, in env: inout CallEnvironment) {
        guard change == nil, delayedAcknowledgement == nil, legs[index].session?.answer == nil,
            legs[index].session?.offers.canOffer(in: .invite) ?? false
        else {
            _ = legs[index].session?.timer?.handle(.refreshFailed(retryAfter: .seconds(2)), now: env.now)
            return
        }
        let sdp = method == .invite ? repeated(to: index, answering: nil, in: &env) : nil
        sendChange(method, sdp: sdp, on: index, purpose: .refresh, in: &env)
    }

    mutating func refreshAnswered(
        _ response: SIPMessage, _ status: SIPStatus, _ exchange: Exchange, in env: inout CallEnvironment
    ) {
        let index = Int(exchange.leg)
        let isInvite = exchange.method == .invite
        if status.code < 300 {
            _ = legs[index].session?.dialog.receive(response: response)
            let verdict =
                legs[index].session?.offers.received(
                    isInvite ? .inviteSuccess : .updateSuccess, sdp: Call.sdpBytes(of: response), random: &env.random)
                ?? .nothing
            legs[index].session?.timer?.confirmed(by: response, now: env.now)
            if isInvite { acknowledge(index, sdp: nil, in: &env) }
            // It may have new keys to tell, or another address.
            if case .answer(let sdp) = verdict, let answer = try? SessionDescription.parse(sdp) {
                apply(answer, from: index, own: ownDescription(of: index), isFinal: true, in: &env)
            }
            return
        }
        legs[index].session?.offers.failed(isInvite ? .invite : .update, by: .local)
        if status.code == 422, case .retry? = legs[index].session?.timer?.refused(with: response) {
            _ = legs[index].session?.timer?.handle(.refreshFailed(retryAfter: .zero), now: env.now)
            return
        }
        let owns = legs[index].session?.dialog.ownsCallID ?? false
        let delay: Duration =
            status == .requestPending ? OfferAnswer.glareDelay(ownsCallID: owns, random: &env.random) : .seconds(10)
        _ = legs[index].session?.timer?.handle(.refreshFailed(retryAfter: delay), now: env.now)
        judge(response, leg: index, in: &env)
    }

    /// Offers the caller the answering terminal's description, which differs from what a reliable 1xx promised it.
    mutating func resync(in env: inout CallEnvironment) {
        guard let connected = connectedIndex, let description = legs[connected].remoteDescription else { return }
        guard change == nil, caller.session?.offers.canOffer(in: .invite) ?? false else {
            resyncAt = env.now.advanced(by: .seconds(1))
            return
        }
        // Only now: a description that is not sent would take a version (RFC 3264 §8; seed 247).
        guard let own = try? offer(description, from: connected, to: 0, in: &env) else { return }
        needsResync = false
        sendChange(.invite, sdp: own.bytes, on: 0, purpose: .resync, in: &env)
    }

    mutating func resyncAnswered(
        _ response: SIPMessage, _ status: SIPStatus, _ exchange: Exchange, in env: inout CallEnvironment
    ) {
        guard status.code < 300 else {
            caller.session?.offers.failed(.invite, by: .local)
            if status == .requestPending {
                needsResync = true
                let owns = caller.session?.dialog.ownsCallID ?? false
                resyncAt = env.now.advanced(by: OfferAnswer.glareDelay(ownsCallID: owns, random: &env.random))
                return
            }
            note("the caller refuses the answering terminal's media: \(status.code)", leg: 0, in: &env)
            return judge(response, leg: 0, in: &env)
        }
        _ = caller.session?.dialog.receive(response: response)
        caller.session?.timer?.confirmed(by: response, now: env.now)
        acknowledge(0, sdp: nil, in: &env)
        let body = Call.sdpBytes(of: response)
        guard case .answer(let sdp)? = caller.session?.offers.received(.inviteSuccess, sdp: body, random: &env.random),
            let answer = try? SessionDescription.parse(sdp), let connected = connectedIndex
        else { return }
        apply(answer, from: 0, own: ownDescription(of: 0), isFinal: true, in: &env)
        join(0, connected, in: &env)
    }
}
