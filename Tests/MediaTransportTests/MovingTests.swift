import Basics
import Codecs
import MediaSession
import MediaTransport
import Testing

/// Calls of several packet threads that meet.
@Suite("Calls between packet threads")
struct MovingTests {
    @Test("calls of different threads are joined, apart and joined anew, as one unbroken stream each")
    func joined() async throws {
        let plane = try Plane(ports: 23_000...23_099, threads: 3)
        var phones: [Phone] = []
        var ports: [MediaPorts] = []
        for call: UInt32 in 0..<3 {
            phones.append(try Phone())
            ports.append(try plane.open(endpoint(call, 0), for: phones[Int(call)].endpoint))
        }
        var heard: [HeardStream] = Array(repeating: HeardStream(), count: 3)
        var numbers: [UInt16] = [0, 0, 0]
        // 0 with 1, 1 with 2, 2 with 0: each of another thread to begin with.
        for (one, other) in [(0, 1), (1, 2), (2, 0), (0, 1)] {
            plane.threads.perform([.join(endpoint(UInt32(one), 0), endpoint(UInt32(other), 0))])
            // Asked behind what was to be done.
            _ = await plane.threads.statistics(of: endpoint(UInt32(other), 0))
            for (speaker, listener) in Array(repeating: [(one, other), (other, one)], count: 20).joined() {
                numbers[speaker] += 1
                let packet: [UInt8] = rtp(numbers[speaker], ssrc: UInt32(speaker) + 7)
                phones[speaker].send(packet, to: ports[speaker].rtp)
                let came = await phones[listener].next()
                #expect(heard[listener].continues(came?.bytes, payloadOf: packet) && came?.port == ports[listener].rtp)
            }
        }
        plane.threads.perform((0..<3).map { .close(endpoint($0, 0)) })
        for call: UInt32 in 0..<3 {
            let figures: MediaStatistics = try #require(await plane.closed(endpoint(call, 0)))
            #expect(figures.packetsLost == 0 && figures.packetsDropped == 0 && figures.packetsReceived > 0)
        }
        #expect(!plane.facts.contains { if case .failed = $0 { true } else { false } })
    }

    @Test("packets that come while a call changes threads wait in its sockets: none is lost")
    func nothingIsLost() async throws {
        let plane = try Plane(ports: 23_100...23_199, threads: 2)
        let (left, right, third) = (try Phone(), try Phone(), try Phone())
        let (a, b, c) = (endpoint(1, 0), endpoint(1, 1), endpoint(2, 0))
        let leftPorts: MediaPorts = try plane.open(a, for: left.endpoint)
        _ = try plane.open(b, for: right.endpoint)
        _ = try plane.open(c, for: third.endpoint)
        plane.threads.perform([.join(a, b)])
        left.send(rtp(0), to: leftPorts.rtp)
        #expect(await right.next() != nil)
        var stream = HeardStream()
        for burst: UInt16 in 0..<8 {
            for number: UInt16 in (burst * 50 + 1)...(burst * 50 + 50) {
                left.send(rtp(number), to: leftPorts.rtp)
                // In the middle of what is being sent, the call goes to the third one's thread.
                if number == 125 { plane.threads.perform([.hear(c, .endpoint(a)), .hear(b, .endpoint(a))]) }
            }
            for number: UInt16 in (burst * 50 + 1)...(burst * 50 + 50) {
                #expect(stream.continues(await right.next()?.bytes, payloadOf: rtp(number)))
            }
        }
        #expect(await third.next() != nil)
        let figures: MediaStatistics = try #require(await plane.threads.statistics(of: a))
        #expect(figures.packetsReceived == 401 && figures.packetsLost == 0)
    }

    @Test("what a moved call opens later is opened where it is, on ports reserved before or after")
    func laterStreams() async throws {
        let plane = try Plane(ports: 23_200...23_299, threads: 2)
        let (left, right, video) = (try Phone(), try Phone(), try Phone())
        let (a, b) = (endpoint(1, 0), endpoint(2, 0))
        let early: MediaPorts = try #require(plane.threads.reserve(interface: Plane.v4, for: b.leg.call))
        _ = try plane.open(a, for: left.endpoint)
        _ = try plane.open(b, for: right.endpoint)
        plane.threads.perform([.join(a, b)])
        for (stream, ports) in [
            (UInt8(1), early), (2, try #require(plane.threads.reserve(interface: Plane.v4, for: b.leg.call))),
        ] {
            let id = MediaEndpointID(leg: b.leg, stream: stream)
            var plan = MediaEndpointPlan(id: id, ports: ports)
            plan.remoteRTP = video.endpoint
            plane.threads.perform([.set(plan), .hear(id, .endpoint(id))])
            #expect(await plane.threads.statistics(of: id) != nil)
            video.send(rtp(1), to: ports.rtp)
            #expect(await video.next().map { payload($0.bytes) } == payload(rtp(1)))
            plane.threads.perform([.close(id)])
            #expect(await plane.closed(id)?.packetsReceived == 1)
        }
        plane.threads.perform([.close(a), .close(b)])
        #expect(await plane.closed(b) != nil)
        // The call is forgotten: a new one of its number begins at home.
        _ = try plane.open(b, for: right.endpoint)
        #expect(await plane.threads.statistics(of: b) != nil)
    }

    @Test("legs of calls of every thread meet in a room, which stays where it was opened", arguments: [2, 4])
    func rooms(_ threads: Int) async throws {
        let plane = try Plane(ports: threads == 2 ? 23_300...23_399 : 23_400...23_499, threads: threads)
        let room = MediaRoomID(call: endpoint(0, 0).leg.call, number: 1)
        plane.threads.perform([.openRoom(RoomPlan(id: room, announces: false, sampleRate: 8000))])
        let pcma = MediaFormat(payloadType: 8, .audio(.pcma))
        var phones: [Phone] = []
        var ports: [MediaPorts] = []
        for call: UInt32 in 0..<5 {
            phones.append(try Phone())
            ports.append(
                try plane.open(endpoint(call, 0), for: phones[Int(call)].endpoint) {
                    ($0.incoming, $0.outgoing) = ([pcma], [pcma])
                })
            plane.threads.perform([.enter(room, RoomMember(endpoint: endpoint(call, 0)))])
        }
        // The one who opened it goes, and with it the reason why the room is on its thread.
        plane.threads.perform([.close(endpoint(0, 0))])
        #expect(await plane.closed(endpoint(0, 0)) != nil)
        // A loud tone of the second is heard by the three others.
        let loud: [UInt8] = (0..<160).map { $0 / 8 % 2 == 0 ? 0xAA : 0x2A }
        var silent: Set<Int> = [2, 3, 4]
        for number: UInt16 in 0..<150 where !silent.isEmpty {
            var packet: [UInt8] = rtp(number)
            packet[1] = 8
            (packet[6], packet[7]) = (UInt8(number * 160 >> 8), UInt8(number * 160 & 0xFF))
            packet.replaceSubrange(12..., with: loud)
            phones[1].send(packet, to: ports[1].rtp)
            try await Task.sleep(for: .milliseconds(20))
            for index in silent {
                while let heard = phones[index].receive() {
                    var samples = [Int16](repeating: 0, count: 160)
                    payload(heard.bytes).withUnsafeBytes { from in
                        samples.withUnsafeMutableBufferPointer { to in _ = G711.decode(from, law: .a, into: to) }
                    }
                    if samples.contains(where: { $0 > 4000 }) { silent.remove(index) }
                }
            }
        }
        #expect(silent.isEmpty)
        #expect(!plane.facts.contains { if case .failed = $0 { true } else { false } })
    }
}
