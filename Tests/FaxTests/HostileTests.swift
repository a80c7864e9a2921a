import Fax
import FaxKit
import Testing

@Suite("Hostile faxes")
struct HostileTests {
    @Test("bytes of any kind, and packets changed on the way, do a gateway no harm", arguments: [UInt8(0), 3])
    func anything(version: UInt8) {
        var dice = Dice(UInt64(version) + 5)
        var settings = T38Settings()
        settings.version = version
        var gateway = T38Gateway(settings)!
        var sender = UDPTLSender(.redundancy(depth: 2))
        var output = [Int16](repeating: 0, count: 160)
        let noise: [Int16] = (0..<160).map { _ in Int16(truncatingIfNeeded: dice.below(65_536)) }
        var datagram = [UInt8](repeating: 0, count: UDPTL.mostBytes)
        var read = 0
        for round in 0..<30_000 {
            var packet: [UInt8] = [UInt8(dice.below(16) << 1) | (dice.below(2) == 0 ? 0 : 0xC0)]
            for _ in 0..<dice.below(5) {
                let count: UInt64 = dice.below(40)
                packet += [1, UInt8(0x80 | dice.below(8) << (version == 0 ? 4 : 3)), 0, UInt8(count)]
                packet += (0...count).map { _ in UInt8(dice.below(256)) }
            }
            if dice.below(4) == 0 { packet[Int(dice.below(UInt64(packet.count)))] = UInt8(dice.below(256)) }
            let length: Int = datagram.withUnsafeMutableBytes { room in
                packet.withUnsafeBytes { sender.write($0, into: room)! }
            }
            if dice.below(3) == 0 { datagram[Int(dice.below(UInt64(length)))] = UInt8(dice.below(256)) }
            if datagram.withUnsafeBytes({ gateway.receive(UnsafeRawBufferPointer(rebasing: $0[0..<length])) }) {
                read += 1
            }
            if round % 3 == 0 {
                output.withUnsafeMutableBufferPointer { output in
                    noise.withUnsafeBufferPointer { gateway.tick(round % 7 == 0 ? nil : $0, into: output) }
                }
                while let sent = gateway.nextDatagram() { #expect(sent.count <= 400) }
            }
        }
        #expect(read > 20_000)
        _ = gateway.figures
    }
}

@Suite("Speech that comes late")
struct StraySpeechTests {
    @Test("packets of the speech before a fax are neither taken for one, nor do they keep its first packets away")
    func speech() {
        var receiver = UDPTLReceiver()
        var sender = UDPTLSender(.redundancy(depth: 3))
        var gateway = T38Gateway(T38Settings())!
        for number in 0..<20 {
            let stamp = UInt8(number * 8)
            let packet: [UInt8] =
                [0x80, 8, UInt8(number), UInt8(number * 2), 0, 0, 1, stamp, 9, 9, 9, 9]
                + [UInt8](repeating: 0xD5, count: 160)
            packet.withUnsafeBytes { bytes in
                _ = receiver.receive(bytes)
                _ = gateway.receive(bytes)
            }
            while receiver.next() != nil {}
        }
        var output = [Int16](repeating: 0, count: 160)
        let silence = [Int16](repeating: 0, count: 160)
        for _ in 0..<100 {
            output.withUnsafeMutableBufferPointer { output in
                silence.withUnsafeBufferPointer { gateway.tick($0, into: output) }
            }
            #expect(output.allSatisfy { $0 == 0 }, "no modem begins to speak")
        }
        var received: [UInt8] = []
        var datagram = [UInt8](repeating: 0, count: UDPTL.mostBytes)
        for number in 0..<5 {
            let length: Int = datagram.withUnsafeMutableBytes { room in
                [UInt8(number)].withUnsafeBytes { sender.write($0, into: room)! }
            }
            datagram.withUnsafeBytes { _ = receiver.receive(UnsafeRawBufferPointer(rebasing: $0[0..<length])) }
            while let (_, packet) = receiver.next() { received.append(packet[0]) }
        }
        #expect(received == [0, 1, 2, 3, 4])
    }
}

@Suite("Sound of a fax")
struct FaxLineTests {
    /// A packet of 20 ms that says its number.
    static func put(_ line: inout FaxLine, _ number: Int, level: Int16 = 10_000) {
        let samples = [Int16](repeating: level, count: 160)
        samples.withUnsafeBufferPointer { line.put($0, timestamp: UInt32(truncatingIfNeeded: -400 + number * 160)) }
    }

    @Test("packets come out in order after 100 ms, over the end of the timestamps; one that is lost leaves a gap")
    func delays() {
        var line = FaxLine()
        var heard: [Int?] = []
        for number in 0..<60 {
            // 14 and 15 in the wrong order, 30 lost.
            let sent: Int = number == 14 ? 15 : number == 15 ? 14 : number
            if sent != 30 { Self.put(&line, sent, level: Int16(1000 + sent)) }
            heard.append(line.take().map { Int($0[80]) - 1000 })
        }
        #expect(Array(heard[0..<5]) == [nil, nil, nil, nil, nil])
        #expect(Array(heard[5...]) == (0..<55).map { $0 == 30 ? nil : $0 })
        #expect(line.late == 0 && line.slips == 0)
    }

    @Test("a clock that runs away is made up for in silence alone", arguments: [-1, 1])
    func drifts(_ sign: Int) {
        var line = FaxLine()
        var broken = 0
        var last: Int16?
        // 200 packets too many, or too few, in 400 s; a pause of 300 ms every 4 s.
        var sent = 0
        for tick in 0..<20_000 {
            let due: Int = tick + sign * tick / 1000
            while sent <= due {
                let isPause: Bool = sent % 200 >= 185
                Self.put(&line, sent, level: isPause ? 0 : Int16(1000 + sent % 200))
                sent += 1
            }
            let level: Int16? = line.take().map { $0[0] }
            if tick > 10, let level, level > 0, let before = last, before > 0, level != before + 1 { broken += 1 }
            if tick > 10, level == nil { broken += 1 }
            last = level
        }
        #expect(broken == 0 && (15...25).contains(line.slips))
    }
}
