public import SIPMessage

/// What a customer's telephony may differ in, and what holds for one phone once its own values are laid over it; every value has a
/// default, and durations are whole seconds.
///
/// Ranges, units, keys and words for people are in ``Setting/all``: a field gets there what it needs to be set and shown.
public struct TenantSettings: Hashable, Sendable {
    /// Offered in challenges in this order; MD5 alone by default, as many phones give up on a challenge that names another.
    public var digestAlgorithms: [DigestAlgorithm] = [.md5]
    /// Accepts answers without `qop`, as phones of RFC 2069 and test tools give them.
    public var acceptsDigestWithoutQop: Bool = true
    /// Contacts one user may have at a time.
    public var maxBindingsPerUser: Int = 16
    /// The shortest registration, asked for with 423 (RFC 3261 §10.3).
    public var minimumRegistrationSeconds: Int = 60
    /// The longest registration granted over UDP without NAT; never less than the minimum.
    public var maximumRegistrationSeconds: Int = 3600
    /// The longest registration granted behind NAT.
    public var natRegistrationSeconds: Int = 300
    /// The longest registration granted over a connection, which a restart of the server cuts.
    public var streamRegistrationSeconds: Int = 300
    /// What a phone that names no expiry is taken to ask for.
    public var defaultRegistrationSeconds: Int = 3600
    /// How far below the longest registration one may be granted, in percent, so that phones spread.
    public var registrationSpreadPercent: Int = 10
    /// Refuses a Path the phone did not say it understands, with 420 (RFC 3327 §5.3).
    public var refusesUnsupportedPath: Bool = false
    /// The Service-Route of every 200 to a REGISTER, each element in angle brackets (RFC 3608 §6.3).
    public var serviceRoute: [String] = []
    /// The Flow-Timer given to outbound phones; 0 for none (RFC 5626 §6).
    public var flowTimerSeconds: Int = 120
    /// How often a phone is sent a keep-alive; 0 sends none.
    public var keepAliveSeconds: Int = 30
    public var keepAliveKind: KeepAliveKind = .options
    public var keepAlivePhones: KeepAlivePhones = .nat
    public var sessionTimer: SessionTimerUse = .on
    /// The session interval proposed (RFC 4028 §4).
    public var sessionExpiresSeconds: Int = 1800
    /// The smallest session interval accepted (RFC 4028 §5).
    public var minimumSessionSeconds: Int = 90
    /// Rings this long before the caller gets 480.
    public var noAnswerSeconds: Int = 120
    /// The largest Max-Forwards passed on, and the value where the caller gives none (RFC 3261 §20.22).
    public var maxForwards: Int = 70
    /// How far a 3xx of a phone is followed (RFC 3261 §8.1.3.4).
    public var redirects: RedirectPolicy = .inside
    /// The largest number of redirections of one call.
    public var maxRedirects: Int = 5
    /// A leg silent for so long and not on hold is asked whether it is still there; 0 never asks.
    public var mediaSilenceSeconds: Int = 60
    /// Takes media from any address, for a phone whose media comes from elsewhere than its signalling and SDP say.
    public var latchAnySource: Bool = false
    /// Codecs that may be used, by the words of ``SettingElement/codec``; the one liked best first.
    public var codecs: [String] = ["opus", "g722", "pcma", "pcmu", "g729", "others"]
    /// Whether one codec may be turned into another where two parties share none.
    public var transcoding: Bool = true
    /// How much audio a packet holds where the other party asks for nothing.
    public var packetTime: PacketTime = .ms20
    public var dtmf: DTMFUse = .auto
    public var encryption: EncryptionUse = .offered
    /// Lets whom a phone puts on hold hear music.
    public var musicOnHold: Bool = true
    /// What it is: `music`, or `music/NAME`.
    public var holdMusic: String = "music"
    /// What the server speaks to callers.
    public var language: SpokenLanguage = .server
    public var recordsCalls: RecordingUse = .off
    public var fax: FaxUse = .auto
    /// Dialled numbers that are emergency calls, compared whole; an extension of the same digits answers them.
    public var emergencyNumbers: [String] = ["112", "911", "15", "17", "18", "110", "114", "115", "196"]

    public init() {}
}

/// How a phone is kept reachable.
public enum KeepAliveKind: String, Hashable, Sendable, SettingChoice {
    case options, crlf

