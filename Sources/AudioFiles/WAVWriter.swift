import Glibc

/// A WAV file that grows. After each ``sync()`` what was written so far is a whole, playable file, whatever happens to the process.
///
/// Used by one thread at a time.
final class WAVWriter {
    let path: String
    private(set) var header: WAVHeader
    private var descriptor: Int32
    private var isHeaderCurrent = true

    /// Makes the file, and the folders above it; one that is there already is never overwritten.
    init(path: String, sampleRate: Int, channels: Int) throws(FileFailure) {
        if let folder = Files.parent(of: path) { try Files.makeFolder(folder) }
        self.path = path
        header = WAVHeader(sampleRate: sampleRate, channels: channels)
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw errno == EEXIST
                ? FileFailure("record to", path, reason: "a file of that name is there")
                : FileFailure("record to", path)
        }
        let code: Int32 = header.bytes.withUnsafeBytes { Files.writeAll($0, to: descriptor, at: 0) }
        guard code == 0 else {
            close(descriptor)
            descriptor = -1
            unlink(path)
            throw FileFailure("record to", path, code: code)
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Appends interleaved samples. What a full disk left of them is not counted.
    func append(_ samples: UnsafeBufferPointer<Int16>) throws(FileFailure) {
        // WAV is little-endian, and so is every machine this is built for.
        try append(bytes: UnsafeRawBufferPointer(samples))
    }

    /// Appends silence.
    func append(silence frames: Int) throws(FileFailure) {
        let zeros = [UInt8](repeating: 0, count: 65_536)
        var rest: Int = frames * header.bytesPerFrame
        while rest > 0 {
            let count: Int = min(rest, zeros.count)
            let failure: FileFailure? = zeros.withUnsafeBytes { raw in
                do throws(FileFailure) { try append(bytes: UnsafeRawBufferPointer(rebasing: raw[..<count])) } catch {
                    return error
                }
                return nil
            }
            if let failure { throw failure }
            rest -= count
        }
    }

    private func append(bytes: UnsafeRawBufferPointer) throws(FileFailure) {
        guard bytes.count > 0 else { return }
        let code: Int32 = Files.writeAll(bytes, to: descriptor, at: WAVHeader.size + Int(header.dataBytes))
        guard code == 0 else {
            keepWhatFits(bytes.count)
            throw FileFailure("write to", path, code: code)
        }
        header.dataBytes += UInt64(bytes.count)
        isHeaderCurrent = false
    }

    /// After a failed write: counts the whole frames that reached the file, and cuts the rest off.
    private func keepWhatFits(_ count: Int) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return }
        let there: Int64 = max(0, Int64(status.st_size) - Int64(WAVHeader.size) - Int64(header.dataBytes))
        let whole: Int64 = min(there, Int64(count)) / Int64(header.bytesPerFrame) * Int64(header.bytesPerFrame)
        header.dataBytes += UInt64(whole)
        ftruncate(descriptor, off_t(WAVHeader.size) + off_t(header.dataBytes))
        isHeaderCurrent = false
    }

    /// Makes the header tell of all that was appended. The audio is in the file before.
    func sync() throws(FileFailure) {
        guard !isHeaderCurrent else { return }
        let code: Int32 = header.bytes.withUnsafeBytes { Files.writeAll($0, to: descriptor, at: 0) }
        guard code == 0 else { throw FileFailure("write to", path, code: code) }
        isHeaderCurrent = true
    }

    /// Brings the file, header and name, to the disk itself, and closes it.
    func finish() throws(FileFailure) {
        defer {
            close(descriptor)
            descriptor = -1
        }
        try sync()
        guard fsync(descriptor) == 0 else { throw FileFailure("write to", path) }
        Files.syncFolder(of: path)
    }

    // MARK: After a crash

    /// Makes the header of a file that a crash left open tell of all the audio in it.
    /// - Returns: the header; nil where the crash came before there was one, and the file is taken away.
    static func repair(_ path: String) throws(FileFailure) -> WAVHeader? {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFailure("repair", path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileFailure("repair", path) }
        var bytes = [UInt8](repeating: 0, count: WAVHeader.size)
        let count: Int = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        guard count >= 0 else { throw FileFailure("repair", path) }
        if count < WAVHeader.size {
            guard unlink(path) == 0 else { throw FileFailure("remove", path) }
            return nil
        }
        guard var header = WAVHeader(bytes) else {
            throw FileFailure("repair", path, reason: "its header is not one of ours")
        }
        let there: Int64 = max(0, Int64(status.st_size) - Int64(WAVHeader.size))
        let whole: Int64 = there / Int64(header.bytesPerFrame) * Int64(header.bytesPerFrame)
        header.dataBytes = UInt64(whole)
        var code: Int32 = header.bytes.withUnsafeBytes { Files.writeAll($0, to: descriptor, at: 0) }
        if code == 0, ftruncate(descriptor, off_t(WAVHeader.size) + off_t(whole)) != 0 { code = errno }
        if code == 0, fsync(descriptor) != 0 { code = errno }
        guard code == 0 else { throw FileFailure("repair", path, code: code) }
        return header
    }
}
