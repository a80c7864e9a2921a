package import Basics

extension PlayoutStage {
    /// Takes out the next `samples` of audio: packets as they come due, made-up audio where they did not come.
    ///
    /// - Parameters:
    ///   - now: not before that of the last pull. Pulls are as far apart as the audio they take is long.
    ///   - output: at least `samples` long; the rest stays as it is.
    package mutating func pull<Decoder: PlayoutDecoder & ~Copyable>(
        _ samples: Int, now: Moment, from decoder: inout Decoder, into output: UnsafeMutableBufferPointer<Int16>
    ) -> PlayoutInfo {
        var content: PlayoutInfo.Content = .silence
        var done = 0
        let wanted: Int = min(samples, output.count)
        let part: Int = sampleRate / 50
        guard wanted > 0, let start = output.baseAddress else { return info(.silence, of: 0, now: now) }
        while done < wanted {
            let length: Int = min(part, wanted - done)
            let made: PlayoutInfo.Content = pullPart(length, now: now, into: start + done, decoder: &decoder)
            if content == .silence || made == .audio { content = made }
            done += length
        }
        return info(content, of: wanted, now: now)
    }

    private func info(_ content: PlayoutInfo.Content, of taken: Int, now: Moment) -> PlayoutInfo {
        guard let delay = buffer.delay(now: now) else { return PlayoutInfo(content: content, delayNanoseconds: 0) }
        // What is heard now lies before what was decoded last.
        let ahead: Int64 = buffer.nanoseconds(ticks(queue.count + taken))
        return PlayoutInfo(content: content, delayNanoseconds: delay &+ ahead)
    }

    private mutating func pullPart<Decoder: PlayoutDecoder & ~Copyable>(
        _ length: Int, now: Moment, into output: UnsafeMutablePointer<Int16>, decoder: inout Decoder
    ) -> PlayoutInfo.Content {
        notePull(length)
        let content: PlayoutInfo.Content = fill(length, now: now, decoder: &decoder)
        if queue.count >= length {
            noteLevel(length)
            adjust(length, now: now, decoder: &decoder)
        }
        queue.take(length, into: output)
        return content
    }

    /// Makes audio until so much waits.
    ///
    /// - Returns: what it is, at best.
    mutating func fill<Decoder: PlayoutDecoder & ~Copyable>(
        _ length: Int, now: Moment, decoder: inout Decoder
    ) -> PlayoutInfo.Content {
        var content: PlayoutInfo.Content = queue.count > 0 ? lastContent : .silence
        var packets = 0
        while queue.count < length {
            let before: Int = queue.count
            step(length, now: now, decoder: &decoder)
            guard queue.count == before else {
                if content != .audio { content = lastContent }
                continue
            }
            // A run of packets that give no audio ends.
            packets += 1
            if packets > JitterBuffer.slotCount { break }
        }
        return content
    }

    private var lastContent: PlayoutInfo.Content {
        switch run {
        case .audio: .audio
        case .concealment: .concealment
        case .silence: .silence
        }
    }

    /// Makes some more audio.
    mutating func step<Decoder: PlayoutDecoder & ~Copyable>(
        _ length: Int, now: Moment, decoder: inout Decoder
    ) {
        // Where more is decoded ahead nothing is lacking.
        let lacking: Int = max(length - queue.count, 0)
        switch buffer.next(now: now, lead: ticks(length - step)) {
        case .packet(let packet):
            play(packet, decoder: &decoder)
        case .missing(let ticks, let next):
            if let next, recover(samples(ticks), from: next, decoder: &decoder) { return }
            // What is known to be missing is made up in one piece where it is not long.
            unproved += conceal(max(min(samples(ticks), length), 1), decoder: &decoder)
        case .empty:
            if run == .audio { figures.underruns &+= 1 }
            unproved += conceal(lacking, decoder: &decoder)
        case .silence:
            fillPause(lacking, decoder: &decoder)
        }
    }

    private mutating func play<Decoder: PlayoutDecoder & ~Copyable>(
        _ packet: JitterPacket, decoder: inout Decoder
    ) {
        prove(afterPause: packet.afterPause)
        guard packet.kind != .comfortNoise else {
            noise.describe(packet.payload)
            pause = .comfortNoise
            buffer.played(0)
            return
        }
        let free: UnsafeMutableBufferPointer<Int16> = queue.free
        guard let count = decoder.decode(packet.payload, into: free), count > 0 else {
            figures.undecodable &+= 1
            let ticks: Int64 = buffer.packetTicks
            buffer.played(ticks)
            concealed &+= UInt64(conceal(samples(ticks), isFilling: false, decoder: &decoder))
            return
        }
        if !packet.isContinuous, !wasRecovered { smoothJoin(min(count, free.count)) }
        wasRecovered = false
        pause = packet.kind == .lastSpeech || decoder.fillsPauses ? .decoder : .silence
        append(min(count, free.count), as: .audio)
        buffer.played(ticks(count))
    }

