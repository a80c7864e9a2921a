import CSpanDSP
import CSpeexDSP
import Codecs

/// What telephones say of Opus: nothing, the band they play, and FEC.
let usualDescriptions = [
    "opus/48000/2 maxplaybackrate=8000; useinbandfec=1", "opus/48000/2 maxplaybackrate=16000; useinbandfec=1",
    "opus/48000/2 useinbandfec=1", "opus/48000/2",
]

/// What an encoder of ours is set to for each of these, as libopus says it, before loss is reported and after 5 % were.
func printSettings(_ descriptions: [String]) {
    for text in descriptions {
        guard let codec = codec(named: text), var encoder = try? AudioEncoder(codec), let state = encoder.opusState
        else {
            fail("'\(text)' is no opus")
        }
        encoder.setExpectedLoss(percent: 5)
        print(
            """
            {"sdp": "\(text)", "application": "\(state.isForVoice ? "voip" : "other")", "clock": \(state.sampleRate), \
            "channels": \(state.channels), "bitrate": \(state.bitrate), "complexity": \(state.complexity), \
            "bandwidth_hz": \(state.bandwidthHz), "vbr": \(state.isVariableRate), "dtx": \(state.dtx), \
            "fec": \(state.inBandFEC), "fec_after_loss": \(encoder.opusState?.inBandFEC ?? false)}
            """)
    }
}

/// The libraries called plainly: nothing of ours is in these times.
func measureLibraries(_ arguments: [String]) {
    var values: [String: String] = [:]
    for argument in arguments {
        let parts = argument.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, ["clock", "channels", "bitrate", "complexity", "speech"].contains(parts[0]) else {
            fail("'\(argument)' is not clock=, channels=, bitrate=, complexity= or speech=")
        }
        values[String(parts[0])] = String(parts[1])
    }
    func number(_ name: String, _ usual: Int32) -> Int32 {
        guard let text = values[name] else { return usual }
        guard let value = Int32(text) else { fail("\(name)=\(text) is no number") }
        return value
    }
    let speech: [Int16] = values["speech"].map { readSamples($0) } ?? voice(seconds: 10)
    let isOpusAlone: Bool = values.keys.contains { $0 != "speech" }
    if isOpusAlone {
        let clock: Int32 = number("clock", 48_000)
        opus(speech, clock: clock, number("channels", 1), number("bitrate", 32_000), number("complexity", 5))
        return
    }
    measure(#""codec": "G722", "clock": 16000"#, BareG722(options: 0), speech, packet: 320)
    let narrow: [Int16] = resampled(speech, from: 16_000, to: 8_000)
    measure(#""codec": "G729", "clock": 8000"#, BareG729(), narrow, packet: 160)
    for (clock, bitrate) in [(Int32(8_000), Int32(12_000)), (16_000, 20_000), (48_000, 32_000)] {
        opus(speech, clock: clock, 1, bitrate, 5)
    }
    for (from, to) in [
        (8_000, 16_000), (16_000, 8_000), (8_000, 48_000), (48_000, 8_000), (16_000, 48_000), (48_000, 16_000),
    ] {
        resampling(speech, from: from, to: to)
    }
}

private func opus(_ speech: [Int16], clock: Int32, _ channels: Int32, _ bitrate: Int32, _ complexity: Int32) {
    let mono: [Int16] = clock == 16_000 ? speech : resampled(speech, from: 16_000, to: Int(clock))
    let samples: [Int16] = channels == 1 ? mono : mono.flatMap { [$0, $0] }
    let bare = BareOpus(rate: clock, channels: channels, bitrate: bitrate, complexity: complexity)
    let what =
        #""codec": "opus", "clock": \#(clock), "channels": \#(channels), "bitrate": \#(bitrate), "complexity": \#(complexity)"#
    measure(what, bare, samples, packet: Int(clock) / 50, channels: Int(channels))
}

/// - Parameter packet: samples a channel.
private func measure(_ what: String, _ bare: some BareCodec, _ samples: [Int16], packet: Int, channels: Int = 1) {
    let frames: Int = samples.count / (packet * channels)
    let slot = 1_500
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: frames * slot)
    let out = UnsafeMutablePointer<Int16>.allocate(capacity: 2 * AudioDecoder.mostSamples)
    var sizes = [Int](repeating: 0, count: frames)
    samples.withUnsafeBufferPointer { samples in
        guard let start = samples.baseAddress else { return }
        let times = race(
            frames,
            {
                for frame in 0..<frames {
                    sizes[frame] = bare.encode(start + frame * packet * channels, packet, bytes + frame * slot, slot)
                }
            },
            {
                for frame in 0..<frames { bare.decode(bytes + frame * slot, sizes[frame], out) }
            })
        let mean: Int = sizes.reduce(0, +) / max(1, frames)
        print(#"{\#(what), "bytes": \#(mean), "encode_us": \#(micros(times.0)), "decode_us": \#(micros(times.1))}"#)
    }
    bytes.deallocate()
    out.deallocate()
}

private func resampling(_ speech: [Int16], from: Int, to: Int) {
    let samples: [Int16] = from == 16_000 ? speech : resampled(speech, from: 16_000, to: from)
    guard let state = speex_resampler_init(1, UInt32(from), UInt32(to), SPEEX_RESAMPLER_QUALITY_VOIP, nil) else {
        fail("no resampler")
    }
    let packet: Int = from / 50
    let frames: Int = samples.count / packet
    let out = UnsafeMutablePointer<Int16>.allocate(capacity: 2 * to / 50)
    samples.withUnsafeBufferPointer { samples in
        guard let start = samples.baseAddress else { return }
        let best = race(
            frames,
            {
                for frame in 0..<frames {
                    var (taken, given) = (UInt32(packet), UInt32(2 * to / 50))
                    speex_resampler_process_int(state, 0, start + frame * packet, &taken, out, &given)
                }
            }, {})
        print(#"{"codec": "resample", "from": \#(from), "to": \#(to), "us": \#(micros(best.0))}"#)
    }
    out.deallocate()
    speex_resampler_destroy(state)
}

/// Of nanoseconds, with one decimal.
private func micros(_ nanoseconds: Double) -> Double { (nanoseconds / 100).rounded() / 10 }
