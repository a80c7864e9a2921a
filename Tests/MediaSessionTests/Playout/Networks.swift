import Basics

/// How long each packet of a stream takes, or that it is lost; all from a seed.
struct Network: Sendable, CustomStringConvertible {
    enum Model: Sendable {
        /// Every packet takes as long.
        case even
        /// Between nothing and so many milliseconds, all alike likely.
        case uniform(Double)
        /// Two of a hundred packets, at random, take so many milliseconds more, those behind them wait.
        case spikes(Double)
        /// Bursts of loss (Gilbert): the chance to enter one, and to leave it.
        case bursts(enter: Double, leave: Double)
        /// Every so many seconds nothing goes through for so many milliseconds, then all at once.
        case stalls(every: Double, for: Double)
        /// Every tenth packet is overtaken by the two behind it.
        case reordering
        /// The way becomes so many milliseconds longer after so many seconds.
        case step(after: Double, by: Double)
    }

    let description: String
    let model: Model
    /// On top of every model: each packet is lost with this chance.
    var loss: Double = 0
    /// And copied with this one.
    var copies: Double = 0
    /// The least any packet takes, in milliseconds.
    var base: Double = 30

    init(_ description: String, _ model: Model, loss: Double = 0, copies: Double = 0) {
        (self.description, self.model, self.loss, self.copies) = (description, model, loss, copies)
    }

    struct Delivery {
        var packet: Int
        var at: Double
    }

    /// When packets sent at these moments (milliseconds) arrive, in order of arrival.
    func deliver(_ sent: [Double], seed: UInt64) -> [Delivery] {
        var random = SeededRandom(seed: seed)
        var deliveries: [Delivery] = []
        var isBursting = false
        var queueEnd = 0.0
        for (packet, time) in sent.enumerated() {
            func chance(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &random) < probability }
            var delay: Double = base
            switch model {
            case .even: break
            case .uniform(let most): delay += Double.random(in: 0..<most, using: &random)
            case .spikes(let height):
                if chance(0.02) { queueEnd = time + base + height }
                delay = max(delay + Double.random(in: 0..<3, using: &random), queueEnd - time)
            case .bursts(let enter, let leave):
                isBursting = isBursting ? !chance(leave) : chance(enter)
                if isBursting { continue }
            case .stalls(let every, let length):
                let phase: Double = time.truncatingRemainder(dividingBy: every * 1000)
                if phase < length, time > 2000 { delay += length - phase }
            case .reordering:
                if packet % 10 == 9 { delay += 45 }
            case .step(let after, let by):
                if time > after * 1000 { delay += by }
            }
            if chance(loss) { continue }
            deliveries.append(Delivery(packet: packet, at: time + delay))
            if chance(copies) { deliveries.append(Delivery(packet: packet, at: time + delay + 5)) }
        }
        return deliveries.enumerated()
            .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
            .map { $0.element }
    }
}