    /// What was made up in a pause of the sender was no fault.
    private mutating func prove(afterPause: Bool) {
        if !afterPause { concealed &+= UInt64(unproved) }
        unproved = 0
    }

    private mutating func recover<Decoder: PlayoutDecoder & ~Copyable>(
        _ length: Int, from next: JitterPacket, decoder: inout Decoder
    ) -> Bool {
        let free = UnsafeMutableBufferPointer(rebasing: queue.free.prefix(length))
        guard free.count == length, let count = decoder.recover(samples: length, from: next.payload, into: free),
            count > 0
        else { return false }
        append(min(count, length), as: .audio)
        figures.recovered &+= 1
        wasRecovered = true
        buffer.filled(ticks(count))
        return true
    }

    /// Lets the decoder make audio up, which fades by itself.
    ///
    /// - Returns: the samples made.
    @discardableResult
    private mutating func conceal<Decoder: PlayoutDecoder & ~Copyable>(
        _ length: Int, isFilling: Bool = true, decoder: inout Decoder
    ) -> Int {
        let free: UnsafeMutableBufferPointer<Int16> = free(for: length, decoder)
        fillByDecoder(free, decoder: &decoder)
        append(free.count, as: .concealment)
        if isFilling { buffer.filled(ticks(free.count)) }
        return free.count
    }

    private mutating func fillPause<Decoder: PlayoutDecoder & ~Copyable>(_ length: Int, decoder: inout Decoder) {
        let begun: Int = run == .silence ? runLength : 0
        var samples = UnsafeMutableBufferPointer(rebasing: queue.free.prefix(max(length, 0)))
        switch pause {
        case .comfortNoise:
            noise.fill(samples)
        case .decoder:
            samples = free(for: length, decoder)
            fillByDecoder(samples, decoder: &decoder)
        case .silence where run != .silence || begun < sampleRate / 10:
            // What was heard last dies away; the decoder goes on until it has forgotten it.
            samples = free(for: length, decoder)
            fillByDecoder(samples, decoder: &decoder)
            if !decoder.fillsPauses { fade(samples, begun: begun, over: sampleRate / 50) }
        case .silence:
            samples.update(repeating: 0)
        }
        append(samples.count, as: .silence)
        buffer.filled(ticks(samples.count))
    }

    /// Room for made-up audio: as much as asked for and what the decoder's step adds to it.
    private func free<Decoder: PlayoutDecoder & ~Copyable>(
        for length: Int, _ decoder: borrowing Decoder
    ) -> UnsafeMutableBufferPointer<Int16> {
        let step: Int = max(decoder.concealmentStep, 1)
        return UnsafeMutableBufferPointer(rebasing: queue.free.prefix((max(length, 0) + step - 1) / step * step))
    }

    private func fillByDecoder<Decoder: PlayoutDecoder & ~Copyable>(
        _ free: UnsafeMutableBufferPointer<Int16>, decoder: inout Decoder
    ) {
        var made = 0
        while made < free.count {
            let count: Int = decoder.conceal(
                samples: free.count - made, into: UnsafeMutableBufferPointer(rebasing: free[made...]))
            if count <= 0 { break }
            made += min(count, free.count - made)
        }
        for index in made..<free.count { free[index] = 0 }
    }

    /// A gain that falls from 1 to 0 within `over` samples, of which so many are done.
    private func fade(_ samples: UnsafeMutableBufferPointer<Int16>, begun: Int, over: Int) {
        for index in samples.indices {
            let gain: Int = max(over - begun - index, 0)
            samples[index] = Int16(truncatingIfNeeded: Int(samples[index]) * gain / over)
        }
    }

    private mutating func append(_ samples: Int, as kind: Run) {
        queue.append(samples)
        runLength = kind == run ? runLength + samples : samples
        run = kind
    }

    /// Takes out a jump between what was played last and what is at the front of the free memory, where it is one.
    private func smoothJoin(_ count: Int) {
        let start: UnsafeMutablePointer<Int16> = queue.free.baseAddress.unsafelyUnwrapped
        let length: Int = min(sampleRate / 250, count)
        let jump: Int = Int(queue.last) - Int(start[0])
        var usual = 0
        for index in 1..<max(length, 1) {
            usual = max(usual, abs(Int(start[index]) - Int(start[index - 1])))
            usual = max(usual, abs(Int(start[-index]) - Int(start[-index - 1])))
        }
        guard abs(jump) > usual else { return }
        for index in 0..<length {
            let value: Int = Int(start[index]) + jump * (length - index) / length
            start[index] = Int16(min(max(value, -32_768), 32_767))
        }
    }
}
