public import Basics

/// Answers of DNS with their lives, and what is done while DNS is out (RFC 2308, RFC 8767).
public struct DNSCache: Sendable {
    public struct Settings: Hashable, Sendable {
        /// TTLs are kept within these.
        public var shortestLife: Duration = .seconds(1)
        public var longestLife: Duration = .seconds(86_400)
        /// How long "there is no such record" is believed where the zone does not say; never longer than `longestNegativeLife`.
        public var negativeLife: Duration = .seconds(60)
        public var longestNegativeLife: Duration = .seconds(900)
        /// How long after its end an answer may still be used when nobody gives a new one.
        public var staleLife: Duration = .seconds(3 * 86_400)
        /// After a question nobody answered it is not asked again for so long.
        public var failureLife: Duration = .seconds(30)
        /// Most questions remembered.
        public var capacity = 10_000
        public init() {}
    }

    private struct Entry: Sendable {
        var answer: DNSAnswer?
        var freshUntil: Moment
        var staleUntil: Moment
        /// While set and not reached, nobody is asked.
        var quietUntil: Moment?
    }

    private var entries: [DNSQuestion: Entry] = [:]
    private let settings: Settings

    public init(_ settings: Settings = Settings()) { self.settings = settings }

    public var count: Int { entries.count }

    /// What to go by without asking: an answer that lives, or while DNS is quiet an older one or ``DNSAnswer/failed``.
    public func answer(to question: DNSQuestion, now: Moment) -> DNSAnswer? {
        guard let entry = entries[question] else { return nil }
        if let answer = entry.answer, now < entry.freshUntil { return answer }
        guard let quiet = entry.quietUntil, now < quiet else { return nil }
        return stale(question, now: now) ?? .failed
    }

    /// An answer past its life that may be used while DNS is out.
    public func stale(_ question: DNSQuestion, now: Moment) -> DNSAnswer? {
        guard let entry = entries[question], let answer = entry.answer, now < entry.staleUntil else { return nil }
        return answer
    }

    /// - Parameter ttl: seconds; nil if the answer did not say.
    public mutating func store(_ answer: DNSAnswer, for question: DNSQuestion, ttl: UInt32?, now: Moment) {
        let told: Duration? = ttl.map { .seconds(Int64($0)) }
        let life: Duration
        switch answer {
        case .failed: return storeFailure(of: question, now: now)
        case .records: life = min(max(told ?? settings.shortestLife, settings.shortestLife), settings.longestLife)
        case .absent:
            life = min(max(told ?? settings.negativeLife, settings.shortestLife), settings.longestNegativeLife)
        }
        makeRoom(now)
        let fresh = now.advanced(by: life)
        entries[question] = Entry(answer: answer, freshUntil: fresh, staleUntil: fresh.advanced(by: settings.staleLife))
    }

    /// Nobody answered, or not in time: the older answer is used for a while.
    public mutating func storeFailure(of question: DNSQuestion, now: Moment) {
        if entries[question] == nil { makeRoom(now) }
        let quiet = now.advanced(by: settings.failureLife)
        entries[question, default: Entry(answer: nil, freshUntil: now, staleUntil: now)].quietUntil = quiet
    }

    private mutating func makeRoom(_ now: Moment) {
        guard entries.count >= settings.capacity else { return }
        entries = entries.filter { $0.value.freshUntil > now }
        if entries.count >= settings.capacity { entries.removeAll() }
    }
}
