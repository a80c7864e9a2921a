public import Basics
internal import DTLS
internal import ICE

/// Keys agreed on the ports of the media itself (RFC 5763, RFC 5764).
extension MediaGraph {
    /// No handshake is longer.
    private static let longest: Int = 2048

    /// Tells what a datagram is by its first byte, and takes it where it is no media (RFC 7983 §7).
    /// - Returns: whether it is RTP or RTCP from somebody who may send it.
    mutating func isMedia(
        _ bytes: UnsafeMutableRawPointer, _ count: Int, on node: EndpointPointer, isRTCP: Bool, from source: IPEndpoint,
        now: Moment
    ) -> Bool {
        guard count > 0 else { return false }
        let datagram = UnsafeRawBufferPointer(start: bytes, count: count)
        switch DatagramKind(firstByte: datagram[0]) {
        case .stun: takeCheck(datagram, on: node, isRTCP: isRTCP, from: source, now: now)
        case .dtls: takeHandshake(datagram, on: node, isRTCP: isRTCP, from: source, now: now)
        case .zrtp, .turnChannel, .unknown: _ = node.pointee.endpoint.dropMalformed()
        case .rtp:
            guard node.pointee.endpoint.plan.usesICE else { return true }
            let pinned: IPEndpoint? = isRTCP ? node.pointee.endpoint.pinnedRTCP : node.pointee.endpoint.pinned
            if source == pinned || isPath(source, of: node, isRTCP: isRTCP) { return true }
            _ = node.pointee.endpoint.dropWrongSource(source)
        }
        return false
    }

    /// The plan wants keys by DTLS: sees to it that they come about.
    mutating func agreeKeys(_ node: EndpointPointer, _ plan: DTLSPlan, isRenewed: Bool, now: Moment) {
        guard let certificate else { return cannotSecure(node, "no certificate for DTLS could be made here") }
        guard plan.fingerprints.contains(where: \.isUsable) else {
            return cannotSecure(node, DTLSFailure.noUsableFingerprint.description)
        }
        // Keys of a description are not those of a handshake.
        if node.pointee.dtls == nil { node.pointee.forgetKeys() }
        let asksForCookies: Bool = !node.pointee.endpoint.plan.usesICE
        for isRTCP in [false, true] {
            if isRTCP, !node.pointee.splitsKeys {
                release(&node.pointee.rtcpDTLS)
                release(&node.pointee.rtcpKeys)
                continue
            }
            if let port = port(of: node, isRTCP: isRTCP) {
                port.pointee.update(plan, asksForCookies: asksForCookies, isRenewed: isRenewed, now: now)
                continue
            }
            let port = UnsafeMutablePointer<DTLSPort>.allocate(capacity: 1)
            port.initialize(
                to: DTLSPort(
                    certificate, plan, dtlsSettings, asksForCookies: asksForCookies, isRTCP: isRTCP, now: now))
            if isRTCP { node.pointee.rtcpDTLS = port } else { node.pointee.dtls = port }
        }
        node.pointee.isInsecurityTold = false
        beginHandshakes(node, now: now)
    }

    /// Sends the ClientHellos that are ours to send, where it is known where to.
    mutating func beginHandshakes(_ node: EndpointPointer, now: Moment) {
        for isRTCP in [false, true] {
            guard let port = port(of: node, isRTCP: isRTCP), aim(of: node, isRTCP: isRTCP) != nil else { continue }
            let outcome: DTLSPort.Outcome = port.pointee.begin(now: now)
            settle(outcome, of: node, port, to: nil, now: now)
        }
    }

    /// A datagram of DTLS came: it waits for its turn.
    private mutating func takeHandshake(
        _ datagram: UnsafeRawBufferPointer, on node: EndpointPointer, isRTCP: Bool, from source: IPEndpoint, now: Moment
    ) {
        guard let port = port(of: node, isRTCP: isRTCP), datagram.count <= Self.longest,
            port.pointee.admits(
                datagram, from: source, mayBegin: mayHandshake(source, node, isRTCP: isRTCP, now: now), now: now),
            handshakes.add(
                HandshakeQueue.Item(
                    node: node, isRTCP: isRTCP, datagram: Array(datagram), source: source, arrivedAt: now))
        else { return node.pointee.endpoint.refusedHandshake() }
    }

    private func mayHandshake(_ source: IPEndpoint, _ node: EndpointPointer, isRTCP: Bool, now: Moment) -> Bool {
        node.pointee.endpoint.plan.usesICE
            ? isPath(source, of: node, isRTCP: isRTCP)
            : node.pointee.endpoint.mayHandshake(source, onRTCPPort: isRTCP, now: now)
    }

