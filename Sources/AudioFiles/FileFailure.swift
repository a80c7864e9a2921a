import Glibc

/// Why a file could not be used: what was tried, on which path, and the system's reason.
public struct FileFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// As the first half of a sentence: `write to`.
    public let action: String
    public let path: String
    public let reason: String

    init(_ action: String, _ path: String, code: Int32 = errno) {
        (self.action, self.path) = (action, path)
        reason =
            switch code {
            case ENOSPC, EDQUOT: "the disk is full"
            case EACCES, EPERM: "the server's account may not (\(String(cString: strerror(code))))"
            case EROFS: "the disk is read-only"
            case EMFILE, ENFILE: "too many files are open"
            default: String(cString: strerror(code))
            }
    }

    init(_ action: String, _ path: String, reason: String) {
        (self.action, self.path, self.reason) = (action, path, reason)
    }

    public var description: String { "cannot \(action) \(path): \(reason)" }
}
