public import Basics
internal import ICE
public import SDP

extension SessionDescription {
    /// Names that belong to how one leg's packets travel, in lower case: another leg has its own.
    fileprivate static let ofTransport: Set<String> = [
        "crypto", "key-mgmt", "fingerprint", "setup", "tls-id", "connection", "zrtp-hash",
    ]
    private static let ofSession: Set<String> = ofTransport.union(["group", "msid-semantic"])
    /// What a stream that is passed as it is may have from the session, and needs.
    private static let inherited: Set<String> = ["fingerprint", "setup", "tls-id"]

    /// Without keys, fingerprints and names of streams: what another leg may be told.
    /// - Parameter profiles: of the m-lines, in order; nil keeps what the m-line has.
    public func withoutTransport(profiles: [String?]) -> SessionDescription {
        var result: SessionDescription = self
        result.attributes.removeAll { SessionDescription.ofSession.contains($0.name.lowercased()) }
        let shared: [SDPAttribute] = attributes.filter { SessionDescription.inherited.contains($0.name.lowercased()) }
        for index in result.media.indices {
            let stream: MediaDescription = media[index]
            guard StreamTransport.isRTP(stream) else {
                // Its handshake is passed from end to end: what it has from the session goes with it.
                guard !stream.isRejected, stream.transportProtocol.uppercased().contains("TLS") else { continue }
                result.media[index].attributes += shared.filter { attribute in
                    !stream.attributes.contains { $0.name.lowercased() == attribute.name.lowercased() }
                }
                continue
            }
            result.media[index].attributes.removeAll {
                SessionDescription.ofTransport.contains($0.name.lowercased()) || $0.name.lowercased() == "mid"
            }
            if index < profiles.count, let profile = profiles[index] { result.media[index].transportProtocol = profile }
        }
        return result
    }

    /// As an offer: either end may begin the handshakes (RFC 8842 §5.2).
    public mutating func offerAnyPart() {
        for index in media.indices where StreamTransport.isRTP(media[index]) {
            for place in media[index].attributes.indices
            where media[index].attributes[place].name.lowercased() == "setup" {
                media[index].attributes[place] = SDPAttribute("setup", SDPSetup.actpass.rawValue)
            }
        }
    }

    /// Writes how the streams travel, once their ports are known.
    /// - Parameters:
    ///   - transports: one for each m-line, in order; nil leaves it as it is.
    ///   - groups: of the description; those of m-lines that are not there are left out.
    ///   - address: where the streams arrive.
    public mutating func write(_ transports: [StreamTransport?], groups: [SDPGroup] = [], address: IPAddress) {
        var speaksICE = false
        for (index, transport) in transports.enumerated() where index < media.count {
            guard let transport else { continue }
            media[index].mid = transport.mid
            guard !media[index].isRejected else { continue }
            media[index].setCrypto(transport.crypto)
            var lines = SDPTransport()
            if let fingerprint = transport.fingerprint { lines.fingerprints = [fingerprint] }
            (lines.setup, lines.tlsID) = (transport.setup, transport.tlsID)
            lines.hasICEMismatch = transport.hasICEMismatch
            if let ice = transport.ice {
                speaksICE = true
                (lines.iceUfrag, lines.icePassword) = (ice.ufrag, ice.password)
                lines.iceOptions = ["ice2"]
                let port: UInt16 = media[index].port
                lines.candidates = SDPCandidate.hosts(
                    [address], rtpPort: port, rtcpPort: transport.sharesRTCPPort ? nil : port &+ 1)
                lines.endOfCandidates = true
            }
            media[index].setTransport(lines)
        }
        if speaksICE { isICELite = true }
        let open: [String] = media.filter { !$0.isRejected }.compactMap(\.mid)
        self.groups = groups.compactMap { group in
            let known: [String] = group.mids.filter { open.contains($0) }
            // Each stream has a port of its own here: all but the first are left out of the bundle (RFC 9143 §7.3).
            if group.isBundle { return known.first.map { SDPGroup(group.semantics, mids: [$0]) } }
            return known.count > 1 ? SDPGroup(group.semantics, mids: known) : nil
        }
    }
}

extension MediaDescription {
    private static let ofICE: Set<String> = [
        "candidate", "remote-candidates", "ice-ufrag", "ice-pwd", "ice-options", "ice-mismatch", "end-of-candidates",
        "rtcp",
    ]

    /// All but what says how the packets of a stream of RTP travel.
    public var attributesBesideTransport: [SDPAttribute] {
        guard StreamTransport.isRTP(self) else { return attributes }
        return attributes.filter { attribute in
            let name: String = attribute.name.lowercased()
            return !SessionDescription.ofTransport.contains(name) && !MediaDescription.ofICE.contains(name)
        }
    }
}

extension StreamTransport {
    /// The groups of an offer: those of the other party's streams, whose names it passes on, and the bundle that browsers expect.
    public static func groups(offering description: SessionDescription, _ transports: [StreamTransport?]) -> [SDPGroup]
    {
        let bundle: [String] = transports.compactMap { $0 }.filter { $0.ice != nil && $0.sharesRTCPPort }.compactMap(
            \.mid)
        return description.groups.filter { !$0.isBundle } + (bundle.isEmpty ? [] : [SDPGroup("BUNDLE", mids: bundle)])
    }

    /// The groups of an answer: those of the offer, without what the other party did not group.
    public static func groups(answering offer: SessionDescription, after description: SessionDescription) -> [SDPGroup]
    {
        let others: Set<String> = Set(description.groups.map(\.semantics))
        return offer.groups.filter { $0.isBundle || others.contains($0.semantics) }
    }
}

extension MediaNegotiation {
    /// Whether a profile is one of encrypted packets alone.
    public static func isEncrypted(_ media: MediaDescription) -> Bool {
        Profile(media.transportProtocol).map { $0.security != .none } ?? false
    }

    /// A phone that offers the same audio, or video, twice, encrypted and not, wants one of them: the other one is refused.
    /// - Parameter policy: the phone's.
    public static func withoutAlternatives(
        _ offer: SessionDescription, policy: EncryptionPolicy
    ) -> SessionDescription {
        var result: SessionDescription = offer
        for kind in [MediaKind.audio, .video] {
            let pair: [Int] = offer.media.indices.filter { index in
                let media: MediaDescription = offer.media[index]
                return media.kind == kind && !media.isRejected && StreamTransport.isRTP(media)
            }
            let secure: [Int] = pair.filter { isEncrypted(offer.media[$0]) }
            guard pair.count == 2, secure.count == 1 else { continue }
            let isUsable: Bool = StreamTransport.isUsable(offer, at: secure[0])
            let keepsPlain: Bool = policy == .forbidden || policy == .offered && !isUsable
            for index in pair where secure.contains(index) == keepsPlain { result.media[index].port = 0 }
        }
        return result
    }
}
