import Basics
import CSys
import Codecs
import Glibc
import MediaSession
import MediaTransport
import Testing

/// A relay in a network namespace of its own between two telephones in theirs, and the kernel forwards.
private final class ForwardingLab: Sendable {
    let spaces: Namespaces
    let plane: Plane
    let phones: [Phone]
    let ports: [MediaPorts]
    let ids: [MediaEndpointID] = [endpoint(1, 0), endpoint(1, 1)]
    private let relays: [IPAddress]

    /// False where this machine gives no namespaces, or does not let the kernel forward in them; that is said once, aloud.
    static let isAllowed: Bool = {
        guard Namespaces.areAllowed else { return false }
        let lab = try? ForwardingLab("probe", forwarding: .auto)
        if case .kernel? = lab?.plane.threads.forwarding { return true }
        print(
            "SKIPPED: \(lab.map { "\($0.plane.threads.forwarding)" } ?? "no lab"): forwarding in the kernel is NOT tested"
        )
        return false
    }()

    init(
        _ name: String, v6: Bool = false, forwarding: Forwarding = .required, threads: Int = 1,
        change: @escaping @Sendable (inout MediaEndpointPlan) -> Void = { _ in }
    ) throws {
        let spaces: Namespaces = try #require(Namespaces(name))
        self.spaces = spaces
        let relays: [IPAddress] = try (1...2).map {
            try #require(IPAddress(v6 ? "fd98:\($0)::1" : "10.98.\($0).1"))
        }
        self.relays = relays
        plane = try Namespaces.inside(spaces.relay) {
            try Plane(ports: 30_000...30_099, threads: threads) { settings in
                settings.interfaces = relays.enumerated().map { index, address in
                    MediaInterface(
                        id: MediaInterfaceID(UInt8(index)), bindAddress: address, ports: 30_000...30_099)
                }
                settings.forwarding = forwarding
            }
        }
        phones = try (0...1).map { side in
            let address: IPAddress = try #require(IPAddress(v6 ? "fd98:\(side + 1)::2" : "10.98.\(side + 1).2"))
            return try Namespaces.inside(spaces.telephones[side]) { try Phone(address) }
        }
        var ports: [MediaPorts] = []
        for side in 0...1 {
            ports.append(
                try plane.open(
                    ids[side], for: phones[side].endpoint, on: MediaInterfaceID(UInt8(side)), change: change))
        }
        self.ports = ports
        plane.threads.perform([.join(ids[0], ids[1])])
    }

    func plan(_ side: Int, change: (inout MediaEndpointPlan) -> Void) {
        var plan = MediaEndpointPlan(id: ids[side], ports: ports[side])
        plan.remoteRTP = phones[side].endpoint
        change(&plan)
        plane.threads.perform([.set(plan)])
    }

    func send(_ bytes: [UInt8], from side: Int, by phone: Phone? = nil) {
        let address: IPAddress = relays[side]
        var to = csys_endpoint(high: address.high, low: address.low, port: ports[side].rtp, is_v6: address.isV4 ? 0 : 1)
        var raw = csys_address()
        csys_address_set(&raw, &to)
        _ = csys_send((phone ?? phones[side]).fd, bytes, UInt(bytes.count), &raw)
    }

    /// Sends packets until the kernel has forwarded `wanted` of them; each must be heard at the other side.
    /// - Returns: the number after the last.
    func talk(from first: UInt16, until wanted: UInt64, _ heard: inout HeardStream) async -> UInt16? {
        var number: UInt16 = first
        let before: UInt64 = plane.threads.forwardingFigures.packets
        for _ in 0..<2000 where plane.threads.forwardingFigures.packets < before + wanted {
            guard await pass(number, &heard) else { return nil }
            number &+= 1
            usleep(2000)
        }
        return plane.threads.forwardingFigures.packets >= before + wanted ? number : nil
    }

