import Glibc

/// Follows blocks of 5 ms and says where digits begin and end.
struct DTMFTracker {
    /// Places are samples of 8 kHz before the end of the block just taken.
    enum Verdict: Equatable {
        case nothing
        case began(code: UInt8, start: Float)
        case ended(code: UInt8, end: Float)
        case changed(from: UInt8, end: Float, to: UInt8, start: Float)
    }

    /// The last blocks, by number.
    private var blocks: InlineArray<16, DTMFBlock> = InlineArray(repeating: DTMFBlock())
    /// The number of the block to come.
    private var count: Int = 16

    /// The digit that may be: its row and column, its first window's first block, and whether it was told.
    private var row: Int = -1
    private var column: Int = -1
    private var runStart: Int = 0
    private var lastHit: Int = 0
    private var isTold: Bool = false

    /// The digit that is.
    private(set) var code: UInt8?
    private var toldRow: Int = 0
    private var toldColumn: Int = 0
    /// Of its full blocks: the sum of both powers.
    private var power: Float = 0
    /// The last block it filled by half or more, and where it ends in it or the next, in samples after the block's start.
    private var lastPresent: Int = 0
    private var fill: Float = 0

    mutating func take(_ block: DTMFBlock) -> Verdict {
        blocks[count & 15] = block
        count += 1
        let now: Int = count - 1
        follow(block, now)
        search(now)
        var verdict: Verdict = .nothing
        if row >= 0, !isTold, lastHit == now, let start = verify(now) {
            isTold = true
            let found: UInt8 = DTMF.keypad[row * 4 + column - 4]
            if let code {
                guard code != found else { return .nothing }
                verdict = .changed(from: code, end: end(now), to: found, start: start)
            } else {
                verdict = .began(code: found, start: start)
            }
            begin(found, now)
        } else if let code, now - lastPresent >= Limits.absentBlocks {
            verdict = .ended(code: code, end: end(now))
            self.code = nil
        }
        return verdict
    }

    /// Set on the speech and the spoiled digits of the tests: see `docs/guides/signals.md`.
    private enum Limits {
        /// Of the two frequencies in the whole power: where a digit may be, where it is, and what only a glitch reaches.
        static let looseShare: Float = 0.5
        static let share: Float = 0.83
        static let mostShare: Float = 1.06
        /// The strongest to the weakest 15 ms of a frequency, in power: below `goodShare` and from there.
        static let steady: Float = 1.75
        static let leastSteady: Float = 2.2
        static let goodShare: Float = 0.9
        /// Of another row or column to the strongest, in power.
        static let neighbour: Float = 0.35
        /// Of a frequency's place.
        static let offset: Float = 0.021
        /// Of the upper to the lower frequency (+6 dB), and the reverse (11 dB), in power: wider than Q.24, as a clipped peak
        /// takes more from the weaker one.
        static let twist: Float = 4
        static let reverseTwist: Float = 12.5
        /// Of the stronger (-37 dBm0) and the weaker frequency (-48 dBm0): squares of half their amplitudes.
        static let leastStrong = Float(0.5 * meanSquare(dbm0: -37))
        static let leastWeak = Float(0.5 * meanSquare(dbm0: -48))
        /// In samples: 30 ms.
        static let leastDuration: Float = 240
        /// While a digit sounds: of its frequencies in the power of 5 ms.
        static let followShare: Float = 0.35
        /// So many blocks without it end a digit: 25 ms, between the 10 ms that bridge and the 40 ms that part (Q.24).
        static let absentBlocks: Int = 5
    }

    private func block(_ number: Int) -> DTMFBlock { blocks[number & 15] }

    // MARK: Search

    /// Looks whether the last three blocks could be of a digit.
    private mutating func search(_ now: Int) {
        guard let (hitRow, hitColumn) = candidate(now) else {
            if now - lastHit > 1 { row = -1 }
            return
        }
        if row != hitRow || column != hitColumn {
            (row, column, runStart, isTold) = (hitRow, hitColumn, now - 2, false)
        }
        lastHit = now
    }

    private func candidate(_ now: Int) -> (Int, Int)? {
        let (a, b, c) = (block(now - 2), block(now - 1), block(now))
        let real: Bins = a.real + b.real + c.real
        let imaginary: Bins = a.imaginary + b.imaginary + c.imaginary
        let powers: Bins = real * real + imaginary * imaginary
        var (low, high) = (0, 4)
        for bin in 1..<4 {
            if powers[bin] > powers[low] { low = bin }
            if powers[4 + bin] > powers[high] { high = 4 + bin }
        }
        let (lowPower, highPower) = (powers[low], powers[high])
        let samples = Float(3 * DTMFBlock.length)
        let energy: Float = a.energy + b.energy + c.energy
        guard 2 * (lowPower + highPower) > Limits.looseShare * samples * energy else { return nil }
        guard min(lowPower, highPower) > Limits.leastWeak * samples * samples,
            max(lowPower, highPower) > Limits.leastStrong * samples * samples
        else { return nil }
        guard highPower < lowPower * 10, lowPower < highPower * 25 else { return nil }
        for bin in 0..<4 {
            if bin != low, powers[bin] > lowPower * Limits.neighbour { return nil }
            if 4 + bin != high, powers[4 + bin] > highPower * Limits.neighbour { return nil }
        }
        return (low, high)
    }

