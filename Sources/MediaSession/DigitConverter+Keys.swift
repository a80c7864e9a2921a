import Basics

extension DigitConverter {
    /// A key began, as one way brings it.
    mutating func begin(_ digit: Digit, _ way: Way, at start: Moment, volume: UInt8, now: Moment) {
        if let place = same(digit, way, start: start, now: now) {
            keys[place].ways |= 1 << way.rawValue
            if way == .tone, case .awaitingTone = keys[place].sending { keys[place].sending = .done }
            return
        }
        forget(before: now)
        var key = Key(digit: digit, start: start, end: nil, ways: 1 << way.rawValue, way: way)
        add(.tell(digit))
        switch listener {
        case nil, .some(.none): break
        case .info: key.sending = .atEnd
        case .inBand where passesTones:
            if way != .tone { key.sending = .awaitingTone(until: now.advanced(by: DigitConverter.toneWait)) }
        case .inBand where !digit.hasTone: break
        case .events, .inBand:
            releaseHeld(now: now)
            key.sending = .held
            add(.hold(digit, volume: volume))
        }
        keys[keyCount] = key
        keyCount += 1
    }

    /// A key ended, as one way brings it.
    mutating func end(_ digit: Digit, _ way: Way, durationMs: UInt32, now: Moment) {
        for place in (0..<keyCount).reversed() {
            let key: Key = keys[place]
            guard key.end == nil, key.way == way, key.digit == digit else { continue }
            finish(place, durationMs: durationMs, now: now)
            return
        }
    }

    mutating func finish(_ place: Int, durationMs: UInt32, now: Moment) {
        keys[place].end = keys[place].start.advanced(by: .milliseconds(Int64(durationMs)))
        switch keys[place].sending {
        case .done, .awaitingTone: return
        case .held: add(.release(durationMs: durationMs))
        case .atEnd: add(.info(keys[place].digit, durationMs: durationMs))
        }
        keys[place].sending = .done
    }

    /// The listener hears one key at a time.
    private mutating func releaseHeld(now: Moment) {
        for place in 0..<keyCount where keys[place].sending == .held {
            add(.release(durationMs: milliseconds(keys[place].start, now)))
            keys[place].sending = .done
        }
    }

    /// The earliest key of the digit that this way did not bring yet, and that is near enough to be the same.
    private func same(_ digit: Digit, _ way: Way, start: Moment, now: Moment) -> Int? {
        for place in 0..<keyCount {
            let key: Key = keys[place]
            guard key.digit == digit, key.ways & (1 << way.rawValue) == 0 else { continue }
            let byInfo: Bool = way == .info || key.way == .info
            let window: Duration = byInfo ? DigitConverter.infoWindow : DigitConverter.mediaWindow
            let isBefore: Bool = now < key.start.advanced(by: .nanoseconds(-window.wholeNanoseconds))
            let isAfter: Bool = key.end.map { start > $0.advanced(by: window) } ?? false
            if !isBefore, !isAfter { return place }
        }
        return nil
    }

    /// Makes room: forgets keys that nothing can be the same as any more, and the oldest one if there is none.
    private mutating func forget(before now: Moment) {
        var kept = 0
        for place in 0..<keyCount {
            let key: Key = keys[place]
            let isOver: Bool = key.end.map { now > $0.advanced(by: .seconds(10)) } ?? false
            if isOver, key.sending == .done { continue }
            keys[kept] = key
            kept += 1
        }
        if kept == keys.count {
            if keys[0].end == nil { finish(0, durationMs: milliseconds(keys[0].start, now), now: now) }
            if case .awaitingTone = keys[0].sending, keys[0].digit.hasTone {
                add(.press(keys[0].digit, durationMs: milliseconds(keys[0].start, keys[0].end ?? now)))
            }
            for place in 1..<kept { keys[place - 1] = keys[place] }
            kept -= 1
        }
        keyCount = kept
    }
}
