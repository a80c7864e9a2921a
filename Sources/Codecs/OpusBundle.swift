internal import COpus

/// Packets of 30 and 50 ms, which Opus has as three and five frames of 10 ms (RFC 6716 §3.2.5).
///
/// Frames of one packet share mode and bandwidth (§3.2), but the encoder may change them at any frame. Then the packet is encoded once
/// more, from the state before it, with the change put off to its end, as libopus does where it makes packets of several frames itself.
struct OpusBundle {
    private let state: OpaquePointer
    private let frames: UnsafeMutablePointer<UInt8>
    /// The encoder as it was before the packet: it may be copied byte by byte (opus.h).
    private let before: UnsafeMutableRawPointer
    /// The largest frame with its first byte (RFC 6716 §3.2.1).
    private static let slot = 1_276

    /// Nil without memory.
    init?() {
        guard let state = opus_repacketizer_create() else { return nil }
        self.state = state
        frames = .allocate(capacity: 5 * Self.slot)
        before = .allocate(byteCount: Int(opus_encoder_get_size(1)), alignment: 16)
    }

    func deallocate() {
        opus_repacketizer_destroy(state)
        frames.deallocate()
        before.deallocate()
    }

    /// What is to be encoded.
    struct Sound {
        let samples: UnsafePointer<Int16>
        /// Of frames, 3 or 5.
        let count: Int
        /// Of one frame, in samples.
        let size: Int
    }

    /// - Returns: the bytes written, 0 where `mayBeLeftOut` and all of it is silence; nil where it was not encoded.
    func encode(
        _ encoder: OpaquePointer, _ sound: Sound, mayBeLeftOut: Bool, into payload: UnsafeMutableRawBufferPointer
    ) -> Int? {
        guard let bytes = payload.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
        // Two bytes of head, and two of length for each frame.
        let most = min(Self.slot, (payload.count - 2) / sound.count - 2)
        guard most > 2 else { return nil }
        let size = Int(opus_encoder_get_size(1))
        before.copyMemory(from: UnsafeRawPointer(encoder), byteCount: size)
        var outcome = encodeFrames(encoder, sound, most)
        if case .changed(let toCELT) = outcome {
            UnsafeMutableRawPointer(encoder).copyMemory(from: before, byteCount: size)
            outcome = encodeAlike(encoder, sound, most, toCELT: toCELT)
        }
        guard case .encoded(let isSilence) = outcome else { return nil }
        if mayBeLeftOut && isSilence { return 0 }
        let given = opus_repacketizer_out(state, bytes, Int32(truncatingIfNeeded: payload.count))
        return given > 0 ? Int(given) : nil
    }

    private enum Outcome {
        case encoded(isSilence: Bool)
        /// Mode or bandwidth within the packet, to CELT or not.
        case changed(toCELT: Bool)
        case failed
    }

    /// As the encoder likes it.
    private func encodeFrames(_ encoder: OpaquePointer, _ sound: Sound, _ most: Int) -> Outcome {
        opus_repacketizer_init(state)
        var isSilence = true
        for frame in 0..<sound.count {
            let slot = frames + frame * Self.slot
            let given = opus_encode(encoder, sound.samples + frame * sound.size, Int32(sound.size), slot, Int32(most))
            guard given > 0 else { return .failed }
            // Two bytes or fewer are a frame that need not be sent.
            if given > 2 { isSilence = false }
            if opus_repacketizer_cat(state, slot, given) != OPUS_OK {
                return .changed(toCELT: slot[0] >= Self.firstOfCELT && frames[0] < Self.firstOfCELT)
            }
        }
        return .encoded(isSilence: isSilence)
    }

    /// In the mode and bandwidth that the first frame has. Changing to CELT takes a frame of the old mode, which is the last one.
    private func encodeAlike(_ encoder: OpaquePointer, _ sound: Sound, _ most: Int, toCELT: Bool) -> Outcome {
        let first = frames[0]
        hold(encoder, first)
        defer { release(encoder) }
        opus_repacketizer_init(state)
        for frame in 0..<sound.count {
            if toCELT, frame == sound.count - 1 { _ = copus_encoder_set(encoder, Self.forceMode, Self.celtOnly) }
            let slot = frames + frame * Self.slot
            let given = opus_encode(encoder, sound.samples + frame * sound.size, Int32(sound.size), slot, Int32(most))
            guard given > 0 else { return .failed }
            if opus_repacketizer_cat(state, slot, given) == OPUS_OK { continue }
            // Where it changed them all the same, the frame is left empty, and concealed like one that is lost (RFC 6716 §3.2.1).
            slot[0] = first
            guard opus_repacketizer_cat(state, slot, 1) == OPUS_OK else { return .failed }
        }
        return .encoded(isSilence: false)
    }

    private func hold(_ encoder: OpaquePointer, _ toc: UInt8) {
        let configuration = toc >> 3
        let mode: Int32
        let bandwidth: Int32
        switch configuration {
        case ..<12: (mode, bandwidth) = (Self.silkOnly, OPUS_BANDWIDTH_NARROWBAND + Int32(configuration / 4))
        case ..<16: (mode, bandwidth) = (Self.hybrid, OPUS_BANDWIDTH_SUPERWIDEBAND + Int32(configuration - 12) / 2)
        case ..<20: (mode, bandwidth) = (Self.celtOnly, OPUS_BANDWIDTH_NARROWBAND)
        default: (mode, bandwidth) = (Self.celtOnly, OPUS_BANDWIDTH_WIDEBAND + Int32(configuration - 20) / 4)
        }
        _ = copus_encoder_set(encoder, Self.forceMode, mode)
        _ = copus_encoder_set(encoder, OPUS_SET_BANDWIDTH_REQUEST, bandwidth)
    }

    private func release(_ encoder: OpaquePointer) {
        _ = copus_encoder_set(encoder, Self.forceMode, OPUS_AUTO)
        _ = copus_encoder_set(encoder, OPUS_SET_BANDWIDTH_REQUEST, OPUS_AUTO)
    }

    /// OPUS_SET_FORCE_MODE of libopus, and its modes; a version that doesn't know it lets the mode change.
    private static let forceMode: Int32 = 11_002
    private static let (silkOnly, hybrid, celtOnly): (Int32, Int32, Int32) = (1_000, 1_001, 1_002)
    /// The first bytes of packets of CELT (RFC 6716 §3.1).
    private static let firstOfCELT: UInt8 = 16 << 3
}
