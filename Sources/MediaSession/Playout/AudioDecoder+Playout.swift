public import Basics
public import Codecs

extension AudioDecoder: PlayoutDecoder {
    package var concealmentStep: Int {
        switch codec {
        case .opus: sampleRate / 400
        case .g729: sampleRate / 100
        case .pcmu, .pcma, .g722, .l16: 1
        }
    }

    package var fillsPauses: Bool {
        switch codec {
        case .opus, .g729: true
        case .pcmu, .pcma, .g722, .l16: false
        }
    }
}

extension PlayoutStage {
    /// Takes out the next `samples` of audio: packets as they come due, made-up audio where they did not come.
    ///
    /// - Parameters:
    ///   - now: not before that of the last pull. Pulls are as far apart as the audio they take is long.
    ///   - output: at least `samples` long; the rest stays as it is.
    ///   - decoder: of this stream alone, with the stage's rates.
    public mutating func pull(
        _ samples: Int, now: Moment, into output: UnsafeMutableBufferPointer<Int16>, decoder: inout AudioDecoder
    ) -> PlayoutInfo {
        pull(samples, now: now, from: &decoder, into: output)
    }
}
