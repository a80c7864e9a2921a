import Codecs
import Glibc
public import Prompts

/// The human recordings of Debian's asterisk-core-sounds packages, where they are installed.
public struct HumanRecordings: Sendable {
    /// Has a folder for each voice.
    public let folder: String

    public init(folder: String = "/usr/share/asterisk/sounds") { self.folder = folder }

    /// Whether the recordings of a language are there.
    public func has(_ language: PromptLanguage) -> Bool {
        access("\(folder)/\(PromptCatalogue.recordingFolder(language))", R_OK) == 0
    }

    /// Whether this recording is there.
    func has(_ recording: String, _ language: PromptLanguage) -> Bool {
        let path = path(recording, language)
        return Files.isReadable("\(path).g722") || Files.isReadable("\(path).wav")
    }

    private func path(_ recording: String, _ language: PromptLanguage) -> String {
        "\(folder)/\(PromptCatalogue.recordingFolder(language))/\(recording)"
    }

    /// A recording at 16 kHz: the wideband one, else the narrowband one; nil where there is neither, or it cannot be read.
    package func sound(_ recording: String, _ language: PromptLanguage) -> [Float]? {
        let path = path(recording, language)
        if let bytes = try? Files.read("\(path).g722", limit: 16 << 20), !bytes.isEmpty {
            return HumanRecordings.decode(bytes)?.map { Float($0) / 32_768 }
        }
        guard let bytes = try? Files.read("\(path).wav", limit: 16 << 20), let sound = PCMReader.sound(bytes) else {
            return nil
        }
        return SoundResampler.resample(
            sound.samples.map { Float($0) / 32_768 }, from: sound.sampleRate, to: SoundReader.sampleRate)
    }

    /// G.722 at 64 kbit/s, without a header: two samples of 16 kHz a byte. Nil without memory for the decoder.
    private static func decode(_ bytes: [UInt8]) -> [Int16]? {
        guard var decoder = try? AudioDecoder(.g722) else { return nil }
        var samples: [Int16] = []
        samples.reserveCapacity(bytes.count * 2)
        var block = [Int16](repeating: 0, count: 320)
        bytes.withUnsafeBytes { raw in
            // 20 ms at a time, as packets bring it.
            for start in stride(from: 0, to: raw.count, by: 160) {
                let packet = UnsafeRawBufferPointer(rebasing: raw[start..<min(start + 160, raw.count)])
                let count: Int? = block.withUnsafeMutableBufferPointer { decoder.decode(packet, into: $0) }
                samples.append(contentsOf: block[..<(count ?? 0)])
            }
        }
        return samples
    }
}
