public import Basics

extension JitterBuffer {
    /// Audio that is made up for longer than this has faded; what comes then starts anew, with the whole delay.
    static let longestGap: Int64 = 100_000_000
    /// A step of the sender's timestamps of less than this without a packet missing is played over.
    static let smallStep: Int64 = 5_000_000

    /// What is to be played next, now that its decoder is about to run dry.
    ///
    /// - Parameter lead: by how much earlier than its first sample is heard a packet is asked for, in ticks; what is left of the
    ///   pull when packets and pulls do not have the same length.
    public mutating func next(now: Moment, lead: Int64 = 0) -> JitterStep {
        updateTarget(now: now)
        guard !isEmptySeries, let head = headSequence() else { return emptyStep() }
        catchUp(from: head, now: now)
        guard let sequence = headSequence() else { return emptyStep() }
        let found: UnsafeMutablePointer<Slot> = slot(sequence)
        if made > ticks(Self.longestGap), phase == .playing { phase = .starting }
        if phase == .starting {
            return isDue(found, now: now, lead: lead) ? play(sequence, now: now) : .silence
        }
        let gap: Int64 = found.pointee.ticks &- position
        let lost: Int64 = lostPackets(before: sequence)
        let missing: Int64 = min(gap, lost &* packetTicks)
        if missing > made, phase == .playing {
            return missingStep(missing &- made, sequence, now: now)
        }
        // A pause of the sender lies between: its length is what makes the delay right.
        if gap &- missing > ticks(Self.smallStep), phase == .paused || gap > made {
            return isDue(found, now: now, lead: lead) ? play(sequence, now: now) : .silence
        }
        return play(sequence, now: now)
    }

    /// The packet that follows the last one played is there.
    var hasNext: Bool {
        let found: UnsafeMutablePointer<Slot> = slot(nextSequence)
        return phase == .playing && made == 0 && found.pointee.sequence == nextSequence
            && found.pointee.ticks == position && found.pointee.kind == .speech
    }

    /// A packet of so many ticks was played; 0 for comfort noise, which lasts until the next packet.
    public mutating func played(_ ticks: Int64) {
        position &+= ticks
        if ticks > 0 { packetTicks = ticks }
    }

    /// So many ticks were made up.
    public mutating func filled(_ ticks: Int64) {
        made &+= ticks
    }

    /// How long after the fastest packets' arrival the sample is heard that comes after all that were decoded; negative when it
    /// would be heard before it can be here. Nil until something was played.
    public func delay(now: Moment) -> Int64? {
        guard hasPlayed, let baseline = estimator.baseline else { return nil }
        return now.nanoseconds &- nanoseconds(position) &- baseline
    }

    /// The oldest packet with audio; passes over others.
    private mutating func headSequence() -> Int64? {
        var sequence: Int64 = nextSequence
        while sequence <= highestSequence {
            let found: UnsafeMutablePointer<Slot> = slot(sequence)
            if found.pointee.sequence == sequence {
                guard found.pointee.kind == .other else { return sequence }
                guard sequence == nextSequence else {
                    sequence &+= 1
                    continue
                }
                free(found)
                nextSequence &+= 1
                passedOther &+= 1
            }
            sequence &+= 1
        }
        return nil
    }

    private func lostPackets(before sequence: Int64) -> Int64 {
        var lost: Int64 = 0
        var missing: Int64 = nextSequence
        while missing < sequence {
            if slot(missing).pointee.sequence != missing { lost &+= 1 }
            missing &+= 1
        }
        return lost
    }

    private func emptyStep() -> JitterStep {
        phase == .playing && passedOther == 0 ? .empty : .silence
    }

