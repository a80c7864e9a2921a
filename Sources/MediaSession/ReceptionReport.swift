/// The counts a report block is made of (RFC 3550 §A.3), and the losses over all series of a stream.
struct ReceptionReport: Sendable {
    /// How often the number wrapped in this series, in the high 16 bits.
    private var cycles: UInt32 = 0
    private var base: UInt16 = 0
    /// Of this series, duplicates and all.
    var received: UInt64 = 0
    private var lostBefore: UInt64 = 0
    /// At the last report.
    private var expectedPrior: UInt64 = 0
    private var receivedPrior: UInt64 = 0

    @inline(__always)
    mutating func wrap() { cycles &+= 1 << 16 }

    func extended(_ highest: UInt16) -> UInt32 { cycles | UInt32(highest) }

    mutating func begin(at number: UInt16) {
        base = number
        (cycles, received, expectedPrior, receivedPrior) = (0, 0, 0, 0)
    }

    mutating func end(at highest: UInt16, isStarted: Bool) {
        guard isStarted else { return }
        lostBefore &+= missing(highest)
    }

    private func expected(_ highest: UInt16) -> UInt64 { UInt64(extended(highest)) &- UInt64(base) &+ 1 }

    private func missing(_ highest: UInt16) -> UInt64 {
        let expected: UInt64 = expected(highest)
        return expected > received ? expected - received : 0
    }

    func lost(highest: UInt16, isStarted: Bool) -> UInt64 { lostBefore &+ (isStarted ? missing(highest) : 0) }

    /// Of this series; negative where duplicates outnumber losses.
    func cumulativeLost(highest: UInt16, isStarted: Bool) -> Int32 {
        guard isStarted else { return 0 }
        return Int32(clamping: Int64(bitPattern: expected(highest)) &- Int64(bitPattern: received))
    }

    /// Lost since the last call in 256ths of what was expected.
    mutating func takeFraction(highest: UInt16, isStarted: Bool) -> UInt8 {
        guard isStarted else { return 0 }
        let expected: UInt64 = expected(highest)
        let (wanted, got) = (expected &- expectedPrior, received &- receivedPrior)
        (expectedPrior, receivedPrior) = (expected, received)
        guard wanted > got, wanted < 1 << 32 else { return 0 }
        return UInt8(clamping: (wanted - got) << 8 / wanted)
    }
}
