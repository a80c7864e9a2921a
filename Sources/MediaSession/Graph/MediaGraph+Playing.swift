public import Basics
internal import Codecs

extension MediaGraph {
    mutating func play(_ plan: PlaybackPlan, now: Moment) {
        if players[plan.id] != nil { stopPlaying(plan.id, .stopped) }
        if plan.isShared, let running = sharedPlayer(like: plan) {
            running.pointee.ids.append(plan.id)
            players[plan.id] = running
            return
        }
        let player = PlayerPointer.allocate(capacity: 1)
        player.initialize(to: PlayerNode(plan))
        players[plan.id] = player
        putIn(player, now: now)
    }

    /// Lets a player have its turn among others.
    mutating func putIn(_ player: PlayerPointer, now: Moment) {
        let phase: Int = wheel.enter(now: now, weight: player.pointee.weight)
        player.pointee.phase = phase
        phasePlayers[phase].append(player)
    }

    mutating func takeOut(_ player: PlayerPointer) {
        wheel.leave(player.pointee.phase, weight: player.pointee.weight)
        phasePlayers[player.pointee.phase].removeAll { $0 == player }
    }

    private func sharedPlayer(like plan: PlaybackPlan) -> PlayerPointer? {
        for player in players.values
        where player.pointee.plan.isShared && player.pointee.plan.items == plan.items
            && player.pointee.plan.gainDb == plan.gainDb
        {
            return player
        }
        return nil
    }

    /// Ends a player and tells; a shared one goes on for the others.
    mutating func stopPlaying(_ id: MediaPlayerID, _ end: PlaybackEnd) {
        guard let player = players.removeValue(forKey: id) else { return }
        facts.append(.played(id, end))
        player.pointee.ids.removeAll { $0 == id }
        if player.pointee.ids.isEmpty { return free(player) }
        var listener = player.pointee.firstListener
        while let one = listener {
            listener = one.pointee.nextListener
            if one.pointee.heardAs == id { part(one) }
        }
    }

    mutating func free(_ player: PlayerPointer) {
        while let listener = player.pointee.firstListener { part(listener) }
        takeOut(player)
        player.deinitialize(count: 1)
        player.deallocate()
    }

    /// Lets `listener` hear a player from now on.
    mutating func hear(_ listener: EndpointPointer, player: PlayerPointer, as id: MediaPlayerID) {
        listener.pointee.heardAs = id
        guard listener.pointee.heardPlayer != player else { return }
        part(listener)
        leave(listener)
        listener.pointee.heardPlayer = player
        listener.pointee.nextListener = player.pointee.firstListener
        player.pointee.firstListener = listener
        if !player.pointee.isStarted {
            let codec: AudioCodec? = listener.pointee.madeFormat?.codec
            let rate: Int = clipRate(for: codec)
            takeOut(player)
            player.pointee.weight = codec?.tickWeight ?? TickWheel.usual
            putIn(player, now: latest)
            for (place, name) in player.pointee.start(rate: rate) {
                requests.append(ClipRequest(player: player.pointee.plan.id, place: place, name: name, sampleRate: rate))
            }
        }
        if player.pointee.plan.isShared { joinGroup(listener, &player.pointee.groups) }
    }

    /// Takes a listener out of a player's.
    func part(_ listener: EndpointPointer, from player: PlayerPointer) {
        if player.pointee.firstListener == listener {
            player.pointee.firstListener = listener.pointee.nextListener
        } else {
            var place = player.pointee.firstListener
            while let one = place, one.pointee.nextListener != listener { place = one.pointee.nextListener }
            place?.pointee.nextListener = listener.pointee.nextListener
        }
        (listener.pointee.heardPlayer, listener.pointee.nextListener) = (nil, nil)
        leaveGroup(listener, &player.pointee.groups)
    }

    /// The library's answer to a request.
    public mutating func supply(_ request: ClipRequest, _ clip: Result<AudioClip, PromptError>) {
        let asked: PlayerPointer? = request.room.map { rooms[$0]?.pointee.music } ?? players[request.player]
        guard let player = asked, player.pointee.rate == request.sampleRate else { return }
        player.pointee.supply(request.place, clip)
    }

    /// Plays 20 ms to a player's listeners.
    mutating func run(_ player: PlayerPointer, now: Moment) {
        guard let first = player.pointee.firstListener, player.pointee.isStarted else { return }
        if playEncoded(player, to: first, now: now) { return }
        guard player.pointee.render() else { return finish(player) }
        let audio = UnsafeBufferPointer(start: player.pointee.frame, count: player.pointee.count)
        let rate: Int = player.pointee.rate
        for group in player.pointee.groups { group.pointee.push(audio, rate: rate) }
        var listener = player.pointee.firstListener
        while let one = listener {
            listener = one.pointee.nextListener
            // A key that is pressed here is all it hears.
            guard one.pointee.presser == nil else { continue }
            recordHeard(audio, rate: rate, of: one, now: now)
            if let group = one.pointee.group {
                emit(group, to: one, now: now)
            } else if let packer = packer(of: one) {
                packer.pointee.push(audio, rate: rate)
                emit(packer, to: one, now: now)
            }
        }
    }

    /// Plays 20 ms of a recording in G.711 that was encoded before, perhaps for others.
    /// - Returns: false where they have to be made.
    @inline(__always)
    private mutating func playEncoded(_ player: PlayerPointer, to one: EndpointPointer, now: Moment) -> Bool {
        guard let law = one.pointee.plainLaw, one.pointee.nextListener == nil, one.pointee.group == nil else {
            return false
        }
        guard one.pointee.presser == nil, one.pointee.firstRecorder == nil,
            one.pointee.packer.map({ $0.pointee.waiting == 0 }) ?? true
        else { return false }
        if player.pointee.encoded?.pointee.law != law {
            player.pointee.forgetEncoded()
            guard let clip = player.pointee.plainClip else { return false }
            player.pointee.encoded = encodedClips.clip(clip, law: law, gain: player.pointee.gain)
        }
        guard let payload = player.pointee.nextEncoded() else { return false }
        emit(payload, units: UInt32(EncodedClip.packet), clockRate: UInt32(EncodedClip.rate), to: one, now: now)
        return true
    }

    /// Sends what a group made this tick.
    mutating func emit(_ group: UnsafeMutablePointer<SharedPacker>, to node: EndpointPointer, now: Moment) {
        for index in 0..<group.pointee.count {
            emit(
                group.pointee[index], units: group.pointee.packer.packetUnits,
                clockRate: group.pointee.packer.codec.clockRate, to: node, now: now)
        }
    }

    private mutating func finish(_ player: PlayerPointer) {
        let end: PlaybackEnd = player.pointee.failure.map { .failed($0) } ?? .finished
        for id in player.pointee.ids { stopPlaying(id, end) }
    }
}

/// The rate clips are asked for, for a coding: the lowest of the library's that loses nothing.
func clipRate(for codec: AudioCodec?) -> Int {
    switch codec?.sampleRate ?? 8_000 {
    case ...8_000: 8_000
    case ...16_000: 16_000
    default: 48_000
    }
}

extension AudioCodec {
    /// What encoding 20 ms is, beside a packet that is only sent.
    fileprivate var tickWeight: Int32 {
        switch self {
        case .pcmu, .pcma, .l16: 1
        case .g722: 4
        case .g729, .opus: 16
        }
    }
}
