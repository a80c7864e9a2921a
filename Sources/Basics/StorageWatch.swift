/// Watches how much of its share of the disk each kind of file takes, and tells when a threshold is crossed (MV-VM-06).
public struct StorageWatch: Sendable {
    /// A kind of file; the raw value is the file type ID of the events `system-storage-above-threshold` and `-below-threshold`.
    public enum Kind: Int, Hashable, Sendable, CaseIterable {
        case announcements = 4
        case voicemail = 5
        case music = 6

        public var name: String {
            switch self {
            case .announcements: "announcements"
            case .voicemail: "voicemail and recordings"
            case .music: "music on hold"
            }
        }
    }

    public enum Level: Int, Hashable, Sendable, Comparable {
        case normal, important, critical
        public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
    }

    public struct Event: Hashable, Sendable {
        public let kind: Kind
        /// The threshold that was crossed.
        public let level: Level
        /// Whether the use rose above it; else it fell below it.
        public let isAbove: Bool
        /// Of the share, rounded down.
        public let percent: Int

        public init(kind: Kind, level: Level, isAbove: Bool, percent: Int) {
            (self.kind, self.level, self.isAbove, self.percent) = (kind, level, isAbove, percent)
        }
    }

    /// In percent of a kind's share.
    public let important: Int
    public let critical: Int
    private var levels: [Kind: Level] = [:]

    public init(important: Int = 80, critical: Int = 95) { (self.important, self.critical) = (important, critical) }

    /// Takes how many bytes a kind of file has of how many; a share of 0 is without bounds.
    /// - Returns: the thresholds crossed since the last time, in the order they were.
    public mutating func note(_ kind: Kind, used: Int, share: Int) -> [Event] {
        guard share > 0 else { return [] }
        let percent = Int((Double(max(0, used)) / Double(share) * 100).rounded(.down))
        let level: Level = percent >= critical ? .critical : percent >= important ? .important : .normal
        let before: Level = levels[kind] ?? .normal
        levels[kind] = level
        let crossed: [Level] = [.important, .critical].filter { $0 > min(level, before) && $0 <= max(level, before) }
        return (level > before ? crossed : crossed.reversed()).map {
            Event(kind: kind, level: $0, isAbove: level > before, percent: percent)
        }
    }
}
