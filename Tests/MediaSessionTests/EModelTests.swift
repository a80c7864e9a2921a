import Basics
import Codecs
import MediaSession
import Testing

@Suite("E-model")
struct EModelTests {
    static func isNear(_ one: Double, _ other: Double, _ tolerance: Double = 0.0051) -> Bool {
        abs(one - other) <= tolerance
    }

    @Test("with all default values R is 93.2 and the score 4.41 (G.107 §7.7, Annex B)")
    func defaults() {
        #expect(Self.isNear(EModel.Transmission().rating, 93.2, 0.01))
        #expect(Self.isNear(EModel.score(EModel.narrowbandBest), 4.41))
    }

    @Test(
        "ratings become scores by the table of G.107 Annex B",
        arguments: [
            (90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58), (100, 4.5), (120, 4.5), (0, 1), (-5, 1),
        ])
    func scores(_ rating: Double, _ score: Double) { #expect(Self.isNear(EModel.score(rating), score, 0.01)) }

    @Test("a score never falls as its rating rises, nor below 1, where the curve of Annex B does")
    func monotonic() {
        var before = 1.0
        for step in 0...1000 {
            let score = EModel.score(Double(step) / 10)
            #expect(score >= before - 1e-12)
            before = score
        }
    }

    @Test(
        "delay costs what leaves R at 70 after these delays with each codec (Janssen, De Vleeschauwer and Petit, Table 3: R of 94 and echo cancelled)",
        arguments: [
            (400, 0), (375, 2), (342, 5), (322, 7), (294, 10), (251, 15), (219, 19), (210, 20), (177, 23),
        ] as [(Double, Double)])
    func delay(_ milliseconds: Double, _ impairment: Double) {
        #expect(Self.isNear(EModel.delayImpairment(milliseconds), 24 - impairment, 0.35))
    }

    @Test(
        "delay by the formula of G.107 eq. 7-28",
        arguments: [
            (0, 0), (100, 0), (150, 0.1635), (200, 3.0444), (250, 8.9167), (300, 14.7607), (400, 24.0701),
            (500, 30.6359),
            (800, 40.8325),
        ] as [(Double, Double)])
    func delayExactly(_ milliseconds: Double, _ impairment: Double) {
        #expect(Self.isNear(EModel.delayImpairment(milliseconds), impairment, 0.001))
    }

    @Test(
        "with the default echo loss, delay costs within 1.6 of the usual line through the model: 0.024 d, and 0.11 more above 177 ms (Cole and Rosenbluth)",
        arguments: [50, 100, 150, 200, 250, 300])
    func echo(_ milliseconds: Double) {
        var transmission = EModel.Transmission()
        (transmission.echoDelay, transmission.absoluteDelay) = (milliseconds, milliseconds)
        transmission.loopDelay = 2 * milliseconds
        let line: Double = 0.024 * milliseconds + 0.11 * max(0, milliseconds - 177.3)
        #expect(Self.isNear(EModel.narrowbandBest - transmission.rating, line, 1.6))
    }

    @Test("quantising distortion, loudness and noise lower the rating")
    func plant() {
        func rating(_ change: (inout EModel.Transmission) -> Void) -> Double {
            var transmission = EModel.Transmission()
            change(&transmission)
            return transmission.rating
        }
        let best: Double = EModel.narrowbandBest
        #expect(rating { $0.quantising = 14 } < best - 5)
        #expect(rating { $0.sendLoudness = 20 } < best - 10)
        #expect(rating { $0.receiveRoomNoise = 65 } < best - 5)
        #expect(rating { $0.circuitNoise = -40 } < best - 20)
        #expect(Self.isNear(rating { $0.advantage = 10 }, best + 10))
        #expect(Self.isNear(rating { $0.equipmentImpairment = 11 }, best - 11))
    }

    struct CodecRow: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let codec: AudioCodec
        let score: Double
    }

    static let codecRows: [CodecRow] = [
        CodecRow(testDescription: "PCMA", codec: .pcma, score: 4.41),
        CodecRow(testDescription: "PCMU", codec: .pcmu, score: 4.41),
        CodecRow(testDescription: "G.729", codec: .g729(annexB: false), score: 4.14),
        CodecRow(testDescription: "G.729 with VAD", codec: .g729(annexB: true), score: 4.10),
        CodecRow(testDescription: "G.722 on the wideband scale", codec: .g722, score: 4.34),
        CodecRow(testDescription: "Opus", codec: .opus(OpusParameters()), score: 4.40),
        CodecRow(testDescription: "Opus wideband", codec: .opus(OpusParameters(maxPlaybackRate: 16_000)), score: 4.18),
        CodecRow(testDescription: "Opus narrowband", codec: .opus(OpusParameters(maxPlaybackRate: 8000)), score: 4.08),
        CodecRow(testDescription: "L16 wideband", codec: .l16(sampleRate: 16_000, channels: 1), score: 4.50),
    ]

