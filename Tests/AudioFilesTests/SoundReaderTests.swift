import AudioFiles
import CSndfile
import Foundation
import Prompts
import Testing

@Suite("Audio that is handed in")
struct SoundReaderTests {
    struct Kind: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let format: Int
        var rate: Int = 44_100
        var channels: Int = 1
        /// Less is left of a pure tone where the coding is coarse.
        var share: Double = 0.99
        /// By how much the level may differ.
        var change: Float = 0.05
    }

    private static let wav: Int = SF_FORMAT_WAV
    private static let everyKind: [Kind] = [
        Kind(testDescription: "WAV, 8 bit", format: wav | SF_FORMAT_PCM_U8),
        Kind(testDescription: "WAV, 16 bit, 8 kHz", format: wav | SF_FORMAT_PCM_16, rate: 8000),
        Kind(testDescription: "WAV, 16 bit, 16 kHz", format: wav | SF_FORMAT_PCM_16, rate: 16_000),
        Kind(testDescription: "WAV, 24 bit, stereo", format: wav | SF_FORMAT_PCM_24, channels: 2),
        Kind(
            testDescription: "WAV, 32 bit, 5.1 at 48 kHz", format: wav | SF_FORMAT_PCM_32, rate: 48_000,
            channels: 6),
        Kind(testDescription: "WAV, float at 96 kHz", format: wav | SF_FORMAT_FLOAT, rate: 96_000),
        Kind(testDescription: "WAV, double at 192 kHz", format: wav | SF_FORMAT_DOUBLE, rate: 192_000),
        Kind(testDescription: "WAV, A-law", format: wav | SF_FORMAT_ALAW, rate: 8000),
        Kind(testDescription: "WAV, µ-law", format: wav | SF_FORMAT_ULAW, rate: 8000),
        Kind(testDescription: "WAV, IMA ADPCM", format: wav | SF_FORMAT_IMA_ADPCM, share: 0.94),
        Kind(testDescription: "WAV, MS ADPCM", format: wav | SF_FORMAT_MS_ADPCM, share: 0.94),
        Kind(testDescription: "WAV, GSM 6.10", format: wav | SF_FORMAT_GSM610, rate: 8000, share: 0.9, change: 0.4),
        Kind(
            testDescription: "WAV extensible", format: SF_FORMAT_WAVEX | SF_FORMAT_PCM_16,
            channels: 2),
        Kind(testDescription: "RF64", format: SF_FORMAT_RF64 | SF_FORMAT_PCM_16),
        Kind(
            testDescription: "RIFX (big-endian WAV)",
            format: wav | SF_FORMAT_PCM_16 | SF_ENDIAN_BIG),
        Kind(
            testDescription: "MP3, stereo", format: SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III,
            channels: 2),
        Kind(
            testDescription: "MP3, 22 kHz", format: SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III,
            rate: 22_050),
        Kind(testDescription: "FLAC", format: SF_FORMAT_FLAC | SF_FORMAT_PCM_16, channels: 2),
        Kind(testDescription: "Ogg Vorbis", format: SF_FORMAT_OGG | SF_FORMAT_VORBIS),
        Kind(
            testDescription: "Ogg Opus", format: SF_FORMAT_OGG | SF_FORMAT_OPUS, rate: 48_000),
        Kind(testDescription: "AIFF", format: SF_FORMAT_AIFF | SF_FORMAT_PCM_16),
    ]

    @Test("any WAV or MP3 becomes one channel of 16 kHz with the same sound in it (MV-MEDIA-06)", arguments: everyKind)
    func kinds(kind: Kind) throws {
        let folder = TestFolder()
        let path = "\(folder.path)/sound"
        let tone = Sounds.tone(1000, seconds: 1.5, rate: kind.rate)
        try #require(
            Sounds.write(
                Sounds.spread(tone, kind.channels), to: path, rate: kind.rate, channels: kind.channels,
                format: kind.format))
        let sound = try SoundReader.read(path, limits: .prompt)
        // Block codecs pad their last block.
        #expect(abs(Double(sound.count) / 16_000 - 1.5) < 0.08)
        let samples = sound.map { Int16($0 * 32_000) }
        #expect(Sounds.share(of: 1000, in: samples, rate: 16_000) > kind.share)
        let middle = sound[8000..<16_000]
        let level = (middle.reduce(0) { $0 + $1 * $1 } / Float(middle.count)).squareRoot()
        #expect(abs(level / 0.3535 - 1) < kind.change)
    }

    @Test("a tone above what 16 kHz holds does not come back as another one")
    func noAlias() throws {
        let folder = TestFolder()
        let path = "\(folder.path)/sound.wav"
        let both = zip(
            Sounds.tone(1000, seconds: 1, rate: 48_000, level: 0.3),
            Sounds.tone(11_000, seconds: 1, rate: 48_000, level: 0.3)
        ).map { $0 + $1 }
        try #require(Sounds.write(both, to: path, rate: 48_000, format: Self.wav | SF_FORMAT_PCM_16))
        let samples = try SoundReader.read(path, limits: .prompt).map { Int16($0 * 32_000) }
        #expect(Sounds.share(of: 1000, in: samples, rate: 16_000) > 0.999)
    }

    @Test("two channels that cancel each other are heard by the first")
    func oppositeChannels() throws {
        let folder = TestFolder()
        let path = "\(folder.path)/sound.wav"
        let stereo = Sounds.tone(500, seconds: 1, rate: 8000).flatMap { [$0, -$0] }
        try #require(
            Sounds.write(stereo, to: path, rate: 8000, channels: 2, format: Self.wav | SF_FORMAT_PCM_16))
        let samples = try SoundReader.read(path, limits: .prompt).map { Int16($0 * 32_000) }
        #expect(Sounds.share(of: 500, in: samples, rate: 16_000) > 0.99)
    }

    // MARK: Refusals

    struct Bad: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let says: String
        /// Makes the file, or a folder, at this path.
        let make: @Sendable (String) -> Void
    }

    private static func bytes(_ bytes: [UInt8]) -> @Sendable (String) -> Void {
        { path in _ = FileManager.default.createFile(atPath: path, contents: Data(bytes)) }
    }

    private static func sound(_ seconds: Double, rate: Int = 8000, channels: Int = 1, level: Double = 0.5)
        -> @Sendable (String) -> Void
    {
        { path in
            let sound = Sounds.spread(Sounds.voice(seconds: seconds, rate: rate, level: level), channels)
            _ = Sounds.write(
                sound, to: path, rate: rate, channels: channels, format: wav | SF_FORMAT_PCM_16)
        }
    }

    /// A good file with its bytes changed.
    private static func changed(_ change: @escaping @Sendable (inout Data) -> Void) -> @Sendable (String) -> Void {
        { path in
            sound(1)(path)
            var data = FileManager.default.contents(atPath: path) ?? Data()
            change(&data)
            _ = FileManager.default.createFile(atPath: path, contents: data)
        }
    }

    private static let everyRefusal: [Bad] = [
        Bad(testDescription: "no file", says: "No such file or directory") { _ in },
        Bad(testDescription: "a folder", says: "it is not a file") {
            try? FileManager.default.createDirectory(atPath: $0, withIntermediateDirectories: false)
        },
        Bad(testDescription: "a file without bytes", says: "it is empty", make: bytes([])),
        Bad(
            testDescription: "a text", says: "it is not audio: WAV, MP3, FLAC, Ogg and AIFF are taken",
            make: bytes(Array("Bonjour, vous êtes bien chez Dupont.".utf8))),
        Bad(
            testDescription: "a JPEG", says: "it is not audio",
            make: bytes([0xFF, 0xD8, 0xFF, 0xE0, 0, 16, 0x4A, 0x46])),
        Bad(testDescription: "a PDF", says: "it is not audio", make: bytes(Array("%PDF-1.7\n".utf8))),
        Bad(testDescription: "one byte", says: "it is not audio", make: bytes([0xFF])),
        Bad(
            testDescription: "a header cut within", says: "it begins as WAV and cannot be read as such",
            make: changed { $0 = $0.prefix(30) }),
        Bad(
            testDescription: "a header of noise", says: "it begins as WAV and cannot be read as such",
            make: bytes(Array("RIFF\u{1}\u{2}\u{3}\u{4}WAVEabcdefghijklmnopqrstuvwxyz".utf8))),
        Bad(
            testDescription: "half of the audio missing",
            says: "it is cut off: its header announces 16000 bytes of audio, and 8000 are there; copy it again",
            make: changed { $0 = $0.prefix($0.count - 8000) }),
        Bad(
            testDescription: "an MP3's first bytes alone", says: "it begins as MP3 and cannot be read as such",
            make: bytes([0xFF, 0xFB, 0x90, 0x00] + [UInt8](repeating: 0x55, count: 100))),
        Bad(
            testDescription: "FLAC's name alone", says: "it begins as FLAC and cannot be read as such",
            make: bytes(Array("fLaC".utf8))),
        Bad(testDescription: "a header without audio", says: "it is empty", make: sound(0)),
        Bad(
            testDescription: "4 kHz", says: "its sample rate is 4000 Hz; 8000 to 192000 Hz are taken",
            make: sound(1, rate: 4000)),
        Bad(
            testDescription: "384 kHz", says: "its sample rate is 384000 Hz; 8000 to 192000 Hz are taken",
            make: sound(0.5, rate: 384_000)),
        Bad(
            testDescription: "12 channels", says: "it has 12 channels; 1 to 8 are taken", make: sound(1, channels: 12)),
        Bad(
            testDescription: "over 5 minutes", says: "it is longer than 5 min, the most that is taken", make: sound(301)
        ),
        Bad(
            testDescription: "zeros",
            says: "it holds only silence: its loudest moment is zero; -50 dB of full scale are needed",
            make: sound(2, level: 0)),
        Bad(
            testDescription: "a whisper of noise", says: "it holds only silence: its loudest moment is at -61 dB",
            make: sound(2, level: 0.001)),
        Bad(
            testDescription: "30 ms", says: "of sound; at least 0.1 s are needed", make: sound(0.03)),
    ]

    @Test("what is no usable audio is refused with the rule and the limit", arguments: everyRefusal)
    func refusals(bad: Bad) throws {
        let folder = TestFolder()
        let path = "\(folder.path)/upload"
        bad.make(path)
        do {
            _ = try PreparedSound(try SoundReader.read(path, limits: .prompt), limits: .prompt)
            Issue.record("taken")
        } catch {
            #expect(error.description.contains(bad.says), "\(error)")
        }
    }

    @Test("the bytes are counted before anything is decoded")
    func byteLimit() throws {
        let folder = TestFolder()
        let path = "\(folder.path)/upload"
        Self.sound(1)(path)
        var limits = AudioLimits.prompt
        limits.bytes = 1 << 10
        let refusal = #expect(throws: AudioRefusal.self) { _ = try SoundReader.read(path, limits: limits) }
        #expect(refusal?.rule == .tooManyBytes(16_044, limit: 1024))
    }

    @Test("a WAV whose header leaves its length open, as one written into a pipe, is taken")
    func openLength() throws {
        let folder = TestFolder()
        let path = "\(folder.path)/upload"
        Self.changed { data in
            for offset in [4, 40] { data.replaceSubrange(offset..<offset + 4, with: [0xFF, 0xFF, 0xFF, 0xFF]) }
        }(path)
        #expect(try SoundReader.read(path, limits: .prompt).count == 16_000)
    }
}
