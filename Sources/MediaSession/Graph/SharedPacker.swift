internal import Basics
internal import Codecs

/// Payloads made once a tick for all listeners that hear the same in the same coding.
struct SharedPacker: ~Copyable {
    var packer: AudioPacker
    /// Listeners.
    var users: Int = 0
    /// The payloads of this tick: where each ends.
    private let memory: UnsafeMutableRawPointer
    private(set) var count: Int = 0
    private var ends: InlineArray<4, Int> = InlineArray(repeating: 0)

    /// How many reports of each loss came in the stretch that runs, in per cent; the last place is for more.
    private var reports: InlineArray<31, UInt16> = InlineArray(repeating: 0)
    private var reportsSince: Moment?
    /// Listeners report about so often (RFC 3550 §6.2).
    private static let stretch: Duration = .seconds(5)
    /// One listener in so many may lose more than what is made up for.
    private static let toleratedShare: Int = 20

    init(_ packer: consuming AudioPacker) {
        self.packer = packer
        memory = .allocate(byteCount: 4 * AudioPacker.payloadSize, alignment: 16)
    }

    deinit { memory.deallocate() }

    /// Takes the audio of a tick.
    mutating func push(_ samples: UnsafeBufferPointer<Int16>, rate: Int) {
        packer.push(samples, rate: rate)
        count = 0
        var end = 0
        while count < 4, let payload = packer.next() {
            if let from = payload.baseAddress { (memory + end).copyMemory(from: from, byteCount: payload.count) }
            end += payload.count
            ends[count] = end
            count += 1
        }
    }

    /// What one of the listeners says it lost lately. The worst counts, as all get the same packets: at once where it rises, and as it
    /// falls for all. In large groups the worst twentieth does not: bits that all pay for would be spent on a few bad lines.
    mutating func noteLoss(percent: UInt8, now: Moment) {
        guard let since = reportsSince else {
            reportsSince = now
            return noteLoss(percent: percent, now: now)
        }
        if now >= since.advanced(by: Self.stretch) {
            // As one report of a listener alone.
            packer.noteLoss(percent: takeWorst())
            reportsSince = now
        }
        let place = Int(min(percent, 30))
        if reports[place] < .max { reports[place] += 1 }
        if users < Self.toleratedShare { packer.raiseLoss(percent: percent) }
    }

    /// The loss that at most a twentieth of the reports exceed; all of them are forgotten.
    private mutating func takeWorst() -> UInt8 {
        var left: Int = users / Self.toleratedShare
        var worst: UInt8?
        for percent in stride(from: 30, through: 0, by: -1) {
            if worst == nil, Int(reports[percent]) > left { worst = UInt8(percent) }
            left -= min(left, Int(reports[percent]))
            reports[percent] = 0
        }
        return worst ?? 0
    }

    subscript(index: Int) -> UnsafeRawBufferPointer {
        let start: Int = index == 0 ? 0 : ends[index - 1]
        return UnsafeRawBufferPointer(start: memory + start, count: ends[index] - start)
    }

    func serves(_ codec: AudioCodec, packetTimeMs: UInt8) -> Bool {
        packer.codec == codec && packer.packetTimeMs == packetTimeMs
    }
}

extension UnsafeMutablePointer where Pointee == SharedPacker {
    func free() {
        deinitialize(count: 1)
        deallocate()
    }
}
