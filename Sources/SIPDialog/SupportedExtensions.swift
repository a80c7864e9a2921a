public import SIPMessage

/// What a message says its sender can do: the option tags and methods a dialog's decisions hang on (RFC 3261 §20.5,
/// §20.32, §20.37).
public struct SupportedExtensions: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// `100rel` (RFC 3262).
    public static let reliableProvisionals = SupportedExtensions(rawValue: 1)
    /// `timer` (RFC 4028).
    public static let timer = SupportedExtensions(rawValue: 2)
    /// `replaces` (RFC 3891).
    public static let replaces = SupportedExtensions(rawValue: 4)
    /// `norefersub` (RFC 4488).
    public static let noReferSubscription = SupportedExtensions(rawValue: 8)
    /// `path` (RFC 3327).
    public static let path = SupportedExtensions(rawValue: 16)
    /// `outbound` (RFC 5626).
    public static let outbound = SupportedExtensions(rawValue: 32)
    /// `gruu` (RFC 5627).
    public static let gruu = SupportedExtensions(rawValue: 64)
    /// `histinfo` (RFC 7044).
    public static let historyInfo = SupportedExtensions(rawValue: 128)
    /// The Allow field names UPDATE (RFC 3311 §5).
    public static let update = SupportedExtensions(rawValue: 256)
    /// The Allow field names PRACK.
    public static let prack = SupportedExtensions(rawValue: 512)

    private static let tags: [(text: String, option: SupportedExtensions)] = [
        ("100rel", .reliableProvisionals), ("timer", .timer), ("replaces", .replaces),
        ("norefersub", .noReferSubscription),
        ("path", .path), ("outbound", .outbound), ("gruu", .gruu), ("histinfo", .historyInfo),
    ]

    /// Reads Supported, Require and Allow; who requires an extension supports it.
    public init(of message: SIPMessage) {
        var result: SupportedExtensions = SupportedExtensions.required(by: message)
        for tag in message.list(.supported) { result.formUnion(SupportedExtensions.option(tag)) }
        for method in message.list(.allow) {
            if method == SIPMethod.update.name { result.insert(.update) }
            if method == SIPMethod.prack.name { result.insert(.prack) }
        }
        self = result
    }

    /// Reads Require alone.
    public static func required(by message: SIPMessage) -> SupportedExtensions {
        var result: SupportedExtensions = []
        for tag in message.list(.require) { result.formUnion(option(tag)) }
        return result
    }

    /// The option tags in Require that `supported` lacks: the Unsupported field of a 420 (RFC 3261 §8.2.2.3); empty to
    /// go on.
    ///
    /// ACK and CANCEL are never refused for them and give none.
    public static func unsupported(in request: SIPMessage, supported: SupportedExtensions) -> [String] {
        guard request.method != .ack, request.method != .cancel else { return [] }
        return request.list(.require).filter { tag in
            let known: SupportedExtensions = option(tag)
            return known.isEmpty || !supported.isSuperset(of: known)
        }
    }

    /// The option tags of the set, as in a Supported field; methods left out.
    public var optionTags: [String] {
        SupportedExtensions.tags.filter { contains($0.option) }.map(\.text)
    }

    private static func option(_ tag: String) -> SupportedExtensions {
        let lowercased: String = tag.lowercased()
        for known in tags where known.text == lowercased { return known.option }
        return []
    }
}
