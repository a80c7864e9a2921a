import Basics

/// How many STUN requests are answered: they come without credentials, and from addresses that may be forged.
struct STUNBudget {
    private let perSource: Int
    private let inAll: Int
    private var secondBegan: Moment = .zero
    private var total = 0
    private var bySource: [IPAddress: Int] = [:]

    init(perSource: Int, inAll: Int) { (self.perSource, self.inAll) = (perSource, inAll) }

    /// Whether one more request of `source` is to be answered in this second.
    mutating func takes(_ source: IPAddress, now: Moment) -> Bool {
        if now.since(secondBegan) >= .seconds(1) {
            (secondBegan, total) = (now, 0)
            bySource.removeAll(keepingCapacity: true)
        }
        guard total < inAll, bySource[source, default: 0] < perSource else { return false }
        total += 1
        bySource[source, default: 0] += 1
        return true
    }
}
