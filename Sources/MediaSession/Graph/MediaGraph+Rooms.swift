internal import Basics
internal import Codecs

extension MediaGraph {
    mutating func openRoom(_ plan: RoomPlan, now: Moment) {
        if let room = rooms[plan.id] {
            room.pointee.mixer.update(plan)
            return
        }
        let room = RoomPointer.allocate(capacity: 1)
        room.initialize(to: RoomNode(plan, phase: wheel.enter(now: now, weight: TickWheel.fill)))
        rooms[plan.id] = room
        phaseRooms[room.pointee.phase].append(room)
    }

    mutating func closeRoom(_ id: MediaRoomID) {
        guard let room = rooms[id] else { return }
        for case let node? in room.pointee.seats { leave(node) }
        rooms[id] = nil
        wheel.leave(room.pointee.phase, weight: TickWheel.fill)
        phaseRooms[room.pointee.phase].removeAll { $0 == room }
        room.deinitialize(count: 1)
        room.deallocate()
    }

    mutating func enter(_ id: MediaRoomID, _ member: RoomMember) {
        guard let room = rooms[id] else {
            facts.append(.failed(member.endpoint, "the conference is not open"))
            return
        }
        guard let node = nodes[member.endpoint] else {
            facts.append(.failed(member.endpoint, "an endpoint that is not open cannot enter a conference"))
            return
        }
        if node.pointee.room != nil, node.pointee.room != room { leave(node) }
        guard let seat = room.pointee.mixer.set(member) else {
            facts.append(
                .failed(member.endpoint, "the conference is full: \(room.pointee.mixer.plan.memberLimit) are in it"))
            return
        }
        guard node.pointee.room == nil else { return }
        part(node)
        while room.pointee.seats.count <= seat { room.pointee.seats.append(nil) }
        room.pointee.seats[seat] = node
        (node.pointee.room, node.pointee.seat) = (room, seat)
        let ear = UnsafeMutablePointer<RoomEar>.allocate(capacity: 1)
        ear.initialize(to: RoomEar(roomRate: Int(room.pointee.mixer.sampleRate)))
        node.pointee.ear = ear
    }

    /// Lets an endpoint out of its room.
    mutating func leave(_ node: EndpointPointer) {
        guard let room = node.pointee.room else { return }
        room.pointee.mixer.remove(node.pointee.id)
        room.pointee.seats[node.pointee.seat] = nil
        leaveGroup(node, &room.pointee.groups)
        node.pointee.room = nil
        node.pointee.ear?.deinitialize(count: 1)
        node.pointee.ear?.deallocate()
        node.pointee.ear = nil
        silence(node)
    }

    /// Mixes 20 ms.
    mutating func run(_ room: RoomPointer, now: Moment) {
        guard room.pointee.mixer.count > 0 else { return }
        for case let node? in room.pointee.seats {
            let seat: Int = node.pointee.seat
            guard room.pointee.mixer.isHeard(seat), let ear = node.pointee.ear else { continue }
            let isGone: Bool = now >= node.pointee.endpoint.heardAt.advanced(by: PauseFiller.limit)
            if ear.pointee.pull(into: room.pointee.mixer.input(seat), now: now, isGone: isGone) {
                room.pointee.mixer.speak(seat)
            }
        }
        let tone: UnsafeBufferPointer<Int16>? = room.pointee.nextTone()
        room.pointee.mixer.mix(music: music(of: room), announcement: tone)
        while let change = room.pointee.mixer.nextTalkerChange() {
            facts.append(.talking(room.pointee.mixer.plan.id, change.member, change.isTalking))
        }
        let rate = Int(room.pointee.mixer.sampleRate)
        for group in room.pointee.groups { group.pointee.push(room.pointee.mixer.output(0), rate: rate) }
        for case let node? in room.pointee.seats { send(to: node, in: room, rate: rate, now: now) }
    }

    private mutating func send(to node: EndpointPointer, in room: RoomPointer, rate: Int, now: Moment) {
        let seat: Int = node.pointee.seat
        // A key that is pressed here is all it hears.
        guard node.pointee.presser == nil else { return }
        recordHeard(
            room.pointee.mixer.output(room.pointee.mixer.group(seat)), rate: rate, of: node, now: now)
        guard node.pointee.takesRTP else { return }
        if room.pointee.mixer.sharesForGood(seat) {
            // A new one's first packet is the next tick's.
            if node.pointee.group == nil { return joinGroup(node, &room.pointee.groups) }
            if let group = node.pointee.group { emit(group, to: node, now: now) }
            return
        }
        leaveGroup(node, &room.pointee.groups)
        guard let packer = packer(of: node) else { return }
        packer.pointee.push(room.pointee.mixer.output(room.pointee.mixer.group(seat)), rate: rate)
        emit(packer, to: node, now: now)
    }

    private mutating func music(of room: RoomPointer) -> UnsafeBufferPointer<Int16>? {
        guard room.pointee.mixer.wantsMusic, let name = room.pointee.mixer.plan.music else { return nil }
        if room.pointee.music == nil {
            let id: MediaRoomID = room.pointee.mixer.plan.id
            let plan = PlaybackPlan(
                id: MediaPlayerID(call: id.call, number: id.number), items: [.prompt(name)], repeats: nil)
            let player = PlayerPointer.allocate(capacity: 1)
            player.initialize(to: PlayerNode(plan))
            let rate = Int(room.pointee.mixer.sampleRate)
            for (place, name) in player.pointee.start(rate: rate) {
                requests.append(ClipRequest(room: id, place: place, name: name, sampleRate: rate))
            }
            room.pointee.music = player
        }
        guard let player = room.pointee.music, player.pointee.render() else { return nil }
        return UnsafeBufferPointer(start: player.pointee.frame, count: player.pointee.count)
    }

    // MARK: Listeners that share an encoding

    func joinGroup(_ listener: EndpointPointer, _ groups: inout [UnsafeMutablePointer<SharedPacker>]) {
        guard listener.pointee.group == nil, let codec = listener.pointee.madeFormat?.codec else { return }
        let time: UInt8 = listener.pointee.plan.packetTimeMs
        if let group = groups.first(where: { $0.pointee.serves(codec, packetTimeMs: time) }) {
            group.pointee.users += 1
            listener.pointee.group = group
            return
        }
        guard
            let packer = try? AudioPacker(
                codec, packetTimeMs: time, settings: AudioEncoderSettings(for: listener.pointee.plan))
        else { return }
        let group = UnsafeMutablePointer<SharedPacker>.allocate(capacity: 1)
        group.initialize(to: SharedPacker(packer))
        group.pointee.users = 1
        groups.append(group)
        listener.pointee.group = group
    }

    func leaveGroup(_ listener: EndpointPointer, _ groups: inout [UnsafeMutablePointer<SharedPacker>]) {
        guard let group = listener.pointee.group else { return }
        listener.pointee.group = nil
        group.pointee.users -= 1
        guard group.pointee.users == 0 else { return }
        groups.removeAll { $0 == group }
        group.free()
    }
}
