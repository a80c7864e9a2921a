import Basics
import MediaSession
import MediaTransport
import Testing

/// Real sockets on loopback; a range of ports for each test, as they run side by side.
@Suite("Relay")
struct RelayTests {
    @Test(
        "packets pass both ways, as one stream for each listener and from the ports that were reserved",
        arguments: [1, 3])
    func bothWays(_ threads: Int) async throws {
        let plane = try Plane(ports: threads == 1 ? 21_000...21_099 : 21_100...21_199, threads: threads)
        for call: UInt32 in 0..<4 {
            let (left, right) = (try Phone(), try Phone())
            let (a, b) = (endpoint(call, 0), endpoint(call, 1))
            let leftPorts: MediaPorts = try plane.open(a, for: left.endpoint)
            let rightPorts: MediaPorts = try plane.open(b, for: right.endpoint)
            #expect(leftPorts.rtp % 2 == 0 && rightPorts.rtp % 2 == 0 && leftPorts != rightPorts)
            plane.threads.perform([.join(a, b)])
            var (atRight, atLeft) = (HeardStream(), HeardStream())
            for number: UInt16 in 1...50 {
                left.send(rtp(number), to: leftPorts.rtp)
                let there = await right.next()
                #expect(atRight.continues(there?.bytes, payloadOf: rtp(number)) && there?.port == rightPorts.rtp)
                right.send(rtp(number, ssrc: 9), to: rightPorts.rtp)
                let back = await left.next()
                #expect(atLeft.continues(back?.bytes, payloadOf: rtp(number)) && back?.port == leftPorts.rtp)
            }
            plane.threads.perform([.close(a), .close(b)])
            for id in [a, b] {
                let figures: MediaStatistics = try #require(await plane.closed(id))
                #expect(figures.packetsReceived == 50 && figures.packetsSent == 50 && figures.packetsDropped == 0)
                #expect(figures.bytesReceived == 50 * 172 && figures.packetsLost == 0)
            }
            #expect(plane.facts.contains(.latched(a, source: left.endpoint, ssrc: 7)))
            #expect(plane.facts.contains(.latched(b, source: right.endpoint, ssrc: 9)))
        }
    }

    /// partly: MV-CALL-12
    @Test("a leg of IPv6 talks to one of IPv4")
    func families() async throws {
        let plane = try Plane(ports: 21_200...21_299, v6: true)
        let (left, right) = (try Phone(.loopbackV6), try Phone())
        let (a, b) = (endpoint(1, 0), endpoint(1, 1))
        let leftPorts: MediaPorts = try plane.open(a, for: left.endpoint, on: Plane.v6)
        let rightPorts: MediaPorts = try plane.open(b, for: right.endpoint)
        plane.threads.perform([.join(a, b)])
        left.send(rtp(1), to: leftPorts.rtp)
        #expect(await right.next().map { payload($0.bytes) } == payload(rtp(1)))
        right.send(rtp(2, ssrc: 9), to: rightPorts.rtp)
        #expect(await left.next().map { payload($0.bytes) } == payload(rtp(2)))
    }

