internal import Basics
internal import RTP

/// Packets of one source that wait until it is known whether a key sounds in them.
///
/// They go on as they came, so that a tone can be taken out of a stream without coding the rest of it anew.
struct HeldPackets: ~Copyable {
    struct Packet {
        let header: RTPHeader
        let bytes: UnsafeMutableRawPointer
        let count: Int
        /// The samples it holds, by the detector's count.
        let samples: Range<Int64>
        let heldAt: Moment
    }

    /// 40 ms of packets of 10 ms, and what a burst brings.
    private static let places: Int = 12
    /// The longest that waits, ``MediaGraph/tailroom`` included; 60 ms of any codec but the widest of L16.
    private static let size: Int = 4096
    /// Without packets, those that wait go on after so long.
    static let patience: Duration = .milliseconds(70)

    var phase: Int
    private let memory: UnsafeMutableRawPointer
    private let packets: UnsafeMutablePointer<Packet?>
    private var head: Int = 0
    private(set) var count: Int = 0

    init(phase: Int) {
        self.phase = phase
        memory = .allocate(byteCount: Self.places * Self.size, alignment: 16)
        packets = .allocate(capacity: Self.places)
        packets.initialize(repeating: nil, count: Self.places)
    }

    deinit {
        memory.deallocate()
        packets.deallocate()
    }

    static func fits(_ count: Int) -> Bool { count + MediaGraph.tailroom <= size }

    /// One place is always free, so that what was taken out last keeps its bytes while the next is put in.
    var isFull: Bool { count == Self.places - 1 }

    mutating func put(_ header: RTPHeader, _ bytes: UnsafeRawBufferPointer, samples: Range<Int64>, now: Moment) {
        guard !isFull, Self.fits(bytes.count), let from = bytes.baseAddress else { return }
        let place: Int = (head + count) % Self.places
        let room: UnsafeMutableRawPointer = memory + place * Self.size
        room.copyMemory(from: from, byteCount: bytes.count)
        packets[place] = Packet(header: header, bytes: room, count: bytes.count, samples: samples, heldAt: now)
        count += 1
    }

    var first: Packet? { count > 0 ? packets[head] : nil }

    /// The oldest; its bytes stay until two more were put in.
    mutating func takeFirst() -> Packet? {
        guard let packet = first else { return nil }
        head = (head + 1) % Self.places
        count -= 1
        return packet
    }
}
