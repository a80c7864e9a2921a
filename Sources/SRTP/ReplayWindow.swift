/// Which packet indices were taken (RFC 3711 §3.3.2): the highest, and a ring of bits below it (RFC 6479).
struct ReplayWindow {
    /// How far below the highest index a packet may come; RFC 3711 asks for 64.
    static let length: UInt64 = 448
    private static let words: UInt64 = 8

    private var bits: InlineArray<8, UInt64> = InlineArray(repeating: 0)
    private(set) var highest: UInt64 = 0
    private(set) var isStarted = false

    init() {}

    /// A window that remembers only how far it was: all up to there counts as taken.
    init(takenUpTo index: UInt64) {
        highest = index
        isStarted = true
        bits = InlineArray(repeating: .max)
    }

    enum Verdict { case fresh, taken, tooOld }

    /// Whether a packet of this index was taken before, for all that is known.
    @inline(__always)
    func verdict(_ index: UInt64) -> Verdict {
        if !isStarted || index > highest { return .fresh }
        if highest &- index >= Self.length { return .tooOld }
        let bit: UInt64 = bits[Int(truncatingIfNeeded: (index >> 6) & (Self.words - 1))] & (1 << (index & 63))
        return bit == 0 ? .fresh : .taken
    }

    /// Notes that a fresh packet was taken.
    @inline(__always)
    mutating func take(_ index: UInt64) {
        if !isStarted {
            isStarted = true
            highest = index
        } else if index > highest {
            let steps: UInt64 = min((index >> 6) &- (highest >> 6), Self.words)
            var word: UInt64 = index >> 6
            for _ in 0..<steps {
                bits[Int(truncatingIfNeeded: word & (Self.words - 1))] = 0
                word &-= 1
            }
            highest = index
        }
        bits[Int(truncatingIfNeeded: (index >> 6) & (Self.words - 1))] |= 1 << (index & 63)
    }
}
