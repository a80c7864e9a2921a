/// How sources of one side of a relay are called on the other side.
///
/// Plain memory of a fixed size. Streams that are in no entry are unknown on the other side, and what is said of them is left out.
public struct RTCPMapping: Hashable, Sendable {
    public static let capacity: Int = 4

    /// One stream: its SSRC on the side the report comes from, and on the side it goes to.
    public struct Entry: Hashable, Sendable {
        public var from: UInt32 = 0
        public var to: UInt32 = 0
        /// Added to sequence numbers, extended ones included.
        public var sequenceOffset: UInt32 = 0
        /// Added to RTP timestamps.
        public var timestampOffset: UInt32 = 0
        /// Added to a sender report's counts, modulo 2³².
        public var packetOffset: UInt32 = 0
        public var octetOffset: UInt32 = 0

        public init(
            from: UInt32, to: UInt32, sequenceOffset: UInt32 = 0, timestampOffset: UInt32 = 0, packetOffset: UInt32 = 0,
            octetOffset: UInt32 = 0
        ) {
            self.from = from
            self.to = to
            self.sequenceOffset = sequenceOffset
            self.timestampOffset = timestampOffset
            self.packetOffset = packetOffset
            self.octetOffset = octetOffset
        }
    }

    /// What a party is called that reports under an SSRC of its own without a stream, as one that only listens does.
    public var reporter: UInt32
    private var entries: InlineArray<4, Entry>
    public private(set) var count: Int = 0

    public init(reporter: UInt32) {
        self.reporter = reporter
        entries = InlineArray(repeating: Entry(from: 0, to: 0))
    }

    /// Adds a stream, or replaces the one of the same `from`; false when there are ``capacity`` already.
    @discardableResult
    public mutating func add(_ entry: Entry) -> Bool {
        for index in 0..<count where entries[index].from == entry.from {
            entries[index] = entry
            return true
        }
        guard count < Self.capacity else { return false }
        entries[count] = entry
        count += 1
        return true
    }

    public mutating func removeAll() { count = 0 }

    @inline(__always)
    public func entry(_ ssrc: UInt32) -> Entry? {
        for index in 0..<count where entries[index].from == ssrc { return entries[index] }
        return nil
    }

    /// What the author of a packet is called.
    func author(_ ssrc: UInt32) -> UInt32 { entry(ssrc)?.to ?? reporter }

    public static func == (lhs: Self, rhs: Self) -> Bool {
        guard lhs.reporter == rhs.reporter, lhs.count == rhs.count else { return false }
        for index in 0..<lhs.count where lhs.entries[index] != rhs.entries[index] { return false }
        return true
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(reporter)
        for index in 0..<count { hasher.combine(entries[index]) }
    }
}
