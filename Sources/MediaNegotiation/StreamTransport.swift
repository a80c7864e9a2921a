public import Basics
public import DTLS
public import ICE
internal import MediaSession
public import SDP
internal import SRTP

/// What an m-line of ours says of how its packets travel: the profile, the keys, and ICE.
public struct StreamTransport: Hashable, Sendable {
    /// `RTP/AVP`, `RTP/SAVP`, `UDP/TLS/RTP/SAVPF`, …
    public var profile: String
    /// Keys of ours (RFC 4568).
    public var crypto: [SDPCrypto] = []
    public var fingerprint: SDPFingerprint?
    public var setup: SDPSetup?
    public var ice: ICECredentials?
    public var sharesRTCPPort: Bool
    public var mid: String?

    init(_ profile: String, sharesRTCPPort: Bool, mid: String?) {
        (self.profile, self.sharesRTCPPort, self.mid) = (profile, sharesRTCPPort, mid)
    }

    /// What the transport follows from beside the descriptions.
    public struct Context: Sendable {
        public var policy: EncryptionPolicy
        /// Nobody on the way reads keys.
        public var isSignallingEncrypted: Bool
        /// Of our certificate; nil where no handshakes are made.
        public var fingerprint: DTLSFingerprint?

        public init(policy: EncryptionPolicy, isSignallingEncrypted: Bool, fingerprint: DTLSFingerprint?) {
            (self.policy, self.isSignallingEncrypted, self.fingerprint) = (policy, isSignallingEncrypted, fingerprint)
        }

        fileprivate var ownFingerprint: SDPFingerprint? {
            fingerprint.map { SDPFingerprint(hash: $0.hash, value: $0.value) }
        }
    }

    /// What both ends of a leg hold to.
    public struct Agreement: Sendable {
        public let own: SessionDescription
        public let remote: SessionDescription
        public init(own: SessionDescription, remote: SessionDescription) { (self.own, self.remote) = (own, remote) }

        func stream(_ index: Int) -> (own: MediaDescription, remote: MediaDescription)? {
            guard index < own.media.count, index < remote.media.count, !own.media[index].isRejected,
                !remote.media[index].isRejected
            else { return nil }
            return (own.media[index], remote.media[index])
        }
    }

    /// Crypto-suites offered, the one most phones have first; any other that is known here is taken.
    private static let offered: [SRTPProfile] = [.aesCM128HMACSHA1Tag80, .aeadAES128GCM, .aeadAES256GCM]
    private static let taken: [String] = SRTPProfile.allCases.map(\.rawValue)

    /// Whether an m-line's packets are RTP.
    public static func isRTP(_ media: MediaDescription) -> Bool { Profile(media.transportProtocol) != nil }

    // MARK: Offers

    /// Of an offer: as it is where the stream exists, else as the policy has it.
    /// - Parameters:
    ///   - source: the other party's m-line.
    ///   - before: what holds on the leg; nil where nothing is agreed yet.
    ///   - random: where keys are drawn from; must be cryptographically strong in production.
    public static func offer(
        after source: MediaDescription, at index: Int, before: Agreement?, in context: Context,
        random: inout AnyRandom
    ) -> StreamTransport {
        if let before, let known = before.stream(index), isRTP(known.own) {
            return kept(known.own, known.remote, before, at: index, in: context)
        }
        let hasFeedback: Bool = source.kind != .audio && (Profile(source.transportProtocol)?.hasFeedback ?? false)
        let feedback: String = hasFeedback ? "F" : ""
        switch context.policy {
        case .forbidden: return StreamTransport("RTP/AVP\(feedback)", sharesRTCPPort: source.rtcpMux, mid: source.mid)
        case .offered:
            var plain = StreamTransport("RTP/AVP\(feedback)", sharesRTCPPort: source.rtcpMux, mid: source.mid)
            if context.isSignallingEncrypted { plain.crypto = lines(&random) }
            return plain
        case .webRTC where context.fingerprint != nil:
            var browser = StreamTransport(
                "UDP/TLS/RTP/SAVPF", sharesRTCPPort: true, mid: source.mid ?? String(index))
            (browser.fingerprint, browser.setup) = (context.ownFingerprint, .actpass)
            browser.ice = .random(using: &random)
            return browser
        case .required, .webRTC:
            var secure = StreamTransport("RTP/SAVP\(feedback)", sharesRTCPPort: source.rtcpMux, mid: source.mid)
            secure.crypto = lines(&random)
            return secure
        }
    }

    private static func lines(_ random: inout AnyRandom) -> [SDPCrypto] {
        SDPCrypto.offer(suites: offered.map(\.rawValue), using: &random)
    }

    /// A stream that exists, offered again: the same keys and credentials, so that nothing begins anew.
    private static func kept(
        _ own: MediaDescription, _ remote: MediaDescription, _ before: Agreement, at index: Int, in context: Context
    ) -> StreamTransport {
        var result = StreamTransport(own.transportProtocol, sharesRTCPPort: own.rtcpMux && remote.rtcpMux, mid: own.mid)
        if let pair = CryptoPair(own, remote) {
            result.crypto = [pair.own]
        } else if !own.fingerprints(in: before.own, at: index).isEmpty,
            !remote.fingerprints(in: before.remote, at: index).isEmpty
        {
            (result.fingerprint, result.setup) = (context.ownFingerprint, .actpass)
        }
        result.ice = credentials(before, at: index)
        return result
    }

