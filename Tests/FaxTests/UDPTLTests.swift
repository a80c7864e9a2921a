import Fax
import Testing

/// Both ends of UDPTL, with bytes as arrays.
struct Link: ~Copyable {
    var sender: UDPTLSender
    var receiver = UDPTLReceiver()

    init(_ correction: UDPTLErrorCorrection, mostBytes: Int = 400, sequence: UInt16 = 0) {
        sender = UDPTLSender(correction, mostBytes: mostBytes, sequence: sequence)
    }

    mutating func write(_ packet: [UInt8]) -> [UInt8]? {
        var datagram = [UInt8](repeating: 0, count: UDPTL.mostBytes)
        let length: Int? = datagram.withUnsafeMutableBytes { room in
            packet.withUnsafeBytes { sender.write($0, into: room) }
        }
        return length.map { Array(datagram[0..<$0]) }
    }

    /// What comes out for a datagram, by the first byte of each packet.
    mutating func read(_ datagram: [UInt8]) -> [[UInt8]] {
        datagram.withUnsafeBytes { _ = receiver.receive($0) }
        return drain()
    }

    mutating func drain() -> [[UInt8]] {
        var packets: [[UInt8]] = []
        while let (_, packet) = receiver.next() { packets.append(Array(packet)) }
        return packets
    }
}

@Suite("UDPTL")
struct UDPTLTests {
    @Test("datagrams are those of T.38 §9.1, byte by byte")
    func bytes() throws {
        var plain = Link(.none)
        #expect(plain.write([0x06]) == [0, 0, 1, 0x06, 0, 0])
        #expect(plain.write([0x02]) == [0, 1, 1, 0x02, 0, 0])
        var copies = Link(.redundancy(depth: 2))
        #expect(copies.write([0xA1]) == [0, 0, 1, 0xA1, 0, 0])
        #expect(copies.write([0xB1, 0xB2]) == [0, 1, 2, 0xB1, 0xB2, 0, 1, 1, 0xA1])
        #expect(copies.write([0xC1]) == [0, 2, 1, 0xC1, 0, 2, 2, 0xB1, 0xB2, 1, 0xA1])
        #expect(copies.write([0xD1]) == [0, 3, 1, 0xD1, 0, 2, 1, 0xC1, 2, 0xB1, 0xB2])
        var parity = Link(.parity(span: 2, entries: 2))
        let packets: [[UInt8]] = [[0x11], [0x22, 0x01], [0x33], [0x44], [0x55]]
        let written: [[UInt8]?] = packets.map { parity.write($0) }
        #expect(written[0] == [0, 0, 1, 0x11, 0x80, 1, 2, 0])
        // Entries: packets 0 and 2, packets 1 and 3.
        #expect(written[4] == [0, 4, 1, 0x55, 0x80, 1, 2, 2, 1, 0x22, 2, 0x66, 0x01])
        let long = [UInt8](repeating: 7, count: 200)
        #expect(plain.write(long) == [0, 2, 0x80, 200] + long + [0, 0])
        #expect(plain.write([]) == nil && plain.write([UInt8](repeating: 0, count: 1025)) == nil)
    }

    @Test(
        "what is lost comes from the packets after it, in order and once",
        arguments: [
            (UDPTLErrorCorrection.redundancy(depth: 3), 3), (.parity(span: 3, entries: 3), 3),
            (.parity(span: 4, entries: 2), 2),
            (.redundancy(depth: 1), 1),
        ], [UInt16(0), 65_500])
    func recovers(_ row: (UDPTLErrorCorrection, Int), first: UInt16) {
        var link = Link(row.0, sequence: first)
        var received: [[UInt8]] = []
        let packets: [[UInt8]] = (0..<200).map { number in
            [UInt8(number)] + [UInt8](repeating: UInt8(number) ^ 0x5A, count: number % 9)
        }
        for (number, packet) in packets.enumerated() {
            let datagram: [UInt8] = link.write(packet)!
            if number > 20, number % 24 < row.1 { continue }
            received += link.read(datagram)
        }
        #expect(received.count == packets.count)
        for (got, packet) in zip(received, packets) {
            #expect(Array(got.prefix(packet.count)) == packet && got.dropFirst(packet.count).allSatisfy { $0 == 0 })
        }
        #expect(link.receiver.figures.lost == 0 && link.receiver.figures.recovered == UInt64(row.1 * 8))
    }

