internal import DTLS
public import ICE
public import MediaSession
internal import SDP
internal import SRTP

/// How one leg's stream is protected, and reached, by what both ends have said.
public struct AgreedSecurity: Hashable, Sendable {
    public let security: MediaSecurity
    public let ice: ICEPlan?

    /// Nil where the stream is none of both ends'.
    public init?(_ agreement: StreamTransport.Agreement, at index: Int) {
        guard let (own, remote) = agreement.stream(index), StreamTransport.isRTP(own) else { return nil }
        let (ours, its) = (agreement.own.transport(ofMedia: index), agreement.remote.transport(ofMedia: index))
        if let pair = CryptoPair(own, remote), let key = AgreedSecurity.keys(pair.own).first {
            security = .sdes(local: key, remote: AgreedSecurity.keys(pair.remote))
        } else if ours?.fingerprints.isEmpty == false {
            let fingerprints: [DTLSFingerprint] = agreement.remote.usableFingerprints(ofMedia: index)
            security =
                fingerprints.isEmpty
                ? .none
                : .dtls(
                    DTLSPlan(
                        role: AgreedSecurity.role(ours?.setup, its?.setup), fingerprints: fingerprints,
                        association: its?.tlsID ?? ""))
        } else {
            security = .none
        }
        if let credentials = agreement.credentials(index), let ufrag = its?.iceUfrag, let password = its?.icePassword {
            ice = ICEPlan(
                localUfrag: credentials.ufrag, localPassword: credentials.password, remoteUfrag: ufrag,
                remotePassword: password, remoteIsLite: its?.isICELite ?? false)
        } else {
            ice = nil
        }
    }

    /// All keys of a line: its author may use any, and names in each packet which (RFC 4568 §6.1).
    private static func keys(_ line: SDPCrypto) -> [SRTPKey] {
        guard let profile = SRTPProfile(rawValue: line.suite.uppercased()) else { return [] }
        return line.keys.compactMap { key in
            SRTPKey(profile: profile, keyAndSalt: key.keyAndSalt, mki: key.mki, lifetime: key.lifetime)
        }
    }

    /// RFC 5763 §5: who says active sends the ClientHello.
    private static func role(_ own: SDPSetup?, _ remote: SDPSetup?) -> DTLSPlan.Role {
        switch (own, remote) {
        case (.active, _), (.actpass, .passive): .client
        default: .server
        }
    }

    /// For people: `SDES, AES_CM_128_HMAC_SHA1_80`; nil where nothing protects the stream.
    public var label: String? {
        switch security {
        case .none: nil
        case .sdes(let local, _): "SDES, \(local.profile.rawValue)"
        case .dtls: "DTLS"
        }
    }

    /// Whether nothing protects the stream.
    public var isPlain: Bool {
        if case .none = security { return true }
        return false
    }
}
