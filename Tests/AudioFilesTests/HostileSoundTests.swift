import AudioFiles
import Basics
import CSndfile
import Foundation
import Prompts
import Testing

@Suite("Audio that somebody broke on purpose")
struct HostileSoundTests {
    private static let formats: [Int] = [
        SF_FORMAT_WAV | SF_FORMAT_PCM_16, SF_FORMAT_WAV | SF_FORMAT_FLOAT, SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM,
        SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM, SF_FORMAT_WAV | SF_FORMAT_GSM610, SF_FORMAT_WAVEX | SF_FORMAT_PCM_24,
        SF_FORMAT_RF64 | SF_FORMAT_PCM_16, SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
        SF_FORMAT_OGG | SF_FORMAT_VORBIS, SF_FORMAT_OGG | SF_FORMAT_OPUS, SF_FORMAT_AIFF | SF_FORMAT_PCM_16,
    ]

    @Test(
        "changed, doubled and missing bytes give a refusal or a sound, never more than was asked for",
        arguments: formats)
    func changed(format: Int) throws {
        let folder = TestFolder()
        let (good, path) = ("\(folder.path)/good", "\(folder.path)/bad")
        let rate: Int = format & SF_FORMAT_SUBMASK == SF_FORMAT_GSM610 ? 8000 : 48_000
        try #require(
            Sounds.write(Sounds.voice(seconds: 0.4, rate: rate), to: good, rate: rate, format: format))
        let bytes = try #require(folder.bytes("good"))
        var limits = AudioLimits.prompt
        limits.longest = .seconds(2)
        var random = SeededRandom(seed: UInt64(format))
        var (taken, refused): (Int, Int) = (0, 0)
        for _ in 0..<300 {
            var changed = bytes
            for _ in 0...Int.random(in: 0...6, using: &random) {
                // Mostly in the header, where lengths and counts are.
                let reach = Bool.random(using: &random) ? min(changed.count, 128) : changed.count
                let place = Int.random(in: 0..<reach, using: &random)
                switch Int.random(in: 0...4, using: &random) {
                case 0: changed[place] = UInt8.random(in: 0...255, using: &random)
                case 1: changed[place] = [0, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
                case 2: changed.removeLast(min(changed.count - 1, Int.random(in: 0...200, using: &random)))
                case 3: changed.insert(contentsOf: changed[..<min(changed.count, 64)], at: place)
                default: changed.replaceSubrange(place..<min(changed.count, place + 4), with: [0xFF, 0xFF, 0xFF, 0x7F])
                }
            }
            folder.write("bad", changed)
            do {
                let sound = try SoundReader.read(path, limits: limits)
                #expect(sound.count <= 2 * 16_000 + 1 && sound.allSatisfy(\.isFinite))
                taken += 1
            } catch {
                #expect(!error.description.isEmpty)
                refused += 1
            }
        }
        #expect(taken + refused == 300)
    }
}
