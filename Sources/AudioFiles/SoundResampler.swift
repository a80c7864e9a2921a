import CSpeexDSP

/// Changes the rate of a whole sound, or of one that comes in parts; what comes out begins where the sound begins.
struct SoundResampler: ~Copyable {
    private let state: OpaquePointer?
    private let ratio: Double
    private var taken: Int = 0
    private var given: Int = 0

    /// - Parameter quality: 0 ... 10; 10 keeps everything below the lower rate's half that can be kept.
    init(from: Int, to: Int, quality: Int32 = 10) {
        ratio = Double(to) / Double(from)
        var code: Int32 = 0
        state = from == to ? nil : speex_resampler_init(1, UInt32(from), UInt32(to), quality, &code)
        if let state { speex_resampler_skip_zeros(state) }
    }

    deinit { if let state { speex_resampler_destroy(state) } }

    /// Appends what `input` becomes.
    mutating func add(_ input: UnsafeBufferPointer<Float>, to output: inout [Float]) {
        taken += input.count
        push(input, to: &output)
    }

    /// Appends the rest, so that all of the sound is there.
    mutating func finish(_ output: inout [Float]) {
        let whole = Int((Double(taken) * ratio).rounded())
        let zeros = [Float](repeating: 0, count: 256)
        // The filter's delay is a few hundred samples at most.
        for _ in 0..<64 where state != nil && given < whole { zeros.withUnsafeBufferPointer { push($0, to: &output) } }
        if given > whole { output.removeLast(min(output.count, given - whole)) }
    }

    private mutating func push(_ input: UnsafeBufferPointer<Float>, to output: inout [Float]) {
        guard let state else {
            output.append(contentsOf: input)
            given += input.count
            return
        }
        var offset: Int = 0
        while offset < input.count {
            let room = Int(Double(input.count - offset) * ratio) + 64
            let start: Int = output.count
            output.append(contentsOf: repeatElement(0, count: room))
            var (read, written) = (UInt32(input.count - offset), UInt32(room))
            output.withUnsafeMutableBufferPointer { out in
                guard let source = input.baseAddress, let target = out.baseAddress else { return }
                speex_resampler_process_float(state, 0, source + offset, &read, target + start, &written)
            }
            output.removeLast(room - Int(written))
            given += Int(written)
            offset += Int(read)
            if read == 0, written == 0 { break }
        }
    }

    /// A whole sound at another rate.
    static func resample(_ sound: [Float], from: Int, to: Int) -> [Float] {
        guard from != to else { return sound }
        var resampler = SoundResampler(from: from, to: to)
        var output: [Float] = []
        output.reserveCapacity(Int(Double(sound.count) * resampler.ratio) + 1024)
        sound.withUnsafeBufferPointer { resampler.add($0, to: &output) }
        resampler.finish(&output)
        return output
    }
}
