import Basics
import CSys
import Glibc
import MediaSession

/// What ``PortPool`` guards.
struct PortPoolState {
    /// Taken pairs are a call's, in use ones are a thread's that reads them.
    enum Phase: UInt8 { case closed, idle, taken, inUse }

    struct Pair {
        var rtp: Int32 = -1
        var rtcp: Int32 = -1
        var thread: UInt8 = 0
        var phase: Phase = .closed
        /// In use by another program: not tried again before this second of the clock.
        var busyUntil: UInt32 = 0
    }

    /// How long a port that another program holds is left alone, in seconds.
    static let busySeconds: Int64 = 10

    let ranges: [PortRange]
    let epolls: [Int32]
    let spareLimit: Int
    let spareMinimum: Int
    var pairs: [Pair]
    /// Open pairs nobody uses, by thread and range, the longest unused first.
    private var idle: [[PairQueue]]
    /// Where the search for the next pair to open goes on, by range: a port just closed is the last to come again.
    private var cursor: [Int]
    private var openCount: [Int]
    private var lastErrno: [Int32]
    private var isClosed: Bool = false

    init(ranges: [PortRange], epolls: [Int32], spareLimit: Int, spareMinimum: Int) {
        self.ranges = ranges
        self.epolls = epolls
        self.spareLimit = spareLimit
        self.spareMinimum = spareMinimum
        pairs = Array(repeating: Pair(), count: ranges.reduce(0) { $0 + $1.count })
        idle = Array(repeating: Array(repeating: PairQueue(), count: ranges.count), count: epolls.count)
        cursor = Array(repeating: 0, count: ranges.count)
        openCount = Array(repeating: 0, count: ranges.count)
        lastErrno = Array(repeating: 0, count: ranges.count)
    }

    mutating func take(range: Int, thread: Int, now: Moment) -> Int? {
        guard !isClosed else { return nil }
        guard
            let pair = idle[thread][range].popFirst() ?? open(range: range, thread: thread, now: now)
                ?? move(range: range, to: thread)
        else { return nil }
        pairs[pair].phase = .taken
        return pair
    }

    mutating func giveBack(_ pair: Int, range: Int) {
        guard pairs[pair].phase == .taken || pairs[pair].phase == .inUse else { return }
        let thread = Int(pairs[pair].thread)
        guard idle[thread][range].count < spareLimit, !isClosed else { return close(pair, range: range) }
        pairs[pair].phase = .idle
        idle[thread][range].append(pair)
    }

    /// - Returns: true when one was opened, so that another may be tried.
    mutating func openSpare(range: Int, thread: Int, now: Moment) -> Bool {
        guard !isClosed, idle[thread][range].count < spareMinimum,
            let pair = open(range: range, thread: thread, now: now)
        else { return false }
        pairs[pair].phase = .idle
        idle[thread][range].append(pair)
        return true
    }

    func failure(range: Int) -> Int32? { openCount[range] == 0 && lastErrno[range] != 0 ? lastErrno[range] : nil }

    mutating func closeAll() {
        isClosed = true
        for (index, range) in ranges.enumerated() {
            for pair in range.base..<(range.base + range.count) where pairs[pair].phase != .closed {
                close(pair, range: index)
            }
        }
    }

    /// Opens the next pair of the range that can be; nil when there is none.
    private mutating func open(range: Int, thread: Int, now: Moment) -> Int? {
        let second = UInt32(clamping: now.nanoseconds / 1_000_000_000)
        for _ in 0..<ranges[range].count {
            let pair: Int = ranges[range].base + cursor[range]
            cursor[range] = (cursor[range] + 1) % ranges[range].count
            guard pairs[pair].phase == .closed, pairs[pair].busyUntil <= second else { continue }
            let result: Int32 = open(pair, range: range, thread: thread)
            if result == 0 {
                openCount[range] += 1
                return pair
            }
            lastErrno[range] = result
            // Out of descriptors, or the address is gone: the other ports would fail alike.
            guard result == EADDRINUSE || result == EACCES else { return nil }
            pairs[pair].busyUntil = UInt32(clamping: Int64(second) + Self.busySeconds)
        }
        return nil
    }

