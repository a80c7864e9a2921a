import Glibc
import Prompts

/// Speech from text, by espeak-ng. Not for event loops.
public struct SpeechSynthesizer: Sendable {
    /// The program, by its path or as found on the usual ones.
    public let program: String

    public init(program: String = "espeak-ng") { self.program = program }

    /// Characters of a text that are spoken.
    public static let textLimit: Int = 2000

    /// Whether the program is installed.
    public var isInstalled: Bool {
        if program.contains("/") { return access(program, X_OK) == 0 }
        return ["/usr/local/bin", "/usr/bin", "/bin"].contains { access("\($0)/\(program)", X_OK) == 0 }
    }

    /// Speaks a text at 16 kHz.
    /// - Parameter language: BCP 47; what espeak-ng does not know is refused.
    package func speak(_ text: String, language: String) throws(SpeechError) -> [Float] {
        guard (1...SpeechSynthesizer.textLimit).contains(text.count) else { throw SpeechError(.textLength(text.count)) }
        // Only what a language tag is made of: it becomes an argument.
        guard (2...35).contains(language.utf8.count), language.utf8.first != UInt8(ascii: "-"),
            language.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || Character(UnicodeScalar($0)).isASCIILetterOrDigit })
        else { throw SpeechError(.language(language)) }
        guard isInstalled else { throw SpeechError(.notInstalled(program)) }
        let bytes: [UInt8]
        do throws(ChildProcess.Failure) {
            bytes = try ChildProcess.run(
                program,
                ["-v", SpeechSynthesizer.voice(language), "-s", "150", "-g", "4", "-b", "1", "--stdin", "--stdout"],
                input: text, limit: 64 << 20, seconds: 60)
        } catch {
            throw SpeechError(.failed(error.description))
        }
        guard let sound = PCMReader.sound(bytes), !sound.samples.isEmpty else {
            throw SpeechError(.failed("\(program) gave no sound"))
        }
        let floats: [Float] = sound.samples.map { Float($0) / 32_768 }
        return SoundResampler.resample(floats, from: sound.sampleRate, to: SoundReader.sampleRate)
    }

    /// A woman's voice, as the human recordings have.
    private static func voice(_ language: String) -> String {
        switch language.lowercased() {
        case "fr": "fr+female2"
        case "en": "en-us+female2"
        default: "\(language)+female2"
        }
    }
}

/// Why a text is not spoken.
public struct SpeechError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Reason: Hashable, Sendable {
        case textLength(Int)
        case language(String)
        case notInstalled(String)
        case failed(String)
    }

    public let reason: Reason
    init(_ reason: Reason) { self.reason = reason }

    public var description: String {
        switch reason {
        case .textLength(let count):
            "a text to be spoken must have 1 to \(SpeechSynthesizer.textLimit) characters, not \(count)"
        case .language(let text): "\"\(text)\" is no language tag such as fr or en-GB"
        case .notInstalled(let program): "\(program) is not installed: apt-get install espeak-ng"
        case .failed(let why): why
        }
    }
}

extension Character {
    fileprivate var isASCIILetterOrDigit: Bool { isASCII && (isLetter || isNumber) }
}
