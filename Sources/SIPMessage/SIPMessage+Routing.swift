/// The Contact header field (RFC 3261 §20.10).
public enum ContactField: Hashable, Sendable {
    /// `*`: every binding, in a REGISTER that removes them (RFC 3261 §10.2.2).
    case star
    case list([NameAddress])
}

/// Addresses and routes. Each throws ``SIPParseError`` when a value is malformed.
extension SIPMessage {
    /// All Via, topmost first.
    public func vias() throws(SIPParseError) -> [Via] {
        try readList(.via) { (cursor) throws(FieldFault) in try cursor.via() }
    }

    /// nil when there is none; `*` beside another is malformed (RFC 3261 §20.10).
    public func contacts() throws(SIPParseError) -> ContactField? {
        guard has(.contact) else { return nil }
        var stars = 0
        let addresses = try readList(.contact) { (cursor) throws(FieldFault) -> NameAddress? in
            guard cursor.next == Octet.star else { return try cursor.nameAddress(isListed: true, "RFC 3261 §20.10") }
            let star = cursor.at
            cursor.move(to: star + 1)
            cursor.skipWhitespace()
            if cursor.isAtEnd || cursor.next == Octet.comma {
                stars += 1
                return nil
            }
            cursor.move(to: star)
            return try cursor.nameAddress(isListed: true, "RFC 3261 §20.10")
        }
        let list = addresses.compactMap { $0 }
        guard stars > 0 else { return .list(list) }
        guard stars == 1, list.isEmpty else { throw malformed(.contact, FieldFault(at: 0, "RFC 3261 §20.10")) }
        return .star
    }

    /// The first Contact; nil when there is none or it is `*`.
    public func contact() throws(SIPParseError) -> NameAddress? {
        if case .list(let list) = try contacts() { return list.first }
        return nil
    }

    public func routes() throws(SIPParseError) -> [NameAddress] { try addresses(.route, "RFC 3261 §20.34") }
    public func recordRoutes() throws(SIPParseError) -> [NameAddress] { try addresses(.recordRoute, "RFC 3261 §20.30") }
    public func paths() throws(SIPParseError) -> [NameAddress] { try addresses(.path, "RFC 3327 §4") }
    public func serviceRoutes() throws(SIPParseError) -> [NameAddress] { try addresses(.serviceRoute, "RFC 3608 §5") }
    public func replyTo() throws(SIPParseError) -> NameAddress? { try address(.replyTo, "RFC 3261 §20.31") }
    public func referTo() throws(SIPParseError) -> NameAddress? { try address(.referTo, "RFC 3515 §2.1") }
    public func referredBy() throws(SIPParseError) -> NameAddress? { try address(.referredBy, "RFC 3892 §2") }
    public func assertedIdentities() throws(SIPParseError) -> [NameAddress] {
        try addresses(.pAssertedIdentity, "RFC 3325 §9.1")
    }
    public func preferredIdentities() throws(SIPParseError) -> [NameAddress] {
        try addresses(.pPreferredIdentity, "RFC 3325 §9.2")
    }
    /// Most recent diversion first; `reason` and `counter` are parameters (RFC 5806 §5).
    public func diversions() throws(SIPParseError) -> [NameAddress] { try addresses(.diversion, "RFC 5806 §5") }
    public func historyInfo() throws(SIPParseError) -> [HistoryEntry] {
        try addresses(.historyInfo, "RFC 7044 §5").map { HistoryEntry(address: $0) }
    }
    public func geolocations() throws(SIPParseError) -> [NameAddress] { try addresses(.geolocation, "RFC 6442 §4.1") }
    /// Of `.alertInfo`, `.callInfo` or `.errorInfo`: URIs in brackets with parameters (RFC 3261 §20.4, §20.9, §20.18).
    public func infos(_ name: SIPFieldName) throws(SIPParseError) -> [NameAddress] {
        try readList(name) { (cursor) throws(FieldFault) in
            let uri = try cursor.bracketedURI("RFC 3261 §20.9")
            return NameAddress(uri: uri, parameters: try cursor.parameters("RFC 3261 §20.9"))
        }
    }
}

/// One entry of History-Info (RFC 7044 §5).
public struct HistoryEntry: Hashable, Sendable {
    public var address: NameAddress
    public init(address: NameAddress) { self.address = address }

    /// `1.1.2`: numbers joined by dots; nil when absent.
    public var index: String? { address.parameters["index"] }
    /// The Reason escaped into the URI's headers, if any (RFC 7044 §10.2).
    public var reason: Reason? {
        guard let header = address.uri.headers.first(where: { SIPFieldName($0.name) == .reason }) else { return nil }
        return try? Reason(header.value)
    }
    /// The Privacy escaped into the URI's headers, if any (RFC 7044 §10.1).
    public var privacy: String? { address.uri.headers.first { SIPFieldName($0.name) == .privacy }?.value }
}

/// Parameters of a Diversion (RFC 5806 §5).
extension NameAddress {
    /// `user-busy`, `no-answer`, `unconditional`, …
    public var diversionReason: String? { parameters["reason"] }
    /// How often this party diverted; nil when absent or not a number.
    public var diversionCounter: UInt32? { parameters["counter"].flatMap { UInt32($0) } }
}
