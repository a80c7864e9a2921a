import AudioFiles
import Foundation
import MediaSession
import Synchronization
import Testing

/// Records below a temporary folder, and waits for what is told.
private final class Studio: Sendable {
    let folder = TestFolder()
    let files: RecordingFiles
    private let results = Mutex<[String: RecordingResult]>([:])

    init() { files = RecordingFiles(folder: folder.path) }
    deinit { files.close() }

    func open(_ name: String, rate: Int = 8000, channels: Int = 2) -> RecordingSink {
        files.open(name: name, sampleRate: rate, channels: channels) { [self] result in
            results.withLock { $0[name] = result }
        }
    }

    func result(_ name: String) -> RecordingResult? { results.withLock { $0[name] } }

    /// Waits for what other threads do, 10 s at most.
    func until(_ condition: () -> Bool) -> Bool {
        for _ in 0..<2000 {
            if condition() { return true }
            usleep(5000)
        }
        return false
    }

    func ended(_ name: String) throws -> RecordingResult {
        _ = until { result(name) != nil }
        return try #require(result(name))
    }

    /// The header of a file, and what it says is there.
    func audio(_ name: String) throws -> (header: WAVHeader, samples: [Int16]) {
        try #require(saved(name))
    }

    /// nil where there is none yet.
    func saved(_ name: String) -> (header: WAVHeader, samples: [Int16])? {
        guard let bytes = folder.bytes("\(name).wav"), let header = WAVHeader(bytes) else { return nil }
        let data = bytes.dropFirst(WAVHeader.size)
        guard data.count >= Int(header.dataBytes) else { return nil }
        let samples = stride(from: data.startIndex, to: data.startIndex + Int(header.dataBytes), by: 2).map {
            Int16(bitPattern: UInt16(data[$0]) | UInt16(data[$0 + 1]) << 8)
        }
        return (header, samples)
    }
}

extension RecordingSink {
    @discardableResult
    fileprivate func put(_ samples: [Int16]) -> Bool { samples.withUnsafeBufferPointer { write($0) } }
}

@Suite("Recordings on disk", .serialized)
struct RecordingFilesTests {
    @Test("what the peer says is the left channel, what it hears the right one, and the end is told when all is there")
    func stereo() throws {
        let studio = Studio()
        let sink = studio.open("acme/2026/11/call-1")
        let frames: [Int16] = (0..<1600).flatMap { [Int16($0), -Int16($0)] }
        sink.put(frames)
        sink.finish(.stopped)
        let result = try studio.ended("acme/2026/11/call-1")
        #expect(result == RecordingResult(end: .stopped, duration: .milliseconds(200), bytes: 6400))
        let (header, samples) = try studio.audio("acme/2026/11/call-1")
        #expect(header == WAVHeader(sampleRate: 8000, channels: 2, dataBytes: 6400))
        #expect(samples == frames)
        #expect(studio.folder.names(".open").isEmpty)
    }

    @Test("a file is playable while it is written: its header follows the audio")
    func playableMeanwhile() throws {
        let studio = Studio()
        let sink = studio.open("long", channels: 1)
        sink.put([Int16](repeating: 5, count: 800))
        #expect(studio.until { studio.saved("long")?.samples.count == 800 })
        sink.put([Int16](repeating: 6, count: 400))
        #expect(studio.until { studio.saved("long")?.samples.count == 1200 })
        #expect(studio.result("long") == nil)
        #expect(studio.folder.names(".open").count == 1)
        sink.finish(.silence)
        #expect(try studio.ended("long").end == .silence)
    }

    @Test(
        "a name that leads elsewhere is refused, in words",
        arguments: ["", "/etc/x", "../x", "a/../b", "a//b", ".open/x", "a/.hidden", "a\u{0}b", "a\nb"])
    func names(name: String) throws {
        let studio = Studio()
        let sink = studio.open(name)
        guard case .failed(let why) = try studio.ended(name).end else {
            Issue.record("taken")
            return
        }
        #expect(why.contains("no recording's"))
        #expect(studio.until { sink.isClosed })
        #expect(studio.files.statistics.failed == 1)
    }

    @Test("a recording that is there already is never overwritten")
    func existing() throws {
        let studio = Studio()
        studio.folder.write("greeting.wav", [1, 2, 3])
        let sink = studio.open("greeting")
        guard case .failed(let why) = try studio.ended("greeting").end else {
            Issue.record("overwritten")
            return
        }
        #expect(why.hasSuffix("greeting.wav: a file of that name is there"))
        #expect(studio.folder.bytes("greeting.wav") == [1, 2, 3])
        #expect(studio.until { !sink.put([1, 2]) })
    }

