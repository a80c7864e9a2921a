public import Basics
public import SIPTransaction

/// Locates SIP servers by RFC 3263: a pure function of what DNS said so far.
///
/// Asked again with more answers until it is done, it never waits itself, and never asks the same question twice.
public struct LocationSearch: Sendable {
    /// What the server is able and willing to use.
    public struct Policy: Hashable, Sendable {
        /// Best first; used where the target leaves the choice to us.
        public var transports: [SIPTransportKind] = [.udp, .tcp, .tls]
        /// Best first.
        public var families: [IPAddress.Family] = [.v4]
        /// Places kept of a longer list.
        public var candidates = 16
        public init() {}
    }

    public enum Step: Hashable, Sendable {
        case ask([DNSQuestion])
        case done(LocationPlan)
        case impossible(LocationError)
    }

    /// A place whose name still needs its addresses.
    private struct Place {
        var transport: SIPTransportKind
        var host: String
        var port: UInt16
    }

    private enum Found<Value> { case ask([DNSQuestion]), known(Value), failed }

    let query: LocationQuery
    let policy: Policy

    public init(_ query: LocationQuery, policy: Policy) { (self.query, self.policy) = (query, policy) }

    /// - Parameters:
    ///   - random: spreads SRV targets of one priority by their weights; drawn from only in the last step.
    ///   - answers: what is known; nil for a question not yet asked.
    public func step(random: inout AnyRandom, answers: (DNSQuestion) -> DNSAnswer?) -> Step {
        if let explicit = query.explicitTransport, !policy.transports.contains(explicit) {
            return .impossible(.unsupportedTransport)
        }
        if let address = IPAddress(query.host) { return numeric(address) }
        let places: [Place]
        switch findPlaces(&random, answers) {
        case .ask(let questions): return .ask(questions)
        case .failed: return .impossible(.noAnswer)
        case .known(let found): places = found
        }
        return resolve(places, answers)
    }

    /// RFC 3263 §4.1 and §4.2: an address needs no DNS.
    private func numeric(_ address: IPAddress) -> Step {
        let transport = query.explicitTransport ?? query.defaultTransport
        guard policy.transports.contains(transport) else { return .impossible(.unsupportedTransport) }
        let endpoint = IPEndpoint(address, query.port ?? transport.defaultPort)
        return .done(LocationPlan(candidates: [candidate(transport, endpoint)], foundByDNS: false))
    }

    private func candidate(_ transport: SIPTransportKind, _ endpoint: IPEndpoint) -> LocationCandidate {
        LocationCandidate(
            transport: transport, endpoint: endpoint, serverName: transport.isSecure ? query.host.lowercased() : nil)
    }

    // MARK: Transports and ports (RFC 3263 §4.1, §4.2)

    private func findPlaces(_ random: inout AnyRandom, _ answers: (DNSQuestion) -> DNSAnswer?) -> Found<[Place]> {
        let transport = query.explicitTransport
        if let port = query.port {
            let used = transport ?? query.defaultTransport
            return .known(
                policy.transports.contains(used) ? [Place(transport: used, host: query.host, port: port)] : [])
        }
        if let transport {
            return services([(LocationSearch.serviceName(transport, query.host), transport)], &random, answers)
        }
        let question = DNSQuestion(query.host, .naptr)
        guard let answer = answers(question) else { return .ask([question]) }
        var pointed: [(String, SIPTransportKind)] = []
        if case .records(let records) = answer { pointed = services(namedBy: records) }
        if !pointed.isEmpty { return services(pointed, &random, answers) }
        // Without NAPTR, or when nobody answers that question, SRV of every transport of ours is asked for.
        let own = policy.transports.filter { ($0.isSecure || !query.isSecure) && $0 != .ws && $0 != .wss }
        return services(own.map { (LocationSearch.serviceName($0, query.host), $0) }, &random, answers)
    }

    /// The services that NAPTR records name, in their order, as far as we speak them (RFC 3263 §4.1).
    private func services(namedBy records: [DNSRecord]) -> [(String, SIPTransportKind)] {
        var naptr: [NAPTRRecord] = []
        for case .naptr(let record) in records where record.flags == "s" && !record.replacement.isEmpty {
            naptr.append(record)
        }
        naptr.sort { ($0.order, $0.preference) < ($1.order, $1.preference) }
        return naptr.compactMap { record in
            let transport: SIPTransportKind
            switch record.services {
            case "SIP+D2U": transport = .udp
            case "SIP+D2T": transport = .tcp
            case "SIPS+D2T": transport = .tls
            default: return nil
            }
            guard policy.transports.contains(transport), transport.isSecure || !query.isSecure else { return nil }
            return (record.replacement, transport)
        }
    }

