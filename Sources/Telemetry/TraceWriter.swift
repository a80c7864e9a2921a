import Basics
import Batching
import Foundation
import Glibc
import Synchronization

/// How much is kept of what went over the wire.
public struct TraceSettings: Sendable {
    /// A new file is begun when one has grown to this many bytes; at least 64 KiB.
    public var segmentBytes: Int = 32 << 20
    /// The oldest files are deleted while all together are larger than this many full ones; at least 2.
    public var segmentCount: Int = 8
    /// Records wait in memory up to this many bytes; what comes on top is dropped and counted.
    public var queueBytes: Int = 8 << 20
    /// Records reach the file after this long at the latest.
    public var flushInterval: Duration = .milliseconds(100)

    public init() {}
}

/// What a trace writer has done since it was made.
public struct TraceStatistics: Hashable, Sendable {
    public var recordsWritten: UInt64 = 0
    public var bytesWritten: UInt64 = 0
    /// Lost because the queue was full or the disk refused them.
    public var recordsDropped: UInt64 = 0
    /// Why the disk last refused; nil while the last write went well.
    public var lastError: TraceError?

    public init() {}
}

/// Appends trace records to a bounded ring of files from a thread of its own; secrets are blanked before they reach the disk.
///
/// A crash of the process loses at most the records of one flush interval, and leaves a tail that ``TraceReader`` skips.
public final class TraceWriter: Sendable {
    private let queue: BatchQueue<TraceRecord>
    private let figures = Mutex(TraceStatistics())
    private let settings: TraceSettings

    /// - Parameter folder: made if missing; files of earlier runs there belong to the ring.
    public init(folder: String, settings: TraceSettings = TraceSettings()) throws(TraceError) {
        self.settings = settings
        queue = BatchQueue(limit: settings.queueBytes, enough: settings.queueBytes / 2)
        let folder = TraceFolder(path: folder)
        try folder.create()
        let ring = try SegmentRing(folder: folder, settings: settings)
        let thread = Thread { [self] in run(ring) }
        thread.name = "trace"
        thread.start()
    }

    /// Hands a record over; never blocks on the disk. Dropped and counted when too much waits already, or after ``close()``.
    public func submit(_ record: TraceRecord) {
        if !queue.submit(record, weight: record.weight) { figures.withLock { $0.recordsDropped += 1 } }
    }

    public var statistics: TraceStatistics { figures.withLock { $0 } }

    /// Blocks until everything submitted before is in the file (or was refused by the disk). Not for event loops.
    public func flush() { queue.flush() }

    /// Writes what waits and ends the thread; blocks until it did. Not for event loops.
    public func close() { queue.close() }

    private func run(_ ring: consuming SegmentRing) {
        var buffer: [UInt8] = []
        while true {
            let batch = queue.take()
            buffer.removeAll(keepingCapacity: true)
            write(batch.elements, to: &ring, buffer: &buffer)
            batch.done()
            if batch.isClosing, batch.elements.isEmpty { break }
            if !batch.isClosing, !batch.isAwaited { _ = queue.rest(gathering: settings.flushInterval) }
        }
        ring.close()
        queue.finish()
    }

    private func write(_ batch: [TraceRecord], to ring: inout SegmentRing, buffer: inout [UInt8]) {
        var inBuffer: UInt64 = 0
        for (index, record) in batch.enumerated() {
            TraceFrame.append(record, to: &buffer)
            inBuffer += 1
            guard buffer.count >= 256 << 10 || index == batch.count - 1 else { continue }
            let outcome: Result<Void, TraceError> = ring.append(buffer)
            figures.withLock { figures in
                switch outcome {
                case .success:
                    figures.recordsWritten += inBuffer
                    figures.bytesWritten += UInt64(buffer.count)
                    figures.lastError = nil
                case .failure(let error):
                    figures.recordsDropped += inBuffer
                    figures.lastError = error
                }
            }
            buffer.removeAll(keepingCapacity: true)
            inBuffer = 0
        }
    }
}

/// The open file at the end of the ring; used by the writer's thread alone.
private struct SegmentRing {
    private let folder: TraceFolder
    private let settings: TraceSettings
    private var number: Int
    private var descriptor: Int32 = -1
    private var size: Int = 0

    /// Begins after the last segment there is, whose tail may be torn.
    init(folder: TraceFolder, settings: TraceSettings) throws(TraceError) {
        (self.folder, self.settings) = (folder, settings)
        number = try folder.segments().last?.number ?? 0
    }

    /// Appends whole frames; after a failure the next call begins a new segment.
    mutating func append(_ frames: [UInt8]) -> Result<Void, TraceError> {
        if descriptor < 0 || size + frames.count > max(settings.segmentBytes, 64 << 10) {
            if let error = rotate() { return .failure(error) }
        }
        if let error = writeAll(frames) {
            close()
            return .failure(error)
        }
        return .success(())
    }

    mutating func close() {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        descriptor = -1
    }

    private mutating func rotate() -> TraceError? {
        close()
        number += 1
        // Nothing is written to a ring whose old segments can't be found: it would grow for ever.
        do throws(TraceError) { try deleteOldest() } catch { return error }
        let path = folder.segmentPath(number)
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return TraceError("create", path, reason: TraceFolder.systemReason()) }
        size = 0
        return writeAll(TraceFrame.magic)
    }

    private func deleteOldest() throws(TraceError) {
        let segments = try folder.segments()
        let limit: Int = max(settings.segmentBytes, 64 << 10) * (max(settings.segmentCount, 2) - 1)
        var total: Int = segments.reduce(0) { $0 + $1.bytes }
        for segment in segments where segment.number < number && total > limit {
            total -= segment.bytes
            unlink(segment.path)
        }
    }

    private mutating func writeAll(_ bytes: [UInt8]) -> TraceError? {
        var offset: Int = 0
        while offset < bytes.count {
            let written: Int = bytes.withUnsafeBytes { raw in
                Glibc.write(descriptor, raw.baseAddress.map { $0 + offset }, raw.count - offset)
            }
            if written < 0 {
                if errno == EINTR { continue }
                return TraceError("write to", folder.segmentPath(number), reason: TraceFolder.systemReason())
            }
            offset += written
        }
        size += bytes.count
        return nil
    }
}
