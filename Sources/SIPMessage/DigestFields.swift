/// A digest algorithm (RFC 7616 §3.3): an open set, compared without regard to case.
public struct DigestAlgorithm: Hashable, Sendable, CustomStringConvertible {
    /// In upper case, as `SHA-256`.
    public let name: String
    public init(_ name: String) { self.name = name.uppercased() }
    public var description: String { name }

    public static let md5 = DigestAlgorithm("MD5")
    public static let md5Session = DigestAlgorithm("MD5-sess")
    public static let sha256 = DigestAlgorithm("SHA-256")
    public static let sha256Session = DigestAlgorithm("SHA-256-sess")
    public static let sha512Half = DigestAlgorithm("SHA-512-256")
    public static let sha512HalfSession = DigestAlgorithm("SHA-512-256-sess")

    public var isSession: Bool { name.hasSuffix("-SESS") }
}

/// One set of credentials: Authorization or Proxy-Authorization (RFC 7616 §3.4, RFC 8760).
public struct DigestCredentials: Hashable, Sendable, CustomStringConvertible {
    /// As written: `Digest`; others carry what they carry in ``parameters``.
    public let scheme: String
    public var parameters: SIPParameters

    public init(scheme: String = "Digest", parameters: SIPParameters) {
        (self.scheme, self.parameters) = (scheme, parameters)
    }

    public init(
        username: String, realm: String, nonce: String, uri: String, response: String, algorithm: DigestAlgorithm?,
        cnonce: String? = nil, nonceCount: UInt32? = nil, qop: String? = nil, opaque: String? = nil
    ) {
        var parameters = SIPParameters()
        parameters.setQuoted("username", username)
        parameters.setQuoted("realm", realm)
        parameters.setQuoted("nonce", nonce)
        parameters.setQuoted("uri", uri)
        parameters.setQuoted("response", response)
        if let algorithm { parameters["algorithm"] = algorithm.name }
        if let cnonce { parameters.setQuoted("cnonce", cnonce) }
        if let qop { parameters["qop"] = qop }
        if let nonceCount { parameters["nc"] = hexadecimal8(nonceCount) }
        if let opaque { parameters.setQuoted("opaque", opaque) }
        self.init(parameters: parameters)
    }

    public var isDigest: Bool { equalsIgnoringCase(scheme, "Digest") }
    public var username: String? { parameters["username"] }
    public var realm: String? { parameters["realm"] }
    public var nonce: String? { parameters["nonce"] }
    /// As written: it goes into the hash so.
    public var uri: String? { parameters["uri"] }
    /// In hexadecimal.
    public var response: String? { parameters["response"] }
    /// MD5 when absent (RFC 7616 §3.4).
    public var algorithm: DigestAlgorithm { parameters["algorithm"].map { DigestAlgorithm($0) } ?? .md5 }
    public var cnonce: String? { parameters["cnonce"] }
    public var qop: String? { parameters["qop"] }
    public var opaque: String? { parameters["opaque"] }
    /// Eight hexadecimal digits as written, which go into the hash.
    public var nonceCountText: String? { parameters["nc"] }
    /// nil when absent or not eight hexadecimal digits.
    public var nonceCount: UInt32? {
        guard let text = parameters["nc"], text.utf8.count == 8 else { return nil }
        return UInt32(text, radix: 16)
    }

    public var description: String { scheme + " " + commaSeparated(parameters) }
}

/// One challenge: WWW-Authenticate or Proxy-Authenticate (RFC 7616 §3.3).
public struct DigestChallenge: Hashable, Sendable, CustomStringConvertible {
    public let scheme: String
    public var parameters: SIPParameters

    public init(scheme: String = "Digest", parameters: SIPParameters) {
        (self.scheme, self.parameters) = (scheme, parameters)
    }

