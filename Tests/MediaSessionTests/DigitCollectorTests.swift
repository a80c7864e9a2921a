import Basics
import MediaSession
import Testing

/// Keys and times of a table: `1@0` is a key at 0 s, `-@4` a look at the time, `.@2` the end of the prompt.
struct CollectorCase: CustomTestStringConvertible {
    var testDescription: String
    var settings: DigitCollector.Settings
    var steps: String
    var expected: DigitCollector.Outcome?
    var prompting: Bool = false
}

func digits(_ text: String) -> [Digit] { text.compactMap { Digit($0) } }

@Suite("digits collected at a prompt")
struct DigitCollectorTests {
    static let four = DigitCollector.Settings(longest: 4)
    static let pin = DigitCollector.Settings(longest: 8, shortest: 4, clear: Digit("*"))
    static let cases: [CollectorCase] = [
        CollectorCase(
            testDescription: "the most are there", settings: four, steps: "1@0 2@1 3@2 4@3",
            expected: .collected(digits("1234"), terminator: nil)),
        CollectorCase(
            testDescription: "a terminator", settings: four, steps: "1@0 2@1 #@2",
            expected: .collected(digits("12"), terminator: Digit("#"))),
        CollectorCase(
            testDescription: "keys after the end change nothing", settings: four, steps: "1@0 #@1 5@2",
            expected: .collected(digits("1"), terminator: Digit("#"))),
        CollectorCase(testDescription: "no key in time", settings: four, steps: "-@9.999 -@10", expected: .nothing),
        CollectorCase(testDescription: "not yet", settings: four, steps: "-@9.999", expected: nil),
        CollectorCase(
            testDescription: "the time between two keys is over", settings: four, steps: "1@0 2@3.9 -@7.8 -@7.9",
            expected: .collected(digits("12"), terminator: nil)),
        CollectorCase(
            testDescription: "a key too late does not count", settings: four, steps: "1@0 2@4",
            expected: .collected(digits("1"), terminator: nil)),
        CollectorCase(
            testDescription: "fewer than wanted", settings: pin, steps: "1@0 2@1 #@2", expected: .tooFew(digits("12"))),
        CollectorCase(
            testDescription: "fewer than wanted in time", settings: pin, steps: "1@0 2@1 -@5",
            expected: .tooFew(digits("12"))),
        CollectorCase(
            testDescription: "only the terminator where one digit is wanted", settings: four, steps: "#@1",
            expected: .tooFew([])),
        CollectorCase(
            testDescription: "only the terminator where none is wanted", settings: .init(longest: 4, shortest: 0),
            steps: "#@1", expected: .collected([], terminator: Digit("#"))),
        CollectorCase(
            testDescription: "nothing where none is wanted", settings: .init(longest: 4, shortest: 0), steps: "-@10",
            expected: .nothing),
        CollectorCase(
            testDescription: "cleared and entered anew", settings: pin, steps: "1@0 2@1 *@2 5@11 6@12 7@13 8@14 #@15",
            expected: .collected(digits("5678"), terminator: Digit("#"))),
        CollectorCase(
            testDescription: "a prompt takes no time away", settings: four, steps: "-@60 .@60 -@69.9 1@69.95 -@73.95",
            expected: .collected(digits("1"), terminator: nil), prompting: true),
        CollectorCase(
            testDescription: "a key during the prompt", settings: four, steps: "1@5 .@8 -@9",
            expected: .collected(digits("1"), terminator: nil), prompting: true),
        CollectorCase(
            testDescription: "one digit ends it at once", settings: .init(longest: 1), steps: "0@0",
            expected: .collected(digits("0"), terminator: nil)),
    ]

    @Test("ends with what was asked for, or says why not", arguments: cases)
    func table(row: CollectorCase) throws {
        var collector = DigitCollector(row.settings, prompting: row.prompting, now: .zero)
        var outcomes: [DigitCollector.Outcome] = []
        for step in row.steps.split(separator: " ") {
            let parts: [Substring] = step.split(separator: "@")
            let seconds: Double = try #require(Double(parts[1]))
            let now = Moment(nanoseconds: Int64(seconds * 1_000_000_000))
            switch parts[0] {
            case "-": if let outcome = collector.tick(now: now) { outcomes.append(outcome) }
            case ".": collector.promptEnded(now: now)
            default:
                let key: Character = try #require(parts[0].first)
                if let outcome = collector.press(try #require(Digit(key)), now: now) { outcomes.append(outcome) }
            }
        }
        #expect(outcomes == (row.expected.map { [$0] } ?? []))
        #expect(collector.outcome == row.expected)
        #expect((collector.nextDeadline == nil) == (row.expected != nil))
    }

    @Test("limits are kept within reason")
    func limits() {
        let settings = DigitCollector.Settings(longest: 1000, shortest: 99)
        #expect(settings.longest == 64 && settings.shortest == 64)
        #expect(DigitCollector.Settings(longest: 0, shortest: -1).longest == 1)
    }
}
