import Basics
import CForward
import MediaSession

/// What the kernel forwards of one line. Plain memory, without references.
struct ForwardedLine {
    let flow: ForwardedFlow
    /// Where its packets come to.
    let local: cforward_place
    let slot: UInt32
    /// By which its packets leave.
    let interface: UInt32
    /// When its way is looked at again, in nanoseconds.
    var checkAt: Int64
    /// Records of the journal read so far.
    var read: UInt32 = 0
}

/// Streams that the kernel forwards: which, and what it did.
///
/// The graph stays the owner of everything: the kernel works by offsets the graph chose, and leaves a record of each packet that is told to
/// the graph as if the packet had come through it. A flow is taken back before anything that may change it; it goes to the kernel again when
/// all endpoints are looked at the next time.
extension PacketLoop {
    static let retryInterval: Int64 = 5_000_000_000

    // MARK: What it did

    /// Tells the graph what was forwarded since the last time.
    mutating func readJournal(of line: UnsafeMutablePointer<Line>) {
        guard let kernel, var forwarded = line.pointee.forwarded, let node = line.pointee.node else { return }
        var packet = cforward_packet()
        var count = 0
        while cforward_next(kernel.handle, forwarded.slot, &forwarded.read, &packet) != 0 {
            count += 1
            let arrival = Moment(nanoseconds: Int64(clamping: packet.time) &- kernelAhead)
            graph.forwarded(
                ForwardedPacket(
                    sequenceNumber: packet.sequence, timestamp: packet.timestamp, type: packet.type,
                    count: Int(packet.length), arrival: min(arrival, now)),
                of: forwarded.flow, on: node)
        }
        guard count > 0 else { return }
        cforward_release(kernel.handle, forwarded.slot, forwarded.read)
        line.pointee.forwarded = forwarded
        kernel.count(packets: count)
    }

    mutating func readJournals() {
        for index in forwardedLines { readJournal(of: lines + index) }
    }

    // MARK: Which

    /// Lets the kernel forward what it may, and takes back what it may no more.
    mutating func settleForwarding() {
        var changed: [EndpointPointer] = []
        let time: Int64 = now.nanoseconds
        graph.forEachEndpoint { node in
            let line: UnsafeMutablePointer<Line> = lines + node.pointee.line
            let flow: ForwardedFlow? = graph.forwardedFlow(of: node)
            if let forwarded = line.pointee.forwarded {
                if flow != forwarded.flow || time >= forwarded.checkAt && !isOnItsWay(node, forwarded) {
                    changed.append(node)
                }
            } else if flow != nil, time >= line.pointee.nextForwarding {
                changed.append(node)
            }
        }
        for node in changed {
            takeBack(node)
            let line: UnsafeMutablePointer<Line> = lines + node.pointee.line
            // What came before goes first.
            let data: UInt64 = UInt64(UInt32(bitPattern: line.pointee.rtpSocket)) << 32 | UInt64(node.pointee.line) << 1
            var patience: Int = 64
            while patience > 0, receive(data) { patience -= 1 }
            if let flow = graph.forwardedFlow(of: node) { put(flow, of: node) }
        }
    }

    /// Whether the kernel would take the same way today.
    private func isOnItsWay(_ node: EndpointPointer, _ forwarded: ForwardedLine) -> Bool {
        lines[node.pointee.line].forwarded?.checkAt = now.nanoseconds + Self.retryInterval
        return request(forwarded.flow, of: node)?.interface == forwarded.interface
    }

