import MediaSession

/// A recording from its begin to its end. It belongs to one thread at a time: to the one that writes, and once it has ended to the
/// one that brings it to the disk. Queues hand it on.
final class OpenRecording: Sendable {
    let name: String
    let number: UInt64
    let sink: RecordingSink
    let closed: @Sendable (RecordingResult) -> Void
    nonisolated(unsafe) var writer: WAVWriter?
    /// Why it cannot go on.
    private nonisolated(unsafe) var failure: String?

    init(name: String, number: UInt64, sink: RecordingSink, closed: @escaping @Sendable (RecordingResult) -> Void) {
        (self.name, self.number, self.sink, self.closed) = (name, number, sink, closed)
    }

    var hasFailed: Bool { failure != nil }

    /// The first reason counts.
    func fail(_ why: String) {
        if failure == nil { failure = why }
    }

    /// Moves what waits in the ring to the file.
    func drain() {
        guard failure == nil, let writer else { return }
        do throws(FileFailure) {
            try move(to: writer)
            try writer.sync()
        } catch {
            fail("\(error); \(OpenRecording.words(duration)) were saved")
            // What was saved is to be playable: the header goes over one that is there, which takes no room.
            try? writer.sync()
        }
    }

    private func move(to writer: WAVWriter) throws(FileFailure) {
        var failure: FileFailure?
        func attempt(_ body: () throws(FileFailure) -> Void) {
            guard failure == nil else { return }
            do throws(FileFailure) { try body() } catch { failure = error }
        }
        sink.drain { samples in
            attempt { () throws(FileFailure) in try writer.append(samples) }
        } silence: { frames in
            attempt { () throws(FileFailure) in try writer.append(silence: frames) }
        }
        if let failure { throw failure }
    }

    private var duration: Duration {
        writer.map { .seconds(Int($0.header.frames), of: sink.sampleRate) } ?? .zero
    }

    /// Of audio that found its ring full; what came after the disk had failed is not counted.
    var framesLost: Int { failure == nil ? sink.lostFrames : 0 }

    var result: RecordingResult {
        var end: RecordingResult.End = sink.end ?? .failed("the server was stopped")
        if let failure {
            end = .failed(failure)
        } else if framesLost > 0 {
            let time = OpenRecording.words(.seconds(framesLost, of: sink.sampleRate))
            end = .failed("the disk was too slow: \(time) of audio were lost, and are silence in the file")
        }
        return RecordingResult(end: end, duration: duration, bytes: writer?.header.dataBytes ?? 0)
    }

    /// `12.3 s`
    private static func words(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        return "\(seconds).\(attoseconds / 100_000_000_000_000_000) s"
    }
}