    /// - Returns: 0, or the errno it failed with.
    private mutating func open(_ pair: Int, range: Int, thread: Int) -> Int32 {
        let interface: MediaInterface = ranges[range].interface
        let ports: MediaPorts = ranges[range].ports(pair)
        var address = csys_endpoint(IPEndpoint(interface.bindAddress, ports.rtp))
        let rtp: Int32 = csys_udp_open(&address, Int32(interface.dscp))
        guard rtp >= 0 else { return -rtp }
        address.port = ports.rtcp
        let rtcp: Int32 = csys_udp_open(&address, Int32(interface.dscp))
        guard rtcp >= 0 else {
            _ = csys_close(rtp)
            return -rtcp
        }
        let result: Int32 = watch(pair, rtp: rtp, rtcp: rtcp, thread: thread)
        guard result == 0 else {
            // Not yet told to any thread, as nothing was sent to the ports before: no event can name them.
            _ = csys_close(rtp)
            _ = csys_close(rtcp)
            return result
        }
        (pairs[pair].rtp, pairs[pair].rtcp) = (rtp, rtcp)
        return 0
    }

    private mutating func watch(_ pair: Int, rtp: Int32, rtcp: Int32, thread: Int) -> Int32 {
        let first: Int32 = csys_epoll_add(epolls[thread], rtp, eventData(rtp, pair, isRTCP: false))
        guard first == 0 else { return -first }
        let second: Int32 = csys_epoll_add(epolls[thread], rtcp, eventData(rtcp, pair, isRTCP: true))
        guard second == 0 else { return -second }
        pairs[pair].thread = UInt8(thread)
        return 0
    }

    /// Takes an idle pair of another thread. That thread may still read a packet from it: nobody uses the pair yet.
    private mutating func move(range: Int, to thread: Int) -> Int? {
        for other in epolls.indices where other != thread {
            guard let pair = idle[other][range].popFirst() else { continue }
            detach(pair)
            guard attach(pair, thread: thread) else {
                close(pair, range: range)
                continue
            }
            return pair
        }
        return nil
    }

    /// A thread begins to use a taken pair, which may have been opened for another one.
    /// - Returns: false where nobody has taken it, or it is in use.
    mutating func use(_ pair: Int, thread: Int) -> Bool {
        guard !isClosed, pairs[pair].phase == .taken else { return false }
        if Int(pairs[pair].thread) != thread {
            detach(pair)
            guard attach(pair, thread: thread) else { return false }
        }
        pairs[pair].phase = .inUse
        return true
    }

    /// Takes a pair out of its thread's epoll set; what comes meanwhile waits in its sockets.
    mutating func detach(_ pair: Int) {
        let entry: Pair = pairs[pair]
        guard entry.rtp >= 0 else { return }
        _ = csys_epoll_remove(epolls[Int(entry.thread)], entry.rtp)
        _ = csys_epoll_remove(epolls[Int(entry.thread)], entry.rtcp)
    }

    mutating func attach(_ pair: Int, thread: Int) -> Bool {
        guard !isClosed, pairs[pair].rtp >= 0 else { return false }
        return watch(pair, rtp: pairs[pair].rtp, rtcp: pairs[pair].rtcp, thread: thread) == 0
    }

    private mutating func close(_ pair: Int, range: Int) {
        _ = csys_close(pairs[pair].rtp)
        _ = csys_close(pairs[pair].rtcp)
        pairs[pair] = Pair()
        openCount[range] -= 1
    }
}

/// What an epoll event carries: the descriptor, the pair, and which of its two sockets it is.
@inline(__always)
func eventData(_ fd: Int32, _ pair: Int, isRTCP: Bool) -> UInt64 {
    UInt64(UInt32(bitPattern: fd)) << 32 | UInt64(pair) << 1 | (isRTCP ? 1 : 0)
}

/// First in, first out.
struct PairQueue {
    private var items: [Int32] = []
    private var head: Int = 0

    var count: Int { items.count - head }

    mutating func append(_ pair: Int) { items.append(Int32(pair)) }

    mutating func popFirst() -> Int? {
        guard head < items.count else { return nil }
        let pair = Int(items[head])
        head += 1
        if head == items.count || head >= 256 {
            items.removeFirst(head)
            head = 0
        }
        return pair
    }
}
