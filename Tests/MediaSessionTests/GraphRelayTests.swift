import Basics
import Codecs
import DTLS
import MediaSession
import RTP
import Testing

/// A graph with telephones around it: number n is at host(n), heard on line n.
struct Studio: ~Copyable {
    var graph: MediaGraph
    var nodes: [EndpointPointer] = []
    private let buffer = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 16)

    init(certificate: DTLSCertificate? = nil) {
        graph = MediaGraph(certificate: certificate, random: AnyRandom(SeededRandom(seed: 1)))
    }

    deinit { buffer.deallocate() }

    static func id(_ number: Int) -> MediaEndpointID {
        MediaEndpointID(
            leg: LegID(call: CallID(epoch: 1, shard: ShardID(0), number: 1), index: UInt16(number)), stream: 0)
    }

    /// Opens the next endpoint.
    mutating func open(_ change: (inout MediaEndpointPlan) -> Void = { _ in }) -> Int {
        let number: Int = nodes.count
        var plan = MediaEndpointPlan(
            id: Studio.id(number), ports: MediaPorts(interface: MediaInterfaceID(0), rtp: UInt16(10_000 + 2 * number)))
        plan.remoteRTP = host(UInt32(number + 1))
        plan.remoteRTCP = host(UInt32(number + 1), 4001)
        change(&plan)
        nodes.append(graph.open(plan, line: number, now: .zero))
        return number
    }

    /// Telephone `number` sends; what leaves is returned as (line, packet).
    mutating func send(_ bytes: [UInt8], from number: Int, at milliseconds: Int64, isRTCP: Bool = false) -> [Sent] {
        send(bytes, from: number, nanoseconds: milliseconds * 1_000_000, isRTCP: isRTCP)
    }

    mutating func send(_ bytes: [UInt8], from number: Int, nanoseconds: Int64, isRTCP: Bool = false) -> [Sent] {
        let source: IPEndpoint = host(UInt32(number + 1), isRTCP ? 4001 : 4000)
        receive(bytes, on: number, isRTCP: isRTCP, from: source, now: Moment(nanoseconds: nanoseconds))
        return take()
    }

    mutating func receive(_ bytes: [UInt8], on number: Int, isRTCP: Bool, from source: IPEndpoint, now: Moment) {
        bytes.withUnsafeBytes { buffer.copyMemory(from: $0.baseAddress!, byteCount: bytes.count) }
        graph.receive(buffer, count: bytes.count, on: nodes[number], isRTCP: isRTCP, from: source, now: now)
    }

    mutating func take() -> [Sent] {
        let all: [Sent] = (0..<graph.outbox.count).map { index in
            let packet: Outbox.Packet = graph.outbox[index]
            return Sent(
                line: packet.node.pointee.line, isRTCP: packet.channel == .rtcp,
                bytes: Array(UnsafeRawBufferPointer(start: packet.bytes, count: packet.count)), to: packet.destination)
        }
        graph.outbox.clear()
        return all
    }
}

struct Sent: Equatable {
    let line: Int
    var isRTCP: Bool = false
    let bytes: [UInt8]
    /// Nil for where the leg's media goes.
    var to: IPEndpoint? = nil
    var header: RTPHeader { bytes.withUnsafeBytes { RTPHeader($0)! } }
    var payload: [UInt8] { Array(bytes.dropFirst(12)) }
}

func rtp(_ number: UInt16, timestamp: UInt32, ssrc: UInt32 = 7, type: UInt8 = 8, marker: Bool = false) -> [UInt8] {
    var bytes: [UInt8] = packet(ssrc: ssrc, number: number, timestamp: timestamp)
    bytes[1] = type | (marker ? 0x80 : 0)
    return bytes
}

@Suite("A leg hears one stream")
struct GraphRelayTests {
    static let pcma = MediaFormat(payloadType: 8, .audio(.pcma))

