public import Basics
internal import STUN

/// A lite agent (RFC 8445 §2.5): answers the peer's checks on one stream, follows its nominations, and watches its consent (RFC 7675).
/// It sends no checks of its own and is always the controlled one.
public struct ICELiteAgent: Sendable {
    /// A way that a check came.
    fileprivate struct Path {
        var remote: IPEndpoint
        var component: UInt8
        /// Of the peer's candidate, by its last check (RFC 8445 §7.1.1).
        var priority: UInt32
        var lastCheckAt: Moment
        var lastNomination: [UInt8]?
        /// Since the selected path of the component was nominated last.
        var nominations: Int = 0
    }
    /// What was valid before a restart; its path carries media until the peer nominates a new one (RFC 8445 §9).
    fileprivate struct Generation {
        var ufrag: String
        var password: [UInt8]
        var paths: [Path] = []
        /// By component.
        var selected: [UInt8: IPEndpoint] = [:]

        init(_ plan: ICEPlan) { (ufrag, password) = (plan.localUfrag, Array(plan.localPassword.utf8)) }
    }

    /// A phone has a handful of addresses, and each of ours two families.
    private static let mostPaths: Int = 32
    private static let known: Set<UInt16> = [
        STUNMessage.Attribute.username, STUNMessage.Attribute.messageIntegrity, STUNMessage.Attribute.priority,
        STUNMessage.Attribute.useCandidate, STUNMessage.Attribute.messageIntegritySHA256,
    ]

    private let settings: ICESettings
    private var current: Generation
    private var previous: Generation?
    private var remoteIsLite: Bool
    private var lastCheckAt: Moment
    private var isConsentExpired = false
    /// What may still be looked at in this second: from where authentic checks came, and from elsewhere, so that a flood of strangers
    /// does not end the consent of a peer.
    private var knownBudget: Int
    private var strangerBudget: Int
    private var budgetSince: Moment
    public private(set) var counters = ICECounters()

    public init(_ plan: ICEPlan, settings: ICESettings = .standard, now: Moment) {
        self.settings = settings
        current = Generation(plan)
        remoteIsLite = plan.remoteIsLite
        lastCheckAt = now
        (knownBudget, strangerBudget) = (settings.requestsPerSecond, settings.requestsPerSecond)
        budgetSince = now
    }

    /// Where media of a component goes: what the peer nominated last; nil while it nominated nothing.
    public func selected(component: UInt8 = 1) -> IPEndpoint? {
        current.selected[component] ?? previous?.selected[component]
    }

    /// Whether an authentic check came this way, by the credentials of now or of before a restart: media may come so too, before and
    /// without a nomination (RFC 8445 §12.2).
    public func isPath(_ source: IPEndpoint, component: UInt8 = 1) -> Bool {
        current.paths.contains { $0.remote == source && $0.component == component }
            || previous?.paths.contains { $0.remote == source && $0.component == component } ?? false
    }

    /// Takes the plan of a new description. Another `localUfrag` or password is a restart: checks by the old credentials are answered, and
    /// the old path is good, until one is nominated by the new.
    public mutating func use(_ plan: ICEPlan, now: Moment) {
        remoteIsLite = plan.remoteIsLite
        guard plan.localUfrag != current.ufrag || Array(plan.localPassword.utf8) != current.password else { return }
        // A restart in a restart: the path in use is still that of the generation before, unless the last one got its own.
        if !current.selected.isEmpty || previous == nil { previous = current }
        current = Generation(plan)
        lastCheckAt = now
    }

    /// When to call ``deadlineReached(now:)``; nil where nothing is waited for.
    public var nextDeadline: Moment? {
        isConsentExpired || remoteIsLite ? nil : lastCheckAt.advanced(by: settings.consentLimit)
    }

    public mutating func deadlineReached(now: Moment) -> [ICEEffect] {
        guard let deadline = nextDeadline, now >= deadline else { return [] }
        isConsentExpired = true
        return [.consentExpired(since: lastCheckAt)]
    }

    /// Takes a datagram that is STUN by its first byte.
    /// - Parameter component: 1 for the port of RTP, 2 for one of RTCP alone.
    public mutating func handle(_ datagram: [UInt8], from source: IPEndpoint, component: UInt8 = 1, now: Moment)
        -> [ICEEffect]
    {
        guard spend(source, now: now) else {
            counters.flooded &+= 1
            return []
        }
        guard let request = try? STUNMessage(datagram) else {
            counters.malformed &+= 1
            return []
        }
        guard request.class == .request, request.method == STUNMessage.binding else {
            counters.ignored &+= 1
            // How agents of RFC 5245 keep a path alive (§10): nothing is proved by it, and nothing but their consent hangs on it.
            return request.class == .indication && isKnown(source) ? noteAlive(now: now) : []
        }
        let user: [UInt8]? = request.attribute(STUNMessage.Attribute.username)?.value
        guard let user, request.attribute(STUNMessage.Attribute.messageIntegrity) != nil else {
            counters.badRequests &+= 1
            return [.send(request.refusal(.badRequest).wire(withFingerprint: true), to: source)]
        }
        let isOld: Bool = !isUser(user, of: current)
        guard let generation = isOld ? previous : current, isUser(user, of: generation),
            request.isSigned(with: generation.password, in: datagram)
        else {
            counters.unauthenticated &+= 1
            return [.send(request.refusal(.unauthenticated).wire(withFingerprint: true), to: source)]
        }
        return check(request, source, component, key: generation.password, isOld: isOld, now: now)
    }

