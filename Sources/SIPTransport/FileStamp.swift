import Crypto
import FoundationEssentials

/// What tells one version of a small file from the next; equal for two files that are both missing.
struct FileStamp: Hashable, Sendable {
    private let digest: [UInt8]

    init(_ path: String) {
        digest = FileManager.default.contents(atPath: path).map { Array(SHA256.hash(data: $0)) } ?? []
    }
}
