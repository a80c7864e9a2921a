internal import Basics
internal import ICE

/// Connectivity checks (RFC 8445 §2.5, lite): answered, and followed.
extension MediaGraph {
    /// Longer checks are none.
    private static let longest: Int = 1280

    /// Takes over with what the peer makes its checks; other credentials are a restart.
    mutating func useICE(_ node: EndpointPointer, now: Moment) {
        guard let plan = node.pointee.plan.ice, node.pointee.plan.carriesRTP else {
            return release(&node.pointee.ice)
        }
        if let agent = node.pointee.ice { return agent.pointee.use(plan, now: now) }
        let agent = UnsafeMutablePointer<ICELiteAgent>.allocate(capacity: 1)
        agent.initialize(to: ICELiteAgent(plan, now: now))
        node.pointee.ice = agent
    }

    /// Whether an authentic check came this way.
    func isPath(_ source: IPEndpoint, of node: EndpointPointer, isRTCP: Bool) -> Bool {
        node.pointee.ice?.pointee.isPath(source, component: isRTCP ? 2 : 1) ?? false
    }

    mutating func takeCheck(
        _ datagram: UnsafeRawBufferPointer, on node: EndpointPointer, isRTCP: Bool, from source: IPEndpoint, now: Moment
    ) {
        guard let agent = node.pointee.ice, datagram.count <= Self.longest else {
            return node.pointee.endpoint.refusedCheck()
        }
        let before: UInt64 = agent.pointee.counters.refused
        let effects: [ICEEffect] = agent.pointee.handle(
            Array(datagram), from: source, component: isRTCP ? 2 : 1, now: now)
        if agent.pointee.counters.refused != before { node.pointee.endpoint.refusedCheck() }
        perform(effects, of: node, isRTCP: isRTCP, now: now)
    }

    private mutating func perform(_ effects: [ICEEffect], of node: EndpointPointer, isRTCP: Bool, now: Moment) {
        for effect in effects {
            switch effect {
            case .send(let answer, let destination): send(answer, to: destination, from: node, isRTCP: isRTCP)
            case .selected(let remote, let component):
                node.pointee.endpoint.select(remote, component: component)
                node.pointee.aim()
                beginHandshakes(node, now: now)
                handshakes.time(node)
            case .consentExpired(let since):
                node.pointee.endpoint.consent(false)
                node.pointee.aim()
                if node.pointee.endpoint.plan.expectsMedia { facts.append(.silent(node.pointee.id, since: since)) }
            case .consentRenewed:
                node.pointee.endpoint.consent(true)
                node.pointee.aim()
            }
        }
    }

    /// A peer that neither checks nor says anything any more wants nothing (RFC 7675 §5.1). Agents of before that rule make no
    /// checks once a path is found; their media shows that they are there.
    mutating func watchConsent(_ node: EndpointPointer, now: Moment) {
        guard let agent = node.pointee.ice, let deadline = agent.pointee.nextDeadline, now >= deadline,
            now.since(node.pointee.endpoint.heardAt) >= ICESettings.standard.consentLimit
        else { return }
        perform(agent.pointee.deadlineReached(now: now), of: node, isRTCP: false, now: now)
    }
}
