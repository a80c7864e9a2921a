internal import CSpeexDSP

/// One stream's samples from one rate to another (speexdsp, at its quality for voice).
///
/// Belongs to one thread; allocates nothing after `init`.
public struct Resampler: ~Copyable {
    /// In Hz.
    public let inputRate: Int
    /// In Hz.
    public let outputRate: Int
    private let state: OpaquePointer

    /// - Parameters:
    ///   - from: the rate of what goes in, in Hz; 1 000 ... 384 000.
    ///   - to: that of what comes out.
    /// - Throws: for rates out of range, or without memory. Equal rates are legal: whoever has them need not resample.
    public init(from: Int, to: Int) throws(CodecError) {
        let what = "resampler from \(from) to \(to) Hz"
        guard (1_000...384_000).contains(from), (1_000...384_000).contains(to) else {
            throw CodecError(what, "rates are 1000 to 384000 Hz")
        }
        guard let state = speex_resampler_init(1, UInt32(from), UInt32(to), SPEEX_RESAMPLER_QUALITY_VOIP, nil) else {
            throw CodecError(what, "the library made none")
        }
        (inputRate, outputRate, self.state) = (from, to, state)
    }

    /// The one from a codec's rate to another's; nil where they are the same. Such rates are in range, so that it fails for want of memory
    /// alone, which no part of the process survives.
    public static func ifNeeded(from: Int, to: Int) -> Resampler? {
        from == to ? nil : try? Resampler(from: from, to: to)
    }

    deinit { speex_resampler_destroy(state) }

    /// How much later a sound comes out than it went in, in samples of the output.
    public var latency: Int { Int(speex_resampler_get_output_latency(state)) }

    /// The samples that come out of `count` at most.
    public func mostOutput(of count: Int) -> Int { (count * outputRate + inputRate - 1) / inputRate + 1 }

    /// Takes all of `input`.
    /// - Parameter output: of ``mostOutput(of:)`` samples; what doesn't fit is not taken.
    /// - Returns: the samples written. For whole packets of 10 ms, 10 ms.
    public mutating func resample(
        _ input: UnsafeBufferPointer<Int16>, into output: UnsafeMutableBufferPointer<Int16>
    ) -> Int {
        guard let from = input.baseAddress, let to = output.baseAddress else { return 0 }
        var taken = UInt32(truncatingIfNeeded: input.count)
        var given = UInt32(truncatingIfNeeded: output.count)
        speex_resampler_process_int(state, 0, from, &taken, to, &given)
        return Int(given)
    }

    /// Forgets the stream: what follows is the beginning of another one.
    public mutating func reset() { speex_resampler_reset_mem(state) }
}
