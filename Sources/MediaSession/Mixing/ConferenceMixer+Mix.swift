extension ConferenceMixer {
    /// What makes less sound than this is not mixed: -60 dB of full scale.
    private static let floor: Float = 32_768 * 32_768 * 1e-6
    /// 12 dB a second.
    private static let fall: Float = 0.946
    /// By how much (3 dB) another has to be louder to take the place of one of the loudest.
    private static let advantage: Float = 2
    /// Places of the loudest that change hands in one tick.
    private static let exchanges: Int = 8

    private var ramp: Int { frameLength / 2 }
    private var tailLength: Int { frameLength / 4 }

    /// Makes what everybody hears in the next 20 ms.
    ///
    /// - Parameters:
    ///   - music: the next frame of the room's music, where ``wantsMusic``.
    ///   - announcement: the next frame of a tone for all. Both at least ``frameLength`` long, or they count as nil.
    public mutating func mix(
        music: UnsafeBufferPointer<Int16>? = nil, announcement: UnsafeBufferPointer<Int16>? = nil
    ) {
        MixKernels.clear(sums, frameLength)
        listen()
        choose()
        var hasSound: Bool = collect()
        if let tone = announcement?.baseAddress, announcement?.count ?? 0 >= frameLength {
            MixKernels.add(tone, to: sums, frameLength)
            hasSound = true
        }
        if addMusic(music) { hasSound = true }
        if tail != 0 {
            MixKernels.addTail(from: tail, to: sums, length: tailLength, frameLength)
            tail = 0
            hasSound = true
        }
        let before: Limiter = limiter
        limiter.limit(sums, volume: (1, 1), into: shared, frameLength)
        isSilent = !hasSound
        for seat in 0..<seatCount where voices[seat].isPresent { render(seat, sharedBefore: before) }
    }

    /// Levels, and who talks.
    private mutating func listen() {
        for seat in 0..<seatCount where voices[seat].isPresent {
            let voice: UnsafeMutablePointer<Voice> = voices + seat
            let hasSpoken: Bool = voice.pointee.hasSpoken && voice.pointee.canSpeak
            let power: Float = hasSpoken ? MixKernels.energy(said(seat), frameLength) / Float(frameLength) : 0
            voice.pointee.power = power
            voice.pointee.loudness = max(power, voice.pointee.loudness * Self.fall)
            let isPublic: Bool = voice.pointee.canSpeak && !voice.pointee.isMuted && voice.pointee.whispersTo == -1
            let hasChanged: Bool =
                isPublic ? voice.pointee.detector.hear(power: power) : voice.pointee.detector.stop()
            if hasChanged { noteTalker(seat) }
        }
    }

    mutating func noteTalker(_ seat: Int) {
        changes &+= 1
    }

    /// Whether a member makes a sound that may be mixed.
    @inline(__always)
    private func isCandidate(_ voice: UnsafeMutablePointer<Voice>) -> Bool {
        voice.pointee.isPresent && voice.pointee.hasSpoken && voice.pointee.canSpeak && !voice.pointee.isMuted
            && voice.pointee.loudness > Self.floor
    }

    /// The loudest of those that make a sound; all of them as long as they are not too many.
    private mutating func choose() {
        let limit: Int = min(max(settings.loudest, 1), 500)
        var (candidates, chosen): (Int, Int) = (0, 0)
        for seat in 0..<seatCount {
            let voice: UnsafeMutablePointer<Voice> = voices + seat
            let isCandidate: Bool = isCandidate(voice)
            let isWhisper: Bool = voice.pointee.whispersTo != -1
            if isWhisper || !isCandidate { voice.pointee.isChosen = isCandidate }
            if isWhisper || !isCandidate { continue }
            candidates += 1
            if voice.pointee.isChosen { chosen += 1 }
        }
        guard candidates > limit || chosen < candidates else { return }
        guard candidates > limit else {
            for seat in 0..<seatCount where isCandidate(voices + seat) { voices[seat].isChosen = true }
            return
        }
        while chosen < limit, let best = extreme(chosen: false) {
            voices[best].isChosen = true
            chosen += 1
        }
        for _ in 0..<Self.exchanges {
            guard let best = extreme(chosen: false), let worst = extreme(chosen: true),
                voices[best].loudness > voices[worst].loudness * Self.advantage
            else { return }
            voices[worst].isChosen = false
            voices[best].isChosen = true
        }
    }

    /// The quietest of the chosen, or the loudest of the others.
    private func extreme(chosen: Bool) -> Int? {
        var found: Int?
        var loudness: Float = chosen ? .infinity : -1
        for seat in 0..<seatCount {
            let voice: UnsafeMutablePointer<Voice> = voices + seat
            guard voice.pointee.isChosen == chosen, voice.pointee.whispersTo == -1, isCandidate(voice),
                chosen ? voice.pointee.loudness < loudness : voice.pointee.loudness > loudness
            else { continue }
            (found, loudness) = (seat, voice.pointee.loudness)
        }
        return found
    }

    /// Gives each frame its gain and adds up what all hear.
    private mutating func collect() -> Bool {
        var hasSound = false
        for seat in 0..<seatCount where voices[seat].isPresent {
            let voice: UnsafeMutablePointer<Voice> = voices + seat
            let hasSpoken: Bool = voice.pointee.hasSpoken
            voice.pointee.hasSpoken = false
            let aimedAt: Float = voice.pointee.isChosen ? voice.pointee.gainAimedAt : 0
            let frame: UnsafeMutablePointer<Int16> = said(seat)
            if hasSpoken, voice.pointee.gain > 0 || aimedAt > 0 {
                MixKernels.scale(frame, from: voice.pointee.gain, to: aimedAt, ramp: ramp, frameLength)
                voice.pointee.gain = aimedAt
                voice.pointee.last = frame[frameLength - 1]
            } else if voice.pointee.last != 0 {
                // It broke off.
                MixKernels.writeTail(from: voice.pointee.last, into: frame, length: tailLength, frameLength)
                voice.pointee.gain = 0
                voice.pointee.last = 0
            } else {
                voice.pointee.gain = 0
                voice.pointee.isInMix = false
                continue
            }
            voice.pointee.isInMix = true
            guard voice.pointee.whispersTo == -1 else { continue }
            MixKernels.add(frame, to: sums, frameLength)
            hasSound = true
        }
        return hasSound
    }

    private mutating func addMusic(_ music: UnsafeBufferPointer<Int16>?) -> Bool {
        let aimedAt: Float = isWaiting ? 1 : 0
        guard let frame = music?.baseAddress, music?.count ?? 0 >= frameLength else {
            musicGain = 0
            return false
        }
        guard musicGain > 0 || aimedAt > 0 else { return false }
        let step: Float = (aimedAt - musicGain) / Float(ramp)
        for index in 0..<ramp {
            sums[index] &+= Int32(Float(frame[index]) * (musicGain + step * Float(index + 1)))
        }
        if aimedAt > 0 { MixKernels.add(frame + ramp, to: sums + ramp, frameLength - ramp) }
        musicGain = aimedAt
        return true
    }

    /// A member's own output, where it hears something else than all.
    private mutating func render(_ seat: Int, sharedBefore: Limiter) {
        let voice: UnsafeMutablePointer<Voice> = voices + seat
        let isInSums: Bool = voice.pointee.isInMix && voice.pointee.whispersTo == -1
        let hasWhisper: Bool = voice.pointee.whisperers > 0 && isWhisperedTo(seat) || voice.pointee.tail != 0
        let differs: Bool =
            isInSums || hasWhisper || voice.pointee.volume != 1 || voice.pointee.volumeAimedAt != 1
        guard differs || voice.pointee.hearsOwn else { return }
        if !voice.pointee.hearsOwn {
            voice.pointee.limiter = sharedBefore
            voice.pointee.hearsOwn = true
        } else if !differs, abs(voice.pointee.limiter.gain - sharedBefore.gain) < 0.01 {
            voice.pointee.hearsOwn = false
            return
        }
        var source: UnsafeMutablePointer<Int32> = sums
        if isInSums {
            MixKernels.subtract(said(seat), from: sums, into: rest, frameLength)
            source = rest
        }
        if hasWhisper {
            if !isInSums { rest.update(from: sums, count: frameLength) }
            source = rest
            addWhispers(to: seat)
        }
        voice.pointee.limiter.limit(
            source, volume: (voice.pointee.volume, voice.pointee.volumeAimedAt), into: heard(seat), frameLength)
        voice.pointee.volume = voice.pointee.volumeAimedAt
    }

    private func isWhisperedTo(_ seat: Int) -> Bool {
        for other in 0..<seatCount where voices[other].whispersTo == Int32(seat) {
            if voices[other].isPresent, voices[other].isInMix { return true }
        }
        return false
    }

    private mutating func addWhispers(to seat: Int) {
        for other in 0..<seatCount where voices[other].whispersTo == Int32(seat) {
            if voices[other].isPresent, voices[other].isInMix { MixKernels.add(said(other), to: rest, frameLength) }
        }
        if voices[seat].tail != 0 {
            MixKernels.addTail(from: voices[seat].tail, to: rest, length: tailLength, frameLength)
            voices[seat].tail = 0
        }
    }
}
