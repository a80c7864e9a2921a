import Glibc

/// Keeps two servers from one data folder, for as long as it lives.
final class DataFolderLock: Sendable {
    private let descriptor: Int32

    /// - Throws: ``ServerError`` when the folder can't be written or another server runs on it.
    init(folder: String) throws(ServerError) {
        let path = "\(folder)/martinet.lock"
        descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw ServerError(
                "\(path) can't be written: \(String(cString: strerror(errno))). Check the folder's owner and rights.")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw ServerError(
                "another server is running on the data folder \(folder). Stop it first, or choose another folder with --data."
            )
        }
        // For `martinet check`: who has it. Read only while the lock is held, so that an old number misleads nobody.
        let text = Array("\(getpid())\n".utf8)
        _ = ftruncate(descriptor, 0)
        _ = text.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    deinit { close(descriptor) }
}
