internal import COpus

/// Packets of 30 and 50 ms, which Opus has as three and five frames of 10 ms (RFC 6716 §3.2.5).
struct OpusBundle {
    private let state: OpaquePointer
    private let frames: UnsafeMutablePointer<UInt8>
    /// The largest frame with its first byte (RFC 6716 §3.2.1).
    private static let slot = 1_276

    /// Nil without memory.
    init?() {
        guard let state = opus_repacketizer_create() else { return nil }
        self.state = state
        frames = .allocate(capacity: 5 * Self.slot)
    }

    func deallocate() {
        opus_repacketizer_destroy(state)
        frames.deallocate()
    }

    /// - Parameters:
    ///   - count: of frames, 3 or 5.
    ///   - size: of one, in samples.
    /// - Returns: the bytes written, 0 where `mayBeLeftOut` and all of it is silence; nil where it was not encoded.
    func encode(
        _ encoder: OpaquePointer, _ samples: UnsafePointer<Int16>, count: Int, size: Int, mayBeLeftOut: Bool,
        into payload: UnsafeMutableRawBufferPointer
    ) -> Int? {
        guard let bytes = payload.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
        // Two bytes of head, and two of length for each frame.
        let most = min(Self.slot, (payload.count - 2) / count - 2)
        guard most > 2 else { return nil }
        opus_repacketizer_init(state)
        var isSilence = mayBeLeftOut
        for frame in 0..<count {
            let slot = frames + frame * Self.slot
            let given = opus_encode(encoder, samples + frame * size, Int32(size), slot, Int32(most))
            guard given > 0 else { return nil }
            if given > 2 { isSilence = false }
            // Frames of one packet share mode and bandwidth. Where the encoder changes them between two, which is rare, the rest of this
            // packet is lost, and concealed like any loss.
            if opus_repacketizer_cat(state, slot, given) != OPUS_OK { break }
        }
        if isSilence { return 0 }
        let given = opus_repacketizer_out(state, bytes, Int32(truncatingIfNeeded: payload.count))
        return given > 0 ? Int(given) : nil
    }
}
