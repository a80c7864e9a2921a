import Foundation
import Glibc

/// The segment files of a trace, `segment-N.mtrc`, in the order they were begun.
struct TraceFolder: Sendable {
    let path: String

    struct Segment: Sendable {
        let number: Int
        let path: String
        let bytes: Int
    }

    /// Makes the folder if it is missing; only its owner may read it, as messages name people.
    func create() throws(TraceError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw TraceError("create the folder", path, reason: error.localizedDescription)
        }
    }

    func segmentPath(_ number: Int) -> String { "\(path)/segment-\(number).mtrc" }

    /// The segments that exist, oldest first.
    func segments() throws(TraceError) -> [Segment] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw TraceError("read the folder", path, reason: error.localizedDescription)
        }
        var segments: [Segment] = []
        for name in names {
            guard name.hasPrefix("segment-"), name.hasSuffix(".mtrc"), let number = Int(name.dropFirst(8).dropLast(5))
            else { continue }
            var status = stat()
            guard stat(segmentPath(number), &status) == 0 else { continue }
            segments.append(Segment(number: number, path: segmentPath(number), bytes: Int(status.st_size)))
        }
        return segments.sorted { $0.number < $1.number }
    }

    static func systemReason() -> String { String(cString: strerror(errno)) }
}