    /// - Parameter algorithm: nil leaves it out, which means MD5.
    public init(
        realm: String, nonce: String, algorithm: DigestAlgorithm?, qop: [String] = ["auth"], opaque: String? = nil,
        isStale: Bool = false
    ) {
        var parameters = SIPParameters()
        parameters.setQuoted("realm", realm)
        parameters.setQuoted("nonce", nonce)
        if let algorithm { parameters["algorithm"] = algorithm.name }
        if !qop.isEmpty { parameters.setQuoted("qop", qop.joined(separator: ",")) }
        if let opaque { parameters.setQuoted("opaque", opaque) }
        if isStale { parameters["stale"] = "true" }
        self.init(parameters: parameters)
    }

    public var isDigest: Bool { equalsIgnoringCase(scheme, "Digest") }
    public var realm: String? { parameters["realm"] }
    public var nonce: String? { parameters["nonce"] }
    public var algorithm: DigestAlgorithm { parameters["algorithm"].map { DigestAlgorithm($0) } ?? .md5 }
    public var opaque: String? { parameters["opaque"] }
    public var isStale: Bool { parameters["stale"].map { equalsIgnoringCase($0, "true") } ?? false }
    /// In lower case; empty when absent.
    public var qop: [String] {
        (parameters["qop"] ?? "").split { $0 == "," || $0 == " " }.map { $0.lowercased() }
    }

    public var description: String { scheme + " " + commaSeparated(parameters) }
}

extension SIPMessage {
    /// Credentials of every line of `.authorization` or `.proxyAuthorization`.
    public func credentials(_ name: SIPFieldName) throws(SIPParseError) -> [DigestCredentials] {
        try authParameters(name).map { DigestCredentials(scheme: $0.scheme, parameters: $0.parameters) }
    }

    /// Challenges of every line of `.wwwAuthenticate` or `.proxyAuthenticate`; several in one line are told apart.
    public func challenges(_ name: SIPFieldName) throws(SIPParseError) -> [DigestChallenge] {
        try authParameters(name).map { DigestChallenge(scheme: $0.scheme, parameters: $0.parameters) }
    }

    /// `nextnonce`, `qop`, `rspauth`, `cnonce`, `nc` (RFC 7616 §3.5); nil when absent.
    public func authenticationInfo() throws(SIPParseError) -> SIPParameters? {
        guard has(.authenticationInfo) else { return nil }
        let items = try readList(.authenticationInfo) { (cursor) throws(FieldFault) in
            try cursor.parameter("RFC 3261 §20.6")
        }
        return SIPParameters(items: items)
    }

    private func authParameters(_ name: SIPFieldName) throws(SIPParseError) -> [(
        scheme: String, parameters: SIPParameters
    )] {
        var result: [(scheme: String, parameters: SIPParameters)] = []
        for slot in storage.slots where matches(slot, name) {
            var cursor = cursor(slot)
            do throws(FieldFault) {
                try cursor.authSets(into: &result)
            } catch {
                throw malformed(name, error)
            }
        }
        return result
    }
}

extension FieldCursor {
    /// `scheme name=value, name=value`; a word followed by another word, not by `=`, starts the next set.
    fileprivate mutating func authSets(into sets: inout [(scheme: String, parameters: SIPParameters)])
        throws(FieldFault)
    {
        let rule = "RFC 3261 §20.7"
        skipWhitespace()
        var scheme = try token(rule)
        var items: [SIPParameters.Item] = []
        skipWhitespace()
        while !isAtEnd {
            let item = try parameter(rule)
            if item.value == nil {
                skipWhitespace()
                guard !isAtEnd, next != Octet.comma else { throw FieldFault(at: at, rule) }
                sets.append((scheme, SIPParameters(items: items)))
                (scheme, items) = (item.name, [])
                continue
            }
            items.append(item)
            guard take(Octet.comma) else { break }
        }
        try expectEnd(rule)
        sets.append((scheme, SIPParameters(items: items)))
    }
}

private func commaSeparated(_ parameters: SIPParameters) -> String {
    parameters.items.map { item in String(SIPParameters(items: [item]).description.dropFirst()) }.joined(
        separator: ", ")
}

/// Eight lower-case hexadecimal digits, as `nc` asks.
private func hexadecimal8(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.utf8.count) + digits
}
