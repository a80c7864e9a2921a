import Basics
import CSpanDSP
import Codecs
import Fax
import FaxKit
import MediaSession
import RTP
import Testing

/// A graph between a fax server of T.38 (endpoint 0) and a fax machine behind G.711 (endpoint 1).
struct FaxStudio: ~Copyable {
    var studio = Studio()
    let sound: SoundTerminal
    let server: T38Terminal
    /// Of the ways to the graph and from it, in the order machine to graph, server to graph.
    var ways: [FaxWay]
    private(set) var now: Int = 0
    private var number: UInt16 = 0
    /// What the machine will hear, 20 ms each.
    private var queue: [[Int16]] = []
    var facts: [MediaFact] = []
    private(set) var sentToMachine: [RTPHeader] = []
    private let isMuLaw: Bool

    init(_ sound: SoundTerminal, _ server: T38Terminal, _ settings: T38Settings, isMuLaw: Bool = false, ways: [FaxWay])
    {
        (self.sound, self.server, self.ways, self.isMuLaw) = (sound, server, ways, isMuLaw)
        _ = studio.open {
            ($0.carriesRTP, $0.fax, $0.remoteRTCP) = (false, settings, nil)
        }
        let format: MediaFormat = isMuLaw ? pcmuFormat : pcmaFormat
        _ = studio.open { ($0.incoming, $0.outgoing, $0.expectsMedia) = ([format], [format], true) }
        studio.graph.perform(.join(Studio.id(0), Studio.id(1)), now: .zero)
    }

    private mutating func take(_ all: [Sent]) {
        for sent in all where !sent.isRTCP {
            if sent.line == 0 {
                server.receive(sent.bytes)
                continue
            }
            sentToMachine.append(sent.header)
            var samples = [Int16](repeating: 0, count: 160)
            sent.payload.withUnsafeBytes { payload in
                _ = samples.withUnsafeMutableBufferPointer { G711.decode(payload, law: isMuLaw ? .mu : .a, into: $0) }
            }
            queue.append(samples)
        }
    }

    /// The call goes to another packet thread.
    mutating func move() {
        var other = Studio()
        other.graph.adopt(
            studio.graph.extract(Studio.id(0).leg.call, now: at(Int64(now))), now: at(Int64(now)))
        facts += studio.graph.facts
        other.nodes = studio.nodes
        studio = other
    }

    mutating func run(seconds: Int) {
        let end: Int = now + seconds * 1000
        while now < end, sound.job.result == nil || server.job.result == nil {
            now += 20
            let said: [Int16] = sound.say()
            var codes = [UInt8](repeating: 0, count: 160)
            codes.withUnsafeMutableBytes { room in
                _ = said.withUnsafeBufferPointer { G711.encode($0, law: isMuLaw ? .mu : .a, into: room) }
            }
            number &+= 1
            let header: [UInt8] = words([0x8000_0000 | UInt32(isMuLaw ? 0 : 8) << 16 | UInt32(number)])
            ways[0].send(header + words([UInt32(number) * 160, 7]) + codes, at: now)
            for datagram in server.run() { ways[1].send(datagram, at: now) }
            for end in 0..<2 {
                for bytes in ways[end].arrive(until: now) { take(studio.send(bytes, from: 1 - end, at: Int64(now))) }
            }
            while let due = studio.graph.nextTick, due <= at(Int64(now)) {
                studio.graph.tick(now: due)
                take(studio.take())
            }
            sound.hear(queue.isEmpty ? [Int16](repeating: 0, count: 160) : queue.removeFirst())
        }
        facts += studio.graph.facts
        studio.graph.facts = []
    }

    /// What was told of the fax.
    var told: [FaxFigures] {
        facts.compactMap { fact in
            if case .fax(Studio.id(0), let figures) = fact { figures } else { nil }
        }
    }
}

@Suite("Faxes in the graph")
struct GraphFaxTests {
    static let modems = UInt32(T30_SUPPORT_V27TER | T30_SUPPORT_V29 | T30_SUPPORT_V17)
    static let pages: [Page] = [Page.made(rows: 100, seed: 4), Page.made(rows: 80, seed: 5)]

    static func terminals(_ folder: Folder, isFromMachine: Bool, ecm: Bool, _ settings: T38Settings) -> (
        SoundTerminal, T38Terminal
    ) {
        write(pages, to: folder.file("sent.tif"))
        let (sent, received) = (folder.file("sent.tif"), folder.file("received.tif"))
        return (
            SoundTerminal(
                sends: isFromMachine ? sent : nil, receives: isFromMachine ? nil : received, ecm: ecm, modems: modems),
            T38Terminal(
                sends: isFromMachine ? nil : sent, receives: isFromMachine ? received : nil, ecm: ecm, modems: modems,
                settings: settings)
        )
    }

    @Test(
        "a fax goes from a machine behind G.711 to a server of T.38 and back, over networks with jitter and loss",
        arguments: [true, false], [true, false])
    func relays(isFromMachine: Bool, ecm: Bool) {
        let folder = Folder()
        let settings = T38Settings()
        let (sound, server) = Self.terminals(folder, isFromMachine: isFromMachine, ecm: ecm, settings)
        var studio = FaxStudio(
            sound, server, settings, isMuLaw: ecm,
            ways: [FaxWay(seed: 1, jitterMs: 50), FaxWay(seed: 2, lossPercent: 5, jitterMs: 50)])
        studio.run(seconds: 12)
        studio.move()
        studio.run(seconds: 240)
        #expect(sound.job.result == 0 && server.job.result == 0)
        let isSame: Bool = readPages(folder.file("received.tif")) == Self.pages
        #expect(isSame)
        #expect(studio.told.map(\.result) == [.running, .completed])
        #expect(studio.told.last?.pages == 2 && studio.told.last?.bitRate == 14_400)
        #expect(studio.told.last?.errorCorrectionMode == ecm && studio.told.last?.missingFrames == 0)
        // One stream without a gap.
        let headers: [RTPHeader] = studio.sentToMachine
        for (one, next) in zip(headers, headers.dropFirst()) {
            #expect(next.sequenceNumber == one.sequenceNumber &+ 1 && next.timestamp == one.timestamp &+ 160)
        }
        #expect(Set(headers.map(\.ssrc)).count == 1)
        #expect(studio.studio.graph.statistics(of: Studio.id(1))?.packetsDropped == 0)
    }

