public import Basics
import Foundation

/// Reads what ``TraceWriter`` wrote, while it writes or after it died.
public struct TraceReader: Sendable {
    private let folder: TraceFolder

    public init(folder: String) { self.folder = TraceFolder(path: folder) }

    /// The traced calls whose written identifier begins with `prefix`, in the order they began; an exact match stands alone.
    public func calls(matching prefix: String) throws(TraceError) -> [CallID] {
        var seen: Set<CallID> = []
        var calls: [CallID] = []
        try forEach { record in
            guard let call = record.call, !seen.contains(call) else { return }
            seen.insert(call)
            if call.description.hasPrefix(prefix) { calls.append(call) }
        }
        if let exact = calls.first(where: { $0.description == prefix }) { return [exact] }
        return calls
    }

    /// Everything traced of `call`, in order of time.
    public func records(of call: CallID) throws(TraceError) -> [TraceRecord] {
        var records: [TraceRecord] = []
        try forEach { record in
            if record.call == call { records.append(record) }
        }
        // Stable: what happened within one microsecond stays in the order it was written.
        return records.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
    }

    /// Every record, oldest file first; a torn or damaged tail of a file is skipped, and a file deleted meanwhile too.
    public func forEach(_ body: (TraceRecord) -> Void) throws(TraceError) {
        for segment in try folder.segments() {
            guard let data = FileManager.default.contents(atPath: segment.path) else {
                guard FileManager.default.fileExists(atPath: segment.path) else { continue }
                throw TraceError("read", segment.path, reason: "no permission or a disk error")
            }
            let bytes = [UInt8](data)
            guard bytes.starts(with: TraceFrame.magic) else { continue }
            var position: Int = TraceFrame.magic.count
            while let record = TraceFrame.next(in: bytes, at: &position) { body(record) }
        }
    }
}
