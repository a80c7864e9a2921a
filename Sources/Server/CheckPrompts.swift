import AudioFiles
import Prompts

extension ServerCheck {
    /// Whether every prompt can be spoken, and whether the recordings of the configuration would be taken.
    static func promptFindings(_ audio: AudioConfiguration) -> [CheckFinding] {
        var findings: [CheckFinding] = []
        let missing: [String] = PromptRenderer(recordings: HumanRecordings(folder: audio.voices)).missingPackages
        if missing.isEmpty {
            findings.append(CheckFinding(.ok, "prompts", "the voices of French and English are installed"))
        } else {
            let packages: String = missing.joined(separator: " ")
            findings.append(
                CheckFinding(
                    .warn, "prompts",
                    "some prompts can't be spoken, or only by synthesis: install what speaks them with apt-get install \(packages)"
                ))
        }
        for item in audio.replacements {
            let limits: AudioLimits = PromptID(rawValue: item.prompt).isMusic ? .music : .prompt
            guard let refusal = SoundCheck.problem(item.path, limits: limits) else { continue }
            findings.append(CheckFinding(.fail, "prompts", "\(item.path) will be refused: \(refusal)"))
        }
        return findings
    }
}