    @Test("gaps, reordering and pauses of the source stay as they are under one SSRC")
    func oneSource() {
        var studio = Studio()
        let (a, b) = (studio.open(), studio.open())
        studio.graph.join(studio.nodes[a], studio.nodes[b])
        let order: [UInt16] = [65_530, 65_531, 65_533, 65_532, 65_535, 3]
        let sent: [Sent] = order.enumerated().flatMap { index, number in
            studio.send(
                rtp(number, timestamp: UInt32(number) &* 160), from: a, at: Int64(index) * 20)
        }
        #expect(sent.map(\.line) == Array(repeating: b, count: 6))
        let first: RTPHeader = sent[0].header
        #expect(sent.map { $0.header.sequenceNumber &- first.sequenceNumber } == [0, 1, 3, 2, 5, 9])
        #expect(Set(sent.map(\.header.ssrc)).count == 1 && first.ssrc != 7)
        #expect(
            sent.map { $0.header.timestamp &- first.timestamp }
                == order.map { UInt32($0) &* 160 &- UInt32(65_530) &* 160 })
        #expect(sent.map(\.header.marker) == [true, false, false, false, false, false])
    }

    @Test("a new source goes on where the old one ended, as after a pause of the same length, with the marker bit")
    func changeOfSource() {
        var studio = Studio()
        let (a, b, c) = (studio.open(), studio.open(), studio.open())
        studio.graph.join(studio.nodes[a], studio.nodes[b])
        _ = studio.send(rtp(10, timestamp: 1000), from: a, at: 0)
        let last: RTPHeader = studio.send(rtp(11, timestamp: 1160), from: a, at: 20)[0].header
        studio.graph.hear(studio.nodes[b], studio.nodes[c])
        #expect(studio.send(rtp(12, timestamp: 1320), from: a, at: 40) == [], "it is not heard any more")
        let next: [RTPHeader] = [(500, 77_000, 220), (501, 77_160, 240)].map { number, timestamp, time in
            studio.send(rtp(UInt16(number), timestamp: UInt32(timestamp), ssrc: 9), from: c, at: Int64(time))[0].header
        }
        #expect(next.map(\.sequenceNumber) == [last.sequenceNumber &+ 1, last.sequenceNumber &+ 2])
        #expect(next.map(\.timestamp) == [last.timestamp &+ 1600, last.timestamp &+ 1760])
        #expect(next.map(\.ssrc) == [last.ssrc, last.ssrc])
        #expect(next.map(\.marker) == [true, false])
    }

    @Test("a source that changes its SSRC is one stream to the listener all the same")
    func changeOfSSRC() {
        var studio = Studio()
        let (a, b) = (studio.open(), studio.open())
        studio.graph.join(studio.nodes[a], studio.nodes[b])
        let last: RTPHeader = studio.send(rtp(10, timestamp: 1000), from: a, at: 0)[0].header
        var next: [Sent] = []
        for step: UInt16 in 0..<4 {
            next += studio.send(
                rtp(200 + step, timestamp: UInt32(step) * 160, ssrc: 8), from: a, at: 200 + 20 * Int64(step))
        }
        #expect(next.map { $0.header.sequenceNumber &- last.sequenceNumber } == [1, 2])
        #expect(next.map { $0.header.timestamp &- last.timestamp } == [240 * 8, 260 * 8])
        #expect(next.allSatisfy { $0.header.ssrc == last.ssrc })
    }

    @Test("payload types are renumbered for the listener, and what it does not take is dropped and counted")
    func renumbering() {
        var studio = Studio()
        let a: Int = studio.open {
            $0.incoming = [
                Self.pcma, MediaFormat(payloadType: 101, .telephoneEvent(clockRate: 8000)),
                MediaFormat(payloadType: 97, .other("SPEEX/8000")),
            ]
        }
        let b: Int = studio.open {
            $0.outgoing = [
                MediaFormat(payloadType: 96, .telephoneEvent(clockRate: 8000)),
                MediaFormat(payloadType: 100, .audio(.pcma)),
            ]
        }
        studio.graph.join(studio.nodes[a], studio.nodes[b])
        let types: [UInt8] = [8, 101, 97, 13].enumerated().flatMap { index, type in
            studio.send(rtp(UInt16(index), timestamp: 0, type: UInt8(type)), from: a, at: Int64(index) * 20)
        }.map(\.header.payloadType)
        #expect(types == [100, 96])
        #expect(studio.graph.statistics(of: Studio.id(a))?.droppedPayloadType == 2)
    }

    @Test("several hear one source, each as its own stream")
    func severalListeners() {
        var studio = Studio()
        let (a, b, c) = (studio.open(), studio.open(), studio.open())
        studio.graph.hear(studio.nodes[b], studio.nodes[a])
        studio.graph.hear(studio.nodes[c], studio.nodes[a])
        let sent: [Sent] = studio.send(rtp(1, timestamp: 160), from: a, at: 0)
        #expect(Set(sent.map(\.line)) == [b, c])
        #expect(sent[0].header.ssrc != sent[1].header.ssrc && sent[0].payload == sent[1].payload)
        studio.graph.part(studio.nodes[b])
        #expect(studio.send(rtp(2, timestamp: 320), from: a, at: 20).map(\.line) == [c])
        _ = studio.graph.close(Studio.id(a), now: at(20))
        #expect(studio.graph.statistics(of: Studio.id(c))?.packetsSent == 2)
    }
}
