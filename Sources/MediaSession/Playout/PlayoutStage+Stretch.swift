package import Basics

extension PlayoutStage {
    /// Pulls looked at together, as ticks may come late.
    static let pullsCompared: Int = 4
    /// So much more delay than aimed at is borne before it is reduced, in nanoseconds.
    private static let tolerance: Int64 = 6_000_000
    /// So little more than aimed at will soon be too little.
    private static let foresight: Int64 = 4_000_000
    /// A deviation of more than this is corrected fast.
    private static let urgent: Int64 = 60_000_000
    /// Pulls between corrections otherwise.
    private static let patience: Int = 3
    /// Pulls for which a quiet moment is waited for to make audio shorter.
    private static let hope: Int = 75

    /// What has been decoded before a pull of `length` shows where packets and pulls lie to each other.
    mutating func notePull(_ length: Int) {
        step = Self.greatestCommonDivisor(max(samples(buffer.packetTicks), 1), length)
        surplus = queue.count % step
    }

    /// Moves the delay towards the one aimed at, if that is due and can be done unheard.
    ///
    /// Packets are taken out at pulls only: with packets of 20 ms a delay of 25 ms saves no packet that one of 20 ms would lose. So the
    /// delay that counts is that of the moment at which packets are asked for, and it changes by whole steps: those of the
    /// largest length that packets and pulls are both multiples of.
    mutating func adjust<Decoder: PlayoutDecoder & ~Copyable>(
        _ length: Int, now: Moment, decoder: inout Decoder
    ) {
        sinceStretch += 1
        guard buffer.settings.stretches, let delay = leastDelay(now: now) else { return }
        let lead: Int64 = nanoseconds(surplus + length - step)
        let margin: Int64 = delay &- lead &- buffer.target
        let wholeStep: Int64 = nanoseconds(step)
        // What will have to be done soon is done in a quiet moment, where there is one.
        if margin < 0 || margin < Self.foresight && isFalling(margin) && isQuiet {
            let steps: Int64 = max((wholeStep &- 1 &- margin) / wholeStep, 1)
            lengthen(Int(truncatingIfNeeded: steps) * step - surplus, isUrgent: margin < -10_000_000)
        } else {
            let steps: Int64 = max(margin &- Self.tolerance, 0) / wholeStep
            let most: Int = surplus + Int(truncatingIfNeeded: steps) * step
            shorten(most, now: now, length: length, decoder: &decoder)
        }
    }

    /// Whether the clocks drift apart so that the margin becomes less.
    private mutating func isFalling(_ margin: Int64) -> Bool {
        sinceMargin += 1
        if earlierMargin &- margin > Self.foresight / 2 { return true }
        if sinceMargin > 1000 || margin > earlierMargin { (earlierMargin, sinceMargin) = (margin, 0) }
        return false
    }

    /// The least delay of the last pulls; nil while they do not tell, as there was something else than audio among them.
    private mutating func leastDelay(now: Moment) -> Int64? {
        guard run == .audio, unproved == 0, let decoded = buffer.delay(now: now) else {
            comparedPulls = 0
            return nil
        }
        let delay: Int64 = decoded &+ nanoseconds(queue.count)
        delays[comparedPulls % Self.pullsCompared] = delay
        comparedPulls += 1
        return comparedPulls >= Self.pullsCompared ? delays.min() : nil
    }

    /// How alike two periods have to be: the longer a good place was waited for, the less.
    private func likeness(isUrgent: Bool) -> Float {
        if isQuiet { return 0 }
        return isUrgent ? 0.5 : max(0.95 - 0.004 * Float(waited % Self.hope), 0.75)
    }

    private mutating func lengthen(_ most: Int, isUrgent: Bool) {
        waited += 1
        guard isUrgent || sinceStretch >= Self.patience, most > 0 else { return }
        let likeness: Float = likeness(isUrgent: isUrgent)
        let made: Int = stretcher.lengthen(&queue, atMost: max(most, stretcher.shortest), likeness: likeness)
        guard made > 0 else { return }
        figures.lengthenings &+= 1
        lengthened &+= UInt64(made)
        stretched(by: made)
    }

    private mutating func shorten<Decoder: PlayoutDecoder & ~Copyable>(
        _ most: Int, now: Moment, length: Int, decoder: inout Decoder
    ) {
        if most < stretcher.shortest { waited = 0 }
        let isUrgent: Bool = nanoseconds(most) > Self.urgent
        guard isUrgent || sinceStretch >= Self.patience else { return }
        // Beyond what is decoded anyway this pull needs another packet.
        let most: Int = buffer.hasNext ? most : min(most, queue.count - length)
        guard most >= stretcher.shortest else { return }
        waited += 1
        let isQuiet: Bool = isQuiet
        guard isQuiet || isUrgent || waited > Self.hope else { return }
        if !isQuiet {
            while queue.count < max(stretcher.reach, length), buffer.hasNext {
                let before: Int = queue.count
                step(length, now: now, decoder: &decoder)
                guard run == .audio, queue.count > before else { return }
            }
        }
        let removed: Int = stretcher.shorten(&queue, atMost: most, likeness: likeness(isUrgent: isUrgent))
        guard removed > 0 else { return }
        figures.shortenings &+= 1
        shortened &+= UInt64(removed)
        stretched(by: -removed)
        _ = fill(length, now: now, decoder: &decoder)
    }

    private mutating func stretched(by samples: Int) {
        sinceStretch = 0
        earlierMargin = .min / 2
        for index in 0..<Self.pullsCompared { delays[index] &+= nanoseconds(samples) }
    }

    /// Follows the background, for ``isQuiet``.
    mutating func noteLevel(_ length: Int) {
        power = MixKernels.energy(queue.front, length) / Float(length)
        background = power < background ? max(power, 1) : background * 1.01
    }

    /// Nothing but background is to be heard: any piece of it is as good as any other.
    private var isQuiet: Bool { power < max(background * 3, 1000) }

    @inline(__always)
    func nanoseconds(_ samples: Int) -> Int64 { Int64(samples) &* 1_000_000_000 / Int64(sampleRate) }

    private static func greatestCommonDivisor(_ one: Int, _ other: Int) -> Int {
        var (a, b): (Int, Int) = (one, other)
        while b > 0 { (a, b) = (b, a % b) }
        return max(a, 1)
    }
}
