import Basics
import CSys
import Glibc
import MediaSession
import Synchronization

/// The pairs of ports of all interfaces: which are open, free, taken.
///
/// A pair is two bound sockets in the epoll set of one packet thread. It is opened ahead, taken by a call of that thread, emptied
/// in quarantine by the thread while nobody owns it, and used again. Descriptors are closed by their own thread alone, between two
/// rounds of events, so that no event can name a descriptor that has become another program part's.
final class PortPool: Sendable {
    /// A pair's sockets.
    struct Sockets {
        let pair: Int
        let rtp: Int32
        let rtcp: Int32
    }

    let ranges: [PortRange]
    /// Over all ranges; a pair's number is below it.
    let pairCount: Int
    private let clock: any MartinetClock
    private let state: Mutex<PortPoolState>

    /// - Parameter epolls: the epoll set of each packet thread.
    init(_ settings: MediaTransportSettings, epolls: [Int32], clock: any MartinetClock) throws(MediaTransportError) {
        guard !settings.interfaces.isEmpty else { throw .noInterface }
        var ranges: [PortRange] = []
        var base = 0
        for interface in settings.interfaces {
            guard !ranges.contains(where: { $0.interface.id == interface.id }) else {
                throw .duplicateInterface(interface.id)
            }
            guard let range = PortRange(interface, base: base) else { throw .badPortRange(interface.id) }
            ranges.append(range)
            base += range.count
        }
        self.ranges = ranges
        pairCount = base
        self.clock = clock
        let perThread: Int = max(settings.spareMinimum, settings.spareLimit / max(1, epolls.count))
        state = Mutex(
            PortPoolState(ranges: ranges, epolls: epolls, spareLimit: perThread, spareMinimum: settings.spareMinimum))
    }

    /// Takes a pair for a call of `thread`: an open one if there is one, else by opening one now.
    func reserve(_ interface: MediaInterfaceID, thread: Int) -> MediaPorts? {
        guard let range = ranges.firstIndex(where: { $0.interface.id == interface }) else { return nil }
        let now: Moment = clock.now
        return state.withLock { (state: inout PortPoolState) in
            state.take(range: range, thread: thread, now: now).map { ranges[range].ports($0) }
        }
    }

    /// The sockets of a pair that was reserved, which `thread` reads from now on; nil when it was not, or is in use.
    func use(_ ports: MediaPorts, thread: Int) -> Sockets? {
        guard let pair = pair(of: ports) else { return nil }
        return state.withLock { (state: inout PortPoolState) in
            guard state.use(pair, thread: thread) else { return nil }
            return Sockets(pair: pair, rtp: state.pairs[pair].rtp, rtcp: state.pairs[pair].rtcp)
        }
    }

    /// A pair in use goes to another thread: its own stops reading it, ...
    func detach(_ pair: Int) { state.withLock { $0.detach(pair) } }

    /// ... and the other one begins. What came in between waited in the sockets.
    /// - Returns: nil where the system does not let it.
    func own(_ ports: MediaPorts, thread: Int) -> Sockets? {
        guard let pair = pair(of: ports) else { return nil }
        return state.withLock { (state: inout PortPoolState) in
            guard state.attach(pair, thread: thread) else { return nil }
            return Sockets(pair: pair, rtp: state.pairs[pair].rtp, rtcp: state.pairs[pair].rtcp)
        }
    }

    /// Which thread holds a pair that is taken and not in use; nil otherwise.
    func thread(of ports: MediaPorts) -> Int? {
        guard let pair = pair(of: ports) else { return nil }
        return state.withLock { $0.pairs[pair].phase == .taken ? Int($0.pairs[pair].thread) : nil }
    }

    /// Makes a pair free again after its quarantine; called by its own thread.
    func giveBack(_ pair: Int) {
        state.withLock { $0.giveBack(pair, range: rangeIndex(of: pair)) }
    }

    /// Opens pairs ahead for `thread` where few are left.
    ///
    /// - Returns: what the opening failed with in a range that has none open at all; nil when all is well.
    @discardableResult
    func openSpares(thread: Int) -> (interface: MediaInterface, errno: Int32)? {
        let now: Moment = clock.now
        for range in ranges.indices {
            // One at a time, so that no call waits behind more than one opening.
            while state.withLock({ (state: inout PortPoolState) in
                state.openSpare(range: range, thread: thread, now: now)
            }) {}
            let failure: Int32? = state.withLock { $0.failure(range: range) }
            if let failure { return (ranges[range].interface, failure) }
        }
        return nil
    }

    /// Closes every socket; called when no packet thread runs any more.
    func closeAll() {
        state.withLock { $0.closeAll() }
    }

    /// A pair's number; nil for ports outside the ranges.
    func pair(of ports: MediaPorts) -> Int? {
        for range in ranges where range.interface.id == ports.interface { return range.pair(rtp: ports.rtp) }
        return nil
    }

    private func rangeIndex(of pair: Int) -> Int {
        ranges.lastIndex { $0.base <= pair } ?? 0
    }
}

/// The port pairs of one interface, numbered from `base`.
struct PortRange: Sendable {
    let interface: MediaInterface
    let base: Int
    let first: UInt16
    let count: Int

    init?(_ interface: MediaInterface, base: Int) {
        let lower: Int = Int(interface.ports.lowerBound) + Int(interface.ports.lowerBound & 1)
        let pairs: Int = (Int(interface.ports.upperBound) + 1 - lower) / 2
        guard lower >= 1024, pairs > 0 else { return nil }
        (self.interface, self.base, first, count) = (interface, base, UInt16(lower), pairs)
    }

    func ports(_ pair: Int) -> MediaPorts {
        MediaPorts(interface: interface.id, rtp: first + UInt16(2 * (pair - base)))
    }

    func pair(rtp: UInt16) -> Int? {
        guard rtp >= first, rtp & 1 == 0 else { return nil }
        let offset = Int(rtp - first) / 2
        return offset < count ? base + offset : nil
    }
}
