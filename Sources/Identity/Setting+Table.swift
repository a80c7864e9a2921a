internal import SIPMessage

extension Setting {
    /// Everything that can be set, in the order people read it.
    public static let all: [Setting] = login + registration + keepAlive + calls + media

    /// The one whose presence at a terminal counts, whatever its value.
    public static let keepAliveKey: String = "keep-alive"

    private static let login: [Setting] = [
        Setting(
            "digest-algorithms", .login, .list(.digestAlgorithm, 1...3), both,
            "hash algorithms offered for passwords, the preferred one first; many phones know MD5 alone and give up on others",
            "RFC 7616, RFC 8760 §2.3",
            read: { .list($0.digestAlgorithms.map(\.name)) },
            write: { value, settings in
                if case .list(let names) = value { settings.digestAlgorithms = names.map { DigestAlgorithm($0) } }
            }),
        .flag(
            "digest-without-qop", .login, \.acceptsDigestWithoutQop,
            "accepts passwords answered in the old way, without qop", "RFC 2069, RFC 7616 §3.4"),
    ]

    private static let registration: [Setting] = [
        .number(
            "contact-limit", .registration, \.maxBindingsPerUser, 1...64, .count("phones"),
            "phones (contacts) one user may have registered at a time", "RFC 3261 §10.3"),
        .number(
            "registration-min", .registration, \.minimumRegistrationSeconds, 10...3600, .seconds,
            "the shortest registration; a phone that asks for less is told to ask for this (423)", "RFC 3261 §10.3"),
        .number(
            "registration-max", .registration, \.maximumRegistrationSeconds, 60...86_400, .seconds,
            "the longest registration over UDP without NAT", "RFC 3261 §10.3"),
        .number(
            "registration-max-nat", .registration, \.natRegistrationSeconds, 30...86_400, .seconds,
            "the longest registration of a phone behind NAT", "RFC 3261 §10.3"),
        .number(
            "registration-max-stream", .registration, \.streamRegistrationSeconds, 30...86_400, .seconds,
            "the longest registration over TCP or TLS: how long a phone may be away after its connection was cut",
            "RFC 3261 §10.3"),
        .number(
            "registration-default", .registration, \.defaultRegistrationSeconds, 60...86_400, .seconds,
            "what a phone that names no time is taken to ask for", "RFC 3261 §10.2.1.1"),
        .number(
            "registration-spread", .registration, \.registrationSpreadPercent, 0...50, .percent,
            "registrations are shortened by a random part of this, so that phones do not come back together"),
        .flag(
            "refuse-unsupported-path", .registration, \.refusesUnsupportedPath,
            "refuses a registration by a proxy's Path where the phone does not name path in Supported (420)",
            "RFC 3327 §5.3"),
        .list(
            "service-route", .registration, \.serviceRoute, .route, 0...8,
            "the way a registered phone is told to send its requests, first hop first", "RFC 3608 §6"),
        .number(
            "flow-timer", .registration, \.flowTimerSeconds, 30...3600, .seconds, zero: "none is given",
            "the longest silence of a phone with outbound flows, told to it in Flow-Timer", "RFC 5626 §6"),
    ]

    private static let keepAlive: [Setting] = [
        .number(
            keepAliveKey, .keepAlive, \.keepAliveSeconds, 10...3600, .seconds, zero: "none is sent",
            "time between keep-alives; a terminal's own holds whether it is behind NAT or not", "RFC 5626 §3.5"),
        .choice("keep-alive-kind", .keepAlive, \.keepAliveKind, "what is sent", "RFC 5626 §3.5"),
        .choice("keep-alive-phones", .keepAlive, \.keepAlivePhones, "which phones get them", scopes: [.tenant]),
    ]

    private static let calls: [Setting] = [
        .number(
            "no-answer", .calls, \.noAnswerSeconds, 5...600, .seconds,
            "a call that rings so long is refused (480); of the phones of one user the longest counts"),
        .choice(
            "redirects", .calls, \.redirects, "how far a redirection (3xx) by a phone is followed", "RFC 3261 §8.1.3.4"),
        .number(
            "redirect-limit", .calls, \.maxRedirects, 1...10, .count("redirections"),
            "redirections followed one after the other in a call", "RFC 3261 §8.1.3.4", scopes: [.tenant]),
        .choice(
            "session-timer", .calls, \.sessionTimer, "asks in long calls whether the phone still lives", "RFC 4028"),
        .number(
            "session-expires", .calls, \.sessionExpiresSeconds, 90...86_400, .seconds,
            "the session interval: proposed, and the longest agreed to", "RFC 4028 §4"),
        .number(
            "session-min", .calls, \.minimumSessionSeconds, 90...86_400, .seconds,
            "the shortest session interval agreed to (Min-SE)", "RFC 4028 §5"),
        .number(
            "max-forwards", .calls, \.maxForwards, 1...255, .count("hops"),
            "hops a call may still take: the most that is passed on, and what is assumed where the caller says nothing",
            "RFC 3261 §8.1.1.6", scopes: [.tenant]),
        .list(
            "emergency-numbers", .calls, \.emergencyNumbers, .dialledNumber, 0...64,
            "numbers whose calls are emergency calls: never refused in overload", scopes: [.tenant]),
    ]

    private static let media: [Setting] = [
        .list(
            "codecs", .media, \.codecs, .codec, 1...7,
            "codecs that may be used, the one liked best first: a call offers them in this order; others are all those that can be relayed but not transcoded (SILK, AMR, iLBC)",
            "RFC 3264 §5.1"),
        .flag(
            "transcoding", .media, \.transcoding,
            "turns one codec into another where two phones share none; off refuses such a call (488)"),
        .choice(
            "packet-time", .media, \.packetTime,
            "audio in one packet, asked for where the other phone asks for nothing, and used where the server makes the packets",
            "RFC 8866 §6.4"),
        .choice(
            "encryption", .media, \.encryption, "how media is encrypted between phone and server",
            "RFC 4568, RFC 5763, RFC 8643"),
        .choice("dtmf", .media, \.dtmf, "how digits pressed during a call travel", "RFC 4733, RFC 6086"),
        .flag(
            "music-on-hold", .media, \.musicOnHold,
            "lets whom the phone puts on hold hear music of the server's; off passes on whatever the phone sends"),
        .choice("language", .media, \.language, "what the server speaks to callers", scopes: [.tenant]),
        .choice(
            "record-calls", .media, \.recordsCalls,
            "which calls are recorded; of the two phones of a call, one with all is enough"),
        .choice(
            "fax-t38", .media, \.fax, "a fax that is to go as T.38 instead of sound", "T.38 Annex D"),
        .number(
            "media-silence", .media, \.mediaSilenceSeconds, 10...3600, .seconds, zero: "never asks",
            "a phone that sends no media for so long, and is not on hold, is asked whether it is still in the call"),
        .flag(
            "latch-any-source", .media, \.latchAnySource,
            "takes media from any address, for a phone whose media comes from elsewhere than its signalling and SDP say",
            scopes: [.terminal]),
    ]
}