    @Test("with error correction a fax survives packets of sound that are lost")
    func losses() {
        let folder = Folder()
        let (sound, server) = Self.terminals(folder, isFromMachine: true, ecm: true, T38Settings())
        var studio = FaxStudio(
            sound, server, T38Settings(),
            ways: [FaxWay(seed: 9, lossPercent: 1), FaxWay(seed: 2)])
        studio.run(seconds: 300)
        let isSame: Bool = readPages(folder.file("received.tif")) == Self.pages
        #expect(isSame && studio.told.last?.result == .completed)
        #expect((studio.told.last?.missingFrames ?? 0) > 5 && (studio.told.last?.repetitions ?? 0) > 0)
    }

    @Test("two ends of T.38 are relayed byte by byte, and no gateway runs")
    func passesThrough() {
        var studio = Studio()
        for _ in 0..<2 {
            _ = studio.open { ($0.carriesRTP, $0.fax, $0.remoteRTCP) = (false, T38Settings(), nil) }
        }
        studio.graph.join(studio.nodes[0], studio.nodes[1])
        let datagram: [UInt8] = [0, 1, 1, 6, 0, 1, 1, 2]
        #expect(studio.send(datagram, from: 0, at: 10) == [Sent(line: 1, bytes: datagram)])
        #expect(studio.send([1], from: 1, at: 20) == [Sent(line: 0, bytes: [1])])
        for time in stride(from: Int64(20), to: 1000, by: 20) { studio.graph.tick(now: at(time)) }
        #expect(studio.take().isEmpty && studio.graph.facts.allSatisfy { if case .fax = $0 { false } else { true } })
    }

    @Test("what is no end of a gateway hears no packets of the other kind", arguments: [true, false])
    func kinds(hasSettings: Bool) {
        var studio = Studio()
        _ = studio.open { ($0.carriesRTP, $0.fax) = (false, hasSettings ? T38Settings() : nil) }
        // A gateway needs G.711.
        let g722 = MediaFormat(payloadType: 9, .audio(.g722))
        _ = studio.open { ($0.incoming, $0.outgoing) = ([g722], [g722]) }
        studio.graph.join(studio.nodes[0], studio.nodes[1])
        #expect(studio.send([0, 1, 1, 6, 0, 0], from: 0, at: 10).isEmpty)
        #expect(studio.send(rtp(1, timestamp: 160, type: 9), from: 1, at: 20).isEmpty)
        for time in stride(from: Int64(20), to: 1000, by: 20) { studio.graph.tick(now: at(time)) }
        #expect(studio.take().filter { !$0.isRTCP }.isEmpty)
        #expect((0..<2).allSatisfy { studio.graph.statistics(of: Studio.id($0))?.droppedUndeliverable == 1 })
    }

    @Test("a gateway begins when a plan turns to T.38 in a running call, and ends when it turns back")
    func changes() {
        var studio = lawsStudio()
        var speech = MediaEndpointPlan(
            id: Studio.id(0), ports: MediaPorts(interface: MediaInterfaceID(0), rtp: 10_000))
        speech.remoteRTP = host(1)
        (speech.incoming, speech.outgoing) = ([pcmaFormat], [pcmaFormat])
        var fax = speech
        (fax.incoming, fax.outgoing, fax.carriesRTP, fax.fax) = ([], [], false, T38Settings())
        func tick(_ studio: inout Studio, from start: Int64) -> [Sent] {
            (0..<10).flatMap { place in
                studio.graph.tick(now: at(start + 20 * Int64(place)))
                return studio.take().filter { !$0.isRTCP }
            }
        }
        let before: Sent = studio.send(rtp(1, timestamp: 160), from: 0, at: 10)[0]
        #expect(before.line == 1)
        let isFax: Bool = studio.graph.update(studio.nodes[0], fax, now: at(20))
        #expect(isFax)
        let made: [Sent] = tick(&studio, from: 40)
        #expect(made.count { $0.line == 1 } == 11 && made.contains { $0.line == 0 }, "silence, and no-signal")
        #expect(made.first { $0.line == 1 }?.header.sequenceNumber == before.header.sequenceNumber &+ 1)
        #expect(studio.send([0, 0, 1, 2, 0, 0], from: 0, at: 250).isEmpty)
        #expect(studio.graph.statistics(of: Studio.id(0))?.droppedUndeliverable == 0)
        #expect(studio.send([9], from: 0, at: 251).isEmpty)
        #expect(studio.graph.statistics(of: Studio.id(0))?.droppedMalformed == 1)
        let isSpeech: Bool = studio.graph.update(studio.nodes[0], speech, now: at(260))
        #expect(isSpeech && tick(&studio, from: 280).isEmpty)
        #expect(studio.send(rtp(2, timestamp: 320), from: 0, at: 500).count == 1)
        let isAgain: Bool = studio.graph.update(studio.nodes[0], fax, now: at(600))
        #expect(isAgain && !tick(&studio, from: 600).isEmpty)
        for number in 0..<2 { _ = studio.graph.close(Studio.id(number), now: at(900)) }
        #expect(studio.graph.isEmpty && studio.graph.nextTick == nil)
    }
}
