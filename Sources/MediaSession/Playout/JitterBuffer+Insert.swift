public import Basics

extension JitterBuffer {
    /// Takes a packet in.
    ///
    /// - Parameters:
    ///   - payload: what goes to the decoder; 1 536 bytes at most. Copied.
    ///   - arrival: when the packet came; not before that of the last one.
    @discardableResult
    public mutating func insert(
        _ payload: UnsafeRawBufferPointer, sequence: UInt16, timestamp: UInt32, marker: Bool,
        kind: JitterPacketKind = .speech, arrival: Moment
    ) -> JitterVerdict {
        guard payload.count <= Self.largestPayload else {
            statistics.dropped &+= 1
            return .overflow
        }
        let at: Int64 = arrival.nanoseconds
        if isEmptySeries { begin(sequence, timestamp, at: at) }
        let ahead = Int16(bitPattern: sequence &- UInt16(truncatingIfNeeded: highestSequence))
        if ahead > Self.farAhead || ahead < Self.farBehind {
            guard follows(stray: sequence) else {
                statistics.late &+= 1
                return .late
            }
            restart(sequence, timestamp, at: at)
            return take(payload, highestSequence, highestTicks, timestamp, marker, kind, at)
        }
        hasStray = false
        let extended: Int64 = highestSequence &+ Int64(ahead)
        if let verdict = judge(extended, ahead) { return verdict }
        let ticks: Int64
        if ahead > 0 {
            ticks = advance(to: extended, timestamp, kind, at: at)
        } else {
            ticks = highestTicks &+ Int64(Int32(bitPattern: timestamp &- highestTimestamp))
            seen |= 1 << UInt64(-Int64(ahead))
        }
        lastArrival = at
        if kind != .other { estimator.add(transit: at &- nanoseconds(ticks), at: at) }
        // The packets that begin a stream may be out of order as well.
        if !hasPlayed, extended < nextSequence, isPlausible(ticks) { nextSequence = extended }
        guard extended >= nextSequence, ahead >= 0 || isPlausible(ticks) else {
            statistics.late &+= 1
            return .late
        }
        return take(payload, extended, ticks, timestamp, marker, kind, at)
    }

    private mutating func begin(_ sequence: UInt16, _ timestamp: UInt32, at: Int64) {
        isEmptySeries = false
        // Far above zero, so that nothing that came before it is negative.
        highestSequence = 1 << 32 | Int64(sequence)
        nextSequence = highestSequence
        // The axis goes on from what was played before a reset.
        highestTicks = max(highestTicks, position) &+ packetTicks
        highestTimestamp = timestamp
        seen = 0
        lastArrival = at
        phase = .starting
        hasPlayed = false
    }

    /// Whether a packet far from all others goes on with one like it: two in a row are a new series.
    private mutating func follows(stray sequence: UInt16) -> Bool {
        let follows: Bool = hasStray && sequence == strayNext
        hasStray = true
        strayNext = sequence &+ 1
        return follows
    }

    /// The sender began a new series under the old SSRC.
    private mutating func restart(_ sequence: UInt16, _ timestamp: UInt32, at: Int64) {
        reset()
        begin(sequence, timestamp, at: at)
        seen = 1
        estimator.add(transit: at &- nanoseconds(highestTicks), at: at)
    }

    /// Duplicates, and what is too old to be told from one.
    private mutating func judge(_ extended: Int64, _ ahead: Int16) -> JitterVerdict? {
        guard ahead <= 0, seen != 0 else { return nil }
        let behind = UInt64(-Int64(ahead))
        if behind >= 64 {
            statistics.late &+= 1
            return .late
        }
        guard seen & 1 << behind != 0 else { return nil }
        statistics.duplicates &+= 1
        return .duplicate
    }

    /// The newest packet so far: its place on the axis, jumps of the sender's timestamps taken out.
    private mutating func advance(
        to extended: Int64, _ timestamp: UInt32, _ kind: JitterPacketKind, at: Int64
    ) -> Int64 {
        let steps: Int64 = extended &- highestSequence
        seen = (steps >= 64 ? 0 : seen << UInt64(steps)) | 1
        highestSequence = extended
        // An event's timestamp is that of its beginning (RFC 4733 §2.2.4).
        guard kind != .other else { return highestTicks }
        let difference = Int64(Int32(bitPattern: timestamp &- highestTimestamp))
        let elapsed: Int64 = ticks(at &- lastArrival)
        if difference > 0, difference <= elapsed &+ clockRate &+ steps &* packetTicks {
            highestTicks &+= difference
            reanchor(at: at)
        } else {
            // The sender's clock jumped. As far as its packets tell, its audio goes on.
            let follows: Int64 = steps &* packetTicks
            highestTicks &+= elapsed > 3 &* follows ? elapsed : follows
        }
        highestTimestamp = timestamp
        return highestTicks
    }

    /// A packet that is later than any buffer waits, after a pause in which nothing came: either the network held all
    /// packets up, and those behind it come at once; or the sender paused and its timestamps paused as well.
    private mutating func reanchor(at: Int64) {
        guard at &- lastArrival > 100_000_000, let baseline = estimator.baseline else { return }
        if at &- nanoseconds(highestTicks) &- baseline > maximumDelay { estimator.restart() }
    }

    /// Whether a packet that is not the newest can belong to the same run of timestamps.
    private func isPlausible(_ ticks: Int64) -> Bool {
        ticks < highestTicks && ticks > highestTicks &- 10 &* clockRate
    }

    private mutating func take(
        _ payload: UnsafeRawBufferPointer, _ extended: Int64, _ ticks: Int64, _ timestamp: UInt32, _ marker: Bool,
        _ kind: JitterPacketKind, _ at: Int64
    ) -> JitterVerdict {
        while extended &- nextSequence >= Int64(Self.slotCount) { dropOldest() }
        let slot: UnsafeMutablePointer<Slot> = self.slot(extended)
        while !store(payload, in: slot) {
            guard nextSequence < extended else {
                statistics.dropped &+= 1
                return .overflow
            }
            dropOldest()
        }
        slot.pointee.sequence = extended
        slot.pointee.ticks = ticks
        slot.pointee.arrival = at
        slot.pointee.timestamp = timestamp
        slot.pointee.marker = marker
        slot.pointee.kind = kind
        statistics.kept &+= 1
        return .kept
    }

    /// Gives up the place of the oldest packet, whether it came or not.
    mutating func dropOldest() {
        let slot: UnsafeMutablePointer<Slot> = self.slot(nextSequence)
        if slot.pointee.sequence == nextSequence {
            if slot.pointee.kind != .other { statistics.dropped &+= 1 }
            free(slot)
        }
        nextSequence &+= 1
        hasDropped = true
    }
}
