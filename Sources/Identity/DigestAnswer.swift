internal import SIPMessage

/// What a phone answers to a challenge, with every part the check needs.
struct DigestAnswer {
    let username: String
    let realm: String
    let nonce: String
    let uri: String
    let given: String
    let algorithm: DigestAlgorithm
    /// In lower case; nil for an answer by RFC 2069.
    let qop: String?
    let cnonce: String?
    /// `nc` as written, and its value.
    let countText: String?
    let count: UInt32?

    /// The digest credentials of a request; none where the field is malformed.
    static func all(in request: SIPMessage, field: SIPFieldName) -> [DigestAnswer] {
        guard request.has(field) else { return [] }
        do {
            return try request.credentials(field).compactMap(DigestAnswer.init)
        } catch {
            return []
        }
    }

    private init?(_ credentials: DigestCredentials) {
        guard credentials.isDigest, let username = credentials.username, let realm = credentials.realm,
            let nonce = credentials.nonce, let uri = credentials.uri, let response = credentials.response
        else { return nil }
        (self.username, self.realm, self.nonce, self.uri) = (username, realm, nonce, uri)
        given = response.lowercased()
        algorithm = credentials.algorithm
        qop = credentials.qop?.lowercased()
        cnonce = credentials.cnonce
        (countText, count) = (credentials.nonceCountText, credentials.nonceCount)
    }

    /// RFC 7616 §3.4: with `qop` there must be `cnonce` and `nc`, and `nc` counts from 1.
    var isComplete: Bool {
        switch qop {
        case nil: true
        case "auth", "auth-int": cnonce != nil && (count ?? 0) > 0
        default: false
        }
    }

    /// The number of this use of the nonce; nil where the nonce may be used once only.
    var useCount: UInt32? { qop == nil ? nil : count }

    /// Whether the answer was made for this request. Scheme and user must agree, whatever a proxy or the phone made of port,
    /// parameters and letter case (RFC 7616 §3.4.6 leaves the comparison to the server). The host may be another name of ours:
    /// some phones write the server's address where the request has the domain.
    /// - Parameter isOurs: whether a host names the tenant or the server.
    func matches(_ requestURI: SIPURI, isOurs: (String) -> Bool) -> Bool {
        guard let own = try? SIPURI(uri) else { return false }
        guard own.isSIP, requestURI.isSIP else { return own.isEquivalent(to: requestURI) }
        guard own.scheme == requestURI.scheme, (own.user ?? "").isEmpty || own.user == requestURI.user else {
            return false
        }
        return own.host.lowercased() == requestURI.host.lowercased() || (isOurs(own.host) && isOurs(requestURI.host))
    }

    /// The 32 or 64 hexadecimal digits the phone must have given (RFC 7616 §3.4.1, RFC 2069 §2.1.2).
    /// - Parameter secret: H(username ":" realm ":" password).
    func expected(secret: String, method: SIPMethod, body: ArraySlice<UInt8>) -> [UInt8] {
        let colon: UInt8 = UInt8(ascii: ":")
        var second: [UInt8] = []
        second.reserveCapacity(256)
        second.append(contentsOf: method.name.utf8)
        second.append(colon)
        second.append(contentsOf: uri.utf8)
        if qop == "auth-int" {
            second.append(colon)
            DigestHash.append(Array(body), algorithm, to: &second)
        }
        var text: [UInt8] = []
        text.reserveCapacity(320)
        text.append(contentsOf: secret.utf8)
        text.append(colon)
        text.append(contentsOf: nonce.utf8)
        text.append(colon)
        if let qop, let cnonce, let countText {
            for part in [countText, cnonce, qop] {
                text.append(contentsOf: part.utf8)
                text.append(colon)
            }
        }
        DigestHash.append(second, algorithm, to: &text)
        var result: [UInt8] = []
        result.reserveCapacity(64)
        DigestHash.append(text, algorithm, to: &result)
        return result
    }
}
