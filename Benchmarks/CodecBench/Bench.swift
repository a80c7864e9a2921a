import CSpanDSP
import Codecs
import Glibc

/// Runs `one` and `other` in turns, over `frames` frames each.
/// - Returns: the least time of each, in ns a frame.
func race(_ frames: Int, _ one: () -> Void, _ other: () -> Void) -> (Double, Double) {
    var (best, bestOther) = (Double.infinity, Double.infinity)
    for _ in 0..<15 {
        best = min(best, time(one) / Double(frames))
        bestOther = min(bestOther, time(other) / Double(frames))
    }
    return (best, bestOther)
}

func time(_ work: () -> Void) -> Double {
    func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }
    let start = now()
    work()
    return now() - start
}

private func row(_ name: String, _ ours: Double, _ bare: Double?) {
    func column(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(1, width - text.count)) + text
    }
    let bareText = bare.map { "\(Int($0.rounded()))" } ?? "-"
    let ratio = bare.map { "\(Double(Int(ours / $0 * 1000)) / 1000)" } ?? "-"
    print(
        name + String(repeating: " ", count: max(1, 34 - name.count)) + column("\(Int(ours.rounded()))", 10)
            + column(bareText, 10) + column(ratio, 8))
}

/// One codec: our encoder and decoder beside the library's own, on the same frames of 20 ms.
private func measure(_ title: String, _ codec: AudioCodec, rate: UInt32, speech: [Int16], bare: (some BareCodec)?) {
    let packet = Int(rate / 50)
    let frames = speech.count / packet
    guard var encoder = try? AudioEncoder(codec, sampleRate: rate),
        var decoder = try? AudioDecoder(codec, sampleRate: rate)
    else { fail("no \(title)") }
    var sizes = [Int](repeating: 0, count: frames)
    let slot = 4 * packet
    let payloads = UnsafeMutableRawBufferPointer.allocate(byteCount: frames * slot, alignment: 16)
    let samples = UnsafeMutableBufferPointer<Int16>.allocate(capacity: AudioDecoder.mostSamples)
    speech.withUnsafeBufferPointer { speech in
        let encodeOurs = {
            for frame in 0..<frames {
                let from = UnsafeBufferPointer(rebasing: speech[(frame * packet)..<((frame + 1) * packet)])
                let to = UnsafeMutableRawBufferPointer(rebasing: payloads[(frame * slot)..<((frame + 1) * slot)])
                sizes[frame] = encoder.encode(from, into: to) ?? 0
            }
        }
        let decodeOurs = {
            for frame in 0..<frames {
                let from = UnsafeRawBufferPointer(rebasing: payloads[(frame * slot)..<(frame * slot + sizes[frame])])
                _ = decoder.decode(from, into: samples)
            }
        }
        guard let start = speech.baseAddress, let room = payloads.baseAddress, let out = samples.baseAddress else {
            return
        }
        let bytes = room.assumingMemoryBound(to: UInt8.self)
        if let bare {
            let encoded = race(frames, encodeOurs) {
                for frame in 0..<frames {
                    sizes[frame] = bare.encode(start + frame * packet, packet, bytes + frame * slot, slot)
                }
            }
            row("\(title) encode", encoded.0, encoded.1)
            let decoded = race(frames, decodeOurs) {
                for frame in 0..<frames { bare.decode(bytes + frame * slot, sizes[frame], out) }
            }
            row("\(title) decode", decoded.0, decoded.1)
        } else {
            row("\(title) encode", race(frames, encodeOurs, {}).0, nil)
            row("\(title) decode", race(frames, decodeOurs, {}).0, nil)
        }
    }
    payloads.deallocate()
    samples.deallocate()
}

