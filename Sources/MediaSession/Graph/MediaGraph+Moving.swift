public import Basics

/// Calls on their way between packet threads, so that legs of several calls can hear each other.
extension MediaGraph {
    /// Takes everything of a call out of this graph, as it is: streams, keys, buffers and recordings go on where they are.
    ///
    /// What ties it to other calls is cut; players and recorders of its own stay with it.
    public mutating func extract(_ call: CallID, now: Moment) -> MovedCall {
        var moved = MovedCall(call)
        moved.endpoints = nodes.values.filter { $0.pointee.id.leg.call == call }
        for node in moved.endpoints { cut(node, from: call, now: now) }
        takePlayers(of: call, into: &moved)
        for node in moved.endpoints {
            nodes[node.pointee.id] = nil
            // Both ends of a gateway are of the call, as what ties it to others is cut.
            if let fax = node.pointee.fax, fax.pointee.packets == node {
                wheel.leave(fax.pointee.phase)
                phaseFaxes[fax.pointee.phase].removeAll { $0 == fax }
            }
            moved.handshakes += handshakes.forget(node)
            leaveWheel(node)
        }
        for (id, recorder) in recorders where id.call == call {
            recorders[id] = nil
            wheel.leave(recorder.pointee.phase)
            phaseRecorders[recorder.pointee.phase].removeAll { $0 == recorder }
            moved.recorders.append(recorder)
        }
        return moved
    }

    /// Ends what an endpoint has to do with other calls.
    private mutating func cut(_ node: EndpointPointer, from call: CallID, now: Moment) {
        leave(node)
        if let source = node.pointee.heard, source.pointee.id.leg.call != call { part(node) }
        var listener: EndpointPointer? = node.pointee.firstListener
        while let one = listener {
            listener = one.pointee.nextListener
            if one.pointee.id.leg.call != call { part(one) }
        }
        for (id, recorder) in recorders where recorder.pointee.node == node && id.call != call {
            stopRecording(id, .endpointClosed, now: now)
        }
    }

    private mutating func takePlayers(of call: CallID, into moved: inout MovedCall) {
        for (id, player) in players where id.call == call {
            players[id] = nil
            if player.pointee.ids.allSatisfy({ $0.call == call }), !player.pointee.plan.isShared {
                takeOut(player)
                player.pointee.forgetEncoded()
                moved.players.append(player)
                continue
            }
            var listeners: [EndpointPointer] = []
            var place: EndpointPointer? = player.pointee.firstListener
            while let one = place {
                place = one.pointee.nextListener
                guard one.pointee.heardAs == id else { continue }
                listeners.append(one)
                part(one)
            }
            moved.shared.append(.init(plan: player.pointee.plan.named(id), listeners: listeners))
            player.pointee.ids.removeAll { $0 == id }
            if player.pointee.ids.isEmpty { free(player) }
        }
    }

    /// Takes a call in from another graph.
    public mutating func adopt(_ moved: MovedCall, now: Moment) {
        if nodes.isEmpty { beginWatch(now: now) }
        for node in moved.endpoints {
            nodes[node.pointee.id] = node
            node.pointee.isAimStale = true
            if let fax = node.pointee.fax, fax.pointee.packets == node {
                fax.pointee.phase = wheel.enter(now: now)
                phaseFaxes[fax.pointee.phase].append(fax)
            }
            handshakes.time(node)
            enterWheel(node, now: now)
        }
        for item in moved.handshakes { _ = handshakes.add(item) }
        for player in moved.players {
            putIn(player, now: now)
            for id in player.pointee.ids { players[id] = player }
            // What was asked for on the other thread will be answered there.
            for (place, name) in player.pointee.missing {
                requests.append(
                    ClipRequest(
                        player: player.pointee.plan.id, place: place, name: name, sampleRate: player.pointee.rate))
            }
        }
        for recorder in moved.recorders {
            recorder.pointee.phase = wheel.enter(now: now)
            phaseRecorders[recorder.pointee.phase].append(recorder)
            recorders[recorder.pointee.id] = recorder
        }
        for shared in moved.shared {
            play(shared.plan, now: now)
            guard let player = players[shared.plan.id] else { continue }
            for listener in shared.listeners { hear(listener, player: player, as: shared.plan.id) }
        }
    }

    /// Whether anything of a call is open here.
    public func holds(_ call: CallID) -> Bool { nodes.keys.contains { $0.leg.call == call } }
}

extension PlaybackPlan {
    /// The same content under another name.
    func named(_ id: MediaPlayerID) -> PlaybackPlan {
        PlaybackPlan(
            id: id, items: items, repeats: repeats, startAt: startAt, gainDb: gainDb, isShared: isShared)
    }
}
