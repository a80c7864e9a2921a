import Basics
import DTLS
import ICE
import MediaSession
import SRTP

private let certificate = try? DTLSCertificate(now: WallTime(secondsSinceEpoch: 1_795_262_400))
private let peer = IPEndpoint(IPAddress(v4: 0xC000_0201), 4000)
private let stranger = IPEndpoint(IPAddress(v4: 0xC000_0209), 4000)
nonisolated(unsafe) private let room = UnsafeMutableRawPointer.allocate(
    byteCount: 65_536 + MediaGraph.tailroom, alignment: 16)

/// Any datagrams at the ports of an endpoint that agrees keys by DTLS, with checks or without, in either part. The first byte of the input
/// chooses the plan; then each datagram has a byte that says from whom and to which port, two of length, and its bytes. As no keys can come
/// of it, nothing but answers to checks and handshakes may leave, whatever the other leg says meanwhile.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMediaPorts(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 3, let certificate else { return 0 }
    let bytes = UnsafeBufferPointer(start: start, count: count)
    var graph = MediaGraph(certificate: certificate, random: AnyRandom(SeededRandom(seed: 1)))
    let call = CallID(epoch: 1, shard: ShardID(0), number: 1)
    let nodes: [EndpointPointer] = [UInt16(0), 1].map { index in
        var plan = MediaEndpointPlan(
            id: MediaEndpointID(leg: LegID(call: call, index: index), stream: 0),
            ports: MediaPorts(interface: MediaInterfaceID(0), rtp: 10_000 + 2 * index))
        (plan.remoteRTP, plan.remoteRTCP, plan.expectsMedia) = (peer, peer, true)
        guard index == 0 else { return graph.open(plan, line: 1, now: .zero) }
        plan.rtcpMux = bytes[0] & 1 != 0
        if bytes[0] & 2 != 0 {
            plan.ice = ICEPlan(
                localUfrag: "evtj", localPassword: "VOkJxbRl1RmTxUk/WvJxBt", remoteUfrag: "h6vY", remotePassword: "x")
        }
        plan.security = .dtls(
            DTLSPlan(role: bytes[0] & 4 != 0 ? .client : .server, fingerprints: [certificate.fingerprint]))
        return graph.open(plan, line: 0, now: .zero)
    }
    graph.join(nodes[0], nodes[1])
    var now: Moment = .zero
    var place: Int = 1
    while place + 3 <= count {
        let (kind, length) = (bytes[place], Int(bytes[place + 1]) << 8 | Int(bytes[place + 2]))
        let end: Int = min(place + 3 + length, count)
        room.copyMemory(from: start + place + 3, byteCount: end - place - 3)
        graph.receive(
            room, count: end - place - 3, on: nodes[kind & 4 != 0 ? 1 : 0], isRTCP: kind & 1 != 0,
            from: kind & 2 != 0 ? stranger : peer, now: now)
        check(&graph, nodes[0])
        if kind & 8 != 0 { now = now.advanced(by: .milliseconds(Int64(kind >> 4) * 100)) }
        for _ in 0..<4 {
            guard let due = graph.nextTick, due <= now else { break }
            graph.tick(now: now)
            check(&graph, nodes[0])
        }
        place = end
    }
    return 0
}

private func check(_ graph: inout MediaGraph, _ secure: EndpointPointer) {
    for index in 0..<graph.outbox.count {
        let packet: Outbox.Packet = graph.outbox[index]
        guard packet.node == secure else { continue }
        let first: UInt8 = packet.bytes.load(as: UInt8.self)
        guard packet.destination != nil,
            DatagramKind(firstByte: first) == .stun || DatagramKind(firstByte: first) == .dtls
        else { fatalError("media leaves without keys") }
    }
    graph.outbox.clear()
}
