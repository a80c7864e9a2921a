import Codecs
import Testing

@Suite("codecs in SDP")
struct NegotiationTests {
    @Test(
        "an rtpmap and its parameters name a codec",
        arguments: [
            ("PCMU", 8_000, nil, nil, .pcmu), ("pcma", 8_000, 1, nil, .pcma), ("G722", 8_000, nil, nil, .g722),
            ("g729", 8_000, 1, nil, .g729(annexB: true)), ("G729", 8_000, 1, "annexb=yes", .g729(annexB: true)),
            ("G729", 8_000, 1, "annexb=no", .g729(annexB: false)),
            ("G729", 8_000, 1, " AnnexB = NO ", .g729(annexB: false)),
            ("L16", 44_100, 2, nil, .l16(sampleRate: 44_100, channels: 2)),
            ("l16", 16_000, nil, nil, .l16(sampleRate: 16_000, channels: 1)),
            ("opus", 48_000, 2, nil, .opus(OpusParameters())), ("OPUS", 48_000, 2, "", .opus(OpusParameters())),
            (
                "opus", 48_000, 2,
                "maxplaybackrate=16000; sprop-maxcapturerate=24000; maxaveragebitrate=20000; stereo=1; cbr=1; useinbandfec=1; usedtx=1",
                .opus(
                    OpusParameters(
                        maxPlaybackRate: 16_000, maxCaptureRate: 24_000, maxAverageBitrate: 20_000, stereo: true,
                        constantBitrate: true, inBandFEC: true, dtx: true))
            ),
            ("opus", 48_000, 2, "USEINBANDFEC=1;minptime=10;x", .opus(OpusParameters(inBandFEC: true))),
            ("opus", 48_000, 2, "maxplaybackrate=7999;maxaveragebitrate=5999;usedtx=2", .opus(OpusParameters())),
            (
                "opus", 48_000, 2, "maxplaybackrate=99999999999;maxaveragebitrate=-1;=;;useinbandfec",
                .opus(OpusParameters())
            ),
            ("opus", 48_000, 2, "usedtx=0;usedtx=1", .opus(OpusParameters())),
        ] as [(String, UInt32, UInt8?, String?, AudioCodec)])
    func named(name: String, clockRate: UInt32, channels: UInt8?, parameters: String?, expected: AudioCodec) {
        #expect(
            AudioCodec(encodingName: name, clockRate: clockRate, channels: channels, parameters: parameters) == expected
        )
    }

    @Test(
        "what is not a codec in the form its RFC gives is none",
        arguments: [
            ("PCMU", 16_000, 1), ("PCMU", 8_000, 2), ("G722", 16_000, 1), ("opus", 48_000, nil), ("opus", 48_000, 1),
            ("opus", 16_000, 2),
            ("L16", 22_050, 1), ("L16", 48_000, 3), ("L16", 48_000, 0), ("iLBC", 8_000, 1), ("", 8_000, 1),
            ("PCMU ", 8_000, 1),
        ] as [(String, UInt32, UInt8?)])
    func refused(name: String, clockRate: UInt32, channels: UInt8?) {
        #expect(AudioCodec(encodingName: name, clockRate: clockRate, channels: channels) == nil)
    }

    @Test("static payload types have their codecs, and codecs their static payload types")
    func staticTypes() {
        let known: [UInt8: AudioCodec] = [
            0: .pcmu, 8: .pcma, 9: .g722, 10: .l16(sampleRate: 44_100, channels: 2),
            11: .l16(sampleRate: 44_100, channels: 1), 18: .g729(annexB: true),
        ]
        for type in UInt8.min...UInt8.max {
            #expect(AudioCodec(staticPayloadType: type) == known[type])
            if let codec = known[type] { #expect(codec.staticPayloadType == type) }
        }
        #expect(AudioCodec(staticPayloadType: 18, parameters: "annexb=no") == .g729(annexB: false))
    }

    @Test("what a codec writes as its parameters is read back the same")
    func parametersReadBack() {
        var every: [AudioCodec] = [
            .pcmu, .pcma, .g722, .g729(annexB: true), .g729(annexB: false), .l16(sampleRate: 8_000, channels: 2),
        ]
        for bits in 0..<128 {
            every.append(
                .opus(
                    OpusParameters(
                        maxPlaybackRate: bits & 1 == 0 ? 48_000 : 8_000,
                        maxCaptureRate: bits & 2 == 0 ? 48_000 : 16_000,
                        maxAverageBitrate: bits & 4 == 0 ? nil : 40_000, stereo: bits & 8 != 0,
                        constantBitrate: bits & 16 != 0, inBandFEC: bits & 32 != 0, dtx: bits & 64 != 0)))
        }
        for codec in every {
            let read = AudioCodec(
                encodingName: codec.name, clockRate: codec.clockRate, channels: codec.channels,
                parameters: codec.formatParameters)
            #expect(read == codec)
        }
    }

    @Test("defaults are not written")
    func written() {
        #expect(AudioCodec.g729(annexB: true).formatParameters == nil)
        #expect(AudioCodec.g729(annexB: false).formatParameters == "annexb=no")
        #expect(AudioCodec.opus(OpusParameters()).formatParameters == nil)
        let parameters = OpusParameters(maxPlaybackRate: 16_000, inBandFEC: true)
        #expect(AudioCodec.opus(parameters).formatParameters == "maxplaybackrate=16000; useinbandfec=1")
    }
}
