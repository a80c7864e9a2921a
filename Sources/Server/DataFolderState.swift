import Foundation
import Glibc

/// What is in a data folder, found out without changing it.
public enum DataFolderState {
    /// Whether a server runs on the folder now: it holds the lock on `martinet.lock`.
    public static func isInUse(_ folder: String) -> Bool {
        let descriptor = open("\(folder)/martinet.lock", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0
    }

    /// The names within the folder; nil where there is no such folder. What a new file system holds of itself is left out.
    static func entries(_ folder: String) -> [String]? {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return nil }
        return names.filter { $0 != "lost+found" }.sorted()
    }
}
