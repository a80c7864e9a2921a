import Basics
import MediaSession

extension PacketLoop {
    mutating func performCommands() {
        let taken: (commands: [ThreadCommand], isStopped: Bool) = thread.takeCommands()
        for command in taken.commands {
            switch command {
            case .media(.set(let plan)): set(plan)
            case .media(.join(let one, let other)): join(one, other)
            case .media(.unjoin(let id)): if let slot = slots[id] { unjoin(slot) }
            case .media(.close(let id)): close(id)
            case .media(.play(let plan)): facts.append(.played(plan.id, .failed("players are not there yet")))
            case .media(.record(let plan)):
                facts.append(
                    .recorded(
                        plan.id,
                        RecordingResult(end: .failed("recorders are not there yet"), duration: .zero, bytes: 0)))
            case .media(.stopPlaying), .media(.stopRecording), .media(.openRoom), .media(.closeRoom): break
            case .media(.hear(let id, _)), .media(.leave(_, let id)), .media(.press(let id, _, _)):
                facts.append(.failed(id, "this is not there yet"))
            case .media(.enter(_, let member)): facts.append(.failed(member.endpoint, "rooms are not there yet"))
            case .release(let ports): release(ports)
            case .statistics(let id, let reply): reply(slots[id]?.pointee.endpoint.statistics)
            }
        }
        isStopped = taken.isStopped
    }

    private mutating func set(_ plan: MediaEndpointPlan) {
        if let slot = slots[plan.id] {
            guard slot.pointee.endpoint.plan.ports == plan.ports else {
                facts.append(.failed(plan.id, "the ports of an open endpoint cannot change"))
                return
            }
            slot.pointee.endpoint.update(plan, now: now)
            slot.pointee.aim()
            return
        }
        guard let sockets = pool.sockets(of: plan.ports, thread: thread.index), entry(sockets.pair) == nil,
            !quarantined.contains(where: { $0.pair == sockets.pair }),
            let family = settings.interfaces.first(where: { $0.id == plan.ports.interface })?.bindAddress.family
        else {
            facts.append(
                .failed(
                    plan.id,
                    "port \(plan.ports.rtp) of media interface \(plan.ports.interface.rawValue) is not reserved for this call"
                ))
            return
        }
        let slot = UnsafeMutablePointer<Slot>.allocate(capacity: 1)
        slot.initialize(
            to: Slot(MediaEndpoint(plan: plan, settings: settings.endpoint, now: now), sockets: sockets, family: family)
        )
        slots[plan.id] = slot
        setEntry(sockets.pair, slot)
    }

    private mutating func join(_ one: MediaEndpointID, _ other: MediaEndpointID) {
        guard let first = slots[one] else {
            facts.append(.failed(one, "cannot join an endpoint that is not open"))
            return
        }
        guard let second = slots[other] else {
            facts.append(.failed(other, "cannot join an endpoint that is not open on the packet thread of \(one)"))
            return
        }
        unjoin(first)
        unjoin(second)
        first.pointee.partner = second
        second.pointee.partner = first
    }

    private func unjoin(_ slot: UnsafeMutablePointer<Slot>) {
        slot.pointee.partner?.pointee.partner = nil
        slot.pointee.partner = nil
    }

    /// Answers with the final figures; with empty ones where no endpoint is open, so that every close is answered.
    private mutating func close(_ id: MediaEndpointID) {
        guard let slot = slots.removeValue(forKey: id) else {
            facts.append(.closed(id, MediaStatistics()))
            return
        }
        unjoin(slot)
        facts.append(.closed(id, slot.pointee.endpoint.statistics))
        setEntry(slot.pointee.pair, nil)
        quarantine(slot.pointee.pair)
        slot.deallocate()
    }

    /// Ports nobody opened an endpoint on; the peer may know them all the same, so they are emptied too.
    private mutating func release(_ ports: MediaPorts) {
        guard let sockets = pool.sockets(of: ports, thread: thread.index), entry(sockets.pair) == nil,
            !quarantined.contains(where: { $0.pair == sockets.pair })
        else { return }
        quarantine(sockets.pair)
    }

    private mutating func quarantine(_ pair: Int) {
        quarantined.append((pair, now.advanced(by: settings.quarantine)))
    }

    mutating func tick() {
        nextTick = now.nanoseconds + Self.tickInterval
        for (id, slot) in slots {
            let (events, silentSince): (MediaEvents, Moment?) = slot.pointee.endpoint.tick(now: now)
            if events.contains(.destination) { slot.pointee.aim() }
            if let silentSince { facts.append(.silent(id, since: silentSince)) }
        }
        // In the order they came, and all wait equally long.
        let time: Moment = now
        let due: Int = quarantined.firstIndex { $0.until > time } ?? quarantined.count
        if due > 0 {
            for item in quarantined[..<due] { pool.giveBack(item.pair) }
            quarantined.removeFirst(due)
        }
        pool.openSpares(thread: thread.index)
    }

    mutating func closeAll() {
        for id in slots.keys { close(id) }
    }
}
