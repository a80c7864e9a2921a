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