    static func serviceName(_ transport: SIPTransportKind, _ host: String) -> String {
        switch transport {
        case .udp: "_sip._udp.\(host)"
        case .tcp: "_sip._tcp.\(host)"
        case .tls: "_sips._tcp.\(host)"
        case .ws: "_sip._ws.\(host)"
        case .wss: "_sips._ws.\(host)"
        }
    }

    /// The targets of SRV look-ups, in order; the host itself where there is no such record.
    private func services(
        _ names: [(String, SIPTransportKind)], _ random: inout AnyRandom, _ answers: (DNSQuestion) -> DNSAnswer?
    ) -> Found<[Place]> {
        let questions = names.map { DNSQuestion($0.0, .srv) }
        let missing = questions.filter { answers($0) == nil }
        if !missing.isEmpty { return .ask(missing) }
        var places: [Place] = []
        var exists = false
        var failures = 0
        for (question, name) in zip(questions, names) {
            switch answers(question) {
            case .records(let records):
                let ordered = SRVOrder.order(records, random: &random)
                exists = exists || !ordered.isEmpty
                // A target of "." says that the service is decidedly not offered (RFC 2782).
                for record in ordered where !record.target.isEmpty {
                    places.append(Place(transport: name.1, host: record.target, port: record.port))
                }
            case .failed: failures += 1
            case .absent, nil: break
            }
        }
        if exists { return .known(places) }
        // DNS is out; asking for addresses too would only take longer.
        if failures == names.count { return .failed }
        // No SRV record at all: the host itself, at the default port (RFC 3263 §4.2).
        let transport = query.explicitTransport ?? query.defaultTransport
        guard policy.transports.contains(transport) else { return .known([]) }
        return .known([Place(transport: transport, host: query.host, port: transport.defaultPort)])
    }

    // MARK: Addresses

    private func resolve(_ places: [Place], _ answers: (DNSQuestion) -> DNSAnswer?) -> Step {
        var missing: [DNSQuestion] = []
        var candidates: [LocationCandidate] = []
        var failed = false
        for place in places.prefix(policy.candidates) {
            // SRV targets are names, but some zones hold addresses there.
            if let address = IPAddress(place.host) {
                candidates.append(candidate(place.transport, IPEndpoint(address, place.port)))
                continue
            }
            for family in policy.families {
                let question = DNSQuestion(place.host, family == .v4 ? .a : .aaaa)
                guard let answer = answers(question) else {
                    if !missing.contains(question) { missing.append(question) }
                    continue
                }
                switch answer {
                case .records(let records):
                    for case .address(let address) in records {
                        candidates.append(candidate(place.transport, IPEndpoint(address, place.port)))
                    }
                case .absent: break
                case .failed: failed = true
                }
            }
        }
        if !missing.isEmpty { return .ask(missing) }
        var seen: Set<LocationCandidate> = []
        let distinct = candidates.filter { seen.insert($0).inserted }.prefix(policy.candidates)
        if distinct.isEmpty { return .impossible(failed ? .noAnswer : .notFound) }
        return .done(
            LocationPlan(
                candidates: Array(distinct), foundByDNS: true, streams: policy.transports.contains(.tcp)))
    }
}

/// The order in which SRV targets are tried (RFC 2782).
public enum SRVOrder {
    /// By priority; within one priority drawn at random by weight, those of weight 0 with a very small chance to be first.
    public static func order(_ records: [DNSRecord], random: inout AnyRandom) -> [SRVRecord] {
        var left: [SRVRecord] = []
        for case .srv(let record) in records { left.append(record) }
        // A fixed order first, so that the draw depends on the random source alone and not on the order of the answer.
        left.sort { ($0.priority, $0.weight, $0.target, $0.port) < ($1.priority, $1.weight, $1.target, $1.port) }
        var out: [SRVRecord] = []
        while let priority = left.first?.priority {
            var group = Array(left.prefix { $0.priority == priority })
            left.removeFirst(group.count)
            while !group.isEmpty {
                let sum = group.reduce(0) { $0 + Int($1.weight) }
                let draw = Int.random(in: 0...sum, using: &random)
                var running = 0
                let chosen =
                    group.firstIndex {
                        running += Int($0.weight)
                        return running >= draw
                    } ?? 0
                out.append(group.remove(at: chosen))
            }
        }
        return out
    }
}