    public var meaning: String {
        switch self {
        case .options: "an OPTIONS, whose answer proves the phone and measures the round trip"
        case .crlf: "two line ends, which only keep a NAT or a connection open (RFC 5626 §4.4.1)"
        }
    }
}

/// Which phones are sent keep-alives.
public enum KeepAlivePhones: String, Hashable, Sendable, SettingChoice {
    case nat, all

    public var meaning: String {
        switch self {
        case .nat: "those behind NAT, and those with a keep-alive of their own"
        case .all: "every phone that is registered"
        }
    }
}

/// How session timers are used (RFC 4028).
public enum SessionTimerUse: String, Hashable, Sendable, SettingChoice {
    case on, accept, off

    public var meaning: String {
        switch self {
        case .on: "every call has one: proposed to the phone, and refreshed by the server where the phone knows none"
        case .accept: "where the phone asks for one"
        case .off: "never, for phones that get them wrong; one that requires a timer gets it nevertheless"
        }
    }
}

/// How far a redirection by a phone is followed.
public enum RedirectPolicy: String, Hashable, Sendable, SettingChoice {
    case none, inside, anywhere

    public var meaning: String {
        switch self {
        case .none: "not at all: the caller gets the phone's 3xx as a failure"
        case .inside: "to users of the same tenant"
        case .anywhere:
            "to any SIP address, where phones are trusted: who sets one up can place calls at the operator's cost"
        }
    }
}

/// How faxes go to and from a phone or gateway.
public enum FaxUse: String, Hashable, Sendable, SettingChoice {
    case auto, offer, passthrough, gateway, off

    public var meaning: String {
        switch self {
        case .auto:
            "passed on to the other party; where that refuses, the server makes T.38 of the other party's sound; a phone that has shown that it takes T.38 is offered it where a fax is heard"
        case .offer: "as `auto`, and the phone is offered T.38 wherever a fax is heard"
        case .passthrough: "passed on to the other party, which may refuse"
        case .gateway: "never passed on: the server makes T.38 of the other party's sound"
        case .off: "refused (488), so that the fax goes on as sound"
        }
    }
}

/// How much audio a packet of RTP holds.
public enum PacketTime: String, Hashable, Sendable, SettingChoice {
    case ms10 = "10"
    case ms20 = "20"
    case ms30 = "30"
    case ms40 = "40"
    case ms60 = "60"

    public var milliseconds: UInt8 { UInt8(rawValue) ?? 20 }

    public var meaning: String {
        switch self {
        case .ms10: "ms: the least delay, and twice the packets"
        case .ms20: "ms: what nearly every phone uses"
        case .ms30, .ms40, .ms60: "ms"
        }
    }
}

/// How the digits of a phone's keys travel.
public enum DTMFUse: String, Hashable, Sendable, SettingChoice {
    case auto, rfc4733, inband, info

    public var meaning: String {
        switch self {
        case .auto:
            "as events where the phone takes them, else by SIP INFO where it says or shows that it takes those, else as tones"
        case .rfc4733: "as events in the media (RFC 4733), else as tones; SIP INFO is answered and not acted on"
        case .inband: "as tones in the audio; events are neither offered nor taken"
        case .info: "by SIP INFO; events are neither offered nor taken"
        }
    }
}

/// Which language the server speaks.
public enum SpokenLanguage: String, Hashable, Sendable, SettingChoice {
    case server, fr, en

    public var meaning: String {
        switch self {
        case .server: "the language of the configuration (prompts.language)"
        case .fr: "French"
        case .en: "English"
        }
    }
}

/// Which calls are recorded.
public enum RecordingUse: String, Hashable, Sendable, SettingChoice {
    case off, all

    public var meaning: String {
        switch self {
        case .off: "none"
        case .all:
            "every call from its answer on, the caller on the left channel and who answered on the right; telling the parties is the customer's duty"
        }
    }
}

/// How media is encrypted between a phone and the server.
public enum EncryptionUse: String, Hashable, Sendable, SettingChoice {
    case forbidden, offered, required, webrtc

    public var meaning: String {
        switch self {
        case .forbidden: "not at all; a phone that offers nothing else is refused (488)"
        case .offered:
            "where the phone offers it; and offered to phones that are reached over TLS, which may leave it (RFC 8643)"
        case .required:
            "always, by keys in the session descriptions, or by a handshake where the phone offers that; a phone that offers neither is refused (488)"
        case .webrtc: "always, and offered by a handshake with ICE, as browsers want it"
        }
    }
}
