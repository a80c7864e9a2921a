import Basics
import CSys
import MediaSession

extension PacketLoop {
    mutating func performCommands() {
        let taken: (commands: [ThreadCommand], isStopped: Bool) = thread.takeCommands()
        for command in taken.commands {
            if !awaited.isEmpty, keep(command) { continue }
            perform(command)
        }
        isStopped = taken.isStopped
    }

    mutating func perform(_ command: ThreadCommand) {
        if kernel != nil { prepare(for: command) }
        switch command {
        case .media(.set(let plan)): set(plan)
        case .media(.close(let id)): close(id)
        case .media(.record(let plan)): record(plan)
        case .recorded(let id, let result): graph.facts.append(.recorded(id, result))
        case .media(let command): graph.perform(command, now: now)
        case .release(let ports): release(ports)
        case .supply(let request, let clip): graph.supply(request, clip)
        case .statistics(let id, let reply): reply(graph.statistics(of: id))
        case .await(let call): awaited[call] = []
        case .give(let call, let other): give(call, to: other)
        case .take(let moved): take(moved)
        }
        if graph.outbox.count > 0 { flush() }
    }

    private mutating func set(_ plan: MediaEndpointPlan) {
        if let node = graph.node(plan.id) {
            guard graph.update(node, plan, now: now) else {
                graph.facts.append(.failed(plan.id, "the ports of an open endpoint cannot change"))
                return
            }
            return
        }
        guard let sockets = pool.use(plan.ports, thread: thread.index),
            let family = settings.interfaces.first(where: { $0.id == plan.ports.interface })?.bindAddress.family
        else {
            graph.facts.append(
                .failed(
                    plan.id,
                    "port \(plan.ports.rtp) of media interface \(plan.ports.interface.rawValue) is not reserved for this call"
                ))
            return
        }
        let node: EndpointPointer = graph.open(plan, line: sockets.pair, now: now)
        lines[sockets.pair] = Line(node: node, rtpSocket: sockets.rtp, rtcpSocket: sockets.rtcp, family: family)
    }

    /// Answers with the final figures; with empty ones where no endpoint is open, so that every close is answered.
    private mutating func close(_ id: MediaEndpointID) {
        graph.bidFarewell(id)
        if graph.outbox.count > 0 { flush() }
        guard let closed = graph.close(id, now: now) else {
            graph.facts.append(.closed(id, MediaStatistics()))
            return
        }
        graph.facts.append(.closed(id, closed.statistics))
        let (rtp, rtcp) = (lines[closed.line].rtpSocket, lines[closed.line].rtcpSocket)
        lines[closed.line] = Line()
        quarantine(PortPool.Sockets(pair: closed.line, rtp: rtp, rtcp: rtcp))
        if guests.contains(id.leg.call), !graph.holds(id.leg.call) {
            guests.remove(id.leg.call)
            routes.forget(id.leg.call, on: thread.index)
        }
    }

    private mutating func record(_ plan: RecordingPlan) {
        guard !graph.change(plan) else { return }
        guard let store = settings.recordings else {
            let end: RecordingResult.End = .failed("no folder of recordings is configured")
            graph.facts.append(.recorded(plan.id, RecordingResult(end: end, duration: .zero, bytes: 0)))
            return
        }
        let thread: PacketThread = self.thread
        let rate: Int = plan.sampleRate.map { Int($0) } ?? graph.recordingRate(of: plan.endpoint)
        let sink: RecordingSink = store.open(
            name: plan.name, sampleRate: rate, channels: plan.content == .both ? 2 : 1
        ) { result in
            thread.enqueue(CollectionOfOne(.recorded(plan.id, result)))
        }
        graph.record(plan, to: sink, now: now)
    }

    /// Ports nobody opened an endpoint on; the peer may know them all the same, so they are emptied too.
    private mutating func release(_ ports: MediaPorts) {
        guard let sockets = pool.use(ports, thread: thread.index) else { return }
        quarantine(sockets)
    }

    private mutating func quarantine(_ sockets: PortPool.Sockets) {
        quarantined.append((sockets, now.advanced(by: settings.quarantine)))
    }

    /// What a busy thread has left unread is forgotten, so that it reaches no later call.
    private func empty(_ socket: Int32) {
        var left: Int = 1024
        while left > 0, csys_receive(socket, packet, UInt(Self.packetSize), source) >= 0 { left -= 1 }
    }

    mutating func upkeep() {
        nextUpkeep = now.nanoseconds + Self.upkeepInterval
        graph.setWall(clock.wallNow, at: now)
        if thread.index == 0 { kernel?.attach(to: settings.interfaces, now: now) }
        // In the order they came, and all wait equally long.
        let time: Moment = now
        let due: Int = quarantined.firstIndex { $0.until > time } ?? quarantined.count
        if due > 0 {
            for item in quarantined[..<due] {
                empty(item.sockets.rtp)
                empty(item.sockets.rtcp)
                pool.giveBack(item.sockets.pair)
            }
            quarantined.removeFirst(due)
        }
        pool.openSpares(thread: thread.index)
    }

    mutating func closeAll() {
        for id in graph.endpointIDs {
            if let node = graph.node(id) { takeBackAll(node) }
            close(id)
        }
    }
}
