import MediaSession

/// Clips in memory, bounded: the least recently used goes first.
struct ClipCache {
    private struct Key: Hashable {
        let source: PromptSource
        let sampleRate: Int
    }
    private struct Entry {
        let clip: AudioClip
        var used: UInt64
    }

    private let limit: Int
    private var entries: [Key: Entry] = [:]
    private var bytes: Int = 0
    private var uses: UInt64 = 0

    /// - Parameter limit: in bytes of samples. One clip stays, however large.
    init(limit: Int) { self.limit = limit }

    mutating func clip(_ source: PromptSource, _ sampleRate: Int) -> AudioClip? {
        let key = Key(source: source, sampleRate: sampleRate)
        uses += 1
        entries[key]?.used = uses
        return entries[key]?.clip
    }

    mutating func add(_ clip: AudioClip, _ source: PromptSource, _ sampleRate: Int) {
        let key = Key(source: source, sampleRate: sampleRate)
        if let old = entries.removeValue(forKey: key) { bytes -= old.clip.samples.count * 2 }
        uses += 1
        entries[key] = Entry(clip: clip, used: uses)
        bytes += clip.samples.count * 2
        while bytes > limit, entries.count > 1, let oldest = entries.min(by: { $0.value.used < $1.value.used }) {
            entries[oldest.key] = nil
            bytes -= oldest.value.clip.samples.count * 2
        }
    }
}
