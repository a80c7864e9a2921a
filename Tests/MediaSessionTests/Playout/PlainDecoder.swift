import MediaSession

/// Packets of samples as they are; behind them, where there is one, a copy of the packet before.
struct PlainDecoder: PlayoutDecoder, ~Copyable {
    /// Samples of a packet without its copy; 0 where there are no copies.
    var ownSamples: Int = 0
    var concealment: Int16 = 0
    var concealmentStep: Int = 1
    var fillsPauses: Bool = false
    private(set) var concealed: Int = 0
    private(set) var recovered: Int = 0

    init(ownSamples: Int = 0, concealment: Int16 = 0, concealmentStep: Int = 1) {
        self.ownSamples = ownSamples
        self.concealmentStep = concealmentStep
        self.concealment = concealment
    }

    mutating func decode(_ payload: UnsafeRawBufferPointer, into samples: UnsafeMutableBufferPointer<Int16>) -> Int? {
        guard payload.count % 2 == 0, payload.count <= samples.count * 2 else { return nil }
        let count: Int = ownSamples > 0 ? min(ownSamples, payload.count / 2) : payload.count / 2
        for index in 0..<count { samples[index] = payload.loadUnaligned(fromByteOffset: index * 2, as: Int16.self) }
        return count
    }

    mutating func conceal(samples: Int, into output: UnsafeMutableBufferPointer<Int16>) -> Int {
        let made: Int = samples / concealmentStep * concealmentStep
        for index in 0..<made { output[index] = concealment }
        concealed += made
        return made
    }

    mutating func recover(
        samples: Int, from next: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Int16>
    ) -> Int? {
        guard ownSamples > 0, next.count == (ownSamples + samples) * 2 else { return nil }
        for index in 0..<samples {
            output[index] = next.loadUnaligned(fromByteOffset: (ownSamples + index) * 2, as: Int16.self)
        }
        recovered += samples
        return samples
    }
}
