/// Follows what is heard in steps of 10 ms and knows the cadences of a book in it.
struct CadenceTracker: ~Copyable {
    private struct Step {
        var sound: ProgressBook.Sound
        var ms: Int
    }

    private let book: ProgressBook
    /// A steady tone is longer than this, by set.
    private let steady: [Int]
    private let shortPause: Int
    /// The last steps, the newest last, which is still going on.
    private var steps: InlineArray<8, Step> = InlineArray(
        repeating: Step(sound: ProgressBook.other, ms: 0))
    /// How many of them are whole and follow each other without anything else between.
    private var known: Int = 0
    /// What is heard that may be a change, how long it was that, and how long the newest step was not heard.
    private var next: ProgressBook.Sound = ProgressBook.other
    private var nextMs: Int = 0
    private var awayMs: Int = 0

    private(set) var current: ProgressTone?

    init(_ book: ProgressBook) {
        self.book = book
        steady = book.sets.indices.map { book.longest(ProgressBook.Sound($0)) * 5 / 4 + 300 }
        shortPause = book.longestShortPause
    }

    mutating func take(_ sound: ProgressBook.Sound) {
        if sound == steps[7].sound {
            // What was shorter than a change was none.
            steps[7].ms += 10 + awayMs
            (nextMs, awayMs) = (0, 0)
        } else {
            nextMs = sound == next ? nextMs + 10 : 10
            next = sound
            awayMs += 10
            if nextMs >= (sound == ProgressBook.other ? 90 : 30) { change() }
        }
        judge()
    }

    private mutating func change() {
        for place in 1..<8 { steps[place - 1] = steps[place] }
        // The edge of a tone is neither tone nor silence for a while, and belongs to what follows.
        steps[7] = Step(sound: next, ms: awayMs)
        (nextMs, awayMs) = (0, 0)
        known = next == ProgressBook.other ? 0 : min(known + 1, 8)
    }

    private mutating func judge() {
        if let current {
            if !isGoingOn(current) { self.current = nil }
            return
        }
        var heard: ProgressTone?
        for cadence in book.cadences where isHeard(cadence, steps: 3) {
            guard heard != nil else {
                heard = cadence.tone
                continue
            }
            // Of two that begin alike, the one that has gone on alike.
            heard = book.cadences.first { isHeard($0, steps: 7) }?.tone
            break
        }
        current = heard
    }

    // MARK: Cadences

    private static func isNear(_ ms: Int, _ nominal: Int) -> Bool { abs(ms - nominal) <= nominal / 8 + 35 }

    private func isHeard(_ cadence: ProgressBook.Cadence, steps needed: Int) -> Bool {
        let now: Step = steps[7]
        if cadence.steps.count == 1 {
            return now.sound == cadence.steps[0].sound && known >= 1 && now.ms > steady[Int(now.sound)]
        }
        if cadence.tone == .specialInformation { return isInformation(cadence) }
        for last in cadence.steps.indices where matches(cadence, lastIs: last, steps: needed) { return true }
        return false
    }

    /// Whether the newest step is step `last` of the cadence, and enough of those before it are what they should be.
    private func matches(_ cadence: ProgressBook.Cadence, lastIs last: Int, steps: Int) -> Bool {
        let now: Step = self.steps[7]
        let expected = cadence.steps[last]
        guard now.sound == expected.sound, now.ms <= expected.ms + expected.ms / 8 + 35 else { return false }
        let longPause: Bool = expected.sound == ProgressBook.silence && expected.ms >= 1200
        // Of a tone before a long pause one is enough, once the pause is longer than any other cadence's.
        let needed: Int
        if longPause {
            guard now.ms >= max(1000, shortPause * 5 / 4 + 100) else { return false }
            needed = cadence.steps.count - 1
        } else {
            needed = steps
        }
        // The first step of all may have begun before it was listened to.
        guard known > needed else { return false }
        var place: Int = last
        for back in 1...needed {
            place = place == 0 ? cadence.steps.count - 1 : place - 1
            let step: Step = self.steps[7 - back]
            guard step.sound == cadence.steps[place].sound, CadenceTracker.isNear(step.ms, cadence.steps[place].ms)
            else { return false }
        }
        return true
    }

    /// Three tones one after the other, at most a breath between them.
    private func isInformation(_ cadence: ProgressBook.Cadence) -> Bool {
        let tones: [(sound: ProgressBook.Sound, ms: Int)] = cadence.steps.filter { $0.sound >= 0 }
        guard tones.count == 3, steps[7].sound == tones[2].sound, steps[7].ms >= 200 else { return false }
        var place = 6
        for tone in tones.dropLast().reversed() {
            if place >= 0, steps[place].sound == ProgressBook.silence, steps[place].ms <= 60 { place -= 1 }
            guard place >= 0, steps[place].sound == tone.sound, steps[place].ms >= 200, steps[place].ms <= 500 else {
                return false
            }
            place -= 1
        }
        return true
    }

    /// Whether what is heard can still be the tone.
    private func isGoingOn(_ tone: ProgressTone) -> Bool {
        guard let cadence = book.cadences.first(where: { $0.tone == tone }) else { return false }
        let now: Step = steps[7]
        let same: [Int] = cadence.steps.filter { $0.sound == now.sound }.map(\.ms)
        guard let longest = same.max() else { return false }
        if cadence.steps.count == 1 { return true }
        guard now.ms <= longest * 5 / 4 + 100 else { return false }
        let before: Step = steps[6]
        // The last change must be one of the cadence's, too.
        return cadence.tone == .specialInformation
            || cadence.steps.contains { $0.sound == before.sound && CadenceTracker.isNear(before.ms, $0.ms) }
    }
}
