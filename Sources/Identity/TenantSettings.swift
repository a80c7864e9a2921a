public import SIPMessage

/// What a customer's telephony may differ in; every value has a default, and durations are whole seconds.
public struct TenantSettings: Hashable, Sendable, Codable {
    /// Offered in challenges in this order; MD5 alone by default, as many phones give up on a challenge that names another.
    public var digestAlgorithms: [DigestAlgorithm] = [.md5]
    /// Accepts answers without `qop`, as phones of RFC 2069 and test tools give them.
    public var acceptsDigestWithoutQop: Bool = true
    /// Contacts one user may have at a time; 1 ... 64.
    public var maxBindingsPerUser: Int = 16
    /// The shortest registration, asked for with 423 (RFC 3261 §10.3); 10 ... 3600.
    public var minimumRegistrationSeconds: Int = 60
    /// The longest registration granted over UDP without NAT; never less than the minimum.
    public var maximumRegistrationSeconds: Int = 3600
    /// The longest registration granted over a connection and behind NAT.
    public var natRegistrationSeconds: Int = 300
    /// Rings this long before the caller gets 480; 5 ... 600.
    public var noAnswerSeconds: Int = 120
    /// Follows a 3xx of a phone within the tenant (RFC 3261 §8.1.3.4).
    public var followRedirects: Bool = true
    /// How far a 3xx may lead.
    public var redirectScope: RedirectScope = .tenant
    /// The largest number of redirections of one call.
    public var maxRedirects: Int = 5
    /// The session interval proposed (RFC 4028 §4); 0 proposes none.
    public var sessionExpiresSeconds: Int = 1800
    /// The smallest session interval accepted (RFC 4028 §5); at least 90.
    public var minimumSessionSeconds: Int = 90
    /// A leg silent for so long and not on hold is asked whether it is still there; 0 never asks.
    public var mediaSilenceSeconds: Int = 60
    /// Keep-alive of phones behind NAT; 0 sends none.
    public var keepAliveSeconds: Int = 30
    /// Dialled numbers that are emergency calls, compared whole; an extension of the same digits answers them.
    public var emergencyNumbers: [String] = ["112", "911", "15", "17", "18", "110", "114", "115", "196"]

    public init() {}

    /// Reads what is there; a value that is missing keeps its default, so that settings stored by an older version stay legal.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, _ value: inout Value) throws {
            if let stored = try fields.decodeIfPresent(Value.self, forKey: key) { value = stored }
        }
        try read(.digestAlgorithms, &digestAlgorithms)
        try read(.acceptsDigestWithoutQop, &acceptsDigestWithoutQop)
        try read(.maxBindingsPerUser, &maxBindingsPerUser)
        try read(.minimumRegistrationSeconds, &minimumRegistrationSeconds)
        try read(.maximumRegistrationSeconds, &maximumRegistrationSeconds)
        try read(.natRegistrationSeconds, &natRegistrationSeconds)
        try read(.noAnswerSeconds, &noAnswerSeconds)
        try read(.followRedirects, &followRedirects)
        try read(.redirectScope, &redirectScope)
        try read(.maxRedirects, &maxRedirects)
        try read(.sessionExpiresSeconds, &sessionExpiresSeconds)
        try read(.minimumSessionSeconds, &minimumSessionSeconds)
        try read(.mediaSilenceSeconds, &mediaSilenceSeconds)
        try read(.keepAliveSeconds, &keepAliveSeconds)
        try read(.emergencyNumbers, &emergencyNumbers)
    }
}
