import Glibc

/// The music on hold that every server has: a slow piece of our own for electric piano, vibraphone, strings and bass, played by this
/// code. It ends as it begins, so that it loops without a seam, and keeps to what a telephone carries.
package enum HoldMusic {
    /// Beats a minute; four to a bar.
    private static let tempo: Double = 84

    /// A bar's harmony: the bass note and the chord above it, as MIDI notes (69 is 440 Hz). Two chords share a bar of two halves.
    private struct Chord {
        let bass: Int
        let notes: [Int]
        var beats: Double = 4
    }

    /// A note of the melody: after `rest` beats, for `beats`.
    private struct Note {
        let pitch: Int
        let beats: Double
    }

    private static let verse: [Chord] = [
        Chord(bass: 48, notes: [55, 59, 62, 64]), Chord(bass: 45, notes: [55, 60, 64, 67]),
        Chord(bass: 50, notes: [53, 57, 60, 64]), Chord(bass: 43, notes: [53, 59, 62, 64]),
        Chord(bass: 52, notes: [55, 59, 62, 67]), Chord(bass: 45, notes: [55, 61, 64, 67]),
        Chord(bass: 50, notes: [53, 57, 60, 65]), Chord(bass: 43, notes: [53, 57, 60, 62]),
    ]

    private static let bridge: [Chord] = [
        Chord(bass: 53, notes: [57, 60, 64, 67]), Chord(bass: 52, notes: [55, 59, 62, 67]),
        Chord(bass: 50, notes: [53, 57, 60, 65]), Chord(bass: 48, notes: [55, 59, 64, 67]),
        Chord(bass: 53, notes: [57, 60, 64, 67]), Chord(bass: 53, notes: [56, 60, 62, 68]),
        Chord(bass: 52, notes: [55, 59, 62, 67], beats: 2), Chord(bass: 45, notes: [55, 61, 64, 67], beats: 2),
        Chord(bass: 50, notes: [53, 57, 60, 65], beats: 2), Chord(bass: 43, notes: [53, 59, 62, 65], beats: 2),
    ]

    /// 0 is a rest.
    private static let verseMelody: [Note] = notes([
        (76, 1.5), (79, 0.5), (74, 2), (72, 1.5), (74, 0.5), (76, 2), (77, 1), (76, 0.5), (74, 0.5), (69, 2), (71, 1.5),
        (72, 0.5), (74, 1), (76, 1), (79, 1.5), (76, 0.5), (74, 2), (73, 1.5), (76, 0.5), (79, 2), (77, 1.5), (74, 0.5),
        (69, 1), (72, 1), (74, 3), (0, 1),
    ])

    private static let bridgeMelody: [Note] = notes([
        (81, 1.5), (79, 0.5), (76, 2), (79, 1.5), (74, 0.5), (71, 2), (77, 1), (76, 1), (74, 1), (72, 1), (76, 3),
        (0, 1),
        (72, 0.5), (74, 0.5), (76, 1), (81, 2), (80, 1.5), (79, 0.5), (77, 2), (76, 2), (73, 2), (74, 1.5), (77, 0.5),
        (71, 2),
    ])

    /// Between the two times the melody is played: the accompaniment alone.
    private static let silence: [Note] = [Note(pitch: 0, beats: 32)]

    private static func notes(_ list: [(Int, Double)]) -> [Note] { list.map { Note(pitch: $0.0, beats: $0.1) } }

    /// The whole piece, at 16 kHz; louder or softer as its notes are, to be levelled.
    package static func play(sampleRate: Int = 16_000) -> [Float] {
        let chords: [Chord] = verse + bridge + verse + verse
        let melody: [Note] = verseMelody + bridgeMelody + verseMelody + silence
        let beats: Double = chords.reduce(0) { $0 + $1.beats }
        var band = Band(seconds: beats * 60 / tempo, sampleRate: sampleRate)
        var beat: Double = 0
        for chord in chords {
            accompany(chord, at: beat, &band)
            beat += chord.beats
        }
        beat = 0
        for note in melody {
            if note.pitch > 0 {
                band.play(.vibraphone, note.pitch, at: beat * 60 / tempo, for: note.beats * 60 / tempo, 0.5)
            }
            beat += note.beats
        }
        return band.withRoom()
    }

    /// Strings under it, the bass on the first and third beats, broken chords in quavers above.
    private static func accompany(_ chord: Chord, at beat: Double, _ band: inout Band) {
        let second: Double = 60 / tempo
        for note in chord.notes { band.play(.strings, note + 12, at: beat * second, for: chord.beats * second, 0.09) }
        for half in 0..<Int(chord.beats / 2) {
            let pitch: Int = half == 1 ? chord.bass + 7 : chord.bass
            band.play(.bass, pitch, at: (beat + Double(half) * 2) * second, for: 1.8 * second, 0.3)
        }
        let order: [Int] = [0, 1, 2, 3, 2, 1, 2, 3]
        for quaver in 0..<Int(chord.beats * 2) {
            let note: Int = chord.notes[order[quaver % 8]] + 12
            // The first of each half bar leads.
            let force: Double = quaver % 4 == 0 ? 0.34 : quaver % 2 == 0 ? 0.26 : 0.2
            band.play(.piano, note, at: (beat + Double(quaver) / 2) * second, for: 0.9 * second, force)
        }
    }
}

