/// Takes IFP packets out of the datagrams of one direction (T.38 §9.1), in order and each once: lost ones from the copies or the parities
/// of others, and those that came late in their place, as long as that is worth waiting for.
///
/// Owned by one thread. Taking a datagram allocates nothing. Any bytes may be given to it.
public struct UDPTLReceiver: ~Copyable {
    public struct Figures: Hashable, Sendable {
        /// Datagrams that could be read.
        public var received: UInt64 = 0
        /// Packets that did not come themselves, and were made of others.
        public var recovered: UInt64 = 0
        /// Packets that were given up.
        public var lost: UInt64 = 0
        /// Datagrams of packets that were there already, or given up.
        public var late: UInt64 = 0
        /// Datagrams that could not be read.
        public var malformed: UInt64 = 0
        public init() {}
    }

    /// A packet that is missing is given up when so many after it are there, or after so many ticks.
    public static let patiencePackets: Int = 6
    public static let patienceTicks: Int = 5

    struct Slot {
        var sequence: UInt16 = 0
        var isThere: Bool = false
        /// Where the packet is in the slot's memory.
        var start: Int = 0
        var count: Int = 0
        /// What the slot's memory holds of a datagram, and where its parities are; 0 where it has none.
        var length: Int = 0
        var parity: Int = 0
    }

    public private(set) var figures = Figures()
    let memory: UnsafeMutableRawPointer
    var slots: InlineArray<32, Slot> = InlineArray(repeating: Slot())
    private var isRunning: Bool = false
    /// The next packet to be given out, and the one after the newest.
    private(set) var expected: UInt16 = 0
    private(set) var end: UInt16 = 0
    private var waited: Int = 0
    /// A run of packets that are far from there.
    private var farNext: UInt16 = 0
    private var farRun: Int = 0
    private static let mostAhead: Int = UDPTL.window - 2
    private static let restartDistance: Int = 16

    public init() { memory = .allocate(byteCount: UDPTL.window * UDPTL.mostBytes, alignment: 16) }

    deinit { memory.deallocate() }

    /// Takes in a datagram; what it brings comes from ``next()``, which is to be called until it has no more.
    /// - Returns: false where it is none of UDPTL; nothing is changed then.
    @discardableResult
    public mutating func receive(_ datagram: UnsafeRawBufferPointer) -> Bool {
        var reader = PERReader(bytes: datagram, place: 2)
        guard datagram.count >= 3, datagram.count <= UDPTL.mostBytes, let primary = reader.openType(),
            primary.count <= UDPTL.mostContent
        else {
            figures.malformed &+= 1
            return false
        }
        let sequence = UInt16(datagram[0]) << 8 | UInt16(datagram[1])
        figures.received &+= 1
        if !isRunning { start(at: sequence, copies: copies(reader)) }
        let ahead = Int(Int16(bitPattern: sequence &- expected))
        if ahead < 0 || ahead >= Self.mostAhead {
            guard isRestart(sequence, ahead) else {
                figures.late &+= 1
                return true
            }
            start(at: sequence, copies: copies(reader))
        }
        farRun = 0
        let place = Int(sequence) & (UDPTL.window - 1)
        if slots[place].isThere, slots[place].sequence == sequence {
            figures.late &+= 1
            return true
        }
        store(datagram, sequence, primary, place)
        if Int16(bitPattern: sequence &- end) >= 0 { end = sequence &+ 1 }
        recover(reader, of: sequence, place)
        repairAll()
        return true
    }

    /// The next packet; nil while there is none. Its bytes are good until the next datagram is taken.
    ///
    /// One that was made of a parity may have zeros behind it.
    public mutating func next() -> (sequence: UInt16, packet: UnsafeRawBufferPointer)? {
        while expected != end {
            let place = Int(expected) & (UDPTL.window - 1)
            if slots[place].isThere, slots[place].sequence == expected {
                waited = 0
                expected &+= 1
                return (
                    slots[place].sequence,
                    UnsafeRawBufferPointer(
                        start: memory + place * UDPTL.mostBytes + slots[place].start, count: slots[place].count)
                )
            }
            guard waited >= Self.patienceTicks || Int(end &- expected) > Self.patiencePackets else { return nil }
            figures.lost &+= 1
            expected &+= 1
        }
        waited = 0
        return nil
    }

