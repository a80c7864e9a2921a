internal import Basics
internal import Codecs

/// A recording in G.711, encoded as far as it was played: all players of a packet thread take their packets from it, wherever they are.
///
/// That can be shared, as G.711 codes each sample by itself.
struct EncodedClip: ~Copyable {
    /// In Hz.
    static let rate: Int = 8_000
    /// Samples, and bytes, of 20 ms.
    static let packet: Int = 160
    /// Samples that are encoded at once.
    private static let block: Int = 1 << blockBits
    private static let blockBits: Int = 10

    /// Held for its samples.
    let clip: AudioClip
    let law: G711.Law
    let gain: Int32
    /// Players that play it now.
    var users: Int = 0
    /// Looks in a row that found no player.
    var idle: Int = 0
    private let samples: UnsafeBufferPointer<Int16>
    private let bytes: UnsafeMutableRawPointer
    /// By block: whether it is encoded.
    private let done: UnsafeMutablePointer<Bool>

    init(_ clip: AudioClip, law: G711.Law, gain: Int32) {
        (self.clip, self.law, self.gain) = (clip, law, gain)
        samples = clip.samples
        bytes = .allocate(byteCount: max(samples.count, 1), alignment: 16)
        let blocks: Int = samples.count >> Self.blockBits + 1
        done = .allocate(capacity: blocks)
        done.initialize(repeating: false, count: blocks)
    }

    deinit {
        bytes.deallocate()
        done.deallocate()
    }

    /// The packet that begins with a sample; nil where the recording ends before it is full.
    @inline(__always)
    func payload(at offset: Int) -> UnsafeRawBufferPointer? {
        guard offset >= 0, offset + Self.packet <= samples.count else { return nil }
        let (first, last): (Int, Int) = (offset >> Self.blockBits, (offset + Self.packet - 1) >> Self.blockBits)
        if !done[first] { encode(first) }
        if !done[last] { encode(last) }
        return UnsafeRawBufferPointer(start: bytes + offset, count: Self.packet)
    }

    @inline(never)
    private func encode(_ block: Int) {
        let start: Int = block << Self.blockBits
        let count: Int = min(Self.block, samples.count - start)
        guard count > 0, let from = samples.baseAddress else { return }
        let room = UnsafeMutableRawBufferPointer(start: bytes + start, count: count)
        done[block] = true
        guard gain != unityGain else {
            G711.encode(UnsafeBufferPointer(start: from + start, count: count), law: law, into: room)
            return
        }
        withUnsafeTemporaryAllocation(of: Int16.self, capacity: Self.block) { scratch in
            guard let copy = scratch.baseAddress else { return }
            copy.initialize(from: from + start, count: count)
            applyGain(copy, count: count, gain)
            G711.encode(UnsafeBufferPointer(start: copy, count: count), law: law, into: room)
        }
    }
}

/// Those of a packet thread.
struct EncodedClips: ~Copyable {
    private struct Key: Hashable {
        let clip: ObjectIdentifier
        let law: G711.Law
        let gain: Int32
    }
    private var clips: [Key: UnsafeMutablePointer<EncodedClip>] = [:]
    /// One that nobody plays is forgotten after so many looks.
    private static let patience: Int = 50

    deinit {
        for clip in clips.values { discard(clip) }
    }

    /// Finds or makes one, for one more user.
    mutating func clip(_ clip: AudioClip, law: G711.Law, gain: Int32) -> UnsafeMutablePointer<EncodedClip> {
        let key = Key(clip: ObjectIdentifier(clip), law: law, gain: gain)
        if let known = clips[key] {
            known.pointee.users += 1
            return known
        }
        let fresh = UnsafeMutablePointer<EncodedClip>.allocate(capacity: 1)
        fresh.initialize(to: EncodedClip(clip, law: law, gain: gain))
        fresh.pointee.users = 1
        clips[key] = fresh
        return fresh
    }

    /// Looks for those that nobody plays any more; to be called now and then.
    mutating func sweep() {
        for (key, clip) in clips {
            clip.pointee.idle = clip.pointee.users > 0 ? 0 : clip.pointee.idle + 1
            guard clip.pointee.idle > Self.patience else { continue }
            discard(clip)
            clips[key] = nil
        }
    }
}
