public import Prompts

/// Makes all of the catalogue, and the music on hold, at once. Not for event loops.
///
/// What is there already stays, so that a build that was broken off goes on where it stopped.
public struct PromptBuilder: Sendable {
    public let folder: PromptFolder
    public init(_ folder: PromptFolder) { self.folder = folder }

    public struct Report: Hashable, Sendable {
        /// Files made now.
        public var made: Int = 0
        /// Files that were there.
        public var kept: Int = 0
        /// Synthesised because their recording is not installed, of all that are there.
        public var fallbacks: Int = 0
        /// What could not be made, each in words.
        public var failures: [String] = []
        public var isCancelled = false
        public init() {}
    }

    /// - Parameters:
    ///   - again: makes what is there already too.
    ///   - progress: told before each file: its number from 1, how many there are, what it is. Gives false to stop.
    public func build(
        languages: [PromptLanguage] = PromptLanguage.allCases, again: Bool = false,
        progress: (_ number: Int, _ count: Int, _ what: String) -> Bool = { _, _, _ in true }
    ) -> Report {
        var report = Report()
        let count: Int = languages.count * PromptCatalogue.phrases.count + 1
        var number: Int = 1
        guard progress(number, count, "\(PromptID.music)") else { return cancelled(report) }
        step(&report, isThere: !again && Files.isReadable(folder.musicFile)) { () throws(RenderFailure) in
            try folder.makeMusic()
        }
        for language in languages {
            for phrase in PromptCatalogue.phrases {
                number += 1
                guard progress(number, count, "\(language.rawValue)/\(phrase.id)") else { return cancelled(report) }
                step(&report, isThere: !again && folder.madeFile(phrase, language) != nil) { () throws(RenderFailure) in
                    try folder.make(phrase, language)
                }
                if folder.madeFile(phrase, language)?.hasSuffix(".fallback.wav") == true { report.fallbacks += 1 }
            }
        }
        return report
    }

    private func step(_ report: inout Report, isThere: Bool, _ make: () throws(RenderFailure) -> Void) {
        if isThere {
            report.kept += 1
            return
        }
        do throws(RenderFailure) {
            try make()
            report.made += 1
        } catch {
            report.failures.append(error.description)
        }
    }

    private func cancelled(_ report: Report) -> Report {
        var report = report
        report.isCancelled = true
        return report
    }
}