    @Test("a folder that cannot be made ends the recording with the reason")
    func noFolder() throws {
        let studio = Studio()
        studio.folder.write("acme", [0])
        _ = studio.open("acme/call-1")
        guard case .failed(let why) = try studio.ended("acme/call-1").end else {
            Issue.record("no failure")
            return
        }
        #expect(why.contains("a file of that name is there"))
    }

    @Test("audio that a slow disk had no room for is counted, and is silence of its length")
    func overrun() throws {
        let studio = Studio()
        let sink = studio.open("slow", channels: 1)
        let block = [Int16](repeating: 9, count: 16_000)
        var given: Int = 0
        repeat { given += block.count } while sink.put(block) && given < 100_000_000
        sink.put([7])
        sink.finish(.stopped)
        let result = try studio.ended("slow")
        #expect(result.duration == .seconds(given + 1, of: 8000))
        guard case .failed(let why) = result.end else {
            Issue.record("not told")
            return
        }
        #expect(why.hasPrefix("the disk was too slow: 2."), "\(why)")
        #expect(studio.files.statistics.framesLost >= 16_000)
        let samples = try studio.audio("slow").samples
        #expect(samples.count == given + 1)
        #expect(samples.count { $0 == 0 } == sink.lostFrames)
    }

    @Test("a stop of the server saves what was recorded, and says so")
    func stop() throws {
        let studio = Studio()
        let sink = studio.open("cut", rate: 16_000, channels: 1)
        sink.put([Int16](repeating: 3, count: 320))
        studio.files.close()
        #expect(studio.result("cut")?.end == .failed("the server was stopped"))
        #expect(try studio.audio("cut").samples.count == 320)
        _ = studio.open("late")
        #expect(studio.result("late")?.end == .failed("the server is stopping"))
    }

    @Test("files that a crash left open are mended at the next start, and listed")
    func repair() throws {
        let folder = TestFolder()
        let header = WAVHeader(sampleRate: 8000, channels: 2, dataBytes: 8000).bytes
        try FileManager.default.createDirectory(atPath: folder.path + "/.open", withIntermediateDirectories: true)
        // The last second had no header yet, and the last frame is not whole.
        folder.write("torn.wav", header + [UInt8](repeating: 1, count: 16_003))
        folder.write("empty.wav", [])
        folder.write("other.wav", [UInt8](repeating: 0x41, count: 300))
        for (number, name) in ["torn", "empty", "other", "gone", "../torn"].enumerated() {
            folder.write(".open/99-\(number)", Array(name.utf8))
        }
        let files = RecordingFiles(folder: folder.path)
        let found = files.repair()
        #expect(found.map(\.name) == ["torn", "empty", "other", "gone", "../torn"])
        #expect(found[0] == RepairedRecording(name: "torn", duration: .milliseconds(500)))
        #expect(found[1] == RepairedRecording(name: "empty", duration: nil))
        #expect(found[2].failure?.contains("not one of ours") == true)
        #expect(found[3].failure?.contains("No such file") == true)
        #expect(found[4].failure != nil)
        let mended = try #require(folder.bytes("torn.wav"))
        #expect(mended.count == WAVHeader.size + 16_000)
        #expect(WAVHeader(mended)?.dataBytes == 16_000)
        #expect(folder.bytes("empty.wav") == nil)
        #expect(folder.names(".open").isEmpty)
        #expect(files.repair().isEmpty)
        files.close()
    }

    @Test("a file beyond 4 GiB has the header of RF64 (EBU Tech 3306)")
    func long() throws {
        let header = WAVHeader(sampleRate: 48_000, channels: 2, dataBytes: 5 << 30)
        let bytes = header.bytes
        #expect(bytes.count == WAVHeader.size)
        #expect(String(decoding: bytes[0..<4], as: UTF8.self) == "RF64")
        #expect(String(decoding: bytes[12..<16], as: UTF8.self) == "ds64")
        #expect(bytes[4..<8] == [0xFF, 0xFF, 0xFF, 0xFF])
        #expect(bytes[76..<80] == [0xFF, 0xFF, 0xFF, 0xFF])
        #expect(WAVHeader(bytes) == header)
        let most = WAVHeader(sampleRate: 8000, channels: 1, dataBytes: UInt64(UInt32.max) - 80)
        #expect(String(decoding: most.bytes[0..<4], as: UTF8.self) == "RIFF")
        #expect(WAVHeader(most.bytes) == most)
    }
}
