public import Basics
internal import DTLS
internal import ICE
internal import MediaSession
public import SDP
internal import SRTP

extension StreamTransport {
    private static let taken: [String] = SRTPProfile.allCases.map(\.rawValue)

    /// Whether an m-line has a key, or a fingerprint, that can be used.
    static func isUsable(_ offer: SessionDescription, at index: Int) -> Bool {
        SDPCrypto.choose(from: offer.media[index].crypto, suites: taken) != nil
            || !offer.usableFingerprints(ofMedia: index).isEmpty
    }

    /// Of an answer: encrypted wherever the offer lets it be and the policy does not forbid it.
    /// - Parameters:
    ///   - before: what holds on the leg; nil where nothing is agreed yet.
    ///   - random: where keys are drawn from; must be cryptographically strong in production.
    /// - Throws: ``EncryptionRefusal`` where offer and policy do not go together.
    public static func answer(
        to offer: SessionDescription, at index: Int, before: Agreement?, in context: Context, random: inout AnyRandom
    ) throws(EncryptionRefusal) -> StreamTransport {
        let asked: MediaDescription = offer.media[index]
        var result = StreamTransport(asked.transportProtocol, sharesRTCPPort: asked.rtcpMux, mid: asked.mid)
        guard !asked.isRejected, let profile = Profile(asked.transportProtocol) else { return result }
        result.hasICEMismatch = offer.hasICEMismatch(atMedia: index)
        if !result.hasICEMismatch { result.ice = answeredICE(offer, at: index, before, &random) }
        if context.policy == .forbidden {
            guard profile.security == .none else { throw .forbidden(asked.transportProtocol) }
            return result
        }
        let line: SDPCrypto? = profile.security == .dtls ? nil : SDPCrypto.choose(from: asked.crypto, suites: taken)
        let canShake: Bool = context.fingerprint != nil && !offer.usableFingerprints(ofMedia: index).isEmpty
        if canShake, line == nil || prefersHandshake(before, at: index, in: context) {
            result.shake(with: offer, at: index, before, in: context, &random)
            return result
        }
        if let line {
            let known: CryptoPair? = before?.stream(index).flatMap { CryptoPair($0.own, $0.remote) }
            if let key = known?.own.keys.first, known?.own.isSuite(line.suite) == true {
                result.crypto = [line.answer(with: key)]
            } else if let fresh = line.answer(using: &random) {
                result.crypto = [fresh]
            }
            return result
        }
        switch profile.security {
        case .none:
            if context.policy == .required || context.policy == .webRTC { throw .required(asked.transportProtocol) }
            return result
        case .sdes: throw .noUsableKey
        case .dtls: throw context.fingerprint == nil ? .noHandshakes : .noUsableFingerprint
        }
    }

    /// Of a party that offers both: what protects the stream already; else keys go where nobody on the way reads them.
    private static func prefersHandshake(_ before: Agreement?, at index: Int, in context: Context) -> Bool {
        switch before.flatMap({ AgreedSecurity($0, at: index)?.security }) {
        case .sdes: false
        case .dtls: true
        case .some(.none), nil: !context.isSignallingEncrypted
        }
    }

    private mutating func shake(
        with offer: SessionDescription, at index: Int, _ before: Agreement?, in context: Context,
        _ random: inout AnyRandom
    ) {
        let asked: SDPTransport? = offer.transport(ofMedia: index)
        // RFC 5763 §5: holdconn is none of the values.
        let setup: SDPSetup = asked?.setup.flatMap { $0 == .holdconn ? nil : $0 } ?? .actpass
        fingerprint = context.ownFingerprint
        self.setup = setup.answer(preferring: StreamTransport.part(before, at: index))
        guard let itsID = asked?.tlsID else { return }
        let known: String? = before?.own.transport(ofMedia: index)?.tlsID
        let isKnown: Bool = before?.remote.transport(ofMedia: index)?.tlsID == itsID
        tlsID = isKnown ? known ?? StreamTransport.newTLSID(&random) : StreamTransport.newTLSID(&random)
    }

    /// Who waits for the handshake: we do, unless it was the other way round before.
    private static func part(_ before: Agreement?, at index: Int) -> SDPSetup {
        guard let before, let security = AgreedSecurity(before, at: index), case .dtls(let plan) = security.security
        else { return .passive }
        return plan.role == .client ? .active : .passive
    }

    /// The same credentials until the party takes new ones: then it wants a restart (RFC 8445 §9).
    private static func answeredICE(
        _ offer: SessionDescription, at index: Int, _ before: Agreement?, _ random: inout AnyRandom
    ) -> ICECredentials? {
        guard let asked = offer.transport(ofMedia: index), asked.hasICE else { return nil }
        if let before, let known = before.credentials(index),
            let old = before.remote.transport(ofMedia: index), old.iceUfrag == asked.iceUfrag,
            old.icePassword == asked.icePassword
        {
            return known
        }
        return .random(using: &random)
    }
}

extension SessionDescription {
    /// Whether the address of an m-line is none of its candidates: somebody in the middle has changed it (RFC 8839 §4.2.5). Nothing can be
    /// told where the address is unknown yet, or a name.
    func hasICEMismatch(atMedia index: Int) -> Bool {
        guard let told = transport(ofMedia: index), told.hasICE, !told.iceOptions.contains("trickle"),
            let address = media[index].connection?.ip, !address.isUnspecified
        else { return false }
        let candidates: [SDPCandidate] = told.candidates.filter { $0.component == 1 }
        guard !candidates.isEmpty, candidates.allSatisfy({ IPAddress($0.host) != nil }) else { return false }
        return !candidates.contains { IPAddress($0.host) == address && $0.port == media[index].port }
    }
}
