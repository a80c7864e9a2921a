// What recorders cost, and what a killed one leaves: feeds recordings in real time, 20 ms of sound a step.
//   FilesBench FOLDER RECORDINGS SECONDS [RATE] [CHANNELS]
// Prints `READY` once all are open, then at the end one line of JSON: the CPU of the process and of the feeding thread alone.
import AudioFiles
import Dispatch
import Glibc
import MediaSession
import Synchronization

func fail(_ text: String) -> Never {
    let line = Array((text + "\n").utf8)
    _ = write(STDERR_FILENO, line, line.count)
    exit(2)
}

func number(_ index: Int, default value: Int? = nil) -> Int {
    let arguments = CommandLine.arguments
    guard arguments.count > index else {
        return value ?? { fail("usage: FilesBench FOLDER RECORDINGS SECONDS [RATE] [CHANNELS]") }()
    }
    guard let number = Int(arguments[index]), number > 0 else { fail("not a number: \(arguments[index])") }
    return number
}

func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// A voice-like sound, so that nothing can be compressed away: a sawtooth of changing pitch.
func sound(_ count: Int, rate: Int) -> [Int16] {
    (0..<count).map { Int16(truncatingIfNeeded: $0 &* (120 + $0 / 800 % 90) &* 65_536 / rate / 4) }
}

let recordings: Int = number(2)
let duration: Int = number(3)
let rate: Int = number(4, default: 8000)
let channels: Int = number(5, default: 2)
let files = RecordingFiles(folder: CommandLine.arguments[1])
for found in files.repair() {
    print("repaired \(found.name) \(found.duration.map { "\($0)" } ?? "-") \(found.failure ?? "")")
}
let failures = Mutex<[String]>([])
let left = DispatchSemaphore(value: 0)
let sinks: [RecordingSink] = (0..<recordings).map { index in
    files.open(name: "bench/\(getpid())-\(index)", sampleRate: rate, channels: channels) { result in
        if case .failed(let why) = result.end { failures.withLock { $0.append(why) } }
        left.signal()
    }
}
print("READY")
fflush(nil)

let frame: Int = rate / 50 * channels
let audio: [Int16] = sound(frame * 50, rate: rate)
let begin: Double = seconds(CLOCK_MONOTONIC)
let (cpu, own) = (seconds(CLOCK_PROCESS_CPUTIME_ID), seconds(CLOCK_THREAD_CPUTIME_ID))
for step in 0..<duration * 50 {
    audio.withUnsafeBufferPointer { audio in
        let part = UnsafeBufferPointer(rebasing: audio[step % 50 * frame..<(step % 50 + 1) * frame])
        for sink in sinks { sink.write(part) }
    }
    let rest: Double = begin + Double(step + 1) * 0.02 - seconds(CLOCK_MONOTONIC)
    if rest > 0 { usleep(UInt32(rest * 1e6)) }
}
let took: Double = seconds(CLOCK_MONOTONIC) - begin
let (used, fed) = (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu, seconds(CLOCK_THREAD_CPUTIME_ID) - own)
for sink in sinks { sink.finish(.stopped) }
for _ in sinks { left.wait() }
files.close()
let figures = files.statistics
for why in Set(failures.withLock { $0 }).sorted() { print("failed: \(why)") }
print(
    """
    {"recordings": \(recordings), "seconds": \(took), "cpu_percent": \(used / took * 100), \
    "feeding_percent": \(fed / took * 100), "finished": \(figures.finished), "failed": \(figures.failed), \
    "bytes": \(figures.bytesWritten), "frames_lost": \(figures.framesLost)}
    """)
