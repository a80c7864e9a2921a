/// How wrong passwords are answered; of the whole server.
public struct AbuseSettings: Hashable, Sendable {
    /// Wrong passwords for one account from one address that cost nothing: a user mistypes.
    public var freeFailures: Int = 3
    /// After them the account is refused from that address unheard, first for so long, then twice as long each time ...
    public var firstBackOff: Duration = .seconds(1)
    /// ... up to this.
    public var longestBackOff: Duration = .seconds(300)
    /// Wrong passwords, and tries during a back-off, from one address within ``window`` that ban it.
    public var banThreshold: Int = 20
    public var window: Duration = .seconds(600)
    /// The first ban; each further one of the same address lasts twice as long, up to ``longestBan``.
    public var firstBan: Duration = .seconds(300)
    public var longestBan: Duration = .seconds(86_400)
    /// For so long after a success an address is not banned; longer than the longest registration, so that an address with a
    /// registered phone never is.
    public var trust: Duration = .seconds(7200)
    /// Addresses (IPv6: /64 networks) remembered, and as many accounts; each takes about 120 bytes.
    public var rememberedAddresses: Int = 65_536
    /// Substrings of User-Agent or From, in lower case, that only attack tools send; such requests get no answer.
    public var scanners: [String] = [
        "friendly-scanner", "friendly-request", "sipvicious", "sipcli", "sundayddr", "sip-scan", "vaxsipuseragent",
        "pplsip",
        "siparmyknife", "sipscan",
    ]

    public init() {}
}
