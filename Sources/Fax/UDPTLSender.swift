/// Puts IFP packets into the datagrams of one direction (T.38 §9.1).
///
/// Owned by one thread. Writing a packet allocates nothing.
public struct UDPTLSender: ~Copyable {
    public let correction: UDPTLErrorCorrection
    /// No datagram is longer, unless what it is for alone is; in bytes.
    public let mostBytes: Int
    /// The number of the next packet.
    public private(set) var sequence: UInt16
    /// Packets written so far.
    public private(set) var count: UInt64 = 0

    private let memory: UnsafeMutableRawPointer
    private var lengths: InlineArray<32, Int> = InlineArray(repeating: 0)

    /// - Parameters:
    ///   - mostBytes: the peer's `T38FaxMaxDatagram`; what is outside of 60 ... 1472 is taken as the nearer of them.
    ///   - sequence: of the first packet; 0 (T.38 §9.1.2) but in tests.
    public init(_ correction: UDPTLErrorCorrection, mostBytes: Int = UDPTL.mostBytes, sequence: UInt16 = 0) {
        self.correction = correction
        self.mostBytes = max(60, min(UDPTL.mostBytes, mostBytes))
        self.sequence = sequence
        memory = .allocate(byteCount: UDPTL.window * UDPTL.mostContent, alignment: 16)
    }

    deinit { memory.deallocate() }

    /// Writes the next datagram.
    /// - Parameters:
    ///   - packet: an IFP packet; 1 ... 1024 bytes.
    ///   - datagram: at least ``UDPTL/mostBytes`` long.
    /// - Returns: its length; nil where the packet is empty or too long.
    public mutating func write(_ packet: UnsafeRawBufferPointer, into datagram: UnsafeMutableRawBufferPointer) -> Int? {
        guard packet.count > 0, packet.count <= UDPTL.mostContent, datagram.count >= UDPTL.mostBytes,
            let from = packet.baseAddress
        else { return nil }
        var writer = PERWriter(datagram)
        writer.octet(Int(sequence >> 8))
        writer.octet(Int(sequence & 0xFF))
        _ = writer.openType(packet)
        switch correction {
        case .none: addCopies(0, &writer)
        case .redundancy(let depth): addCopies(min(8, Int(depth)), &writer)
        case .parity(let span, let entries): addParity(Int(span), Int(entries), &writer)
        }
        let slot = Int(sequence) & (UDPTL.window - 1)
        (memory + slot * UDPTL.mostContent).copyMemory(from: from, byteCount: packet.count)
        lengths[slot] = packet.count
        sequence &+= 1
        count &+= 1
        return writer.count
    }

    /// The packet sent `ago` packets before the next one; 1 is the last.
    private func content(_ ago: Int) -> UnsafeRawBufferPointer {
        let slot: Int = (Int(sequence) - ago) & (UDPTL.window - 1)
        return UnsafeRawBufferPointer(start: memory + slot * UDPTL.mostContent, count: lengths[slot])
    }

    private func addCopies(_ depth: Int, _ writer: inout PERWriter) {
        writer.octet(0x00)
        let known: Int = Int(min(count, UInt64(depth)))
        var fitting = 0
        var size: Int = writer.count + 1
        while fitting < known {
            size += PERWriter.size(content(fitting + 1).count)
            guard size <= mostBytes else { break }
            fitting += 1
        }
        writer.octet(fitting)
        for ago in 0..<fitting { _ = writer.openType(content(ago + 1)) }
    }

    /// Entry m is the parity of the packets `span`×`entries` - m, one `entries` less, and so on, before this one.
    private func addParity(_ span: Int, _ entries: Int, _ writer: inout PERWriter) {
        var (span, entries) = (max(1, span), max(1, entries))
        if span * entries > UDPTL.window - 4 { (span, entries) = (3, 3) }
        // At the beginning only what was sent is covered.
        if count < UInt64(span * entries) { entries = Int(count) / span }
        let start: Int = writer.count
        while true {
            writer.count = start
            writer.octet(0x80)
            writer.octet(1)
            writer.octet(span)
            writer.octet(entries)
            var isFull = false
            for entry in 0..<entries where !isFull {
                isFull = !addParity(of: span, step: entries, from: span * entries - entry, &writer)
            }
            if !isFull, writer.count <= mostBytes || entries == 0 { return }
            // Fewer entries cover other packets, so all is made anew.
            entries -= 1
        }
    }

    private func addParity(of span: Int, step: Int, from first: Int, _ writer: inout PERWriter) -> Bool {
        var most = 0
        for place in 0..<span { most = max(most, content(first - place * step).count) }
        guard writer.count + PERWriter.size(most) <= writer.bytes.count else { return false }
        writer.length(most)
        let room = UnsafeMutableRawBufferPointer(rebasing: writer.bytes[writer.count..<(writer.count + most)])
        for index in 0..<most { room[index] = 0 }
        for place in 0..<span {
            let packet: UnsafeRawBufferPointer = content(first - place * step)
            for index in 0..<packet.count { room[index] ^= packet[index] }
        }
        writer.count += most
        return true
    }
}