/// Instruments that play into one loop: what sounds on after its end sounds at its beginning.
private struct Band {
    enum Instrument { case piano, vibraphone, strings, bass }

    private var sound: [Float]
    private let rate: Double

    init(seconds: Double, sampleRate: Int) {
        rate = Double(sampleRate)
        sound = [Float](repeating: 0, count: Int(seconds * rate))
    }

    mutating func play(_ instrument: Instrument, _ pitch: Int, at start: Double, for length: Double, _ force: Double) {
        let frequency: Double = 440 * pow(2, Double(pitch - 69) / 12)
        let step: Double = 2 * .pi * frequency / rate
        let tail: Double =
            switch instrument {
            case .piano: 1.2
            case .vibraphone: 1.6
            case .strings: 0.5
            case .bass: 0.3
            }
        let first = Int(start * rate)
        for index in 0..<Int((length + tail) * rate) {
            let t = Double(index) / rate
            let angle: Double = step * Double(index)
            let value: Double =
                switch instrument {
                case .piano: wave(angle + (1.3 * exp(-4 * t) + 0.2) * wave(angle)) * decay(t, 2.4, length, 0.25)
                case .vibraphone:
                    (wave(angle) + 0.25 * wave(4 * angle) * exp(-6 * t)) * (1 + 0.12 * wave(2 * .pi * 5 * t))
                        * decay(t, 1.5, length, 0.5)
                case .strings: (wave(angle) + wave(angle * 1.004) + 0.4 * wave(2 * angle * 0.998)) * swell(t, length)
                case .bass: (wave(angle) + 0.6 * wave(2 * angle) + 0.3 * wave(3 * angle)) * decay(t, 1.8, length, 0.1)
                }
            sound[(first + index) % sound.count] += Float(value * force)
        }
    }

    /// The sine, from a table: half of all the work is here.
    private func wave(_ angle: Double) -> Double {
        Double(Band.sines[Int(angle * Band.perRadian) & (Band.sines.count - 1)])
    }

    private static let sines: [Float] = (0..<16_384).map { Float(sin(2 * .pi * Double($0) / 16_384)) }
    private static let perRadian: Double = 16_384 / (2 * .pi)

    /// A struck note: 5 ms of attack, then fading, and damped after its length.
    private func decay(_ t: Double, _ speed: Double, _ length: Double, _ release: Double) -> Double {
        min(1, t / 0.005) * exp(-speed * t) * (t > length ? exp(-(t - length) / release * 3) : 1)
    }

    /// A bowed note: in 0.35 s up, in 0.5 s down.
    private func swell(_ t: Double, _ length: Double) -> Double {
        min(1, t / 0.35) * max(0, min(1, (length + 0.5 - t) / 0.5))
    }

    /// The sound in a small hall: four echoing combs, then an allpass to blur them (Schroeder's reverberator). Run twice round the
    /// loop, so that its beginning has the end's echo.
    func withRoom() -> [Float] {
        var combs: [[Float]] = [0.0297, 0.0371, 0.0411, 0.0437].map { [Float](repeating: 0, count: Int($0 * rate)) }
        var blur = [Float](repeating: 0, count: Int(0.005 * rate))
        var result = sound
        for round in 0..<2 {
            for index in sound.indices {
                let position: Int = index + round * sound.count
                var wet: Float = 0
                for comb in combs.indices {
                    let slot: Int = position % combs[comb].count
                    let echo: Float = combs[comb][slot]
                    combs[comb][slot] = sound[index] + echo * 0.77
                    wet += echo
                }
                let slot: Int = position % blur.count
                let held: Float = blur[slot]
                blur[slot] = wet * 0.25 + held * 0.5
                result[index] = sound[index] + 0.22 * (held - 0.5 * blur[slot])
            }
        }
        return result
    }
}
