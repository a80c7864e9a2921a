public import Basics

/// One hop of the Via header field (RFC 3261 §20.42).
public struct Via: Hashable, Sendable, CustomStringConvertible {
    /// As written, `UDP`, `TLS`, …: an open set.
    public let transport: String
    /// A name, an IPv4 address, or an IPv6 reference in brackets: `sent-by`.
    public let host: String
    public let port: UInt16?
    public var parameters: SIPParameters

    init(transport: String, host: String, port: UInt16?, parameters: SIPParameters) {
        (self.transport, self.host, self.port, self.parameters) = (transport, host, port, parameters)
    }

    /// - Parameters:
    ///   - host: as for ``host``; a bare IPv6 address gets its brackets.
    ///   - branch: written as it is, so with the magic cookie `z9hG4bK` (RFC 3261 §8.1.1.7).
    ///   - rport: asks for the response at the source port (RFC 3581 §3).
    public init(
        transport: String, host: String, port: UInt16? = nil, branch: String, rport: Bool = true
    ) throws(MalformedField) {
        guard OctetSet.token.containsAll(transport), !transport.isEmpty else {
            throw MalformedField("Via", .illegalToken, rule: "RFC 3261 §20.42")
        }
        guard OctetSet.token.containsAll(branch), !branch.isEmpty else {
            throw MalformedField("branch", .illegalToken, rule: "RFC 3261 §20.42")
        }
        let host = try checkedHost(host, field: "Via")
        var parameters = SIPParameters()
        if rport { parameters.setFlag("rport") }
        parameters["branch"] = branch
        self.init(transport: transport, host: host, port: port, parameters: parameters)
    }

    /// Reads one Via element.
    public init(_ text: String) throws(MalformedField) {
        var cursor = FieldCursor(text)
        do throws(FieldFault) {
            self = try cursor.via()
            try cursor.expectEnd()
        } catch {
            throw MalformedField("Via", error)
        }
    }

    public var branch: String? { parameters["branch"] }
    /// The `received` address; brackets around IPv6 are allowed (RFC 5118 §4.5).
    public var received: IPAddress? { parameters["received"].flatMap { IPAddress($0) } }
    /// The port in `rport`; nil when absent or a flag. `parameters.contains("rport")` tells the flag.
    public var rport: UInt16? { parameters["rport"].flatMap { UInt16($0) } }
    /// Host in lower case and port, 5060 or 5061 where none is written: what a server transaction is matched by
    /// (RFC 3261 §17.2.3).
    public var sentBy: String {
        let isSecure = equalsIgnoringCase(transport, "TLS") || equalsIgnoringCase(transport, "WSS")
        return "\(host.lowercased()):\(port ?? (isSecure ? 5061 : 5060))"
    }
    public var maddr: String? { parameters["maddr"] }
    /// The branch is unique over space and time (RFC 3261 §8.1.1.7): the cookie and something after it.
    public var hasMagicCookie: Bool {
        guard let branch else { return false }
        return branch.utf8.count > 7 && branch.hasPrefix("z9hG4bK")
    }

    /// Fills in `received` and `rport` as a server must (RFC 3261 §18.2.1, RFC 3581 §4).
    public func received(from source: IPEndpoint) -> Via {
        var copy = self
        let asksPort = parameters.contains("rport")
        if asksPort { copy.parameters["rport"] = String(source.port) }
        if asksPort || parameters.contains("received") || IPAddress(host) != source.address {
            copy.parameters["received"] = source.address.description
        }
        return copy
    }

    public var description: String {
        var out: [UInt8] = []
        write(to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    func write(to out: inout [UInt8]) {
        out.append(contentsOf: "SIP/2.0/".utf8)
        out.append(contentsOf: transport.utf8)
        out.append(Octet.space)
        out.append(contentsOf: host.utf8)
        if let port {
            out.append(Octet.colon)
            out.append(contentsOf: String(port).utf8)
        }
        parameters.write(to: &out)
    }
}

extension FieldCursor {
    /// One Via element up to its comma or the end.
    mutating func via() throws(FieldFault) -> Via {
        let rule = "RFC 3261 §20.42"
        skipWhitespace()
        let start = at
        guard equalsIgnoringCase(try token(rule), "SIP"), take(Octet.slash), try token(rule) == "2.0", take(Octet.slash)
        else {
            throw FieldFault(at: start, rule)
        }
        let transport = try token(rule)
        let afterTransport = at
        skipWhitespace()
        guard at > afterTransport else { throw FieldFault(at: at, rule) }
        let host = try host(rule)
        var port: UInt16?
        if take(Octet.colon) { port = try self.port(rule) }
        return Via(transport: transport, host: host, port: port, parameters: try parameters(rule))
    }
}

/// A host a URI or Via can be made of: letters, digits, `-`, `.`, `_`, or an IPv6 address, which gets its brackets.
func checkedHost(_ host: String, field: String) throws(MalformedField) -> String {
    if let address = IPAddress(host) { return address.isV4 && !host.hasPrefix("[") ? host : "[\(bare(host))]" }
    guard !host.isEmpty, OctetSet.host.containsAll(host) else {
        throw MalformedField(field, .illegalCharacter, rule: "RFC 3261 §25.1")
    }
    return host
}

private func bare(_ host: String) -> String { host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host }
