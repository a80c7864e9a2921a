import CSndfile
import Glibc
package import Prompts

/// Reads audio that somebody handed in: any WAV or MP3, and FLAC, Ogg and AIFF. Not for event loops.
///
/// The file may be hostile: it is bounded in bytes before it is opened by the decoder, and in length while it is decoded.
package enum SoundReader {
    /// What everything is kept at.
    package static let sampleRate: Int = 16_000

    /// Decodes a file to one channel of 16 kHz; full scale is 1.
    package static func read(_ path: String, limits: AudioLimits) throws(AudioRefusal) -> [Float] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw AudioRefusal(.unreadable(FileFailure("open", path).description)) }
        defer { close(descriptor) }
        let format = try check(descriptor, path: path, limits: limits)
        let mean = try decode(descriptor, as: format, limits: limits, channel: nil)
        // Two channels with opposite signs cancel each other: then the first alone counts.
        if mean.channels > 1, peakDb(mean.sound) < AudioLimits.silence {
            guard lseek(descriptor, 0, SEEK_SET) == 0 else { return mean.sound }
            return try decode(descriptor, as: format, limits: limits, channel: 0).sound
        }
        return mean.sound
    }

    static func peakDb(_ sound: [Float]) -> Double {
        20 * log10(Double(sound.reduce(0) { max($0, abs($1)) }))
    }

    /// What can be said without decoding.
    private static func check(_ descriptor: Int32, path: String, limits: AudioLimits) throws(AudioRefusal)
        -> SoundFormat
    {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw AudioRefusal(.unreadable(FileFailure("open", path, reason: "it is not a file").description))
        }
        let bytes = Int(status.st_size)
        guard bytes > 0 else { throw AudioRefusal(.empty) }
        guard bytes <= limits.bytes else { throw AudioRefusal(.tooManyBytes(bytes, limit: limits.bytes)) }
        var head = [UInt8](repeating: 0, count: min(bytes, 65_536))
        let count: Int = head.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        guard count >= 0 else { throw AudioRefusal(.unreadable(FileFailure("read", path).description)) }
        head.removeLast(head.count - count)
        guard let format = SoundFormat(head) else { throw AudioRefusal(.notAudio) }
        if format == .wav, let (announced, found) = SoundFormat.announcedAudio(head, fileBytes: bytes),
            found < announced
        {
            throw AudioRefusal(.cutOff(announced: announced, found: found))
        }
        return format
    }

    /// - Parameter channel: the only one that counts; nil for the mean of all.
    private static func decode(
        _ descriptor: Int32, as format: SoundFormat, limits: AudioLimits, channel: Int?
    ) throws(AudioRefusal) -> (sound: [Float], channels: Int) {
        var info = SF_INFO()
        // Duplicated, as the library's offset would otherwise be left to the next reader.
        guard let file = sf_open_fd(dup(descriptor), Int32(SFM_READ), &info, 1) else {
            throw AudioRefusal(.broken(format: format.rawValue, reason(nil)))
        }
        defer { sf_close(file) }
        let (rate, channels) = (Int(info.samplerate), Int(info.channels))
        guard AudioLimits.sampleRates.contains(rate) else { throw AudioRefusal(.sampleRate(rate)) }
        guard AudioLimits.channels.contains(channels) else { throw AudioRefusal(.channels(channels)) }
        // A compressed file's length is a guess, if it is known at all: counted below.
        let most = Int(limits.longest.components.seconds) * rate
        var resampler = SoundResampler(from: rate, to: sampleRate)
        var sound: [Float] = []
        var frames: Int = 0
        var block = [Float](repeating: 0, count: 4096 * channels)
        var mono = [Float](repeating: 0, count: 4096)
        while true {
            let count = Int(sf_readf_float(file, &block, 4096))
            guard count > 0 else { break }
            frames += count
            guard frames <= most else { throw AudioRefusal(.tooLong(limit: limits.longest)) }
            mix(block, count: count, channels: channels, channel: channel, into: &mono)
            mono.withUnsafeBufferPointer { resampler.add(UnsafeBufferPointer(rebasing: $0[..<count]), to: &sound) }
        }
        if frames == 0 {
            let code = sf_error(file)
            throw AudioRefusal(code == 0 ? .empty : .broken(format: format.rawValue, reason(file)))
        }
        resampler.finish(&sound)
        return (sound, channels)
    }

    private static func mix(_ block: [Float], count: Int, channels: Int, channel: Int?, into mono: inout [Float]) {
        for frame in 0..<count {
            var sum: Float = 0
            if let channel {
                sum = block[frame * channels + channel]
            } else {
                for index in 0..<channels { sum += block[frame * channels + index] }
                sum /= Float(channels)
            }
            // A file of floating point may hold anything.
            mono[frame] = sum.isFinite ? min(max(sum, -4), 4) : 0
        }
    }

    private static func reason(_ file: OpaquePointer?) -> String {
        var text = String(cString: sf_strerror(file))
        while text.last == "." || text.last == " " { text.removeLast() }
        return text
    }
}
