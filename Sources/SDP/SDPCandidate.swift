public import Basics

/// An a=candidate line: an address where media may be sent (RFC 8839 §5.1).
public struct SDPCandidate: Hashable, Sendable {
    /// Where the address is from (RFC 8445 §5.1.1); an open set.
    public struct Kind: Hashable, Sendable, CustomStringConvertible {
        /// In lower case.
        public let rawValue: String
        public init(_ text: String) { rawValue = text.lowercased() }
        public static let host = Kind("host")
        public static let serverReflexive = Kind("srflx")
        public static let peerReflexive = Kind("prflx")
        public static let relayed = Kind("relay")
        public var description: String { rawValue }
    }
    /// A name and a value behind the type, as `generation 0`.
    public struct Extension: Hashable, Sendable {
        public var name: String
        public var value: String
        public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    /// The same for candidates of one type, address and server; 1 ... 32 letters.
    public var foundation: String
    /// 1 is RTP, 2 is RTCP on a port of its own; 1 ... 256.
    public var component: UInt16
    /// `UDP`, or what nobody sends media over here; as written.
    public var transport: String
    /// 1 ... 2^31 - 1.
    public var priority: UInt32
    /// An IP address, or a name: browsers hide addresses behind names in `.local`.
    public var host: String
    public var port: UInt16
    public var kind: Kind
    /// `raddr` and `rport`: what is behind a reflexive or relayed address.
    public var relatedHost: String?
    public var relatedPort: UInt16?
    public var extensions: [Extension]

    public init(
        foundation: String, component: UInt16, transport: String = "UDP", priority: UInt32, host: String, port: UInt16,
        kind: Kind, relatedHost: String? = nil, relatedPort: UInt16? = nil, extensions: [Extension] = []
    ) {
        self.foundation = foundation
        self.component = component
        self.transport = transport
        self.priority = priority
        self.host = host
        self.port = port
        self.kind = kind
        self.relatedHost = relatedHost
        self.relatedPort = relatedPort
        self.extensions = extensions
    }

    /// Where to send by it; nil for a name, and for another transport than UDP.
    public var endpoint: IPEndpoint? {
        guard transport.lowercased() == "udp", let address = IPAddress(host), port != 0 else { return nil }
        return IPEndpoint(address, port)
    }

    /// The candidates of an agent that is reached under its own addresses, as a lite one is (RFC 8445 §5.2).
    /// - Parameters:
    ///   - addresses: the one that is liked best first; at most 256 count.
    ///   - rtcpPort: nil where RTCP shares the RTP port.
    public static func hosts(_ addresses: [IPAddress], rtpPort: UInt16, rtcpPort: UInt16? = nil) -> [SDPCandidate] {
        var candidates: [SDPCandidate] = []
        for (index, address) in addresses.prefix(256).enumerated() {
            for (component, port) in [(UInt16(1), rtpPort), (2, rtcpPort ?? 0)] where port != 0 {
                // RFC 8445 §5.1.2.1: 126 for host, then the preference among our addresses, then the component.
                let priority: UInt32 = 126 << 24 | UInt32(65_535 - index) << 8 | UInt32(256 - component)
                candidates.append(
                    SDPCandidate(
                        foundation: String(index + 1), component: component, priority: priority,
                        host: address.description, port: port, kind: .host))
            }
        }
        return candidates
    }

    /// Reads the value of a line, `1 1 UDP 2130706431 192.0.2.1 5000 typ host`; nil where it does not follow the grammar.
    public init?(_ value: String) {
        let words = value.split(omittingEmptySubsequences: true) { $0 == " " || $0 == "\t" }
        guard words.count >= 8, (1...32).contains(words[0].utf8.count), let component = UInt16(words[1]),
            (1...256).contains(component), let priority = UInt32(words[3]), priority > 0, priority < 1 << 31,
            let port = UInt16(words[5]), words[6].lowercased() == "typ"
        else { return nil }
        self.init(
            foundation: String(words[0]), component: component, transport: String(words[2]), priority: priority,
            host: String(words[4]), port: port, kind: Kind(String(words[7])))
        for index in stride(from: 8, to: words.count - 1, by: 2) {
            let (name, value) = (words[index], words[index + 1])
            switch name.lowercased() {
            case "raddr" where relatedHost == nil: relatedHost = String(value)
            case "rport" where relatedPort == nil:
                guard let port = UInt16(value) else { return nil }
                relatedPort = port
            default: extensions.append(Extension(String(name), String(value)))
            }
        }
    }

    /// The value of the line.
    public var value: String {
        var text: String = "\(foundation) \(component) \(transport) \(priority) \(host) \(port) typ \(kind)"
        if let relatedHost { text += " raddr \(relatedHost)" }
        if let relatedPort { text += " rport \(relatedPort)" }
        for item in extensions { text += " \(item.name) \(item.value)" }
        return text
    }
}

/// One entry of a=remote-candidates: what a controlling agent chose of our candidates (RFC 8839 §5.2).
public struct SDPRemoteCandidate: Hashable, Sendable {
    public var component: UInt16
    public var host: String
    public var port: UInt16
    public init(component: UInt16, host: String, port: UInt16) {
        (self.component, self.host, self.port) = (component, host, port)
    }

    /// Reads all entries of a line; nil where one is cut short.
    static func list(_ value: String) -> [SDPRemoteCandidate]? {
        let words = value.split(omittingEmptySubsequences: true) { $0 == " " || $0 == "\t" }
        guard !words.isEmpty, words.count % 3 == 0 else { return nil }
        var found: [SDPRemoteCandidate] = []
        for index in stride(from: 0, to: words.count, by: 3) {
            guard let component = UInt16(words[index]), let port = UInt16(words[index + 2]) else { return nil }
            found.append(SDPRemoteCandidate(component: component, host: String(words[index + 1]), port: port))
        }
        return found
    }

    var value: String { "\(component) \(host) \(port)" }
}
