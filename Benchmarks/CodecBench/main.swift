// Measures the codecs beside the bare library calls, or converts a file:
//   CodecBench [bench [SPEECH]]              SPEECH: raw samples of 16 bits, 16 kHz, one channel; else a synthetic voice
//   CodecBench library [KEY=VALUE...]        the library alone, in µs a frame of 20 ms, a line of JSON each; keys of Opus: clock, channels,
//                                            bitrate, complexity; speech=FILE
//   CodecBench settings [CODEC]              what our encoder of Opus is set to in calls
//   CodecBench convert CODEC IN OUT          through encoder and decoder; raw samples of 16 bits at the codec's rate
//   CodecBench encode|decode CODEC IN OUT    packets as records: a length in two bytes, big-endian, then the payload
// CODEC is the name of an rtpmap with its parameters after a space: `PCMU/8000`, `opus/48000/2 maxplaybackrate=16000`.
import Codecs
import Glibc

func fail(_ text: String) -> Never {
    let line = Array("CodecBench: \(text)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
    exit(2)
}

let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case nil, "bench": bench(speech: arguments.count > 1 ? readSamples(arguments[1]) : voice(seconds: 10))
case "library": measureLibraries(Array(arguments.dropFirst()))
case "settings": printSettings(arguments.count > 1 ? [arguments[1]] : usualDescriptions)
case "convert", "encode", "decode":
    guard arguments.count == 4, let codec = codec(named: arguments[1]) else {
        fail("usage: CodecBench convert|encode|decode CODEC IN OUT")
    }
    do throws(CodecError) {
        switch arguments[0] {
        case "convert": try convert(codec, from: arguments[2], to: arguments[3])
        case "encode": try encodeFile(codec, from: arguments[2], to: arguments[3])
        default: try decodeFile(codec, from: arguments[2], to: arguments[3])
        }
    } catch {
        fail("\(error)")
    }
default: fail("no mode '\(arguments[0])': bench, library, settings, convert, encode or decode")
}
