/// What an m-line carries (RFC 8866 §5.14, RFC 6466); an open set.
public struct MediaKind: Hashable, Sendable, CustomStringConvertible {
    /// In lower case.
    public let rawValue: String

    /// ASCII case is folded: `Audio` is `audio`.
    public init(_ text: String) {
        let lower: [UInt8] = text.utf8.map { byte in byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }
        rawValue = String(decoding: lower, as: UTF8.self)
    }

    public static let audio = MediaKind("audio")
    public static let video = MediaKind("video")
    public static let text = MediaKind("text")
    public static let application = MediaKind("application")
    public static let message = MediaKind("message")
    /// T.38 fax (RFC 3362).
    public static let image = MediaKind("image")

    public var description: String { rawValue }
}

/// Which way media flows, seen from the description's author (RFC 8866 §6.7).
public enum MediaDirection: String, Hashable, Sendable, CaseIterable {
    case sendrecv, sendonly, recvonly, inactive

    public init(sends: Bool, receives: Bool) {
        switch (sends, receives) {
        case (true, true): self = .sendrecv
        case (true, false): self = .sendonly
        case (false, true): self = .recvonly
        case (false, false): self = .inactive
        }
    }

    /// The author will send.
    public var sends: Bool { self == .sendrecv || self == .sendonly }
    /// The author wants to receive.
    public var receives: Bool { self == .sendrecv || self == .recvonly }

    /// The same stream seen from the other end; also the widest answer to an offer of it (RFC 3264 §6.1).
    public var reversed: MediaDirection { MediaDirection(sends: receives, receives: sends) }

    /// What both allow: each way is open where it is open in both, and both are seen from the same end.
    public func limited(to other: MediaDirection) -> MediaDirection {
        MediaDirection(sends: sends && other.sends, receives: receives && other.receives)
    }

    /// The direction an attribute names; nil for any other attribute.
    init?(_ attribute: SDPAttribute) {
        guard attribute.value == nil else { return nil }
        if attribute.isNamed("sendrecv") {
            self = .sendrecv
        } else if attribute.isNamed("sendonly") {
            self = .sendonly
        } else if attribute.isNamed("recvonly") {
            self = .recvonly
        } else if attribute.isNamed("inactive") {
            self = .inactive
        } else {
            return nil
        }
    }
}

extension [SDPAttribute] {
    /// The first direction named.
    var direction: MediaDirection? {
        for attribute in self { if let direction = MediaDirection(attribute) { return direction } }
        return nil
    }

    /// The value of the first attribute of this name that has one.
    func value(_ name: StaticString) -> String? {
        for attribute in self where attribute.isNamed(name) { if let value = attribute.value { return value } }
        return nil
    }

    func contains(_ name: StaticString) -> Bool {
        for attribute in self where attribute.isNamed(name) { return true }
        return false
    }

    /// Replaces every direction attribute by `direction`, in the place of the first.
    mutating func setDirection(_ direction: MediaDirection) {
        let place = firstIndex { MediaDirection($0) != nil } ?? endIndex
        removeAll { MediaDirection($0) != nil }
        insert(SDPAttribute(direction.rawValue), at: place)
    }
}
