import CSpanDSP
import Fax
import FaxKit
import Testing

/// A fax machine behind the gateway, a fax server at its other end, and the network between them.
final class FaxCall {
    let sound: SoundTerminal
    let server: T38Terminal
    var gateway: T38Gateway
    var toServer: FaxWay
    var toGateway: FaxWay
    private(set) var milliseconds: Int = 0

    init(sound: SoundTerminal, server: T38Terminal, settings: T38Settings, network: (UInt64) -> FaxWay) {
        (self.sound, self.server) = (sound, server)
        gateway = T38Gateway(settings)!
        (toServer, toGateway) = (network(1), network(2))
    }

    /// Runs until both are done, or for so long.
    func run(seconds: Int = 300) {
        var heard = [Int16](repeating: 0, count: 160)
        while milliseconds < seconds * 1000, sound.job.result == nil || server.job.result == nil {
            milliseconds += 20
            for datagram in toServer.arrive(until: milliseconds) { server.receive(datagram) }
            for datagram in server.run() { toGateway.send(datagram, at: milliseconds) }
            for datagram in toGateway.arrive(until: milliseconds) {
                datagram.withUnsafeBytes { _ = gateway.receive($0) }
            }
            let said: [Int16] = sound.say()
            said.withUnsafeBufferPointer { said in
                heard.withUnsafeMutableBufferPointer { gateway.tick(said, into: $0) }
            }
            sound.hear(heard)
            while let datagram = gateway.nextDatagram() { toServer.send(Array(datagram), at: milliseconds) }
        }
    }
}

struct FaxCase: CustomTestStringConvertible {
    var label: String
    var isFromSound: Bool = true
    var settings = T38Settings()
    var ecm: Bool = true
    var modems = UInt32(T30_SUPPORT_V27TER | T30_SUPPORT_V29 | T30_SUPPORT_V17)
    var bitRate: UInt32 = 14_400
    var lossPercent: UInt64 = 0
    var burst: Int = 1
    var jitterMs: Int = 0
    var expectsECM: Bool?
    var testDescription: String { label }

    init(_ label: String, _ change: (inout FaxCase) -> Void = { _ in }) {
        self.label = label
        change(&self)
    }
}

@Suite("T.38 gateway")
struct GatewayTests {
    static let cases: [FaxCase] = [
        FaxCase("machine to server, ECM"),
        FaxCase("server to machine, ECM") { $0.isFromSound = false },
        FaxCase("machine to server without ECM") { $0.ecm = false },
        FaxCase("server to machine without ECM") { ($0.ecm, $0.isFromSound) = (false, false) },
        FaxCase("ECM that is forbidden in the gateway") {
            $0.settings.errorCorrectionMode = false
            $0.expectsECM = false
        },
        FaxCase("V.29 by the limit of the session") {
            $0.settings.maxBitRate = 9600
            $0.bitRate = 9600
        },
        FaxCase("V.27ter from the server") {
            $0.modems = UInt32(T30_SUPPORT_V27TER)
            ($0.bitRate, $0.isFromSound) = (4800, false)
        },
        FaxCase("version 3 of T.38") { $0.settings.version = 3 },
        FaxCase("fill bits left out") { ($0.settings.fillBitRemoval, $0.ecm) = (true, false) },
        FaxCase("redundancy against 10 % of loss and 30 ms of jitter") { ($0.lossPercent, $0.jitterMs) = (10, 30) },
        FaxCase("redundancy against bursts of three, from the server") {
            ($0.lossPercent, $0.burst, $0.isFromSound, $0.ecm) = (12, 3, false, false)
        },
        FaxCase("150 ms of jitter, to the server") { ($0.jitterMs, $0.ecm) = (150, false) },
        FaxCase("150 ms of jitter, from the server") { ($0.jitterMs, $0.ecm, $0.isFromSound) = (150, false, false) },
        FaxCase("parity against 5 % of loss and jitter") {
            $0.settings.correction = .standardParity
            ($0.lossPercent, $0.jitterMs) = (5, 20)
        },
        FaxCase("parity against bursts, from the server") {
            $0.settings.correction = .standardParity
            ($0.lossPercent, $0.burst, $0.isFromSound) = (8, 3, false)
        },
    ]

    @Test("a fax of three pages arrives dot by dot", arguments: cases)
    func transfers(_ row: FaxCase) {
        let folder = Folder()
        let pages: [Page] = [(120, 1), (90, 2), (150, 3)].map { Page.made(rows: $0.0, seed: $0.1) }
        write(pages, to: folder.file("sent.tif"))
        let sound = SoundTerminal(
            sends: row.isFromSound ? folder.file("sent.tif") : nil,
            receives: row.isFromSound ? nil : folder.file("received.tif"), ecm: row.ecm, modems: row.modems)
        let server = T38Terminal(
            sends: row.isFromSound ? nil : folder.file("sent.tif"),
            receives: row.isFromSound ? folder.file("received.tif") : nil, ecm: row.ecm, modems: row.modems,
            settings: row.settings)
        let call = FaxCall(sound: sound, server: server, settings: row.settings) {
            FaxWay(seed: $0, lossPercent: row.lossPercent, burst: row.burst, jitterMs: row.jitterMs)
        }
        call.run()
        #expect(sound.job.result == 0 && server.job.result == 0)
        let isSame: Bool = readPages(folder.file("received.tif")) == pages
        #expect(isSame)
        let figures: FaxFigures = call.gateway.figures
        #expect(figures.result == .completed && call.gateway.result == .completed)
        #expect(figures.pages == 3 && figures.bitRate == row.bitRate)
        #expect(figures.errorCorrectionMode == row.expectsECM ?? row.ecm)
        #expect(figures.isFromT38 == !row.isFromSound)
        #expect(figures.sender == "+33 1 23 45 67 89" && figures.receiver == "49 30 1234567")
        if row.lossPercent > 0 {
            #expect(call.toGateway.lost + call.toServer.lost > 10)
            #expect(figures.packets.recovered + server.received.recovered > 10)
        }
    }
}
