import ArgumentParser
import AudioFiles
import Glibc
import Prompts
import Synchronization

extension PromptCommand {
    struct Build: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "build",
            abstract: "Makes all phrases at once, so that none has to be made when it is first heard.",
            discussion: """
                Human recordings come from Debian's packages asterisk-core-sounds-fr-g722 and -en-g722, the rest is spoken by
                espeak-ng. What is there already stays; a build that was stopped by Ctrl-C goes on where it was.
                """)

        @Option(
            name: .customLong("language"), help: ArgumentHelp("Only this one: fr or en.", valueName: "tag"),
            transform: { text in
                guard let language = PromptLanguage(rawValue: text.lowercased()) else {
                    throw ValidationError("must be fr or en")
                }
                return language
            })
        var language: PromptLanguage?

        @Flag(name: .customLong("again"), help: "Makes what is there already too.")
        var again: Bool = false

        @OptionGroup var data: DataOption

        func run() throws {
            let access = try PromptAccess(data)
            let missing: [String] = access.folder.renderer.missingPackages
            if !missing.isEmpty {
                Console.showLine(
                    "Missing: \(missing.joined(separator: ", ")). apt-get install \(missing.joined(separator: " "))")
            }
            let stopped = StopSignal()
            let isTerminal: Bool = isatty(STDOUT_FILENO) == 1
            let report = PromptBuilder(access.folder).build(
                languages: language.map { [$0] } ?? PromptLanguage.allCases, again: again
            ) { number, count, what in
                if isTerminal {
                    Console.show("\r\u{1B}[K\(number)/\(count)  \(what)")
                } else if number == 1 || number % 100 == 0 || number == count {
                    Console.showLine("\(number)/\(count)  \(what)")
                }
                return !stopped.isSet
            }
            if isTerminal { Console.show("\r\u{1B}[K") }
            Console.showLine("\(report.made) made, \(report.kept) there before, \(report.failures.count) failed.")
            if report.fallbacks > 0 {
                Console.showLine("\(report.fallbacks) are synthesised as their recordings are not installed.")
            }
            for failure in report.failures.prefix(10) { Console.showLine("  \(failure)") }
            if report.failures.count > 10 { Console.showLine("  and \(report.failures.count - 10) more") }
            if report.isCancelled { throw CommandFailure("stopped; the same command goes on from here") }
            if !report.failures.isEmpty { throw CommandFailure("not all prompts could be made") }
        }
    }
}

/// Whether Ctrl-C was pressed, or SIGTERM came.
private struct StopSignal: Sendable {
    private static let flag = Atomic<Bool>(false)
    var isSet: Bool { StopSignal.flag.load(ordering: .relaxed) }

    init() {
        // The handler may do no more than this: it runs in the middle of anything.
        for number in [SIGINT, SIGTERM] { signal(number) { _ in StopSignal.flag.store(true, ordering: .relaxed) } }
    }
}
