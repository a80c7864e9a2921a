import Codecs
import Testing

@Suite("resampling")
struct ResamplerTests {
    private static let rates = [8_000, 16_000, 44_100, 48_000]

    @Test("a packet of 10 ms gives 10 ms, and a tone stays itself", arguments: rates, rates)
    func tone(from: Int, to: Int) throws {
        guard from != to else { return }
        var resampler = try Resampler(from: from, to: to)
        let packet = from / 100
        var heard: [Int16] = []
        for index in 0..<50 {
            let part = resampler.resample(sine(1_000, rate: from, samples: packet, from: index * packet))
            if from % 8_000 == 0, to % 8_000 == 0 { #expect(part.count == to / 100) }
            heard += part
        }
        #expect(abs(heard.count - to / 2) <= 1)
        let steady = heard[(to / 10)..<(to * 2 / 5)]
        #expect(abs(decibels(strength(of: 1_000, rate: to, in: steady) / 10_000)) < 0.2)
        // Nothing but the tone: the rest is 40 dB below.
        let expected = strength(of: 1_000, rate: to, in: steady) / 2.0.squareRoot()
        #expect(abs(decibels(loudness(steady) / expected)) < 0.01)
    }

    @Test("what the lower rate can't hold is not folded into it")
    func aliasing() throws {
        var resampler = try Resampler(from: 48_000, to: 8_000)
        let heard = resampler.resample(sine(6_000, rate: 48_000, samples: 48_000))
        #expect(decibels(loudness(heard[800...]) / 7_071) < -50)
    }

    @Test(
        "a sound comes out as much later as the latency says",
        arguments: [(8_000, 16_000), (16_000, 8_000), (48_000, 16_000)])
    func latency(from: Int, to: Int) throws {
        var resampler = try Resampler(from: from, to: to)
        var click = [Int16](repeating: 0, count: from / 10)
        click[from / 50] = 20_000
        let heard = resampler.resample(click)
        let peak = heard.indices.max { abs(Int(heard[$0])) < abs(Int(heard[$1])) }
        #expect(abs((peak ?? 0) - (to / 50 + resampler.latency)) <= 1)
        #expect(resampler.latency <= to / 100)
    }

    @Test("after a reset the past is forgotten")
    func reset() throws {
        var resampler = try Resampler(from: 16_000, to: 8_000)
        let first = resampler.resample(sine(500, rate: 16_000, samples: 320))
        #expect(resampler.resample(sine(500, rate: 16_000, samples: 320)) != first)
        resampler.reset()
        #expect(resampler.resample(sine(500, rate: 16_000, samples: 320)) == first)
    }

    @Test("rates out of range are refused", arguments: [(0, 8_000), (8_000, 0), (-1, 8_000), (8_000, 500_000)])
    func refused(from: Int, to: Int) {
        #expect(throws: CodecError.self) { _ = try Resampler(from: from, to: to) }
    }
}
