public import Basics
internal import ICE
public import SDP

extension SessionDescription {
    /// Names that belong to how one leg's packets travel, in lower case: another leg has its own.
    private static let ofTransport: Set<String> = [
        "crypto", "key-mgmt", "fingerprint", "setup", "tls-id", "connection", "zrtp-hash",
    ]

    /// Without keys, fingerprints and names of streams: what another leg may be told.
    /// - Parameter profiles: of the m-lines, in order; nil keeps what the m-line has.
    public func withoutTransport(profiles: [String?]) -> SessionDescription {
        var result: SessionDescription = self
        // Groups name streams by a=mid.
        let ofSession: Set<String> = SessionDescription.ofTransport.union(["group", "msid-semantic"])
        result.attributes.removeAll { ofSession.contains($0.name.lowercased()) }
        for index in result.media.indices where StreamTransport.isRTP(media[index]) {
            result.media[index].attributes.removeAll {
                SessionDescription.ofTransport.contains($0.name.lowercased()) || $0.name.lowercased() == "mid"
            }
            if index < profiles.count, let profile = profiles[index] { result.media[index].transportProtocol = profile }
        }
        return result
    }

    /// Writes how the streams travel, once their ports are known.
    /// - Parameters:
    ///   - transports: one for each m-line, in order; nil leaves it as it is.
    ///   - address: where the streams arrive.
    public mutating func write(_ transports: [StreamTransport?], address: IPAddress) {
        var speaksICE = false
        for (index, transport) in transports.enumerated() where index < media.count && !media[index].isRejected {
            guard let transport else { continue }
            media[index].setCrypto(transport.crypto)
            media[index].mid = transport.mid
            var lines = SDPTransport()
            if let fingerprint = transport.fingerprint { lines.fingerprints = [fingerprint] }
            lines.setup = transport.setup
            if let ice = transport.ice {
                speaksICE = true
                (lines.iceUfrag, lines.icePassword) = (ice.ufrag, ice.password)
                let port: UInt16 = media[index].port
                lines.candidates = SDPCandidate.hosts(
                    [address], rtpPort: port, rtcpPort: transport.sharesRTCPPort ? nil : port + 1)
                lines.endOfCandidates = true
            }
            media[index].setTransport(lines)
        }
        if speaksICE { isICELite = true }
    }
}

extension MediaNegotiation {
    /// Whether a profile is one of encrypted packets alone.
    public static func isEncrypted(_ media: MediaDescription) -> Bool {
        Profile(media.transportProtocol).map { $0.security != .none } ?? false
    }

    /// A phone that offers the same audio twice, encrypted and not, wants one of them: the other one is refused.
    /// - Parameter policy: the phone's.
    public static func withoutAlternatives(
        _ offer: SessionDescription, policy: EncryptionPolicy
    ) -> SessionDescription {
        let audio: [Int] = offer.media.indices.filter { index in
            offer.media[index].kind == .audio && !offer.media[index].isRejected && negotiates(offer.media[index])
        }
        let secure: [Int] = audio.filter {
            Profile(offer.media[$0].transportProtocol)?.security != Profile.Security.none
        }
        guard secure.count == 1, audio.count == 2,
            let kept = policy == .forbidden ? audio.first(where: { !secure.contains($0) }) : secure.first
        else { return offer }
        var result: SessionDescription = offer
        for index in audio where index != kept { result.media[index].port = 0 }
        return result
    }
}
