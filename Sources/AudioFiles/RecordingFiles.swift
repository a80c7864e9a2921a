import Batching
import Dispatch
import Foundation
public import MediaSession
import Synchronization

/// How recordings are written.
public struct RecordingSettings: Sendable {
    /// Each file is written once in so long, and its header with it: what a killed server loses at most. 100 ms ... 2 s.
    public var writeInterval: Duration = .seconds(1)
    public init() {}
}

/// What was recorded since the start.
public struct RecordingStatistics: Hashable, Sendable {
    public var opened: UInt64 = 0
    /// Ended with all that was to be recorded on disk.
    public var finished: UInt64 = 0
    /// Ended by the disk, or with audio lost.
    public var failed: UInt64 = 0
    /// Of audio.
    public var bytesWritten: UInt64 = 0
    /// Audio that found its ring full, as the disk was too slow.
    public var framesLost: UInt64 = 0
    /// Being written at this moment.
    public var open: Int = 0
    /// Why the last one failed; nil while none did.
    public var lastFailure: String?
    public init() {}
}

/// A recording that an earlier run of the server left open, as found and mended at the start.
public struct RepairedRecording: Hashable, Sendable {
    /// Below the folder of recordings, without the extension.
    public let name: String
    /// Of the audio in it; nil where nothing was, or it could not be mended.
    public let duration: Duration?
    /// Why it could not be mended, in words; nil where it was.
    public let failure: String?

    public init(name: String, duration: Duration?, failure: String? = nil) {
        (self.name, self.duration, self.failure) = (name, duration, failure)
    }
}

/// Recordings as WAV files of 16-bit PCM below one folder, written by a thread of its own.
///
/// Every file is playable at any time: its header is written after its audio, once a second, so that `kill -9` loses the last second
/// at most. While a recording goes on nothing is synchronised: a power cut may take what the system had not written yet (30 s by
/// Linux' defaults). A recording that has ended is synchronised before its end is told, by another thread, so that a slow disk
/// does not hold up those that go on. A file that is there already is never overwritten.
public final class RecordingFiles: RecordingStore {
    /// Where the recordings are.
    public let folder: String

    private struct Inbox {
        var arrived: [OpenRecording] = []
        var number: UInt64 = 0
        var isClosing = false
    }

    private let settings: RecordingSettings
    private let markers: OpenRecordings
    private let inbox = Mutex(Inbox())
    private let figures = Mutex(RecordingStatistics())
    private let wake = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private let closing = BatchQueue<OpenRecording>(limit: .max, enough: 1)

    /// The folder is made when the first recording needs it. Call ``repair()`` before anything is recorded.
    public init(folder: String, settings: RecordingSettings = RecordingSettings()) {
        self.folder = folder
        self.settings = settings
        markers = OpenRecordings(recordings: folder)
        let writer = Thread { [self] in write() }
        writer.name = "recordings"
        writer.start()
        let closer = Thread { [self] in finish() }
        closer.name = "recordings-end"
        closer.start()
    }

    public var statistics: RecordingStatistics { figures.withLock { $0 } }

    /// Mends what a crash left open; blocks on the disk. Not while anything is recorded.
    public func repair() -> [RepairedRecording] {
        markers.leftOver().map { name, marker in
            defer { unlink(marker) }
            do throws(FileFailure) {
                guard RecordingName.problem(name) == nil else {
                    return RepairedRecording(name: name, duration: nil, failure: "its name is none of a recording")
                }
                let header = try WAVWriter.repair("\(folder)/\(name).wav")
                return RepairedRecording(
                    name: name, duration: header.map { .seconds(Int($0.frames), of: $0.sampleRate) })
            } catch {
                return RepairedRecording(name: name, duration: nil, failure: error.description)
            }
        }
    }

    public func open(
        name: String, sampleRate: Int, channels: Int, closed: @escaping @Sendable (RecordingResult) -> Void
    ) -> RecordingSink {
        let sink = RecordingSink(sampleRate: sampleRate, channels: channels)
        let isTaken: Bool = inbox.withLock { inbox in
            guard !inbox.isClosing else { return false }
            inbox.number += 1
            inbox.arrived.append(OpenRecording(name: name, number: inbox.number, sink: sink, closed: closed))
            return true
        }
        if isTaken {
            wake.signal()
        } else {
            sink.close()
            closed(RecordingResult(end: .failed("the server is stopping"), duration: .zero, bytes: 0))
        }
        return sink
    }