    @Test("a telephone behind a NAT is answered where it sends from, and a stranger's flood neither heard nor sent to")
    func latchAndSpoof() async throws {
        let plane = try Plane(ports: 21_300...21_399)
        let (left, right) = (try Phone(), try Phone())
        // 127.0.0.2 is an address neither the SDP nor the signalling names.
        let stranger = try Phone(try #require(IPAddress("127.0.0.2")))
        let (a, b) = (endpoint(1, 0), endpoint(1, 1))
        let leftPorts: MediaPorts = try plane.open(a, for: IPEndpoint(try #require(IPAddress("10.1.2.3")), 4000)) {
            $0.signallingAddress = .loopbackV4
        }
        let rightPorts: MediaPorts = try plane.open(b, for: right.endpoint)
        plane.threads.perform([.join(a, b)])
        for number: UInt16 in 1...20 { stranger.send(rtp(number, ssrc: 666), to: leftPorts.rtp) }
        left.send(rtp(1), to: leftPorts.rtp)
        #expect(await right.next().map { payload($0.bytes) } == payload(rtp(1)))
        for number: UInt16 in 1...20 { stranger.send(rtp(number), to: leftPorts.rtp) }
        right.send(rtp(2, ssrc: 9), to: rightPorts.rtp)
        #expect(await left.next().map { payload($0.bytes) } == payload(rtp(2)))
        left.send(rtp(2), to: leftPorts.rtp)
        #expect(await right.next().map { payload($0.bytes) } == payload(rtp(2)))
        #expect(right.receive() == nil && stranger.receive() == nil)
        let figures: MediaStatistics = try #require(await plane.threads.statistics(of: a))
        #expect(figures.droppedWrongSource == 40)
        #expect(figures.packetsReceived == 2)
        #expect(figures.source == left.endpoint)
    }

    @Test("RTCP passes on the odd ports, names the stream the listener hears, and is measured")
    func rtcp() async throws {
        let plane = try Plane(ports: 21_400...21_499)
        let (left, right) = (try Phone(), try Phone())
        let (leftReports, rightReports) = (try Phone(), try Phone())
        let (a, b) = (endpoint(1, 0), endpoint(1, 1))
        let leftPorts: MediaPorts = try plane.open(a, for: left.endpoint) { $0.remoteRTCP = leftReports.endpoint }
        let rightPorts: MediaPorts = try plane.open(b, for: right.endpoint) { $0.remoteRTCP = rightReports.endpoint }
        plane.threads.perform([.join(a, b)])
        left.send(rtp(1), to: leftPorts.rtp)
        let heard: [UInt8] = try #require(await right.next()).bytes
        let ssrc: [UInt8] = Array(heard[8..<12])
        let senderReport: [UInt8] =
            [0x80, 200, 0, 6, 0, 0, 0, 7, 0, 0, 1, 2, 3, 4, 0, 0] + [UInt8](repeating: 0, count: 12)
        leftReports.send(senderReport, to: leftPorts.rtcp)
        let there = try #require(await rightReports.next())
        #expect(there.port == rightPorts.rtcp)
        #expect(there.bytes[4..<8] == ssrc[...] && there.bytes[8..<16] == senderReport[8..<16])
        #expect(there.bytes[16..<20] == heard[4..<8], "RTP timestamp 0 of the source is this one of the stream")
        let report: [UInt8] =
            [0x81, 201, 0, 7, 0, 0, 0, 9] + ssrc + [51, 0, 0, 0] + [UInt8](repeating: 0, count: 8) + [
                1, 2, 3, 4, 0, 0, 0, 0,
            ]
        rightReports.send(report, to: rightPorts.rtcp)
        let back = try #require(await leftReports.next())
        #expect(back.port == leftPorts.rtcp && back.bytes[8..<12] == [0, 0, 0, 7] && back.bytes[12] == 51)
        let figures: MediaStatistics = try #require(await plane.threads.statistics(of: b))
        #expect(figures.reportedLossFraction == 51 && figures.rtcpReceived == 1)
        #expect(try #require(figures.roundTripMicroseconds) < 5_000_000)
    }

    @Test("RTCP of a multiplexing leg comes out on the other's RTCP port, and back on one port")
    func multiplexed() async throws {
        let plane = try Plane(ports: 21_500...21_599)
        let (left, right) = (try Phone(), try Phone())
        let (a, b) = (endpoint(1, 0), endpoint(1, 1))
        let leftPorts: MediaPorts = try plane.open(a, for: left.endpoint) { $0.rtcpMux = true }
        let rightPorts: MediaPorts = try plane.open(b, for: right.endpoint) { $0.remoteRTCP = right.endpoint }
        plane.threads.perform([.join(a, b)])
        let report: [UInt8] = [0x80, 201, 0, 1, 0, 0, 0, 7]
        left.send(report, to: leftPorts.rtp)
        #expect(await right.next()?.port == rightPorts.rtcp)
        right.send(report, to: rightPorts.rtcp)
        #expect(await left.next()?.port == leftPorts.rtp)
    }

    @Test("nothing is sent for a leg that is held, unjoined or without an address, and all of it is counted")
    func undeliverable() async throws {
        let plane = try Plane(ports: 21_600...21_699)
        let (left, right) = (try Phone(), try Phone())
        let (a, b) = (endpoint(1, 0), endpoint(1, 1))
        let leftPorts: MediaPorts = try plane.open(a, for: left.endpoint)
        left.send(rtp(1), to: leftPorts.rtp)
        let first = await eventually {
            await plane.threads.statistics(of: a).flatMap { $0.packetsReceived == 1 ? $0 : nil }
        }
        #expect(first?.droppedUndeliverable == 1)
        _ = try plane.open(b, for: right.endpoint) { $0.sends = false }
        plane.threads.perform([.join(a, b)])
        left.send(rtp(2), to: leftPorts.rtp)
        let second = await eventually {
            await plane.threads.statistics(of: a).flatMap { $0.packetsReceived == 2 ? $0 : nil }
        }
        #expect(second?.droppedUndeliverable == 2)
        plane.threads.perform([.unjoin(b)])
        left.send(rtp(3), to: leftPorts.rtp)
        let third = await eventually {
            await plane.threads.statistics(of: a).flatMap { $0.packetsReceived == 3 ? $0 : nil }
        }
        #expect(third?.droppedUndeliverable == 3)
        #expect(right.receive() == nil)
    }

    @Test("silence and its end are told")
    func silence() async throws {
        let plane = try Plane(ports: 21_700...21_799)
        let left = try Phone()
        let a: MediaEndpointID = endpoint(1, 0)
        let ports: MediaPorts = try plane.open(a, for: left.endpoint) { $0.expectsMedia = true }
        _ = await plane.threads.statistics(of: a)
        plane.clock.advance(by: .seconds(61))
        #expect(await plane.fact { if case .silent(a, _) = $0 { true } else { false } } != nil)
        left.send(rtp(1), to: ports.rtp)
        #expect(await plane.fact { $0 == .heardAgain(a) } != nil)
    }

    @Test("what cannot be done is told, and every close is answered")
    func failures() async throws {
        let plane = try Plane(ports: 21_800...21_899, threads: 2)
        let (a, b, other) = (endpoint(1, 0), endpoint(1, 1), endpoint(2, 0))
        let plan = MediaEndpointPlan(id: a, ports: MediaPorts(interface: Plane.v4, rtp: 21_890))
        plane.threads.perform([.set(plan)])
        #expect(await plane.failure(a) == "port 21890 of media interface 0 is not reserved for this call")
        plane.threads.perform([.join(b, a)])
        #expect(await plane.failure(b) == "cannot join an endpoint that is not open")
        plane.threads.perform([.close(a), .close(b)])
        #expect(await plane.closed(a) == MediaStatistics())
        let phone = try Phone()
        let third: MediaEndpointID = endpoint(3, 0)
        _ = try plane.open(third, for: phone.endpoint)
        plane.threads.perform([.join(third, other)])
        #expect(
            await plane.failure(other)?.hasPrefix("cannot join an endpoint that is not open on the packet thread")
                == true)
    }

    @Test("stopping ends every endpoint with its figures, and nothing works after it")
    func stop() async throws {
        let plane = try Plane(ports: 21_900...21_999)
        let left = try Phone()
        let a: MediaEndpointID = endpoint(1, 0)
        let ports: MediaPorts = try plane.open(a, for: left.endpoint)
        left.send(rtp(1), to: ports.rtp)
        #expect(await plane.fact { if case .latched(a, _, _) = $0 { true } else { false } } != nil)
        plane.threads.stop()
        #expect(await plane.closed(a)?.packetsReceived == 1)
        #expect(plane.threads.reserve(interface: Plane.v4, for: a.leg.call) == nil)
        #expect(await plane.threads.statistics(of: a) == nil)
        plane.threads.perform([.close(a)])
        plane.threads.stop()
    }
}