    /// Works on one datagram, and on the deadlines that are over.
    mutating func workOnHandshakes(now: Moment) {
        for node in handshakes.due(now: now) {
            for isRTCP in [false, true] {
                guard let port = port(of: node, isRTCP: isRTCP) else { continue }
                let outcome: DTLSPort.Outcome = port.pointee.deadlineReached(now: now)
                settle(outcome, of: node, port, to: nil, now: now)
            }
            handshakes.time(node)
        }
        guard let item = handshakes.next(), let port = port(of: item.node, isRTCP: item.isRTCP) else { return }
        let outcome: DTLSPort.Outcome = port.pointee.take(item.datagram, from: item.source, now: now)
        settle(outcome, of: item.node, port, to: item.source, now: now)
        handshakes.time(item.node)
    }

    /// Sends what is to be sent, and takes over what came of it.
    private mutating func settle(
        _ outcome: DTLSPort.Outcome, of node: EndpointPointer, _ port: UnsafeMutablePointer<DTLSPort>,
        to source: IPEndpoint?, now: Moment
    ) {
        send(port, of: node, to: source)
        let isRTCP: Bool = port.pointee.isRTCP
        switch outcome {
        case .nothing: break
        case .agreed(let keys):
            use(keys.local, [keys.remote], of: node, onRTCPPort: isRTCP)
            node.pointee.isInsecurityTold = false
            if !isRTCP { facts.append(.secured(node.pointee.id)) }
        case .failed(let failure):
            // A second handshake that comes to nothing leaves the first one's keys as they are.
            guard !port.pointee.isSettled else { break }
            if isRTCP {
                release(&node.pointee.rtcpKeys)
            } else {
                release(&node.pointee.keys)
                tellInsecure(node, failure.description)
            }
        case .ended:
            if !isRTCP { tellInsecure(node, "the peer ended its DTLS association") }
        }
    }

    private mutating func tellInsecure(_ node: EndpointPointer, _ why: String) {
        node.pointee.isInsecurityTold = true
        facts.append(.insecure(node.pointee.id, why))
    }

    private mutating func cannotSecure(_ node: EndpointPointer, _ why: String) {
        node.pointee.forgetKeys()
        node.pointee.forgetHandshakes()
        tellInsecure(node, why)
    }

    /// Tells of keys that do not come, and of a peer that is gone.
    mutating func watchPeer(_ node: EndpointPointer, now: Moment) {
        watchConsent(node, now: now)
        guard let port = node.pointee.dtls, node.pointee.keys == nil, !node.pointee.isInsecurityTold,
            node.pointee.endpoint.plan.expectsMedia, !port.pointee.isBusy,
            now.since(node.pointee.endpoint.expectedSince) >= dtlsSettings.patience
        else { return }
        let seconds: Int64 = dtlsSettings.patience.wholeSeconds
        tellInsecure(
            node,
            node.pointee.endpoint.plan.usesICE && node.pointee.endpoint.selectedRTP == nil
                ? "the peer nominated no path (ICE) within \(seconds) s, so that no keys can be agreed"
                : "the peer began no DTLS handshake within \(seconds) s")
    }

    /// To be sent before an endpoint closes: a farewell to the peers of its associations (RFC 5246 §7.2.1).
    public mutating func bidFarewell(_ id: MediaEndpointID) {
        guard let node = nodes[id] else { return }
        for isRTCP in [false, true] {
            guard let port = port(of: node, isRTCP: isRTCP) else { continue }
            port.pointee.close()
            send(port, of: node, to: nil)
        }
    }

    // MARK: Where datagrams go

    func port(of node: EndpointPointer, isRTCP: Bool) -> UnsafeMutablePointer<DTLSPort>? {
        isRTCP ? node.pointee.rtcpDTLS : node.pointee.dtls
    }

    /// Where the peer of a handshake is that has not answered yet.
    private func aim(of node: EndpointPointer, isRTCP: Bool) -> IPEndpoint? {
        isRTCP ? node.pointee.endpoint.rtcpDestination : node.pointee.endpoint.rtpDestination
    }

    /// - Parameter source: whom it answers; nil where nobody asked.
    private mutating func send(
        _ port: UnsafeMutablePointer<DTLSPort>, of node: EndpointPointer, to source: IPEndpoint?
    ) {
        let datagrams: [[UInt8]] = port.pointee.takeOutgoing()
        guard !datagrams.isEmpty else { return }
        let isRTCP: Bool = port.pointee.isRTCP
        let known: IPEndpoint? = port.pointee.peer ?? aim(of: node, isRTCP: isRTCP)
        let path: IPEndpoint? = node.pointee.endpoint.plan.usesICE ? aim(of: node, isRTCP: isRTCP) : nil
        guard let destination = source ?? path ?? known else { return }
        for datagram in datagrams { send(datagram, to: destination, from: node, isRTCP: isRTCP) }
    }

    /// Sends what is neither RTP nor RTCP from one of the endpoint's sockets.
    mutating func send(_ datagram: [UInt8], to destination: IPEndpoint, from node: EndpointPointer, isRTCP: Bool) {
        guard let room = outbox.reserve(datagram.count) else { return }
        UnsafeMutableRawBufferPointer(start: room, count: datagram.count).copyBytes(from: datagram)
        outbox.append(node, isRTCP ? .rtcp : .rtp, room, datagram.count, to: destination)
    }
}
