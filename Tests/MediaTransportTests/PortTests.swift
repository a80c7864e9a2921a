import Basics
import CSys
import MediaSession
import MediaTransport
import Testing

@Suite("Ports", .serialized)
struct PortTests {
    let call = CallID(epoch: 1, shard: ShardID(0), number: 1)

    @Test("every pair of the range is given once, then none; a wrong interface gives none", arguments: [1, 2])
    func exhaustion(_ threads: Int) throws {
        let plane = try Plane(ports: 22_001...22_011, threads: threads)
        var given: [UInt16] = []
        while let ports = plane.threads.reserve(interface: Plane.v4, for: call) { given.append(ports.rtp) }
        #expect(given.sorted() == [22_002, 22_004, 22_006, 22_008, 22_010])
        #expect(plane.threads.reserve(interface: MediaInterfaceID(9), for: call) == nil)
    }

    @Test("ports another program holds are passed over, RTP or RTCP")
    func busyPorts() throws {
        var held: [Int32] = []
        defer { for fd in held { _ = csys_close(fd) } }
        for port: UInt16 in [22_100, 22_105] {
            var local = csys_endpoint(high: 0, low: IPAddress.loopbackV4.low, port: port, is_v6: 0)
            held.append(csys_udp_open(&local, 0))
        }
        try #require(held.allSatisfy { $0 >= 0 })
        let plane = try Plane(ports: 22_100...22_107)
        var given: [UInt16] = []
        while let ports = plane.threads.reserve(interface: Plane.v4, for: call) { given.append(ports.rtp) }
        #expect(given.sorted() == [22_102, 22_106])
    }

    @Test("a range that is busy as a whole, empty or given twice stops the start and says why")
    func refusedStart() throws {
        var local = csys_endpoint(high: 0, low: IPAddress.loopbackV4.low, port: 22_200, is_v6: 0)
        let held: Int32 = csys_udp_open(&local, 0)
        defer { _ = csys_close(held) }
        let busy: MediaTransportError? = #expect(throws: MediaTransportError.self) {
            _ = try Plane(ports: 22_200...22_201)
        }
        #expect(busy?.description == "no media port of 22200-22201 can be opened on 127.0.0.1: Address already in use")
        #expect(throws: MediaTransportError.badPortRange(Plane.v4)) { _ = try Plane(ports: 22_201...22_202) }
        #expect(throws: MediaTransportError.noInterface) {
            _ = try Plane(ports: 22_210...22_219) { $0.interfaces = [] }
        }
        #expect(throws: MediaTransportError.duplicateInterface(Plane.v4)) {
            _ = try Plane(ports: 22_210...22_219) { $0.interfaces += $0.interfaces }
        }
    }

    @Test(
        "ports rest in quarantine after their call, closed or never opened, and come back after it",
        arguments: [true, false])
    func quarantine(_ opens: Bool) async throws {
        let plane = try Plane(ports: 22_300...22_301)
        let id: MediaEndpointID = endpoint(1, 0)
        let phone = try Phone()
        let ports: MediaPorts
        if opens {
            ports = try plane.open(id, for: phone.endpoint)
            plane.threads.perform([.close(id)])
            #expect(await plane.closed(id) != nil)
        } else {
            ports = try #require(plane.threads.reserve(interface: Plane.v4, for: call))
            plane.threads.release(ports)
            _ = await plane.threads.statistics(of: id)
        }
        #expect(plane.threads.reserve(interface: Plane.v4, for: call) == nil)
        plane.clock.advance(by: .milliseconds(1500))
        let again = await eventually { plane.threads.reserve(interface: Plane.v4, for: call) }
        #expect(again == ports)
    }

    @Test("releasing twice, or ports that are open or were never given, changes nothing")
    func wrongRelease() async throws {
        let plane = try Plane(ports: 22_400...22_405)
        let (left, right) = (try Phone(), try Phone())
        let (a, b) = (endpoint(1, 0), endpoint(1, 1))
        let leftPorts: MediaPorts = try plane.open(a, for: left.endpoint)
        let rightPorts: MediaPorts = try plane.open(b, for: right.endpoint)
        plane.threads.perform([.join(a, b)])
        plane.threads.release(leftPorts)
        plane.threads.release(MediaPorts(interface: Plane.v4, rtp: 22_404))
        plane.threads.release(MediaPorts(interface: Plane.v4, rtp: 1))
        plane.clock.advance(by: .seconds(5))
        left.send(rtp(1), to: leftPorts.rtp)
        #expect(await right.next()?.port == rightPorts.rtp)
    }

    @Test("packets that come to ports in quarantine reach no later call")
    func stalePackets() async throws {
        let plane = try Plane(ports: 22_500...22_503)
        let (left, right) = (try Phone(), try Phone())
        let (a, b) = (endpoint(1, 0), endpoint(1, 1))
        let ports: MediaPorts = try plane.open(a, for: left.endpoint)
        plane.threads.perform([.close(a)])
        #expect(await plane.closed(a) != nil)
        for number: UInt16 in 1...20 { left.send(rtp(number, ssrc: 666), to: ports.rtp) }
        plane.clock.advance(by: .seconds(2))
        _ = try plane.open(b, for: right.endpoint)
        // The only other pair is taken: the same ports come again.
        let next: MediaPorts = try #require(await eventually { plane.threads.reserve(interface: Plane.v4, for: call) })
        #expect(next == ports)
        let c: MediaEndpointID = endpoint(1, 2)
        var plan = MediaEndpointPlan(id: c, ports: next)
        plan.remoteRTP = left.endpoint
        plane.threads.perform([.set(plan), .join(b, c)])
        left.send(rtp(30), to: ports.rtp)
        #expect(await right.next().map { payload($0.bytes) } == payload(rtp(30)))
        #expect(await plane.threads.statistics(of: c)?.packetsDropped == 0)
    }

    @Test("500 calls open and close without a socket left over, and idle pairs stay within their limit")
    func noLeak() async throws {
        let plane = try Plane(ports: 22_600...22_999, threads: 2) { $0.quarantine = .milliseconds(1) }
        let phone = try Phone()
        for round: UInt32 in 0..<25 {
            var ids: [MediaEndpointID] = []
            for number: UInt32 in 0..<20 {
                ids += [endpoint(round * 20 + number, 0), endpoint(round * 20 + number, 1)]
            }
            for id in ids {
                let ports = await eventually { plane.threads.reserve(interface: Plane.v4, for: id.leg.call) }
                var plan = MediaEndpointPlan(id: id, ports: try #require(ports))
                plan.remoteRTP = phone.endpoint
                plane.threads.perform([.set(plan)])
            }
            plane.threads.perform(ids.map { .close($0) })
            for id in ids { #expect(await plane.closed(id) == MediaStatistics()) }
            plane.clock.advance(by: .seconds(1))
        }
        #expect(plane.facts.filter { if case .closed = $0 { true } else { false } }.count == 1000)
        // 64 idle pairs of two sockets.
        let idle = await eventually { openSockets(in: 22_600...22_999) <= 128 ? true : nil }
        #expect(idle == true)
        #expect(openSockets(in: 22_600...22_999) > 0)
        plane.threads.stop()
        #expect(openSockets(in: 22_600...22_999) == 0)
    }
}