    // MARK: Verify

    /// Looks at the whole run: gives the digit's start, in samples of 8 kHz before the end of block `now`, if it is one.
    private func verify(_ now: Int) -> Float? {
        let first: Int = max(runStart, now - 12)
        let length = Float(DTMFBlock.length)
        // The full blocks' power.
        var sum: Float = 0
        for number in (first + 2)...now { sum += pairPower(number, row, column) }
        let full: Float = sum / Float(now - first - 1)
        guard full > 0 else { return nil }
        var start = Float(now - first - 1) * length
        var number: Int = first + 1
        while number > now - 15 {
            let part: Float = (pairPower(number, row, column) / full).squareRoot()
            if part > 0.7 {
                start += length
            } else {
                if part > 0.15 { start += part * length }
                break
            }
            number -= 1
        }
        let last: Float = min((pairPower(now, row, column) / full).squareRoot(), 1)
        let duration: Float = start - (last > 0.7 ? 0 : (1 - last) * length)
        guard duration >= Limits.leastDuration else { return nil }
        let interior: Int = first + 1
        guard isPure(from: interior, to: now) else { return nil }
        return start
    }

    private func pairPower(_ number: Int, _ row: Int, _ column: Int) -> Float {
        let block: DTMFBlock = block(number)
        return block.real[row] * block.real[row] + block.imaginary[row] * block.imaginary[row]
            + block.real[column] * block.real[column] + block.imaginary[column] * block.imaginary[column]
    }

    /// Whether blocks `from` ... `to` hold the pair alone, steady and in place.
    private func isPure(from: Int, to: Int) -> Bool {
        guard to - from >= 4 else { return false }
        var low = Estimate()
        var high = Estimate()
        var energy: Float = 0
        for number in (from + 2)...to {
            let pair: DTMFPair = pair(number)
            low.add(pair.lowReal, pair.lowImaginary)
            high.add(pair.highReal, pair.highImaginary)
            energy += pair.energy
        }
        let lowOffset: Float = low.offsetHz
        let highOffset: Float = high.offsetHz
        guard abs(lowOffset) <= Limits.offset * Float(DTMF.rows[row]),
            abs(highOffset) <= Limits.offset * Float(DTMF.columns[column - 4])
        else { return false }
        let lowPower: Float = low.power / shrink(lowOffset)
        let highPower: Float = high.power / shrink(highOffset)
        guard highPower <= lowPower * Limits.twist, lowPower <= highPower * Limits.reverseTwist else { return false }
        let share: Float = 2 * (lowPower + highPower) / energy
        guard share >= Limits.share, share <= Limits.mostShare else { return false }
        let unsteadiness: Float = max(low.unsteadiness, high.unsteadiness)
        return unsteadiness <= (share < Limits.goodShare ? Limits.steady : Limits.leastSteady)
    }

    /// By how much a window of 15 ms shows less power of a sine that is off its place.
    private func shrink(_ hertz: Float) -> Float {
        let x: Float = .pi * hertz * 0.015
        guard abs(x) > 0.01 else { return 1 }
        let value: Float = sinf(x) / x
        return max(value * value, 0.1)
    }

    /// The complex amplitudes of both frequencies in the three blocks up to `number`, each without what leaks from the other.
    private func pair(_ number: Int) -> DTMFPair {
        let (a, b, c) = (block(number - 2), block(number - 1), block(number))
        return DTMFPair(
            real: a.real + b.real + c.real, imaginary: a.imaginary + b.imaginary + c.imaginary,
            energy: (a.energy + b.energy + c.energy) / Float(3 * DTMFBlock.length), row: row, column: column,
            turn: (number - 2 - 16) % DTMFTables.turns)
    }

    // MARK: The digit that sounds

    private mutating func begin(_ found: UInt8, _ now: Int) {
        code = found
        (toldRow, toldColumn) = (row, column)
        var sum: Float = 0
        for number in (now - 3)...now { sum += pairPower(number, row, column) }
        power = sum / 4
        lastPresent = now
        fill = Float(DTMFBlock.length)
    }

    private mutating func follow(_ block: DTMFBlock, _ now: Int) {
        guard code != nil else { return }
        let pair: Float = pairPower(now, toldRow, toldColumn)
        let share: Float = 2 * pair / (Float(DTMFBlock.length) * max(block.energy, 1e-12))
        let part: Float = (pair / power).squareRoot()
        if part >= 0.5, share >= Limits.followShare {
            lastPresent = now
            fill = Float(DTMFBlock.length) * (part > 0.8 ? 1 : part)
            if part > 0.8, part < 1.25 { power += (pair - power) * 0.1 }
        } else if lastPresent == now - 1, part > 0.15, part < 1.25 {
            fill = Float(DTMFBlock.length) * (1 + part)
        }
    }

    private func end(_ now: Int) -> Float { Float((now - lastPresent + 1) * DTMFBlock.length) - fill }
}
