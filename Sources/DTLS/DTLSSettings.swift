public import SRTP

/// How our ends of handshakes are made.
public struct DTLSSettings: Hashable, Sendable {
    /// What is offered and taken, the best first: AES-GCM and AES-CM-128 have numbers in DTLS, AES-CM-256 has none (RFC 5764 §4.1.2).
    public var profiles: [SRTPProfile]
    /// The largest datagram of a handshake, in bytes of UDP payload; 1,200 by default, which passes everywhere (RFC 9000 §14).
    public var mtu: Int
    /// How long a handshake may take, from its first datagram or a server's making; 30 s by default.
    public var patience: Duration
    /// Whether a ClientHello is first answered with a cookie that must come back (RFC 6347 §4.2.1): one more round trip, after which
    /// the peer is known to be where it says. Not needed where ICE or a latch says who is answered; false by default.
    public var verifiesAddress: Bool

    public init(
        profiles: [SRTPProfile] = [.aeadAES128GCM, .aesCM128HMACSHA1Tag80], mtu: Int = 1200,
        patience: Duration = .seconds(30), verifiesAddress: Bool = false
    ) {
        self.profiles = profiles
        self.mtu = mtu
        self.patience = patience
        self.verifiesAddress = verifiesAddress
    }

    public static let standard = DTLSSettings()
}