    @Test("without correction a loss is given up after six packets, or after a tenth of a second")
    func givesUp() {
        var link = Link(.none)
        var datagrams: [[UInt8]] = (0..<20).map { link.write([UInt8($0)])! }
        #expect(link.read(datagrams[0]) == [[0]])
        for number in 2...6 { #expect(link.read(datagrams[number]) == []) }
        #expect(link.read(datagrams[7]) == (2...7).map { [UInt8($0)] })
        #expect(link.read(datagrams[1]) == [] && link.receiver.figures.lost == 1 && link.receiver.figures.late == 1)
        #expect(link.read(datagrams[9]) == [])
        for _ in 0..<5 { link.receiver.tick() }
        #expect(link.drain() == [[9]])
        // What is late, but not too late, finds its place.
        #expect(link.read(datagrams[11]) == [] && link.read(datagrams[10]) == [[10], [11]])
        #expect(link.read(datagrams[11]) == [] && link.receiver.figures.lost == 2)
        datagrams.removeAll()
    }

    @Test("the first packets are made up for; a peer that begins anew, or jumps, is followed")
    func restarts() {
        var link = Link(.redundancy(depth: 3))
        let datagrams: [[UInt8]] = (0..<60).map { link.write([UInt8($0)])! }
        #expect(link.read(datagrams[2]) == [[0], [1], [2]])
        #expect(link.read(datagrams[58]) == [], "a single one may be anything")
        #expect(link.read(datagrams[59]) == [[59]])
        #expect(link.read(datagrams[20]) == [] && link.read(datagrams[21]) == [] && link.read(datagrams[22]) == [])
        #expect(link.read(datagrams[23]) == [[23]])
        #expect(link.read(datagrams[24]) == [[24]])
    }

    @Test(
        "a small datagram limit leaves out copies and parities, not the packet",
        arguments: [
            UDPTLErrorCorrection.redundancy(depth: 4), .parity(span: 3, entries: 3),
        ])
    func limits(_ correction: UDPTLErrorCorrection) {
        var link = Link(correction, mostBytes: 100)
        for number in 0..<30 {
            let packet = [UInt8](repeating: UInt8(number), count: number % 5 == 0 ? 90 : 30)
            let datagram: [UInt8] = link.write(packet)!
            #expect(datagram.count <= 100)
            #expect(link.read(datagram) == [packet])
        }
    }

    @Test(
        "what is none, or cut short, is refused or read as far as it goes",
        arguments: [
            ([0, 1], false), ([0, 1, 2, 0xAA], false), ([0, 1, 0xC1, 0xAA], false), ([0, 1, 0x81], false), ([], false),
            ([0, 1, 1, 0xAA], true), ([0, 1, 1, 0xAA, 0], true), ([0, 1, 1, 0xAA, 0, 5, 1], true),
            ([0, 1, 1, 0xAA, 0x80], true), ([0, 1, 1, 0xAA, 0x80, 1, 3, 3, 40, 1], true),
            ([0, 1, 1, 0xAA, 0x80, 1, 255, 255, 1, 1], true), ([0, 1, 1, 0xAA, 0x80, 2, 0, 3, 3, 1, 1], true),
            ([0, 1, 1, 0xAA, 0, 0xFF, 0xFF], true), ([UInt8](repeating: 0, count: 1473), false),
        ] as [([UInt8], Bool)])
    func broken(_ row: ([UInt8], Bool)) {
        var link = Link(.none)
        #expect(link.read(row.0) == (row.1 ? [[0xAA]] : []))
        #expect(link.receiver.figures.malformed == (row.1 ? 0 : 1))
    }
}
