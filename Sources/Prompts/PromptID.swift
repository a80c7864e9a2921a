/// The name of something that can be heard: a phrase of the catalogue, `music`, or a recording of a tenant's own (`upload/…`).
public struct PromptID: RawRepresentable, Hashable, Comparable, Sendable, ExpressibleByStringLiteral,
    CustomStringConvertible
{
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public init(stringLiteral value: String) { rawValue = value }
    public var description: String { rawValue }
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }

    /// What is heard on hold.
    public static let music: PromptID = "music"
    /// What names of a tenant's own recordings begin with.
    public static let uploadPrefix: String = "upload/"

    /// Whether it is music: levelled and bounded as such, and without a language.
    public var isMusic: Bool { self == .music || rawValue.hasPrefix("music/") }
}
