public import Basics
import SIPTransaction

/// The addresses of a server in their short form, as flags and plain keys give them: the same ports on every bind address.
public struct ConfigurationAddresses: Hashable, Sendable {
    /// Empty: all addresses, IPv6 too where the machine has it.
    public var bind: [IPAddress] = []
    /// UDP and TCP.
    public var sipPort: UInt16 = 5060
    /// UDP and TCP, a port that routers' SIP helpers ("SIP ALG") do not know. nil: 5072 beside 5060, else none; 0: none.
    public var secondSIPPort: UInt16?
    /// 0: no TLS.
    public var tlsPort: UInt16 = 5061
    /// nil: the first bind address where it is a single one, else the loopback.
    public var httpBind: IPAddress?
    public var httpPort: UInt16 = 8080
    public var rtpPorts: ClosedRange<UInt16> = 10_000...20_000
    /// What peers outside ``localNetworks`` are told; one address of a family at most.
    public var advertise: [IPAddress] = []
    public var localNetworks: [IPNetwork] = []

    public init() {}

    /// Reads `10000-20000`; nil unless 1024 ... 65 535, rising, with an even port and the odd one above it.
    public static func portRange(_ text: String) -> ClosedRange<UInt16>? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let first = UInt16(parts[0]), let last = UInt16(parts[1]), first >= 1024, first < last,
            last - first > first & 1
        else { return nil }
        return first...last
    }

    /// What ``portRange(_:)`` takes, in words.
    public static let portRangeRule: String = "a range A-B of ports from 1024 to 65535, A below B, such as 10000-20000"

    /// A whole configuration on these addresses.
    /// - Throws: ``ConfigurationConflict`` for the first thing that can't be.
    public func configuration(dataFolder: String) throws(ConfigurationConflict) -> ServerConfiguration {
        let configuration = try unchecked(dataFolder: dataFolder)
        if let conflict = configuration.conflicts.first { throw conflict }
        return configuration
    }

    /// The same with no look at what the addresses do to each other.
    func unchecked(dataFolder: String) throws(ConfigurationConflict) -> ServerConfiguration {
        let binds: [IPAddress] = bind.isEmpty ? (HostFacts.hasIPv6 ? [.anyV4, .anyV6] : [.anyV4]) : bind
        try checkAdvertised(binds)
        func advertised(_ bind: IPAddress) -> IPAddress? { advertise.first { $0.family == bind.family } }
        var listeners: [SIPListenerConfiguration] = []
        for port in sipPorts {
            for address in binds {
                for transport in [SIPTransportKind.udp, .tcp] {
                    let endpoint: IPEndpoint? = advertised(address).map { IPEndpoint($0, 0) }
                    listeners.append(
                        SIPListenerConfiguration(transport: transport, bind: address, port: port, advertise: endpoint))
                }
            }
        }
        if tlsPort != 0 {
            for address in binds {
                let endpoint: IPEndpoint? = advertised(address).map { IPEndpoint($0, 0) }
                listeners.append(
                    SIPListenerConfiguration(transport: .tls, bind: address, port: tlsPort, advertise: endpoint))
            }
        }
        let media = binds.map { MediaNetworkConfiguration(bind: $0, advertise: advertised($0), ports: rtpPorts) }
        var configuration = ServerConfiguration(dataFolder: dataFolder, sip: listeners, media: media)
        configuration.localNetworks = localNetworks
        let single: IPAddress? = bind.first.flatMap { $0.isUnspecified ? nil : $0 }
        configuration.http = IPEndpoint(httpBind ?? single ?? .loopbackV4, httpPort)
        return configuration
    }

    private var sipPorts: [UInt16] {
        let second: UInt16 = secondSIPPort ?? (sipPort == 5060 ? 5072 : 0)
        return second == 0 ? [sipPort] : [sipPort, second]
    }

    private func checkAdvertised(_ binds: [IPAddress]) throws(ConfigurationConflict) {
        for (index, address) in advertise.enumerated() {
            guard !advertise[..<index].contains(where: { $0.family == address.family }) else {
                throw ConfigurationConflict(
                    .advertise, "\(address) is a second address of its family; give one for IPv4 and one for IPv6")
            }
            guard binds.contains(where: { $0.family == address.family }) else {
                throw ConfigurationConflict(
                    .advertise,
                    "\(address) can't be reached, as nothing is bound to an address of that family; bind one too")
            }
        }
    }
}

