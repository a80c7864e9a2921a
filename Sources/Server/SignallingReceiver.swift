import Basics
import CallControl
import MediaSession
import NIOCore
import SIPMessage
import SIPTransaction
import SIPTransport
import Store
import Synchronization

/// Takes what the network, the store and the packet threads bring to the shard it belongs to.
final class SignallingReceiver: SIPTransportReceiver {
    private let loops: [ShardLoop]
    /// Set right after the transport is made, which needs its receiver first.
    private let transport = Mutex<SIPTransport?>(nil)

    init(loops: [ShardLoop]) { self.loops = loops }

    /// Whom to ask how long datagrams lay in a loop's sockets.
    func measure(by transport: SIPTransport) { self.transport.withLock { $0 = transport } }

    func receive(_ event: TransportEvent, loop: Int, now: Moment) {
        switch event {
        case .message(let message, let flow):
            let owner = loops[Int(ShardID(callID: message.callID, count: loops.count).rawValue)]
            let delay = transport.withLock { $0 }?.queueDelay(loop: loop) ?? .zero
            if owner.index == loop { return owner.receive(message, over: flow, wait: delay, readAt: now) }
            owner.eventLoop.execute { owner.receive(message, over: flow, wait: delay, readAt: now) }
        case .malformed(let error, _, let flow): loops[loop].feed(.malformed(error, flow), now: now)
        case .closed(let flow, _): loops[loop].feed(.flowClosed(flow), now: now)
        case .sendFailed(let target, let wire, let failure):
            // A datagram that found the buffers full is as lost as one on the wire: its timers see to it.
            if case .congestion = failure { return }
            let branch = (try? SIPMessage.parse(wire))?.topVia.branch
            guard branch != nil else { return }
            loops[loop].feed(.sendFailed(target, branch: branch), now: now)
        case .ping, .pong, .opened: break
        }
    }

    func receive(_ facts: [MediaFact]) {
        for loop in loops {
            let own = facts.filter { Int($0.call.shard.rawValue) == loop.index }
            if !own.isEmpty { loop.execute(own.map { .media($0) }) }
        }
    }

    func stored(_ shard: ShardID, _ tokens: [StoreToken], succeeded: Bool) {
        guard Int(shard.rawValue) < loops.count else { return }
        loops[Int(shard.rawValue)].execute(tokens.map { .stored(token: $0.number, succeeded: succeeded) })
    }
}
