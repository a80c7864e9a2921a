/// How nonces live; of the whole server.
public struct DigestSettings: Hashable, Sendable {
    /// How long a nonce is good for; a phone that comes later is challenged with `stale=true`.
    public var nonceLifetime: Duration = .seconds(300)
    /// Nonces whose use is remembered. When more are in use within their lifetime the oldest become stale early,
    /// so that none can be replayed; each takes about 60 bytes.
    public var rememberedNonces: Int = 65_536

    /// Takes a nonce only from the address (IPv6: the /64 network) it was given to; from elsewhere it is stale. So a wrong password
    /// proves that its source is not forged, at one more round trip when a phone's address changes. Ports are never looked at.
    public var bindsNonceToAddress: Bool = true

    public init() {}
}