/// Two parts of a configuration that can't be together.
public struct ConfigurationConflict: Error, Hashable, Sendable, CustomStringConvertible {
    /// What would have to change.
    public enum Topic: String, Hashable, Sendable { case sip, media, http, advertise }

    public let topic: Topic
    public let rule: String

    public init(_ topic: Topic, _ rule: String) { (self.topic, self.rule) = (topic, rule) }

    public var description: String { rule }
}

extension ServerConfiguration {
    /// What can't be together; empty for a configuration that is legal.
    public var conflicts: [ConfigurationConflict] {
        var found: [ConfigurationConflict] = []
        for (index, listener) in sip.enumerated() {
            for earlier in sip[..<index] where ServerConfiguration.collide(listener, earlier) {
                found.append(
                    ConfigurationConflict(
                        .sip,
                        "\(listener.place) and \(earlier.place) take the same port; give each listener a port of its own"
                    ))
            }
            if let advertise = listener.advertise, advertise.address.family != listener.bind.family {
                found.append(
                    ConfigurationConflict(
                        .advertise,
                        "\(listener.place) can't be advertised as \(advertise.address.uriHost): one is IPv4, the other IPv6"
                    ))
            }
            if listener.transport != .udp, listener.port == http.port,
                ServerConfiguration.overlap(listener.bind, http.address)
            {
                found.append(
                    ConfigurationConflict(
                        .http, "port \(http.port) is taken by SIP over \(listener.transport.rawValue); choose another"))
            }
            for network in media where listener.transport == .udp && network.ports.contains(listener.port) {
                guard ServerConfiguration.overlap(listener.bind, network.bind) else { continue }
                let range = "\(network.ports.lowerBound)-\(network.ports.upperBound)"
                found.append(
                    ConfigurationConflict(
                        .media, "the range \(range) holds the SIP port \(listener.port); choose another range"))
            }
        }
        for (index, network) in media.enumerated() {
            if let advertise = network.advertise, advertise.family != network.bind.family {
                found.append(
                    ConfigurationConflict(
                        .media, "\(network.bind) can't be advertised as \(advertise): one is IPv4, the other IPv6"))
            }
            for earlier in media[..<index]
            where ServerConfiguration.overlap(network.bind, earlier.bind) && network.ports.overlaps(earlier.ports) {
                found.append(
                    ConfigurationConflict(
                        .media, "\(network.bind) and \(earlier.bind) share ports; give each network a range of its own")
                )
            }
        }
        for listener in sip where !media.contains(where: { $0.bind.family == listener.bind.family }) {
            found.append(
                ConfigurationConflict(
                    .media, "no media network is of the family of \(listener.place); add one bound to such an address"))
            break
        }
        return found
    }

    private static func collide(_ a: SIPListenerConfiguration, _ b: SIPListenerConfiguration) -> Bool {
        a.port == b.port && (a.transport == .udp) == (b.transport == .udp) && overlap(a.bind, b.bind)
    }

    /// Whether one port can't be bound on both.
    private static func overlap(_ a: IPAddress, _ b: IPAddress) -> Bool {
        a.family == b.family && (a == b || a.isUnspecified || b.isUnspecified)
    }
}

extension SIPListenerConfiguration {
    /// `UDP 0.0.0.0:5060`.
    public var place: String { "\(transport.rawValue) \(IPEndpoint(bind, port))" }
}
