import Basics
import CallControl
import Logging
import MediaSession
import MediaTransport
import NIOCore
import SIPMessage
import SIPTransaction
import SIPTransport
import Store
import Telemetry

/// Drives one shard on one event loop: feeds it events, performs its effects, keeps its timer. It decides nothing.
///
/// Everything but `execute` runs on the loop, which is what makes it safe to share.
final class ShardLoop: @unchecked Sendable {
    let index: Int
    let eventLoop: any EventLoop
    /// Set by `install`, once the listeners are up.
    private var services: ServerServices?
    private var shard: Shard?
    private var effects: [ShardEffect] = []
    /// When the shard wants to be woken next.
    private var due: Moment?
    private var timer: Scheduled<Void>?
    private var timerAt: Moment = .distantFuture
    private var lastDelay: Duration = .zero
    private var lag = LoopLag(now: .zero)
    private var lagPeak = RecentPeak(now: .zero)
    private var socketPeak = RecentPeak(now: .zero)
    private var lagTimer: Scheduled<Void>?

    init(index: Int, eventLoop: any EventLoop) {
        (self.index, self.eventLoop) = (index, eventLoop)
    }

    /// Puts the shard to work; on the loop.
    func install(_ shard: Shard, _ services: ServerServices) {
        eventLoop.assertInEventLoop()
        (self.shard, self.services) = (shard, services)
        due = shard.nextDeadline
        arm()
        lag = LoopLag(now: services.clock.now)
        watchLag()
    }

    /// The loop closes with the server; until then it is asked how late it is.
    private func watchLag() {
        lagTimer = eventLoop.scheduleTask(in: .nanoseconds(LoopLag.period.wholeNanoseconds)) { [weak self] in
            guard let self, let services else { return }
            let now = services.clock.now
            lagPeak.note(lag.delay(now: now), now: now)
            lag.ran(now: now)
            watchLag()
        }
    }

    /// Hands events over from any thread.
    func execute(_ events: [ShardEvent]) {
        eventLoop.execute { [self] in
            guard let now = services?.clock.now else { return }
            for event in events { feed(event, now: now) }
        }
    }

    /// What the shard has counted, and what it holds; on the loop.
    var figures: ShardFigures? {
        guard let shard, let now = services?.clock.now else { return nil }
        var figures = ShardFigures(shard)
        (figures.socketDelay, figures.loopDelay) = (socketPeak.value(now: now), lagPeak.value(now: now))
        return figures
    }

    /// One event in, its effects out; on the loop.
    func feed(_ event: ShardEvent, now: Moment) {
        guard let services else { return }
        let wall = services.clock.wallNow
        due = shard?.handle(event, now: now, wall: wall, into: &effects) ?? nil
        performAll(services)
        // What is due at this very moment, such as a 100 Trying, is not worth a timer.
        var rounds = 0
        while let moment = due, moment <= now, rounds < 8 {
            due = shard?.handle(.deadlineReached, now: now, wall: wall, into: &effects) ?? nil
            performAll(services)
            rounds += 1
        }
        arm()
    }

    /// A message from the network.
    /// - Parameters:
    ///   - wait: how long it lay in its socket, as far as that is known.
    ///   - readAt: when it was read, maybe on another loop.
    func receive(_ message: SIPMessage, over flow: SIPFlow, wait: Duration, readAt: Moment) {
        guard let now = services?.clock.now else { return }
        socketPeak.note(wait, now: now)
        let delay = max(wait + now.since(readAt), lag.delay(now: now))
        // Far below the least limit that can be set (10 ms): a delay that is over must not be the last the shard hears of.
        if delay != lastDelay, delay > .milliseconds(5) || lastDelay > .milliseconds(5) {
            lastDelay = delay
            feed(.queueDelay(delay), now: now)
        }
        feed(.received(message, flow), now: now)
    }

