internal import Basics

/// How a virtual phone protects its media.
package enum PhoneEncryption: Hashable, Sendable, CaseIterable {
    /// Knows nothing of it.
    case none
    /// RTP/AVP with a=crypto, which may be left (RFC 8643).
    case optionalKeys
    /// RTP/SAVP with a=crypto, or nothing.
    case keys
    /// RTP/AVP with a=fingerprint, which may be left (RFC 8643).
    case optionalHandshake
    /// UDP/TLS/RTP/SAVP, or nothing.
    case handshake
    /// UDP/TLS/RTP/SAVPF with ICE and shared ports, or nothing.
    case browser

    package var takesPlain: Bool { self == .none || self == .optionalKeys || self == .optionalHandshake }
    var hasKeys: Bool { self == .optionalKeys || self == .keys }
    var hasHandshake: Bool { self == .optionalHandshake || self == .handshake || self == .browser }

    var profile: String {
        switch self {
        case .none, .optionalKeys, .optionalHandshake: "RTP/AVP"
        case .keys: "RTP/SAVP"
        case .handshake: "UDP/TLS/RTP/SAVP"
        case .browser: "UDP/TLS/RTP/SAVPF"
        }
    }
}

/// What a phone protects the media of one call with.
struct PhoneSecrets {
    /// A key for each stream and suite, as in `inline:`.
    var keys: [String: String] = [:]
    var fingerprint = ""
    var ufrag = ""
    var password = ""
    /// By stream: what was agreed last, to see that the server changes nothing without need.
    var agreed: [Int: PhoneAgreement] = [:]
    /// When the phone sent or took a description last.
    var describedAt: Moment = .zero
}

/// What both ends of a stream said last.
struct PhoneAgreement: Hashable {
    var suite = ""
    var ownKey = ""
    var serverKey = ""
    var ownUfrag = ""
    var serverUfrag = ""
    /// The phone sends the ClientHello.
    var isActive = false
    var isHandshake = false
}