    private mutating func put(_ flow: ForwardedFlow, of node: EndpointPointer) {
        guard let kernel else { return }
        let line: UnsafeMutablePointer<Line> = lines + node.pointee.line
        line.pointee.nextForwarding = now.nanoseconds + Self.retryInterval
        guard var request = request(flow, of: node), let slot = kernel.takeSlot(now: now) else { return }
        request.slot = slot
        let result: Int32 = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 128) { types in
            guard let start = types.baseAddress else { return -1 }
            graph.writePayloadTypes(of: node, to: start)
            request.types = UnsafePointer(start)
            return cforward_put(kernel.handle, &request)
        }
        guard result == 0 else { return kernel.giveBack(slot, now: now) }
        line.pointee.forwarded = ForwardedLine(
            flow: flow, local: request.local, slot: slot, interface: request.interface,
            checkAt: now.nanoseconds + Self.retryInterval)
        line.pointee.nextForwarding = 0
        forwardedLines.append(node.pointee.line)
    }

    /// A flow as the kernel takes it; nil where it cannot: other families, or a way within the machine.
    private func request(_ flow: ForwardedFlow, of node: EndpointPointer) -> cforward_flow? {
        guard flow.source.address.isV4 == flow.destination.address.isV4,
            let (local, _) = local(node.pointee.ports, towards: flow.source),
            let other = lines[flow.line].node,
            let (from, interface) = self.local(other.pointee.ports, towards: flow.destination)
        else { return nil }
        var request = cforward_flow()
        request.local = cforward_place(local)
        request.source = cforward_place(flow.source)
        request.from = cforward_place(from)
        request.to = cforward_place(flow.destination)
        (request.source_ssrc, request.ssrc) = (flow.sourceSSRC, flow.ssrc)
        (request.sequence_offset, request.timestamp_offset) = (flow.sequenceOffset, flow.timestampOffset)
        request.interface = interface
        let dscp: UInt8? = settings.interfaces.first { $0.id == other.pointee.ports.interface }?.dscp
        request.traffic_class = (dscp ?? 0) << 2
        return request
    }

    /// The address of a pair of ports that packets from and to a peer have, and the interface they take.
    private func local(_ ports: MediaPorts, towards peer: IPEndpoint) -> (IPEndpoint, UInt32)? {
        guard let bound = settings.interfaces.first(where: { $0.id == ports.interface })?.bindAddress else {
            return nil
        }
        var place = cforward_place(peer)
        var route = cforward_route()
        // Of link-local addresses every interface has some.
        guard place.is_v6 == 0 || place.high >> 54 != 0x3FA else { return nil }
        guard cforward_route(&place, &route) == 0, route.is_local == 0 else { return nil }
        let source = address(route.source)
        let address: IPAddress = bound.isUnspecified ? source : bound
        guard !address.isUnspecified, !address.isLoopback, address.isV4 == peer.address.isV4 else { return nil }
        return (IPEndpoint(address, ports.rtp), route.interface)
    }

    private func address(_ place: cforward_place) -> IPAddress {
        place.is_v6 == 0 ? IPAddress(v4: UInt32(truncatingIfNeeded: place.low)) : IPAddress(v6: place.high, place.low)
    }

    /// Ends what the kernel forwards of an endpoint; when this returns, the graph knows of every packet.
    mutating func takeBack(_ node: EndpointPointer) {
        let line: UnsafeMutablePointer<Line> = lines + node.pointee.line
        guard let kernel, let forwarded = line.pointee.forwarded else { return }
        var local: cforward_place = forwarded.local
        cforward_end(kernel.handle, &local, forwarded.slot)
        readJournal(of: line)
        line.pointee.forwarded = nil
        kernel.giveBack(forwarded.slot, now: now)
        let number: Int = node.pointee.line
        if let place = forwardedLines.firstIndex(of: number) { forwardedLines.remove(at: place) }
    }

    // MARK: What ends it

    /// A packet of an endpoint came up: where that changed what is forwarded from it or to it, the kernel stops.
    mutating func review(_ node: EndpointPointer) {
        guard !forwardedLines.isEmpty else { return }
        reviewOne(node)
        if let heard = node.pointee.heardEndpoint { reviewOne(heard) }
    }

    private mutating func reviewOne(_ node: EndpointPointer) {
        guard let forwarded = lines[node.pointee.line].forwarded else { return }
        if graph.forwardedFlow(of: node) != forwarded.flow { takeBack(node) }
    }

    /// A command may change anything about the endpoints it names: what is forwarded from them and to them is taken back before.
    mutating func prepare(for command: ThreadCommand) {
        guard !forwardedLines.isEmpty else { return }
        switch command {
        case .media(let media):
            let (one, other): (MediaEndpointID?, MediaEndpointID?) = media.endpoints
            for id in [one, other] { if let id, let node = graph.node(id) { takeBackAll(node) } }
        case .statistics(let id, _): if let node = graph.node(id) { readJournal(of: lines + node.pointee.line) }
        case .give(let call, _):
            for id in graph.endpointIDs where id.leg.call == call {
                if let node = graph.node(id) { takeBackAll(node) }
            }
        case .release, .supply, .recorded, .await, .take: break
        }
    }

    mutating func takeBackAll(_ node: EndpointPointer) {
        takeBack(node)
        if let heard = node.pointee.heardEndpoint { takeBack(heard) }
    }
}

extension MediaCommand {
    /// Those whose streams it may change.
    fileprivate var endpoints: (MediaEndpointID?, MediaEndpointID?) {
        switch self {
        case .set(let plan): (plan.id, nil)
        case .join(let one, let other): (one, other)
        case .hear(let one, .endpoint(let other)): (one, other)
        case .unjoin(let id), .close(let id), .hear(let id, _), .leave(_, let id), .press(let id, _, _): (id, nil)
        case .record(let plan): (plan.endpoint, nil)
        case .enter(_, let member): (member.endpoint, nil)
        case .play, .stopPlaying, .stopRecording, .openRoom, .closeRoom: (nil, nil)
        }
    }
}
