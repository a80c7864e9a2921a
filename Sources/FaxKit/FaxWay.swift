/// One way of a network: delay, jitter, loss.
public struct FaxWay {
    var lossPercent: UInt64 = 0
    /// How many packets in a row are lost.
    var burst: Int = 1
    var delayMs: Int = 40
    var jitterMs: Int = 0
    private var dice: Dice
    private var losing: Int = 0
    /// Between two losses so many packets come through.
    static let spacing: Int = 12
    private var through: Int = 0
    private var onTheWay: [(at: Int, bytes: [UInt8])] = []
    public private(set) var lost: Int = 0

    public init(seed: UInt64, lossPercent: UInt64 = 0, burst: Int = 1, delayMs: Int = 40, jitterMs: Int = 0) {
        (self.lossPercent, self.burst, self.delayMs, self.jitterMs) = (lossPercent, burst, delayMs, jitterMs)
        dice = Dice(seed)
    }

    public mutating func send(_ bytes: [UInt8], at now: Int) {
        through += 1
        let isUnlucky: Bool = dice.below(1000) < lossPercent * 10 / UInt64(burst)
        if isUnlucky, burst == 1 || through > Self.spacing { losing = burst }
        if losing > 0 {
            (losing, through, lost) = (losing - 1, 0, lost + 1)
            return
        }
        onTheWay.append((now + delayMs + (jitterMs > 0 ? Int(dice.below(UInt64(jitterMs))) : 0), bytes))
    }

    public mutating func arrive(until now: Int) -> [[UInt8]] {
        let there = onTheWay.filter { $0.at <= now }.sorted { $0.at < $1.at }.map(\.bytes)
        onTheWay.removeAll { $0.at <= now }
        return there
    }
}