    /// `ours:theirs` (RFC 8445 §7.3): what stands before the colon counts.
    private func isUser(_ user: [UInt8], of generation: Generation) -> Bool {
        let name = generation.ufrag.utf8
        return user.count > name.count && user[name.count] == UInt8(ascii: ":") && user.starts(with: name)
    }

    /// An authentic request.
    private mutating func check(
        _ request: STUNMessage, _ source: IPEndpoint, _ component: UInt8, key: [UInt8], isOld: Bool, now: Moment
    ) -> [ICEEffect] {
        func refused(_ error: STUNError, _ unknown: [UInt16] = []) -> [ICEEffect] {
            [.send(request.refusal(error, unknown: unknown).wire(signedWith: key), to: source)]
        }
        let unknown: [UInt16] = request.unknownAttributes(besides: Self.known)
        guard unknown.isEmpty else {
            counters.unknownAttributes &+= 1
            return refused(.unknownAttribute, unknown)
        }
        // A lite agent cannot take the other part (RFC 8445 §7.3.1.1).
        guard request.attribute(STUNMessage.Attribute.iceControlled) == nil else {
            counters.roleConflicts &+= 1
            return refused(.roleConflict)
        }
        var effects: [ICEEffect] = [.send(request.success(from: source).wire(signedWith: key), to: source)]
        counters.answered &+= 1
        effects += noteAlive(now: now)
        let before: IPEndpoint? = selected(component: component)
        note(request, source, component, isOld: isOld, now: now)
        if let after = selected(component: component), after != before {
            effects.append(.selected(after, component: component))
        }
        return effects
    }

    private mutating func noteAlive(now: Moment) -> [ICEEffect] {
        lastCheckAt = now
        guard isConsentExpired else { return [] }
        isConsentExpired = false
        return [.consentRenewed]
    }

    private func isKnown(_ source: IPEndpoint) -> Bool {
        current.paths.contains { $0.remote == source } || previous?.paths.contains { $0.remote == source } ?? false
    }

    private mutating func spend(_ source: IPEndpoint, now: Moment) -> Bool {
        if now.since(budgetSince) >= .seconds(1) {
            (knownBudget, strangerBudget) = (settings.requestsPerSecond, settings.requestsPerSecond)
            budgetSince = now
        }
        let isFamiliar: Bool = isKnown(source)
        if isFamiliar { knownBudget -= 1 } else { strangerBudget -= 1 }
        return (isFamiliar ? knownBudget : strangerBudget) >= 0
    }

    private mutating func note(
        _ request: STUNMessage, _ source: IPEndpoint, _ component: UInt8, isOld: Bool, now: Moment
    ) {
        if isOld {
            if previous?.note(request, source, component, now: now, most: Self.mostPaths) == false {
                counters.tooManyPaths &+= 1
            }
            return
        }
        if !current.note(request, source, component, now: now, most: Self.mostPaths) { counters.tooManyPaths &+= 1 }
        // The new generation stands in for the old one as soon as it has a path for all that the old one had.
        if let old = previous, old.selected.keys.allSatisfy({ current.selected[$0] != nil }), !current.selected.isEmpty
        {
            previous = nil
        }
    }
}

extension ICELiteAgent.Generation {
    /// Notes an authentic check, and selects its path if it is nominated and no better one is.
    ///
    /// A peer of RFC 8445 nominates once. One of RFC 5245 may nominate each pair that works, of which the highest priority counts
    /// (§8.1.1.2 there); and browsers nominate anew when their network changes, to a lower priority too. So a path is
    /// selected when its priority is higher, or when it is nominated twice while the selected one no longer is.
    /// - Returns: false where there is no room for another path.
    mutating func note(
        _ request: STUNMessage, _ source: IPEndpoint, _ component: UInt8, now: Moment, most: Int
    ) -> Bool {
        let priority: UInt32 = request.attribute(STUNMessage.Attribute.priority)?.number32 ?? 0
        var index: Int? = paths.firstIndex { $0.remote == source && $0.component == component }
        if index == nil {
            guard paths.count < most || makeRoom() else { return false }
            paths.append(
                ICELiteAgent.Path(remote: source, component: component, priority: priority, lastCheckAt: now))
            index = paths.count - 1
        }
        guard let index else { return false }
        paths[index].lastCheckAt = now
        paths[index].priority = priority
        guard request.attribute(STUNMessage.Attribute.useCandidate) != nil,
            paths[index].lastNomination != request.transaction
        else { return true }
        paths[index].lastNomination = request.transaction
        paths[index].nominations += 1
        guard let chosen = selected[component], chosen != source else {
            select(index)
            return true
        }
        let chosenPriority: UInt32 =
            paths.first { $0.remote == chosen && $0.component == component }?.priority ?? 0
        if priority > chosenPriority || paths[index].nominations > 1 { select(index) }
        return true
    }

    private mutating func select(_ index: Int) {
        let component: UInt8 = paths[index].component
        selected[component] = paths[index].remote
        for other in paths.indices where paths[other].component == component { paths[other].nominations = 0 }
    }

    /// Forgets the path unused for longest that is not selected.
    private mutating func makeRoom() -> Bool {
        let spare: [Int] = paths.indices.filter { selected[paths[$0].component] != paths[$0].remote }
        guard let oldest = spare.min(by: { paths[$0].lastCheckAt < paths[$1].lastCheckAt }) else { return false }
        paths.remove(at: oldest)
        return true
    }
}
