internal import Basics
internal import Identity
internal import MediaNegotiation
internal import MediaSession
internal import SDP

/// Music for whom the other party has put on hold.
extension Call {
    /// After every event: who is on hold hears music, who is not hears the other party.
    mutating func settleMusic(in env: inout CallEnvironment) {
        guard phase != .ending, let connected = connectedIndex, !legs[connected].isServer else { return }
        for (index, other) in [(0, connected), (connected, 0)] { settleMusic(of: index, heldBy: other, in: &env) }
    }

    private mutating func settleMusic(of index: Int, heldBy other: Int, in env: inout CallEnvironment) {
        guard let own = musicStream(of: index), let its = musicStream(of: other) else { return }
        // Who holds takes nothing; who may be played to takes what comes.
        if its.plan.sends { legs[other].hasListened = true }
        let isHeld: Bool =
            legs[other].settings.musicOnHold && legs[other].hasListened && !its.plan.sends && own.plan.sends
        if isHeld, legs[index].music == nil {
            let player: MediaPlayerID = nextPlayer()
            let music = PromptName(tenant.settings.holdMusic, tenant: tenant.id.rawValue)
            env.effects.append(
                .media(.play(PlaybackPlan(id: player, items: [.prompt(music)], repeats: nil, isShared: true))))
            legs[index].music = HoldMusic(player: player)
            note("hears music on hold", leg: index, in: &env)
        }
        guard let music = legs[index].music else { return }
        if isHeld {
            guard !music.isHeard else { return }
            legs[index].music?.isHeard = true
            env.effects.append(.media(.hear(own.plan.id, .player(music.player))))
        } else {
            legs[index].music = nil
            env.effects.append(.media(.hear(own.plan.id, .endpoint(its.plan.id))))
            env.effects.append(.media(.stopPlaying(music.player)))
        }
    }

    private func musicStream(of index: Int) -> LegStream? {
        legs[index].streams.lazy.compactMap { $0 }.first { $0.audio != nil }
    }

    /// What a party that holds offers, as the other one is told it: that it will hear something.
    func withMusic(_ offer: SessionDescription, of index: Int) -> SessionDescription {
        guard legs[index].settings.musicOnHold, connectedIndex != nil else { return offer }
        var result: SessionDescription = offer
        for position in result.media.indices
        where MediaNegotiation.negotiates(result.media[position]) && result.media[position].meantDirection == .inactive
        {
            result.media[position].direction = .sendonly
        }
        return result
    }

    mutating func endMusic(in env: inout CallEnvironment) {
        for index in legs.indices {
            guard let music = legs[index].music else { continue }
            legs[index].music = nil
            env.effects.append(.media(.stopPlaying(music.player)))
        }
    }
}

/// What a party on hold hears.
struct HoldMusic: Hashable, Sendable {
    let player: MediaPlayerID
    /// False where the party was joined to the other one meanwhile.
    var isHeard: Bool = false
}