    /// Ends what is still open, brings all to the disk, and ends the threads; blocks until it did. Not for event loops.
    public func close() {
        let isFirst: Bool = inbox.withLock { inbox in
            defer { inbox.isClosing = true }
            return !inbox.isClosing
        }
        guard isFirst else { return }
        wake.signal()
        ended.wait()
        closing.close()
    }

    // MARK: The thread that writes

    private func write() {
        var open: [OpenRecording] = []
        let pause: Duration = .milliseconds(100)
        // A file's turn comes once in so many rounds, and the files' turns are spread over them.
        let turns = UInt64(max(1, min(20, settings.writeInterval / pause)))
        var next = ContinuousClock.now
        var round: UInt64 = 0
        while true {
            let (arrived, isClosing) = inbox.withLock { inbox in
                defer { inbox.arrived = [] }
                return (inbox.arrived, inbox.isClosing)
            }
            for recording in arrived {
                begin(recording)
                open.append(recording)
            }
            round &+= 1
            open.removeAll { recording in
                let isEnding: Bool = isClosing || recording.sink.isFinished || recording.hasFailed
                if isEnding || recording.number % turns == round % turns { recording.drain() }
                guard isEnding || recording.hasFailed else { return false }
                end(recording)
                return true
            }
            figures.withLock { $0.open = open.count }
            if isClosing { break }
            if open.isEmpty {
                wake.wait()
                next = ContinuousClock.now
                continue
            }
            next += pause
            let now = ContinuousClock.now
            // After a stop of the machine there is nothing to catch up with.
            if next < now { next = now }
            sleep(until: next)
        }
        ended.signal()
    }

    /// Arrivals don't cut the pause short: they may wait for their first turn.
    private func sleep(until deadline: ContinuousClock.Instant) {
        let rest = (deadline - ContinuousClock.now).components
        var pause = timespec(tv_sec: max(0, Int(rest.seconds)), tv_nsec: max(0, Int(rest.attoseconds / 1_000_000_000)))
        nanosleep(&pause, nil)
    }

    private func begin(_ recording: OpenRecording) {
        figures.withLock { $0.opened += 1 }
        if let problem = RecordingName.problem(recording.name) {
            recording.fail("the name \"\(recording.name)\" is no recording's: \(problem)")
            return
        }
        do throws(FileFailure) {
            try Files.makeFolder(markers.folder)
            try markers.add(recording.name, number: recording.number)
            recording.writer = try WAVWriter(
                path: "\(folder)/\(recording.name).wav", sampleRate: recording.sink.sampleRate,
                channels: recording.sink.channels)
        } catch {
            markers.remove(recording.number)
            recording.fail(error.description)
        }
    }

    private func end(_ recording: OpenRecording) {
        recording.sink.close()
        _ = closing.submit(recording)
    }

    // MARK: The thread that ends

    private func finish() {
        while true {
            let batch = closing.take()
            for recording in batch.elements { finish(recording) }
            batch.done()
            if batch.isClosing, batch.elements.isEmpty { break }
            if !batch.isClosing, !batch.isAwaited { _ = closing.rest(gathering: .zero) }
        }
        closing.finish()
    }

    private func finish(_ recording: OpenRecording) {
        if let writer = recording.writer {
            do throws(FileFailure) {
                try writer.finish()
                markers.remove(recording.number)
            } catch {
                // The marker stays: the next start mends what it can.
                recording.fail(error.description)
            }
        }
        let result: RecordingResult = recording.result
        figures.withLock { figures in
            figures.bytesWritten += result.bytes
            figures.framesLost += UInt64(recording.framesLost)
            if case .failed(let why) = result.end {
                figures.failed += 1
                figures.lastFailure = why
            } else {
                figures.finished += 1
            }
        }
        recording.closed(result)
    }
}
