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
        if status.code < 300 {
            // It may have new keys to tell, or another address.
            if let answer = ownChangeAccepted(response, index, exchange.method, in: &env) {
                apply(answer, from: index, own: ownDescription(of: index), isFinal: true, in: &env)
            }
            return
        }
        legs[index].session?.offers.failed(exchange.method == .invite ? .invite : .update, by: .local)
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

    /// What a party answered to a change of ours, whose 2xx is acknowledged; nil where there is no answer, or none that can be read.
    mutating func ownChangeAccepted(
        _ response: SIPMessage, _ index: Int, _ method: SIPMethod = .invite, in env: inout CallEnvironment
    ) -> SessionDescription? {
        _ = legs[index].session?.dialog.receive(response: response)
        let verdict: OfferAnswerVerdict? = legs[index].session?.offers.received(
            method == .invite ? .inviteSuccess : .updateSuccess, sdp: Call.sdpBytes(of: response), random: &env.random)
        legs[index].session?.timer?.confirmed(by: response, now: env.now)
        legs[index].learn(from: response)
        if method == .invite { acknowledge(index, sdp: nil, in: &env) }
        guard case .answer(let sdp)? = verdict else {
            if case .violation? = verdict { note("took the change, but answered no offer", leg: index, in: &env) }
            return nil
        }
        do {
            return try SessionDescription.parse(sdp)
        } catch {
            note("its answer can't be read (\(error)): the media stay as they were", leg: index, in: &env)
            return nil
        }
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
        guard let answer = ownChangeAccepted(response, 0, in: &env), let connected = connectedIndex else { return }
        apply(answer, from: 0, own: ownDescription(of: 0), isFinal: true, in: &env)
        join(0, connected, in: &env)
    }
}
