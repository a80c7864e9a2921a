internal import Basics
internal import Identity
internal import Registration
internal import SIPMessage
internal import SIPTransaction

/// Parties whose connection is gone.
extension Call {
    /// A party that is only being rung can't answer any more; one in conversation may come back on another connection.
    mutating func flowClosed(_ flow: SIPFlow, in env: inout CallEnvironment) {
        for index in legs.indices where legs[index].target == .flow(flow) && legs[index].stage != .over {
            note("the connection to \(flow.remote) is gone", leg: index, in: &env)
            legs[index].isFlowGone = true
            if index == 0 {
                guard !isInviteAnswered else { continue }
                releaseDelayedAcknowledgement(in: &env)
                refuseCaller(
                    .requestTerminated, outcome: .cancelled, reason: "the caller's connection is gone", by: .caller,
                    in: &env)
                if let connected = connectedIndex {
                    endDialog(connected, reason: Reason.sip(.requestTerminated), in: &env)
                }
            } else if legs[index].stage == .calling || legs[index].stage == .cancelling {
                abandonInvite(of: index, in: &env)
                inviteUnanswered(index, .flowFailed, in: &env)
            }
        }
        settleIfFinished(in: &env)
    }

    private mutating func abandonInvite(of index: Int, in env: inout CallEnvironment) {
        guard let exchange = legs[index].inviteExchange, exchanges.removeValue(forKey: exchange) != nil else { return }
        env.effects.append(.abandon(exchange))
    }

    /// Where a party whose connection is gone has registered since: the same terminal's newest contact.
    mutating func followParty(_ index: Int, in env: inout CallEnvironment) {
        guard legs[index].isFlowGone, let user = legs[index].user, let terminal = legs[index].terminal else { return }
        let bindings = env.locations.usableBindings(of: AddressOfRecord(tenant: tenant.id, user: user), now: env.now)
        guard
            let newest = bindings.filter({ $0.terminal == terminal && $0.flowAlive }).max(by: {
                $0.updatedAt < $1.updatedAt
            })
        else {
            return
        }
        legs[index].isFlowGone = false
        legs[index].target = newest.target
        note("reached again at \(newest.target.remote)", leg: index, in: &env)
    }
}
