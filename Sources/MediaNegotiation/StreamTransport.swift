public import DTLS
public import ICE
public import SDP

/// What an m-line of ours says of how its packets travel: the profile, the keys, and ICE.
public struct StreamTransport: Hashable, Sendable {
    /// `RTP/AVP`, `RTP/SAVP`, `UDP/TLS/RTP/SAVPF`, …
    public var profile: String
    /// Keys of ours (RFC 4568).
    public var crypto: [SDPCrypto] = []
    public var fingerprint: SDPFingerprint?
    public var setup: SDPSetup?
    /// Names our end of the DTLS association (RFC 8842 §4).
    public var tlsID: String?
    public var ice: ICECredentials?
    /// Somebody in the middle changed the party's address, so that ICE is left (RFC 8839 §4.2.5).
    public var hasICEMismatch = false
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

        var ownFingerprint: SDPFingerprint? {
            fingerprint.map { SDPFingerprint(hash: $0.hash, value: $0.value) }
        }
    }

    /// What both ends of a leg hold to.
    public struct Agreement: Sendable {
        public let own: SessionDescription
        public let remote: SessionDescription
        public init(own: SessionDescription, remote: SessionDescription) { (self.own, self.remote) = (own, remote) }

        /// A stream of RTP at both ends; one that was a fax's begins anew.
        func stream(_ index: Int) -> (own: MediaDescription, remote: MediaDescription)? {
            guard index < own.media.count, index < remote.media.count, !own.media[index].isRejected,
                !remote.media[index].isRejected, StreamTransport.isRTP(own.media[index]),
                StreamTransport.isRTP(remote.media[index])
            else { return nil }
            return (own.media[index], remote.media[index])
        }

        /// The credentials of our end; nil where ICE is not spoken at both.
        func credentials(_ index: Int) -> ICECredentials? {
            guard let own = own.transport(ofMedia: index), let ufrag = own.iceUfrag, let password = own.icePassword,
                let its = remote.transport(ofMedia: index), its.hasICE, !its.hasICEMismatch
            else { return nil }
            return ICECredentials(ufrag: ufrag, password: password)
        }
    }

    /// Whether an m-line's packets are RTP.
    public static func isRTP(_ media: MediaDescription) -> Bool { Profile(media.transportProtocol) != nil }

    /// A name for our end of an association that was not there before (RFC 8842 §5.2: at least 120 random bits).
    static func newTLSID(_ random: inout some RandomNumberGenerator) -> String {
        let letters: [UInt8] = Array("0123456789abcdefghijklmnopqrstuv".utf8)
        return String(decoding: (0..<26).map { _ in letters[Int.random(in: 0..<32, using: &random)] }, as: UTF8.self)
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

extension SessionDescription {
    /// The fingerprints of an m-line that can be checked.
    func usableFingerprints(ofMedia index: Int) -> [DTLSFingerprint] {
        (transport(ofMedia: index)?.fingerprints ?? [])
            .map { DTLSFingerprint(hash: $0.hash, value: $0.value) }.filter(\.isUsable)
    }
}