/// `speech` at 16 kHz.
func bench(speech: [Int16]) {
    let narrow = resampled(speech, from: 16_000, to: 8_000)
    let full = resampled(speech, from: 16_000, to: 48_000)
    print("ns per frame of 20 ms" + String(repeating: " ", count: 17) + "ours   library   ratio")
    let none: BareG722? = nil
    measure("PCMU", .pcmu, rate: 8_000, speech: narrow, bare: none)
    measure("PCMA", .pcma, rate: 8_000, speech: narrow, bare: none)
    transcode(narrow)
    measure("L16/16000", .l16(sampleRate: 16_000, channels: 1), rate: 16_000, speech: speech, bare: none)
    measure("G722", .g722, rate: 16_000, speech: speech, bare: BareG722(options: 0))
    measure(
        "G722 lower half", .g722, rate: 8_000, speech: narrow, bare: BareG722(options: Int32(G722_SAMPLE_RATE_8000)))
    measure("G729", .g729(annexB: false), rate: 8_000, speech: narrow, bare: BareG729())
    for (rate, speech) in [(UInt32(8_000), narrow), (16_000, speech), (48_000, full)] {
        let codec = AudioCodec.opus(OpusParameters(maxPlaybackRate: rate))
        guard let state = (try? AudioEncoder(codec))?.opusState else { fail("no opus") }
        measure("opus \(rate / 1_000) kHz", codec, rate: rate, speech: speech, bare: BareOpus(like: state))
    }
    conceal(speech, narrow)
    for (from, to, speech) in [
        (8_000, 16_000, narrow), (16_000, 8_000, speech), (8_000, 48_000, narrow), (48_000, 8_000, full),
        (16_000, 48_000, speech),
    ] {
        guard var resampler = try? Resampler(from: from, to: to) else { fail("no resampler") }
        var out = [Int16](repeating: 0, count: resampler.mostOutput(of: from / 50))
        let frames = speech.count / (from / 50)
        let best = race(
            frames,
            {
                speech.withUnsafeBufferPointer { speech in
                    out.withUnsafeMutableBufferPointer { out in
                        for frame in 0..<frames {
                            let packet = speech[(frame * from / 50)..<((frame + 1) * from / 50)]
                            _ = resampler.resample(.init(rebasing: packet), into: out)
                        }
                    }
                }
            }, {})
        row("resample \(from / 1000) to \(to / 1000) kHz", best.0, nil)
    }
}

private func transcode(_ narrow: [Int16]) {
    var codes = [UInt8](repeating: 0, count: narrow.count)
    narrow.withUnsafeBufferPointer { narrow in
        codes.withUnsafeMutableBytes { _ = G711.encode(narrow, law: .mu, into: $0) }
    }
    let frames = codes.count / 160
    var out = [UInt8](repeating: 0, count: 160)
    let best = race(
        frames,
        {
            codes.withUnsafeBytes { codes in
                out.withUnsafeMutableBytes { out in
                    for frame in 0..<frames {
                        let packet = UnsafeRawBufferPointer(rebasing: codes[(160 * frame)..<(160 * frame + 160)])
                        G711.transcode(packet, from: .mu, into: out)
                    }
                }
            }
        }, {})
    row("PCMU to PCMA by table", best.0, nil)
}

/// The first 20 ms of a gap, and the packet after it.
private func conceal(_ speech: [Int16], _ narrow: [Int16]) {
    for (title, codec) in [("PCMU", AudioCodec.pcmu), ("L16/48000", .l16(sampleRate: 48_000, channels: 1))] {
        guard var decoder = try? AudioDecoder(codec), var encoder = try? AudioEncoder(codec) else {
            fail("no \(title)")
        }
        let packet = decoder.sampleRate / 50
        var payload = [UInt8](repeating: 0, count: 2 * packet)
        var room = [Int16](repeating: 0, count: packet)
        let size = narrow.withUnsafeBufferPointer { speech in
            payload.withUnsafeMutableBytes {
                encoder.encode(.init(rebasing: speech[8_000..<(8_000 + packet)]), into: $0)
            }
        }
        let best = race(
            500,
            {
                payload.withUnsafeBytes { payload in
                    room.withUnsafeMutableBufferPointer { room in
                        let payload = UnsafeRawBufferPointer(rebasing: payload[..<(size ?? 0)])
                        for _ in 0..<500 {
                            for _ in 0..<3 { _ = decoder.decode(payload, into: room) }
                            _ = decoder.conceal(samples: packet, into: room)
                        }
                    }
                }
            }, {})
        row("\(title) 3 packets and a gap", best.0, nil)
    }
}

func resampled(_ speech: [Int16], from: Int, to: Int) -> [Int16] {
    guard var resampler = try? Resampler(from: from, to: to) else { fail("no resampler") }
    var out = [Int16](repeating: 0, count: resampler.mostOutput(of: speech.count))
    let count = speech.withUnsafeBufferPointer { speech in
        out.withUnsafeMutableBufferPointer { resampler.resample(speech, into: $0) }
    }
    return Array(out[..<count])
}
