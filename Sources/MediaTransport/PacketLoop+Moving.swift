import Basics
import MediaSession

/// Calls that change threads.
extension PacketLoop {
    /// Keeps a command for a call that is on its way here, and with it whatever its other call is asked from then on.
    mutating func keep(_ command: ThreadCommand) -> Bool {
        let (call, other): (CallID, CallID?)
        switch command {
        case .media(let asked): (call, other) = (asked.call, asked.otherCall)
        case .give(let given, _): (call, other) = (given, nil)
        case .statistics(let endpoint, _): (call, other) = (endpoint.leg.call, nil)
        case .release, .supply, .recorded, .await, .take: return false
        }
        guard let reason = waits(call) ?? other.flatMap({ waits($0) }) else { return false }
        awaited[reason]?.append(command)
        for one in [call, other] {
            if let one, one != reason, awaited[one] == nil { followers[one] = reason }
        }
        return true
    }

    /// The call on its way here for which `call` waits.
    private func waits(_ call: CallID) -> CallID? { followers[call] ?? (awaited[call] == nil ? nil : call) }

    mutating func give(_ call: CallID, to other: PacketThread) {
        let moved: MovedCall = graph.extract(call, now: now)
        guests.remove(call)
        for node in moved.endpoints {
            pool.detach(node.pointee.line)
            lines[node.pointee.line] = Line(leftIn: round)
        }
        if !other.enqueue(CollectionOfOne(.take(moved))) {
            // The other thread has ended: so does this one, and what it has is closed with it.
            take(moved)
        }
    }

    mutating func take(_ moved: MovedCall) {
        graph.adopt(moved, now: now)
        for node in moved.endpoints {
            let ports: MediaPorts = node.pointee.ports
            guard let sockets = pool.own(ports, thread: thread.index),
                let family = settings.interfaces.first(where: { $0.id == ports.interface })?.bindAddress.family
            else {
                graph.facts.append(.failed(node.pointee.id, "its ports could not be brought to another packet thread"))
                continue
            }
            lines[sockets.pair] = Line(node: node, rtpSocket: sockets.rtp, rtcpSocket: sockets.rtcp, family: family)
        }
        guests.insert(moved.call)
        followers = followers.filter { $0.value != moved.call }
        for command in awaited.removeValue(forKey: moved.call) ?? [] {
            // It may be on its way again.
            if !awaited.isEmpty, keep(command) { continue }
            perform(command)
        }
    }
}
