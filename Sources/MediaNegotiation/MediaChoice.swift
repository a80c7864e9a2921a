internal import Codecs
public import MediaSession

/// How two parties' audio is brought together, and why.
public struct MediaChoice: Hashable, Sendable {
    public let isTranscoded: Bool
    /// What each party speaks, as people name it.
    public let firstLabel: String
    public let secondLabel: String
    /// ``MediaEndpointPlan/outgoing`` of each.
    public let firstOutgoing: [MediaFormat]
    public let secondOutgoing: [MediaFormat]
    /// In Hz.
    public let firstClockRate: UInt32
    public let secondClockRate: UInt32
    /// One sentence for the call's history.
    public let explanation: String
    /// A party may send what the other one does not understand though they share a codec: it named that first.
    public let firstStrays: Bool
    public let secondStrays: Bool

    /// A party in the words of a history.
    public struct Party: Hashable, Sendable {
        public let name: String
        public let audio: AgreedAudio
        /// It made the offer, in this negotiation.
        public let offered: Bool
        public init(_ name: String, _ audio: AgreedAudio, offered: Bool) {
            (self.name, self.audio, self.offered) = (name, audio, offered)
        }
    }

    /// The choice between what two parties take; nil where there is none, as before an answer.
    ///
    /// The same coding on both sides always goes first, in the order of the party that answered. Else the pair with the highest audio
    /// bandwidth that both have, and of these the cheapest.
    /// - Parameter transcoding: whether it is allowed.
    public init?(_ first: Party, _ second: Party, transcoding: Bool) {
        let (one, other) = (first.audio.taken, second.audio.taken)
        let shared: [AudioFormat] = (second.offered ? one : other).speech.filter { one.holds($0) && other.holds($0) }
        let chosen: (first: AudioFormat, second: AudioFormat)
        if let best = shared.first, let own = one.same(as: best), let its = other.same(as: best) {
            chosen = (own, its)
        } else if transcoding, let pair = MediaChoice.bestPair(one, other) {
            chosen = (pair.first, pair.second)
        } else {
            return nil
        }
        isTranscoded = shared.isEmpty
        (firstLabel, secondLabel) = (chosen.first.label, chosen.second.label)
        (firstClockRate, secondClockRate) = (chosen.first.clockRate, chosen.second.clockRate)
        firstOutgoing = first.audio.outgoing(shared.isEmpty ? [chosen.first] : shared)
        secondOutgoing = second.audio.outgoing(shared.isEmpty ? [chosen.second] : shared)
        firstStrays = !shared.isEmpty && one.speech.first.map { !shared.holds($0) } ?? false
        secondStrays = !shared.isEmpty && other.speech.first.map { !shared.holds($0) } ?? false
        explanation = MediaChoice.explain(first, second, chosen, shared)
    }

    private static func explain(
        _ first: Party, _ second: Party, _ chosen: (first: AudioFormat, second: AudioFormat), _ shared: [AudioFormat]
    ) -> String {
        guard shared.isEmpty else {
            let numbers: String =
                chosen.first.number == chosen.second.number
                ? "" : ", number \(chosen.first.number) made \(chosen.second.number)"
            return "\(chosen.first.label) both ways, relayed\(numbers)"
        }
        let (offerer, taker) = second.offered ? (second, first) : (first, second)
        return
            "\(first.name) \(chosen.first.label), \(second.name) \(chosen.second.label): transcoded, because the \(taker.name) took none of the \(offerer.name)'s codecs [\(offerer.audio.remote.labels.joined(separator: ", "))]"
    }

    /// What to turn into what: the highest bandwidth that both have, then the cheapest, then what the second likes best.
    static func bestPair(_ first: [AudioFormat], _ second: [AudioFormat]) -> (first: AudioFormat, second: AudioFormat)?
    {
        var best: (pair: (first: AudioFormat, second: AudioFormat), bandwidth: UInt32, cost: Int)?
        for other in second {
            guard let its = other.codec else { continue }
            for one in first {
                guard let own = one.codec else { continue }
                let (bandwidth, cost) = (min(own.sampleRate, its.sampleRate), own.cost + its.cost)
                if let known = best, (known.bandwidth, -known.cost) >= (bandwidth, -cost) { continue }
                best = ((one, other), bandwidth, cost)
            }
        }
        return best?.pair
    }
}
