import Basics
import CSys
import Glibc
import MediaSession
import MediaTransport
import Synchronization
import Testing

/// The monotonic time, moved on by hand where a test is about waiting.
final class TestClock: MartinetClock {
    private let ahead = Mutex<Duration>(.zero)

    func advance(by duration: Duration) { ahead.withLock { $0 += duration } }

    var now: Moment {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let real = Moment(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
        return real.advanced(by: ahead.withLock { $0 })
    }
    var wallNow: WallTime { WallTime(microsecondsSinceEpoch: 0) }
}

/// A telephone's socket on a loopback address, on a port the system chose.
final class Phone: Sendable {
    let fd: Int32
    let endpoint: IPEndpoint

    init(_ address: IPAddress = .loopbackV4) throws {
        var local = csys_endpoint(high: address.high, low: address.low, port: 0, is_v6: address.isV4 ? 0 : 1)
        fd = csys_udp_open(&local, 0)
        try #require(fd >= 0)
        endpoint = IPEndpoint(address, UInt16(csys_udp_port(fd)))
    }

    deinit { _ = csys_close(fd) }

    /// Sends to a port of `127.0.0.1` or `::1`.
    func send(_ bytes: [UInt8], to port: UInt16) {
        let address: IPAddress = endpoint.address.isV4 ? .loopbackV4 : .loopbackV6
        var to = csys_endpoint(high: address.high, low: address.low, port: port, is_v6: address.isV4 ? 0 : 1)
        var raw = csys_address()
        csys_address_set(&raw, &to)
        _ = csys_send(fd, bytes, UInt(bytes.count), &raw)
    }

    /// What waits in the socket, if anything.
    func receive() -> (bytes: [UInt8], port: UInt16)? {
        var buffer = [UInt8](repeating: 0, count: 2048)
        var source = csys_endpoint()
        let count: Int = csys_receive(fd, &buffer, 2048, &source)
        return count >= 0 ? (Array(buffer[..<count]), source.port) : nil
    }

    /// The next datagram, waited for up to 5 s.
    func next() async -> (bytes: [UInt8], port: UInt16)? {
        await eventually { self.receive() }
    }
}

/// Asks again and again until there is an answer; nil after 5 s.
func eventually<T>(_ answer: () async -> T?) async -> T? {
    let clock = TestClock()
    let end: Moment = clock.now.advanced(by: .seconds(5))
    while clock.now < end {
        if let value = await answer() { return value }
        await Task.yield()
        usleep(200)
    }
    return nil
}

/// Packet threads with what they told.
final class Plane: Sendable {
    static let v4 = MediaInterfaceID(0)
    static let v6 = MediaInterfaceID(1)

    let threads: PacketThreads
    let clock = TestClock()
    private let told: Told

    private final class Told: Sendable {
        let facts = Mutex<[MediaFact]>([])
    }

    init(
        ports: ClosedRange<UInt16>, threads count: Int = 1, v6: Bool = false,
        change: (inout MediaTransportSettings) -> Void = { _ in }
    ) throws {
        var interfaces = [MediaInterface(id: Self.v4, bindAddress: .loopbackV4, ports: ports)]
        if v6 { interfaces.append(MediaInterface(id: Self.v6, bindAddress: .loopbackV6, ports: ports)) }
        var settings = MediaTransportSettings(interfaces: interfaces, threads: count)
        change(&settings)
        let told = Told()
        self.told = told
        threads = try PacketThreads(settings, clock: clock) { facts in told.facts.withLock { $0 += facts } }
    }

    deinit { threads.stop() }

    var facts: [MediaFact] { told.facts.withLock { $0 } }

    /// The first fact that `matches`, waited for.
    func fact(_ matches: (MediaFact) -> Bool) async -> MediaFact? {
        await eventually { facts.first(where: matches) }
    }

    func closed(_ id: MediaEndpointID) async -> MediaStatistics? {
        guard case .closed(_, let figures) = await fact({ if case .closed(id, _) = $0 { true } else { false } }) else {
            return nil
        }
        return figures
    }

    func failure(_ id: MediaEndpointID) async -> String? {
        guard case .failed(_, let why) = await fact({ if case .failed(id, _) = $0 { true } else { false } }) else {
            return nil
        }
        return why
    }

    /// Opens a leg's endpoint for a telephone.
    func open(
        _ id: MediaEndpointID, for phone: IPEndpoint, on interface: MediaInterfaceID = v4,
        change: (inout MediaEndpointPlan) -> Void = { _ in }
    ) throws -> MediaPorts {
        let ports: MediaPorts = try #require(threads.reserve(interface: interface, for: id.leg.call))
        var plan = MediaEndpointPlan(id: id, ports: ports)
        plan.remoteRTP = phone
        change(&plan)
        threads.perform([.set(plan)])
        return ports
    }
}

func endpoint(_ call: UInt32, _ leg: UInt16) -> MediaEndpointID {
    MediaEndpointID(leg: LegID(call: CallID(epoch: 1, shard: ShardID(0), number: call), index: leg), stream: 0)
}

func rtp(_ number: UInt16, ssrc: UInt32 = 7) -> [UInt8] {
    [0x80, 0, UInt8(number >> 8), UInt8(number & 0xFF), 0, 0, 0, 0] + [24, 16, 8, 0].map { UInt8(ssrc >> $0 & 0xFF) }
        + [UInt8](repeating: UInt8(number & 0xFF), count: 160)
}

func payload(_ packet: [UInt8]) -> [UInt8] { Array(packet.dropFirst(12)) }

/// What a telephone hears: one SSRC, and sequence numbers without a gap.
struct HeardStream {
    private var ssrc: [UInt8]?
    private var next: UInt16?

    /// Whether `packet` follows those before and carries the payload of `sent`.
    mutating func continues(_ packet: [UInt8]?, payloadOf sent: [UInt8]) -> Bool {
        guard let packet, packet.count == sent.count else { return false }
        let number = UInt16(packet[2]) << 8 | UInt16(packet[3])
        defer { (ssrc, next) = (Array(packet[8..<12]), number &+ 1) }
        return (ssrc == nil || ssrc == Array(packet[8..<12])) && (next == nil || next == number)
            && payload(packet) == payload(sent)
    }
}

/// How many sockets of this process are bound to a port of `range`.
func openSockets(in range: ClosedRange<Int32>) -> Int {
    guard let folder = opendir("/proc/self/fd") else { return -1 }
    defer { closedir(folder) }
    var count = 0
    while let entry = readdir(folder) {
        let name: String = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if let fd = Int32(name), range.contains(csys_udp_port(fd)) { count += 1 }
    }
    return count
}