    private static func credentials(_ before: Agreement, at index: Int) -> ICECredentials? {
        guard let own = before.own.transport(ofMedia: index), let ufrag = own.iceUfrag, let password = own.icePassword,
            before.remote.transport(ofMedia: index)?.hasICE == true
        else { return nil }
        return ICECredentials(ufrag: ufrag, password: password)
    }

    // MARK: Answers

    /// Of an answer: encrypted wherever the offer lets it be and the policy does not forbid it.
    /// - Throws: ``EncryptionRefusal`` where offer and policy do not go together.
    public static func answer(
        to offer: SessionDescription, at index: Int, before: Agreement?, in context: Context, random: inout AnyRandom
    ) throws(EncryptionRefusal) -> StreamTransport {
        let asked: MediaDescription = offer.media[index]
        var result = StreamTransport(asked.transportProtocol, sharesRTCPPort: asked.rtcpMux, mid: asked.mid)
        result.ice = answeredICE(offer, at: index, before, &random)
        guard let profile = Profile(asked.transportProtocol) else { return result }
        if context.policy == .forbidden {
            guard profile.security == .none else { throw .forbidden }
            return result
        }
        if profile.security != .dtls, let line = SDPCrypto.choose(from: asked.crypto, suites: taken) {
            let known: CryptoPair? = before?.stream(index).flatMap { CryptoPair($0.own, $0.remote) }
            if let key = known?.own.keys.first, known?.own.isSuite(line.suite) == true {
                result.crypto = [line.answer(with: key)]
            } else if let fresh = line.answer(using: &random) {
                result.crypto = [fresh]
            }
            return result
        }
        if let own = context.ownFingerprint, !asked.fingerprints(in: offer, at: index).isEmpty {
            let setup: SDPSetup =
                offer.transport(ofMedia: index)?.setup.flatMap { $0 == .holdconn ? nil : $0 } ?? .actpass
            (result.fingerprint, result.setup) = (own, setup.answer(preferring: role(before, at: index)))
            return result
        }
        switch profile.security {
        case .none:
            if context.policy == .required || context.policy == .webRTC { throw .required }
            return result
        case .sdes: throw .noUsableKey
        case .dtls: throw context.fingerprint == nil ? .noHandshakes : .noUsableFingerprint
        }
    }

    /// Who waits for the handshake: we do, unless it was the other way round before.
    private static func role(_ before: Agreement?, at index: Int) -> SDPSetup {
        guard let before, let security = AgreedSecurity(before, at: index), case .dtls(let plan) = security.security
        else { return .passive }
        return plan.role == .client ? .active : .passive
    }

    /// The same credentials until the party takes new ones: then it wants a restart (RFC 8445 §9).
    private static func answeredICE(
        _ offer: SessionDescription, at index: Int, _ before: Agreement?, _ random: inout AnyRandom
    ) -> ICECredentials? {
        guard let asked = offer.transport(ofMedia: index), asked.hasICE else { return nil }
        if let before, let known = credentials(before, at: index),
            let old = before.remote.transport(ofMedia: index), old.iceUfrag == asked.iceUfrag,
            old.icePassword == asked.icePassword
        {
            return known
        }
        return .random(using: &random)
    }
}

/// Why a party's offer is refused for its encryption, or the want of it.
public enum EncryptionRefusal: Error, Hashable, Sendable {
    case forbidden, required, noUsableKey, noUsableFingerprint, noHandshakes

    /// For a Warning and for the history.
    public var explanation: String {
        switch self {
        case .forbidden: "the settings forbid encrypted media, and it offers nothing else"
        case .required: "the settings require encrypted media, and it offers none"
        case .noUsableKey: "it offers encrypted media without a key that can be used (a=crypto)"
        case .noUsableFingerprint: "it offers encrypted media without a fingerprint that can be checked"
        case .noHandshakes: "it offers media with keys by DTLS, which is not made here"
        }
    }
}

/// A profile of RTP by its name in an m-line.
struct Profile: Hashable {
    enum Security: Hashable { case none, sdes, dtls }
    let security: Security
    let hasFeedback: Bool

    init?(_ text: String) {
        switch text.uppercased() {
        case "RTP/AVP": (security, hasFeedback) = (.none, false)
        case "RTP/AVPF": (security, hasFeedback) = (.none, true)
        case "RTP/SAVP": (security, hasFeedback) = (.sdes, false)
        case "RTP/SAVPF": (security, hasFeedback) = (.sdes, true)
        case "UDP/TLS/RTP/SAVP": (security, hasFeedback) = (.dtls, false)
        case "UDP/TLS/RTP/SAVPF": (security, hasFeedback) = (.dtls, true)
        default: return nil
        }
    }
}

/// The lines of both ends that belong together.
struct CryptoPair: Hashable {
    let own: SDPCrypto
    let remote: SDPCrypto

    /// Nil where the ends did not agree on one.
    init?(_ own: MediaDescription, _ remote: MediaDescription) {
        let its: [SDPCrypto] = remote.crypto
        for line in own.crypto {
            guard let same = its.first(where: { $0.tag == line.tag && $0.isSuite(line.suite) && $0.isUsable }) else {
                continue
            }
            (self.own, self.remote) = (line, same)
            return
        }
        return nil
    }
}

extension MediaDescription {
    /// Those that can be checked.
    func fingerprints(in description: SessionDescription, at index: Int) -> [DTLSFingerprint] {
        (description.transport(ofMedia: index)?.fingerprints ?? [])
            .map { DTLSFingerprint(hash: $0.hash, value: $0.value) }.filter(\.isUsable)
    }
}