    func pass(_ number: UInt16, _ heard: inout HeardStream) async -> Bool {
        send(rtp(number), from: 0)
        let there = await phones[1].next()
        return heard.continues(there?.bytes, payloadOf: rtp(number)) && there?.port == ports[1].rtp
    }

    func statistics(_ side: Int) async -> MediaStatistics? { await plane.threads.statistics(of: ids[side]) }
}

@Suite("Forwarding in the kernel", .serialized, .enabled(if: ForwardingLab.isAllowed, "not allowed here"))
struct ForwardingTests {
    @Test(
        "one stream without a gap from the socket to the kernel and back, and figures as if all had come here",
        arguments: [false, true])
    func handover(_ v6: Bool) async throws {
        let lab = try ForwardingLab(v6 ? "h6" : "h4", v6: v6)
        guard case .kernel(let interfaces) = lab.plane.threads.forwarding else { return #expect(Bool(false)) }
        #expect(interfaces == ["r1", "r2"])
        var heard = HeardStream()
        var next: UInt16 = try #require(await lab.talk(from: 65_500, until: 60, &heard))
        // A new plan takes the stream back, and it goes to the kernel again.
        for turn: UInt32 in 1...3 {
            lab.plan(1) { $0.generation = turn }
            next = try #require(await lab.talk(from: next, until: 20, &heard))
        }
        #expect(lab.plane.threads.forwardingFigures.streams == 1)
        lab.plane.threads.perform([.close(lab.ids[0]), .close(lab.ids[1])])
        let figures: MediaStatistics = try #require(await lab.plane.closed(lab.ids[0]))
        let sent = UInt64(next &- 65_500)
        #expect(figures.packetsReceived == sent && figures.bytesReceived == sent * 172)
        #expect(figures.packetsLost == 0 && figures.packetsDropped == 0)
        #expect(try #require(await lab.plane.closed(lab.ids[1])).packetsSent == sent)
        #expect(lab.plane.threads.forwardingFigures.streams == 0)
    }

    @Test("packets that are missing are counted as lost, and those out of order kept apart")
    func loss() async throws {
        let lab = try ForwardingLab("ls")
        var heard = HeardStream()
        let next: UInt16 = try #require(await lab.talk(from: 10, until: 30, &heard))
        var other = HeardStream()
        // Five are missing.
        let last: UInt16 = try #require(await lab.talk(from: next &+ 5, until: 60, &other))
        let figures: MediaStatistics = try #require(await lab.statistics(0))
        #expect(figures.packetsLost == 5)
        #expect(figures.packetsReceived == UInt64(last &- 10 &- 5))
    }

    @Test("events, reports, other sources and odd packets come up, and are treated as ever")
    func odd() async throws {
        let lab = try ForwardingLab("od") {
            $0.incoming = [
                MediaFormat(payloadType: 0, .audio(.pcmu)),
                MediaFormat(payloadType: 101, .telephoneEvent(clockRate: 8000)),
            ]
            $0.outgoing = $0.incoming
        }
        var heard = HeardStream()
        var next: UInt16 = try #require(await lab.talk(from: 10, until: 30, &heard))
        // Forged: another SSRC of the same address, and another address with the right one.
        lab.send(rtp(next, ssrc: 666), from: 0)
        let stranger: Phone = try Namespaces.inside(lab.spaces.telephones[0]) {
            try Phone(try #require(IPAddress("10.98.1.3")))
        }
        lab.send(rtp(next), from: 0, by: stranger)
        lab.send(Array(rtp(next).prefix(7)), from: 0)
        #expect(await lab.pass(next, &heard))
        next &+= 1
        #expect(lab.phones[1].receive() == nil)
        // A key, as three packets of an event: passed on under the numbers that follow.
        for packet in 0..<3 {
            var event: [UInt8] = rtp(next)
            event[1] = 101
            event.replaceSubrange(12..., with: [5, packet == 2 ? 0x8A : 0x0A, 0, UInt8(160)])
            lab.send(event, from: 0)
            let there = await lab.phones[1].next()
            let follows: Bool = heard.continues(there?.bytes, payloadOf: event)
            #expect(follows)
            next &+= 1
        }
        #expect(await lab.plane.fact { if case .digit(lab.ids[0], _) = $0 { true } else { false } } != nil)
        next = try #require(await lab.talk(from: next, until: 20, &heard))
        let figures: MediaStatistics = try #require(await lab.statistics(0))
        #expect(figures.droppedWrongSource == 1 && figures.droppedWrongSSRC == 1 && figures.droppedMalformed == 1)
        #expect(figures.packetsReceived == UInt64(next &- 10))
    }

    @Test("reports of both are passed on while the kernel forwards, and tell of what it forwarded")
    func reports() async throws {
        let lab = try ForwardingLab("rr") { $0.rtcpMux = true }
        var heard = HeardStream()
        let next: UInt16 = try #require(await lab.talk(from: 10, until: 30, &heard))
        let there = await { () async -> [UInt8]? in
            lab.send(rtp(next), from: 0)
            return await lab.phones[1].next()?.bytes
        }()
        let header: [UInt8] = Array(try #require(there).prefix(12))
        // A sender report without blocks (RFC 3550 §6.4.1), on the port of RTP (RFC 5761).
        let report: [UInt8] =
            [0x80, 200, 0, 6, 0, 0, 0, 7] + [UInt8](repeating: 1, count: 8) + [0, 0, 0, 0]
            + [0, 0, 0, UInt8(next - 9), 0, 0, 0x10, 0]
        lab.send(report, from: 0)
        let came: [UInt8] = try #require(
            await eventually { lab.phones[1].receive().flatMap { $0.bytes[1] == 200 ? $0.bytes : nil } })
        // Of the stream it hears.
        #expect(Array(came[4..<8]) == Array(header[8..<12]))
        let figures: MediaStatistics = try #require(await lab.statistics(0))
        #expect(figures.packetsReceived == UInt64(next - 9) && figures.packetsDropped == 0)
    }

    @Test("a leg on hold is sent nothing, and hears one stream when it comes back")
    func hold() async throws {
        let lab = try ForwardingLab("ho")
        var heard = HeardStream()
        let next: UInt16 = try #require(await lab.talk(from: 10, until: 30, &heard))
        lab.plan(1) { ($0.generation, $0.sends) = (1, false) }
        // Performed before the next packet is read.
        _ = await lab.statistics(1)
        for number in next..<(next + 10) { lab.send(rtp(number), from: 0) }
        _ = await eventually { await lab.statistics(0)?.droppedUndeliverable == 10 ? true : nil }
        #expect(lab.phones[1].receive() == nil)
        lab.plan(1) { $0.generation = 2 }
        _ = await lab.statistics(1)
        var back = HeardStream()
        #expect(await lab.talk(from: next + 10, until: 20, &back) != nil)
        #expect(try #require(await lab.statistics(0)).packetsLost == 0)
    }

    @Test("a telephone that moves to another port is found there, by both sides")
    func moves() async throws {
        let lab = try ForwardingLab("mv")
        var heard = HeardStream()
        let next: UInt16 = try #require(await lab.talk(from: 10, until: 30, &heard))
        // The listener speaks from another port: that is where it hears from then on.
        let moved: Phone = try Namespaces.inside(lab.spaces.telephones[1]) {
            try Phone(try #require(IPAddress("10.98.2.2")))
        }
        lab.plan(1) { $0.generation = 1 }
        lab.send(rtp(1, ssrc: 9), from: 1, by: moved)
        #expect(await lab.phones[0].next() != nil)
        lab.send(rtp(next), from: 0)
        let there = await moved.next()
        let follows: Bool = heard.continues(there?.bytes, payloadOf: rtp(next))
        #expect(follows)
    }

    @Test("a call that changes packet threads while the kernel forwards it is heard without a gap, and forwarded there")
    func changesThreads() async throws {
        let lab = try ForwardingLab("ct", threads: 2)
        let third: Phone = try Namespaces.inside(lab.spaces.telephones[1]) {
            try Phone(try #require(IPAddress("10.98.2.3")))
        }
        // Another call begins on the other thread.
        let other: MediaEndpointID = endpoint(2, 0)
        _ = try lab.plane.open(other, for: third.endpoint, on: MediaInterfaceID(1))
        var heard = HeardStream()
        var next: UInt16 = try #require(await lab.talk(from: 65_500, until: 30, &heard))
        for _ in 0..<2 {
            // It listens, for which the call goes to its thread or stays there, and turns away again.
            lab.plane.threads.perform([.hear(other, .endpoint(lab.ids[0])), .hear(lab.ids[1], .endpoint(lab.ids[0]))])
            // Asked behind what was to be done.
            _ = await lab.statistics(0)
            for _ in 0..<20 {
                let passes: Bool = await lab.pass(next, &heard)
                #expect(passes)
                next &+= 1
            }
            #expect(await third.next() != nil)
            #expect(lab.plane.threads.forwardingFigures.streams == 0)
            lab.plane.threads.perform([.hear(other, .endpoint(other))])
            next = try #require(await lab.talk(from: next, until: 20, &heard))
        }
        let figures: MediaStatistics = try #require(await lab.statistics(0))
        #expect(figures.packetsReceived == UInt64(next &- 65_500))
        #expect(figures.packetsLost == 0 && figures.packetsDropped == 0)
    }

    @Test("more packets at once than a journal holds: those above come up, and each is heard once")
    func fullJournal() async throws {
        let lab = try ForwardingLab("fj")
        var heard = HeardStream()
        var next: UInt16 = try #require(await lab.talk(from: 10, until: 30, &heard))
        var hasComeUp = false
        for _ in 0..<50 where !hasComeUp {
            _ = await lab.statistics(0)
            let before: UInt64 = lab.plane.threads.forwardingFigures.packets
            // Two thirds of a socket's memory for small packets, twice a journal.
            let numbers: [UInt16] = (0..<180).map { next &+ $0 }
            for number in numbers { lab.send(rtp(number), from: 0) }
            var payloads: [[UInt8]] = []
            while payloads.count < numbers.count, let packet = await lab.phones[1].next() {
                payloads.append(payload(packet.bytes))
            }
            // Whole and once; what came up may be overtaken.
            let order: ([UInt8], [UInt8]) -> Bool = { $0.lexicographicallyPrecedes($1) }
            #expect(payloads.sorted(by: order) == numbers.map { payload(rtp($0)) }.sorted(by: order))
            next &+= 180
            _ = await lab.statistics(0)
            let forwarded: UInt64 = lab.plane.threads.forwardingFigures.packets - before
            #expect(forwarded > 0)
            hasComeUp = forwarded < 180
        }
        #expect(hasComeUp)
        #expect(lab.phones[1].receive() == nil)
        let figures: MediaStatistics = try #require(await lab.statistics(0))
        #expect(figures.packetsReceived == UInt64(next &- 10) && figures.packetsLost == 0)
    }

    @Test("a way that ends takes the stream from the kernel, which forwards again when there is one")
    func routes() async throws {
        let lab = try ForwardingLab("rt")
        let space: String = lab.spaces.relay
        var heard = HeardStream()
        let next: UInt16 = try #require(await lab.talk(from: 10, until: 30, &heard))
        #expect(Namespaces.run("ip -n \(space) route add blackhole 10.98.2.2/32"))
        // Ways are looked at every 5 s.
        lab.plane.clock.advance(by: .seconds(6))
        #expect(
            await eventually { lab.plane.threads.forwardingFigures.streams == 0 ? true : nil } == true)
        lab.send(rtp(next), from: 0)
        #expect(await eventually { await lab.statistics(0)?.packetsReceived == UInt64(next &- 9) ? true : nil } == true)
        #expect(lab.phones[1].receive() == nil)
        #expect(Namespaces.run("ip -n \(space) route del blackhole 10.98.2.2/32"))
        lab.plane.clock.advance(by: .seconds(6))
        var back = HeardStream()
        #expect(await lab.talk(from: next &+ 1, until: 20, &back) != nil)
        #expect(try #require(await lab.statistics(0)).packetsLost == 0)
    }

    @Test("without the right to load a program, what it takes is told, and media are relayed all the same")
    func rights() async throws {
        let spaces: Namespaces = try #require(Namespaces("np"))
        let relay: IPAddress = try #require(IPAddress("10.98.1.1"))
        let setting: @Sendable (inout MediaTransportSettings, Forwarding) -> Void = { settings, forwarding in
            let interface = MediaInterface(id: Plane.v4, bindAddress: relay, ports: 30_000...30_099)
            (settings.interfaces, settings.forwarding) = ([interface], forwarding)
        }
        let plane: Plane = try Namespaces.inside(spaces.relay) {
            try #require(Rights.dropAll())
            #expect(throws: MediaTransportError.self) {
                _ = try Plane(ports: 30_000...30_099) { setting(&$0, .required) }
            }
            return try Plane(ports: 30_000...30_099) { setting(&$0, .auto) }
        }
        guard case .unavailable(let why) = plane.threads.forwarding else { return #expect(Bool(false)) }
        #expect(why == "Operation not permitted; it takes the capabilities CAP_BPF and CAP_NET_ADMIN")
        let phone: Phone = try Namespaces.inside(spaces.telephones[0]) {
            try Phone(try #require(IPAddress("10.98.1.2")))
        }
        let ports: MediaPorts = try plane.open(endpoint(1, 0), for: phone.endpoint)
        plane.threads.perform([.hear(endpoint(1, 0), .endpoint(endpoint(1, 0)))])
        var to = csys_endpoint(high: relay.high, low: relay.low, port: ports.rtp, is_v6: 0)
        var raw = csys_address()
        csys_address_set(&raw, &to)
        _ = csys_send(phone.fd, rtp(1), 172, &raw)
        #expect(await phone.next().map { payload($0.bytes) } == payload(rtp(1)))
    }

    @Test("what nobody lets forward is told, and relayed all the same")
    func elsewhere() throws {
        // Without an interface of Ethernet there is nothing to be at.
        let plane = try Plane(ports: 22_900...22_999) { $0.forwarding = .auto }
        guard case .unavailable(let why) = plane.threads.forwarding else { return #expect(Bool(false)) }
        #expect(why == "no interface of Ethernet has a media address")
        #expect(throws: MediaTransportError.noForwarding(why)) {
            _ = try Plane(ports: 22_900...22_999) { $0.forwarding = .required }
        }
    }
}

/// Capabilities of the calling thread (capabilities(7)).
private enum Rights {
    private struct Header {
        /// `_LINUX_CAPABILITY_VERSION_3`.
        var version: UInt32 = 0x2008_0522
        var thread: Int32 = 0
    }
    private struct Sets {
        var effective: UInt32 = 0
        var permitted: UInt32 = 0
        var inheritable: UInt32 = 0
    }

    /// Gives all of them up, for this thread and those it makes; nil where that cannot be.
    static func dropAll() -> Bool? {
        typealias CapSet = @convention(c) (UnsafeMutableRawPointer, UnsafeMutableRawPointer) -> Int32
        guard let symbol = dlsym(nil, "capset") else { return nil }
        var header = Header()
        var sets = (Sets(), Sets())
        return unsafeBitCast(symbol, to: CapSet.self)(&header, &sets) == 0 ? true : nil
    }
}