    /// More delay than ever allowed: packets are dropped until the delay is the one aimed at.
    private mutating func catchUp(from head: Int64, now: Moment) {
        guard let baseline = estimator.baseline else { return }
        var sequence: Int64 = head
        guard now.nanoseconds &- nanoseconds(slot(sequence).pointee.ticks) &- baseline > maximumDelay &+ 40_000_000
        else {
            return
        }
        while sequence < highestSequence {
            let delay: Int64 = now.nanoseconds &- nanoseconds(slot(sequence).pointee.ticks &+ packetTicks) &- baseline
            guard delay >= target else { break }
            while nextSequence <= sequence { dropOldest() }
            guard let next = headSequence() else { return }
            sequence = next
        }
    }

    /// Whether a talkspurt that begins with this packet begins now.
    private func isDue(_ slot: UnsafeMutablePointer<Slot>, now: Moment, lead: Int64) -> Bool {
        guard let baseline = estimator.baseline else { return true }
        return now.nanoseconds &- nanoseconds(slot.pointee.ticks &+ lead) &- baseline >= target
    }

    private mutating func play(_ sequence: Int64, now: Moment) -> JitterStep {
        let found: UnsafeMutablePointer<Slot> = slot(sequence)
        let isContinuous: Bool = hasPlayed && made == 0 && position == found.pointee.ticks
        // Nothing was lost and the sender let time pass: it paused, whatever had to be made up meanwhile.
        let gap: Int64 = found.pointee.ticks &- position
        let afterPause: Bool =
            !hasPlayed || !hasDropped && gap > ticks(Self.smallStep) && lostPackets(before: sequence) == 0
        hasDropped = false
        position = found.pointee.ticks
        phase = found.pointee.kind == .speech ? .playing : .paused
        hasPlayed = true
        made = 0
        passedOther = 0
        let packet: JitterPacket = packet(found, isContinuous: isContinuous, afterPause: afterPause, now: now)
        while nextSequence <= sequence {
            let passed: UnsafeMutablePointer<Slot> = slot(nextSequence)
            if passed.pointee.sequence == nextSequence { free(passed) }
            nextSequence &+= 1
        }
        return .packet(packet)
    }

    private func missingStep(_ ticks: Int64, _ sequence: Int64, now: Moment) -> JitterStep {
        // The last one missing may be in the packet after it.
        let whole: Bool = made % packetTicks == 0
        guard whole, ticks <= packetTicks else {
            return .missing(whole ? ticks &- packetTicks : min(ticks, packetTicks &- made % packetTicks), next: nil)
        }
        let found: UnsafeMutablePointer<Slot> = slot(sequence)
        return .missing(
            ticks,
            next: found.pointee.kind == .comfortNoise
                ? nil : packet(found, isContinuous: false, afterPause: false, now: now))
    }

    private func packet(
        _ slot: UnsafeMutablePointer<Slot>, isContinuous: Bool, afterPause: Bool, now: Moment
    ) -> JitterPacket {
        JitterPacket(
            payload: payload(of: slot), sequence: UInt16(truncatingIfNeeded: slot.pointee.sequence),
            timestamp: slot.pointee.timestamp, marker: slot.pointee.marker, kind: slot.pointee.kind,
            isContinuous: isContinuous, afterPause: afterPause,
            waitedNanoseconds: now.nanoseconds &- slot.pointee.arrival)
    }

    /// The delay aimed at rises at once and falls by a tenth of the way in a second, at least 2 ms.
    private mutating func updateTarget(now: Moment) {
        let learned: Int64 = estimator.delay
        // A little more than was ever needed, where anything was.
        let wanted: Int64 = min(max(learned &+ min(learned / 4, 2_500_000), minimumDelay), maximumDelay)
        let elapsed: Int64 = targetAt == .min ? 0 : min(max(now.nanoseconds &- targetAt, 0), 1_000_000_000)
        targetAt = now.nanoseconds
        guard wanted < target else {
            target = wanted
            return
        }
        let fall: Int64 = max((target &- wanted) / 10, 2_000_000) &* (elapsed / 1000) / 1_000_000
        target = max(target &- fall, wanted)
    }
}