    @Test("each codec without loss has its score", arguments: codecRows)
    func codecs(_ row: CodecRow) {
        let coding = EModel.Coding(row.codec)
        #expect(
            Self.isNear(
                EModel.score(coding.band.best - EModel.impairment(coding, loss: 0), band: coding.band), row.score))
    }

    @Test(
        "the wideband scale is that of G.107.1 Annex A",
        arguments: [(0, 4.5), (1, 4.494), (8, 4.421), (13, 4.337), (41, 3.512), (56, 2.922)] as [(Double, Double)])
    func wideband(_ impairment: Double, _ score: Double) {
        #expect(Self.isNear(EModel.score(EModel.Band.wide.best - impairment, band: .wide), score, 0.001))
    }

    struct LossRow: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let coding: EModel.Coding
        let loss: Double
        var burstRatio: Double = 1
        let impairment: Double
    }

    static let lossRows: [LossRow] = [
        LossRow(testDescription: "G.711, 1 %", coding: .g711, loss: 0.01, impairment: 95 / 26.1),
        LossRow(testDescription: "G.711, 5 %", coding: .g711, loss: 0.05, impairment: 475 / 30.1),
        LossRow(
            testDescription: "G.711, 5 % in bursts", coding: .g711, loss: 0.05, burstRatio: 2, impairment: 475 / 27.6),
        LossRow(
            testDescription: "G.711 without concealment, 5 %", coding: .g711WithoutConcealment, loss: 0.05,
            impairment: 475 / 9.3),
        LossRow(testDescription: "G.729 with VAD, 2 %", coding: .g729WithVAD, loss: 0.02, impairment: 11 + 168.0 / 21),
        LossRow(testDescription: "G.722, 2 %", coding: .g722, loss: 0.02, impairment: 13 + 164 / 6.3),
        LossRow(testDescription: "all lost", coding: .g711, loss: 1, impairment: 9500 / 125.1),
    ]

    @Test("loss costs by G.107 eq. 7-29", arguments: lossRows)
    func loss(_ row: LossRow) {
        #expect(
            Self.isNear(EModel.impairment(row.coding, loss: row.loss, burstRatio: row.burstRatio), row.impairment, 1e-9)
        )
    }

    @Test("the burst ratio is 1 for random loss, more in bursts, and never less than 1 or more than 8")
    func burstRatio() {
        // Random loss of 20 % comes in runs of 1.25 in the mean.
        #expect(Self.isNear(EModel.burstRatio(loss: 0.2, lost: 125, runs: 100), 1))
        #expect(Self.isNear(EModel.burstRatio(loss: 0.2, lost: 500, runs: 100), 4))
        #expect(EModel.burstRatio(loss: 0.01, lost: 1, runs: 1) == 1)
        #expect(EModel.burstRatio(loss: 0.2, lost: 500, runs: 1) == 8)
        #expect(EModel.burstRatio(loss: 0, lost: 0, runs: 0) == 1 && EModel.burstRatio(loss: 1, lost: 9, runs: 1) == 1)
    }
}

@Suite("Rating of an interval")
struct RatingTests {
    static func quality(lost: UInt32 = 0, runs: UInt32 = 0, _ change: (inout MediaQuality) -> Void = { _ in })
        -> MediaQuality
    {
        var quality = MediaQuality(from: .zero, to: at(5000))
        (quality.packetsExpected, quality.packetsReceived, quality.packetsLost) = (250, 250 - lost, lost)
        quality.lossRuns = runs
        change(&quality)
        return quality
    }

    @Test("a clean interval of G.711 is 4.41, and its conversation too while the delay is short")
    func clean() {
        var quality = Self.quality { $0.roundTripMicroseconds = 40_000 }
        quality.rate(codec: .pcma, packetTimeMs: 20)
        #expect(quality.listeningMOS == 441 && quality.conversationalMOS == 441 && quality.codec == .pcma)
    }

    @Test("delay lowers the conversational score alone")
    func delay() {
        var quality = Self.quality { $0.roundTripMicroseconds = 700_000 }
        quality.rate(codec: .pcma, packetTimeMs: 20)
        // 350 ms, 20 ms of packet, 20 ms of buffer: Idd of 390 ms is 23.3.
        #expect(quality.listeningMOS == 441 && quality.conversationalMOS == 359)
        quality.rate(codec: .pcma, packetTimeMs: 20, jitterBufferMs: 200)
        #expect(quality.conversationalMOS ?? 0 < 310)
    }

    @Test("without codec or packets nothing is scored, without round trip no conversation")
    func unknown() {
        var quality = Self.quality()
        quality.rate(codec: nil, packetTimeMs: 20)
        #expect(quality.listeningMOS == nil && quality.conversationalMOS == nil)
        quality.rate(codec: .pcma, packetTimeMs: 20)
        #expect(quality.listeningMOS == 441 && quality.conversationalMOS == nil)
        var empty = MediaQuality(from: .zero, to: at(5000))
        empty.rate(codec: .pcma, packetTimeMs: 20)
        #expect(empty.listeningMOS == nil)
    }

    @Test("losses in a row cost more than the same spread out")
    func bursts() {
        var (spread, burst) = (Self.quality(lost: 20, runs: 20), Self.quality(lost: 20, runs: 2))
        spread.rate(codec: .pcma, packetTimeMs: 20)
        burst.rate(codec: .pcma, packetTimeMs: 20)
        #expect(spread.listeningMOS == 360 || spread.listeningMOS == 361)
        #expect((burst.listeningMOS ?? 0) + 25 < (spread.listeningMOS ?? 0))
    }
}
