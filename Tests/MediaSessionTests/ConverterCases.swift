import Basics
import MediaSession
import RTP
import Signals

/// Feeds a converter by a script and writes down what it wants, with the time in ms.
///
/// `e+5@20` an event began 20 ms ago, `e-5@100:80` it ended after 80 ms; `t+5@60` and `t-5@160:80` a tone, begun 40 ms before it is
/// found; `i5@300:160` an INFO; `L@500` and so on a new listener: `Levents`, `Ltones`, `Linfo`, `Lnone`, `Lnobody`.
struct ConverterScript {
    var converter: DigitConverter
    var lines: [String] = []
    private var toneStart: Int64 = 0

    init(from speaker: DigitTransport, to listener: DigitTransport?) {
        converter = DigitConverter(from: speaker, to: listener)
    }

    mutating func run(_ steps: String, until end: Int64 = 120_000) -> String {
        for step in steps.split(separator: " ") {
            let parts: [Substring] = step.split(separator: "@")
            let times: [Int64] = parts[1].split(separator: ":").compactMap { Int64($0) }
            let now: Int64 = times[0]
            tickUntil(now)
            feed(parts[0], now, times.count > 1 ? times[1] : 0)
            drain(now)
        }
        tickUntil(end)
        return lines.joined(separator: " ")
    }

    private mutating func feed(_ what: Substring, _ now: Int64, _ ms: Int64) {
        let moment = Moment.zero.advanced(by: .milliseconds(now))
        let key: Character = what.last ?? "0"
        guard let code = Digit(key)?.rawValue else { return }
        switch what.prefix(2) {
        case "e+":
            converter.came(.began(event: code, timestamp: 0, volume: 10, elapsedMs: 20), now: moment)
        case "e-": converter.came(.ended(event: code, timestamp: 0, durationMs: UInt32(ms)), now: moment)
        case "t+":
            toneStart = (now - 40) * 8
            converter.came(.began(code: code, start: toneStart), position: now * 8, sampleRate: 8000, now: moment)
        case "t-":
            let event = DTMFDetector.Event.ended(code: code, start: toneStart, end: toneStart + ms * 8)
            converter.came(event, position: now * 8, sampleRate: 8000, now: moment)
        default:
            if what.hasPrefix("i"), let digit = Digit(key) {
                converter.cameByInfo(digit, durationMs: UInt32(ms), now: moment)
            }
        }
    }

    mutating func listen(_ listener: DigitTransport?, at now: Int64) {
        tickUntil(now)
        converter.setListener(listener, now: Moment.zero.advanced(by: .milliseconds(now)))
        drain(now)
    }

    private mutating func tickUntil(_ now: Int64) {
        let end = Moment.zero.advanced(by: .milliseconds(now))
        while let deadline = converter.nextDeadline, deadline <= end {
            converter.tick(now: deadline)
            drain(deadline.nanoseconds / 1_000_000)
        }
    }

    private mutating func drain(_ now: Int64) {
        while let effect = converter.nextEffect() {
            switch effect {
            case .tell(let digit): lines.append("\(now):tell\(digit)")
            case .hold(let digit, _): lines.append("\(now):hold\(digit)")
            case .release(let ms): lines.append("\(now):release\(ms)")
            case .press(let digit, let ms): lines.append("\(now):press\(digit)/\(ms)")
            case .info(let digit, let ms): lines.append("\(now):info\(digit)/\(ms)")
            }
        }
    }
}