    /// How many packets wait, those that are missing among them.
    public var waiting: Int { Int(end &- expected) }

    /// 20 ms went by.
    public mutating func tick() {
        if expected != end { waited += 1 }
    }

    // MARK: Order

    private mutating func start(at sequence: UInt16, copies: Int) {
        restart(at: sequence)
        isRunning = true
        // The first packets were lost, or sent before we listened.
        if Int(sequence) <= copies { expected = 0 }
    }

    private mutating func restart(at sequence: UInt16) {
        (expected, end, waited) = (sequence, sequence, 0)
        for index in slots.indices { slots[index] = Slot() }
    }

    /// Whether packets far from where we are show that the peer began anew, or was not heard for long. A single one may be anything, such
    /// as a packet of the speech before.
    private mutating func isRestart(_ sequence: UInt16, _ ahead: Int) -> Bool {
        guard ahead >= Self.mostAhead || ahead <= -Self.restartDistance else { return false }
        farRun = sequence == farNext ? farRun + 1 : 1
        farNext = sequence &+ 1
        // What was on its way for long looks the same for a while.
        return farRun >= (ahead < 0 && ahead > -0x4000 ? 4 : 2)
    }

    /// How many packets before its own a datagram really holds.
    private func copies(_ reader: PERReader) -> Int {
        var reader = reader
        guard let kind = reader.octet(), kind & 0x80 == 0, let told = reader.length() else { return 0 }
        var count = 0
        while count < min(told, UDPTL.window), reader.openType() != nil { count += 1 }
        return count
    }

    // MARK: Contents

    private mutating func store(
        _ datagram: UnsafeRawBufferPointer, _ sequence: UInt16, _ primary: (start: Int, count: Int), _ place: Int
    ) {
        if let from = datagram.baseAddress {
            (memory + place * UDPTL.mostBytes).copyMemory(from: from, byteCount: datagram.count)
        }
        slots[place] = Slot(
            sequence: sequence, isThere: true, start: primary.start, count: primary.count, length: datagram.count)
    }

    /// Fills in what the datagram holds of earlier packets, or notes where its parities are.
    private mutating func recover(_ rest: PERReader, of sequence: UInt16, _ place: Int) {
        var reader = rest
        // Some send nothing behind the packet where they correct no errors.
        guard let kind = reader.octet() else { return }
        guard kind & 0x80 == 0 else {
            slots[place].parity = reader.place
            return
        }
        guard let copies = reader.length() else { return }
        for ago in 0..<min(copies, UDPTL.window) {
            guard let range = reader.openType() else { return }
            let number: UInt16 = sequence &- UInt16(ago + 1)
            guard Int16(bitPattern: number &- expected) >= 0 else { return }
            fill(number, UnsafeRawBufferPointer(rebasing: rest.bytes[range.start..<(range.start + range.count)]))
        }
    }

    /// Puts a packet that was made of others where it belongs, unless it is there.
    private mutating func fill(_ sequence: UInt16, _ packet: UnsafeRawBufferPointer) {
        let place = Int(sequence) & (UDPTL.window - 1)
        guard !(slots[place].isThere && slots[place].sequence == sequence), packet.count <= UDPTL.mostContent else {
            return
        }
        if let from = packet.baseAddress {
            (memory + place * UDPTL.mostBytes).copyMemory(from: from, byteCount: packet.count)
        }
        noteRecovered(sequence, packet.count)
    }

    /// The packet is at the front of its slot's memory.
    mutating func noteRecovered(_ sequence: UInt16, _ count: Int) {
        slots[Int(sequence) & (UDPTL.window - 1)] = Slot(
            sequence: sequence, isThere: true, start: 0, count: count, length: count)
        figures.recovered &+= 1
    }
}
