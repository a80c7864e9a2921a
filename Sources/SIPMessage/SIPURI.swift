public import Basics

/// A `sip`, `sips` or `tel` URI taken apart, or any other kept whole (RFC 3261 §19.1, RFC 3966).
///
/// Text is held unescaped and escaped again by ``description``.
public struct SIPURI: Hashable, Sendable, CustomStringConvertible {
    public enum Scheme: Hashable, Sendable, CustomStringConvertible {
        case sip, sips, tel
        /// Any other, in lower case.
        case other(String)

        public var description: String {
            switch self {
            case .sip: "sip"
            case .sips: "sips"
            case .tel: "tel"
            case .other(let name): name
            }
        }
    }

    /// A header in a URI, `?name=value` (RFC 3261 §19.1.1).
    public struct Header: Hashable, Sendable {
        public let name: String
        public let value: String
        public init(name: String, value: String) { (self.name, self.value) = (name, value) }
    }

    public let scheme: Scheme
    /// Of a `tel` URI the number as written, visual separators included; nil where there is none.
    public var user: String?
    public var password: String?
    /// A name, an IPv4 address, or an IPv6 reference in brackets; empty unless `sip` or `sips`.
    public let host: String
    public var port: UInt16?
    public var parameters: SIPParameters
    public var headers: [Header]
    /// What follows the colon of a scheme that is not taken apart; empty for the others.
    public let opaque: String

    init(
        scheme: Scheme, user: String?, password: String?, host: String, port: UInt16?, parameters: SIPParameters,
        headers: [Header], opaque: String
    ) {
        (self.scheme, self.user, self.password, self.host, self.port) = (scheme, user, password, host, port)
        (self.parameters, self.headers, self.opaque) = (parameters, headers, opaque)
    }

    /// A `sip` or `sips` URI.
    /// - Parameters:
    ///   - user: unescaped.
    ///   - host: a name or address; a bare IPv6 address gets its brackets.
    /// - Throws: ``MalformedField`` when the host cannot be one.
    public init(
        isSecure: Bool = false, user: String? = nil, host: String, port: UInt16? = nil,
        parameters: SIPParameters = SIPParameters()
    ) throws(MalformedField) {
        self.init(
            scheme: isSecure ? .sips : .sip, user: user, password: nil, host: try checkedHost(host, field: "URI"),
            port: port,
            parameters: parameters, headers: [], opaque: "")
    }

    /// A `sip` or `sips` URI at an address. A port of 0 is left out.
    public init(
        isSecure: Bool = false, user: String? = nil, endpoint: IPEndpoint, parameters: SIPParameters = SIPParameters()
    ) {
        self.init(
            scheme: isSecure ? .sips : .sip, user: user, password: nil, host: endpoint.address.uriHost,
            port: endpoint.port == 0 ? nil : endpoint.port, parameters: parameters, headers: [], opaque: "")
    }

    /// Reads any URI.
    /// - Throws: ``MalformedField`` when it is not one by RFC 3261 §25.1 or RFC 3966 §3.
    public init(_ text: String) throws(MalformedField) {
        let bytes = Array(text.utf8)
        do throws(FieldFault) {
            self = try SIPURI.parse(bytes, 0, bytes.count)
        } catch {
            throw MalformedField("URI", error)
        }
    }

    /// `sip` or `sips`.
    public var isSIP: Bool { scheme == .sip || scheme == .sips }
    /// The host as an address; nil when it is a name.
    /// True for a name that DNS may know: of several labels, and of no domain reserved for what is not there (RFC 6761) or
    /// only on one link (RFC 6762).
    public var isLocatable: Bool {
        guard isSIP, hostAddress == nil, host.contains(".") else { return false }
        let name = host.lowercased()
        return !name.hasSuffix(".invalid") && !name.hasSuffix(".local")
    }

    public var hostAddress: IPAddress? { host.isEmpty ? nil : IPAddress(host) }
    /// The `transport` parameter in lower case.
    public var transport: String? { parameters["transport"]?.lowercased() }
    /// The `lr` parameter: a loose router (RFC 3261 §19.1.1).
    public var isLooseRouter: Bool { parameters.contains("lr") }

    /// Scheme, user and host (in lower case) with the port if one is given, nothing else: the key of an address-of-record
    /// (RFC 3261 §10.3 step 5).
    public var addressOfRecord: SIPURI {
        SIPURI(
            scheme: scheme, user: user, password: nil, host: host.lowercased(), port: port, parameters: SIPParameters(),
            headers: [], opaque: opaque)
    }

    /// Without its headers, and without the parameters that may not stand in a Request-URI (RFC 3261 §19.1.1, table 1).
    public var asRequestURI: SIPURI {
        var copy = self
        copy.headers = []
        copy.parameters.remove("method")
        return copy
    }

    public var description: String {
        var out: [UInt8] = []
        write(to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    func write(to out: inout [UInt8]) {
        out.append(contentsOf: scheme.description.utf8)
        out.append(Octet.colon)
        switch scheme {
        case .other:
            out.append(contentsOf: opaque.utf8)
        case .tel:
            appendEscaped(user ?? "", allowed: .telephone, to: &out)
            parameters.writeURI(to: &out)
        case .sip, .sips:
            writeUserInfo(to: &out)
            out.append(contentsOf: host.utf8)
            if let port {
                out.append(Octet.colon)
                out.append(contentsOf: String(port).utf8)
            }
            parameters.writeURI(to: &out)
            writeHeaders(to: &out)
        }
    }

    private func writeUserInfo(to out: inout [UInt8]) {
        guard let user else { return }
        appendEscaped(user, allowed: .user, to: &out)
        if let password {
            out.append(Octet.colon)
            appendEscaped(password, allowed: .password, to: &out)
        }
        out.append(Octet.at)
    }

    private func writeHeaders(to out: inout [UInt8]) {
        for (index, header) in headers.enumerated() {
            out.append(index == 0 ? Octet.question : 0x26)
            appendEscaped(header.name, allowed: .uriHeader, to: &out)
            out.append(Octet.equal)
            appendEscaped(header.value, allowed: .uriHeader, to: &out)
        }
    }
}
