public import Basics

extension ConferenceMixer {
    /// The member's seat; nil when it is not in the room.
    public func seat(_ endpoint: MediaEndpointID) -> Int? {
        for seat in 0..<seatCount where voices[seat].isPresent && voices[seat].member.endpoint == endpoint {
            return seat
        }
        return nil
    }

    /// What a member's part in the room is.
    public func member(_ seat: Int) -> RoomMember? {
        seat >= 0 && seat < seatCount && voices[seat].isPresent ? voices[seat].member : nil
    }

    /// Lets a member in, or changes its part.
    ///
    /// - Returns: its seat; nil when the room is full.
    public mutating func set(_ member: RoomMember) -> Int? {
        if let seat = seat(member.endpoint) {
            apply(member, to: seat)
            return seat
        }
        guard count < min(Int(plan.memberLimit), 500) else { return nil }
        let seat: Int = freeSeat()
        voices[seat] = Voice(member)
        voices[seat].isPresent = true
        voices[seat].volume = linearGain(decibels: member.volumeDb)
        // What is heard already goes on as it is for those who share it.
        voices[seat].limiter.follow(limiter)
        count += 1
        apply(member, to: seat)
        if plan.announces, !member.isSilent, audience > 1 { announcement = .joined }
        return seat
    }

    /// A member leaves. What it said falls silent within 5 ms.
    public mutating func remove(_ endpoint: MediaEndpointID) {
        guard let seat = seat(endpoint) else { return }
        breakOff(seat)
        if voices[seat].detector.stop() { noteTalker(seat) }
        voices[seat].isPresent = false
        voices[seat].hearsOwn = false
        voices[seat].isChosen = false
        count -= 1
        resolveWhispers()
        countAudience()
        if plan.announces, !voices[seat].member.isSilent, audience > 0 { announcement = .left }
    }

    /// Changes the room. Its id stays.
    public mutating func update(_ new: RoomPlan) {
        plan.memberLimit = new.memberLimit
        plan.music = new.music
        plan.announces = new.announces
        plan.country = new.country
        isWaiting = plan.music != nil && audience == 1
    }

    private mutating func countAudience() {
        audience = 0
        for seat in 0..<seatCount where voices[seat].isPresent && !voices[seat].member.isSilent { audience += 1 }
        isWaiting = plan.music != nil && audience == 1
    }

    private mutating func apply(_ member: RoomMember, to seat: Int) {
        voices[seat].member = member
        voices[seat].gainAimedAt = linearGain(decibels: member.gainDb)
        voices[seat].volumeAimedAt = linearGain(decibels: member.volumeDb)
        voices[seat].isMuted = member.isMuted
        switch member.role {
        case .talker, .whisper: voices[seat].canSpeak = true
        case .listener: voices[seat].canSpeak = false
        }
        resolveWhispers()
        countAudience()
    }

    /// Finds the seats that are whispered to.
    private mutating func resolveWhispers() {
        for seat in 0..<seatCount { voices[seat].whisperers = 0 }
        for seat in 0..<seatCount where voices[seat].isPresent {
            var hearer: Int32 = -1
            if case .whisper(let endpoint) = voices[seat].member.role {
                let target: Int? = self.seat(endpoint).flatMap { $0 == seat ? nil : $0 }
                hearer = target.map { Int32($0) } ?? -2
                if let target { voices[target].whisperers += 1 }
            }
            guard hearer != voices[seat].whispersTo else { continue }
            breakOff(seat)
            voices[seat].whispersTo = hearer
        }
    }

    /// What the member says is not heard any more by those who heard it.
    private mutating func breakOff(_ seat: Int) {
        let last = Int32(voices[seat].last)
        switch voices[seat].whispersTo {
        case -1: tail &+= last
        case 0...: voices[Int(voices[seat].whispersTo)].tail &+= last
        default: break
        }
        voices[seat].last = 0
        voices[seat].gain = 0
    }

    private mutating func freeSeat() -> Int {
        for seat in 0..<seatCount where !voices[seat].isPresent && !voices[seat].isTold { return seat }
        // Who never asks who talks is not told of those that left.
        if seatCount >= 512 {
            for seat in 0..<seatCount where !voices[seat].isPresent { return seat }
        }
        let seats: Int = seatCount + Self.chunk
        let newVoices: UnsafeMutablePointer<Voice> = .allocate(capacity: seats)
        newVoices.update(from: voices, count: seatCount)
        let nobody = MediaEndpointID(
            leg: LegID(call: CallID(epoch: 0, shard: ShardID(0), number: 0), index: 0), stream: 0)
        for seat in seatCount..<seats { (newVoices + seat).initialize(to: Voice(RoomMember(endpoint: nobody))) }
        let newFrames: UnsafeMutablePointer<Int16> = .allocate(capacity: 2 * seats * frameLength)
        newFrames.initialize(repeating: 0, count: 2 * seats * frameLength)
        newFrames.update(from: frames, count: 2 * seatCount * frameLength)
        voices.deallocate()
        frames.deallocate()
        (voices, frames) = (newVoices, newFrames)
        defer { seatCount = seats }
        return seatCount
    }
}