    private func arm() {
        guard let moment = due, let services else { return }
        // A timer that fires early re-arms itself: cheaper than moving it with every event.
        guard moment < timerAt else { return }
        timer?.cancel()
        timerAt = moment
        let wait = moment.since(services.clock.now)
        timer = eventLoop.scheduleTask(in: .nanoseconds(max(0, wait.wholeNanoseconds))) { [self] in
            timerAt = .distantFuture
            timer = nil
            let now = services.clock.now
            if let due, due <= now { feed(.deadlineReached, now: now) } else { arm() }
        }
    }

    // MARK: Effects

    private func performAll(_ services: ServerServices) {
        guard !effects.isEmpty else { return }
        var asked: [ShardEffect] = []
        swap(&asked, &effects)
        for effect in asked { perform(effect, services) }
        asked.removeAll(keepingCapacity: asked.capacity <= 256)
        if effects.isEmpty { swap(&asked, &effects) }
    }

    private func perform(_ effect: ShardEffect, _ services: ServerServices) {
        switch effect {
        case .send(let wire, let target): services.transport.send(wire, to: target, loop: index)
        case .storeBindings(let changes, let token):
            let name = token == 0 ? nil : StoreToken(shard: ShardID(UInt8(index)), number: token)
            let isTaken = services.writer.submit(.bindings(changes), token: name)
            if !isTaken, token != 0 { execute([.stored(token: token, succeeded: false)]) }
        case .startRecord(let record, let token):
            let name = StoreToken(shard: ShardID(UInt8(index)), number: token)
            if !services.writer.submit(.callRecord(.started(record)), token: name) {
                execute([.stored(token: token, succeeded: false)])
            }
        case .storeRecord(let change):
            if !services.writer.submit(.callRecord(change), token: nil) {
                services.logger.error("a call record could not be queued", metadata: ["call": "\(change.record.id)"])
            }
        // Of no consequence when it is lost: the next sign of life tells it again.
        case .storePhone(let state): _ = services.writer.submit(.phone(state), token: nil)
        case .media(let commands): services.media.perform(commands)
        case .locate(let uri, let token): locate(uri, token, services)
        case .targetFailed(let target, let retryAfter):
            if let candidate = LocationCandidate(target) { services.resolver.markDead(candidate, for: retryAfter) }
        case .targetAnswered(let target):
            if let candidate = LocationCandidate(target) { services.resolver.markAlive(candidate) }
        case .ping(let flow): services.transport.ping(flow, loop: index)
        case .trace(let line): services.trace(line)
        case .alarm(let alarm): services.report(alarm)
        }
    }

    private func locate(_ uri: SIPURI, _ token: UInt64, _ services: ServerServices) {
        guard let query = LocationQuery(uri) else { return execute([.located(token: token, .nowhere)]) }
        services.resolver.locate(query, on: eventLoop) { [self] result in
            feed(.located(token: token, outcome(of: result, services)), now: services.clock.now)
        }
    }

    private func outcome(
        of result: Result<LocationPlan, LocationError>, _ services: ServerServices
    ) -> LocationOutcome {
        switch result {
        case .failure(.noAnswer): return .unanswered
        case .failure(.notFound), .failure(.unsupportedTransport): return .nowhere
        case .success(let plan):
            let places = plan.places.compactMap { place -> LocatedTarget? in
                let remote = place.candidate.endpoint.address
                guard let listener = services.addresses.listener(for: place.candidate.transport, towards: remote)
                else { return nil }
                return LocatedTarget(place.candidate.target(listener: listener.id), onlyAbove: place.onlyAbove)
            }
            return places.isEmpty ? .nowhere : .found(places)
        }
    }
}

/// A shard's counters and holdings at one moment.
struct ShardFigures: Sendable {
    let counters: ShardCounters
    let calls: Int
    let transactions: Int
    let retransmissions: UInt64
    let timeouts: UInt64
    /// The longest wait of late in UDP sockets, and for the loop.
    var socketDelay: Duration = .zero
    var loopDelay: Duration = .zero

    init(_ shard: Shard) {
        counters = shard.counters
        calls = shard.callCount
        transactions = shard.transactions.count
        retransmissions = shard.transactions.counters.retransmissions
        timeouts = shard.transactions.counters.timeouts
    }
}
