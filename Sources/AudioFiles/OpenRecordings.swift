import Glibc

/// Which recordings are open, as files in a folder of their own: a start after a crash finds there what it has to repair.
struct OpenRecordings: Sendable {
    /// A folder beside the recordings.
    let folder: String

    init(recordings: String) { folder = "\(recordings)/.open" }

    /// Notes that the recording of this name is about to be made.
    func add(_ name: String, number: UInt64) throws(FileFailure) {
        let path = marker(number)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileFailure("write", path) }
        defer { close(descriptor) }
        let bytes = Array(name.utf8)
        let code: Int32 = bytes.withUnsafeBytes { Files.writeAll($0, to: descriptor, at: 0) }
        guard code == 0 else { throw FileFailure("write", path, code: code) }
    }

    func remove(_ number: UInt64) { unlink(marker(number)) }

    /// The names noted by an earlier run, with their markers' paths.
    func leftOver() -> [(name: String, marker: String)] {
        Files.names(in: folder).compactMap { file in
            let path = "\(folder)/\(file)"
            // One that can't be read is met again at the next start.
            guard let bytes = try? Files.read(path, limit: 4096) else { return nil }
            return (String(decoding: bytes, as: UTF8.self), path)
        }
    }

    private func marker(_ number: UInt64) -> String { "\(folder)/\(getpid())-\(number)" }
}
