import Foundation
import Glibc

/// What is in a data folder, found out without changing it.
public enum DataFolderState {
    /// Whether a server runs on the folder now: it holds the lock on `martinet.lock`.
    public static func isInUse(_ folder: String) -> Bool { holder(of: folder) != nil }

    /// The server that runs on a data folder.
    public struct Holder: Hashable, Sendable {
        /// nil where it did not say.
        public let pid: Int32?
    }

    /// The server that runs on the folder now; nil where none does.
    public static func holder(of folder: String) -> Holder? {
        let descriptor = open("\(folder)/martinet.lock", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_SH | LOCK_NB) != 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        let count: Int = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        let digits = bytes.prefix(max(0, count)).prefix { (0x30...0x39).contains($0) }
        return Holder(pid: Int32(String(decoding: digits, as: UTF8.self)))
    }

    /// The names within the folder; nil where there is no such folder. What a new file system holds of itself is left out.
    static func entries(_ folder: String) -> [String]? {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return nil }
        return names.filter { $0 != "lost+found" }.sorted()
    }
}

extension DataFolderState.Holder: CustomStringConvertible {
    public var description: String { "the running server" + (pid.map { " (pid \($0))" } ?? "") }
}
