import Crypto
import Glibc
public import Prompts

/// Sounds that were handed in, each kept under the SHA-256 of its file: `3f/3fa9….wav`. The same sound is kept once.
///
/// Not for event loops.
public struct SoundShelf: SoundKeeping {
    public let folder: String
    private let renderer: PromptRenderer

    public init(folder: String, renderer: PromptRenderer = PromptRenderer()) {
        (self.folder, self.renderer) = (folder, renderer)
    }

    /// Where a sound is kept.
    public func path(_ file: String) -> String { "\(folder)/\(file.prefix(2))/\(file).wav" }

    public func keep(file path: String, limits: AudioLimits) throws(AudioRefusal) -> KeptSound {
        let sound = try PreparedSound(try SoundReader.read(path, limits: limits), limits: limits)
        return try keep(sound, source: try fingerprint(path))
    }

    public func keep(text: String, language: String) throws(AudioRefusal) -> KeptSound {
        let sound = try renderer.speak(text, language: language)
        return try keep(sound, source: SoundShelf.hex(SHA256.hash(data: Array("\(language) \(text)".utf8))))
    }

    private func keep(_ sound: PreparedSound, source: String) throws(AudioRefusal) -> KeptSound {
        let bytes: [UInt8] = sound.file
        let file: String = SoundShelf.hex(SHA256.hash(data: bytes))
        // Written anew even where it is there already: from now on it is an hour safe from the sweep.
        do throws(FileFailure) { try Files.replace(path(file), with: bytes) } catch {
            throw AudioRefusal(.unreadable(error.description))
        }
        return KeptSound(
            file: file, bytes: bytes.count, duration: sound.duration, loudnessBefore: sound.loudnessBefore,
            loudness: sound.loudness, source: source)
    }

    public func fingerprint(_ path: String) throws(AudioRefusal) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw AudioRefusal(.unreadable(FileFailure("open", path).description)) }
        defer { close(descriptor) }
        var hash = SHA256()
        var block = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = Glibc.read(descriptor, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw AudioRefusal(.unreadable(FileFailure("read", path).description)) }
            if count == 0 { return SoundShelf.hex(hash.finalize()) }
            hash.update(data: block[..<count])
        }
    }

    public func export(_ file: String, to path: String) throws(AudioRefusal) {
        try export(file: self.path(file), to: path)
    }

    /// Copies a file of this server's own, such as a phrase that was made, to one that must not be there yet.
    public func export(file: String, to path: String) throws(AudioRefusal) {
        let bytes: [UInt8]
        do throws(FileFailure) { bytes = try Files.read(file, limit: 256 << 20) } catch {
            throw AudioRefusal(.unreadable(error.description))
        }
        try write(bytes, to: path)
    }

    private func write(_ bytes: [UInt8], to path: String) throws(AudioRefusal) {
        do throws(FileFailure) {
            guard access(path, F_OK) != 0 else {
                throw FileFailure("write", path, reason: "a file of that name is there")
            }
            try Files.replace(path, with: bytes)
        } catch {
            throw AudioRefusal(.unreadable(error.description))
        }
    }

    public func sweep(keeping files: Set<String>) {
        let anHourAgo: Int = time(nil) - 3600
        for part in Files.names(in: folder) {
            for name in Files.names(in: "\(folder)/\(part)") {
                guard !files.contains(name.replacing(".wav", with: "")) else { continue }
                let path = "\(folder)/\(part)/\(name)"
                var status = stat()
                guard stat(path, &status) == 0, status.st_mtim.tv_sec < anHourAgo else { continue }
                unlink(path)
            }
        }
    }

    /// Speaks a text into a file of its own, which must not be there yet.
    /// - Parameter language: BCP 47.
    /// - Returns: how long it is.
    public func speak(_ text: String, language: String, to path: String) throws(AudioRefusal) -> Duration {
        let sound = try renderer.speak(text, language: language)
        try write(sound.file, to: path)
        return sound.duration
    }

    private static func hex(_ digest: SHA256.Digest) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in digest { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}
