internal import Basics
internal import MediaNegotiation
internal import MediaSession
internal import SIPDialog
internal import SIPMessage
internal import SIPTransaction

/// Whether a phone with events, or tones, sends its digits by INFO too.
enum DigitHabit: Hashable, Sendable {
    case unknown
    /// It sends each digit in both ways: INFO is answered and not acted on.
    case both
    /// It sends INFO alone, whatever it agreed to: events and tones that come all the same are not taken.
    case infoAlone
}

/// A digit by INFO that may come as an event, or a tone, too.
struct HeldDigit: Hashable, Sendable {
    let leg: UInt16
    let digit: InfoDigit
    let dueAt: Moment
}

/// Digits that travel by SIP INFO on one side or both; the others are the media plane's.
///
/// No digit comes twice: a phone that has another way and sends INFO is watched for which of the two it means.
extension Call {
    /// How long a digit by INFO waits for the event or the tone of the same key.
    private static let eventWait: Duration = .milliseconds(200)
    /// How long an event is remembered for the INFO of the same key.
    private static let eventMemory: Duration = .seconds(2)

    /// An INFO of a party that may be a digit; false where it is something else and only passes.
    mutating func digitReceived(
        _ request: SIPMessage, on transaction: ServerTransactionID, source: IPEndpoint, leg index: Int,
        in env: inout CallEnvironment
    ) -> Bool {
        func answer(_ status: SIPStatus, _ call: inout Call, _ env: inout CallEnvironment) {
            call.respond(status, to: request, on: transaction, source: source, leg: index, in: &env)
        }
        let digit: InfoDigit
        switch InfoDigit.read(request) {
        case .none: return false
        case .malformed:
            answer(.badRequest, &self, &env)
            return true
        case .digit(let read): digit = read
        }
        guard let other = peer(of: UInt16(index)), legs[other].stage == .up, let way = digitWay(of: index) else {
            return false
        }
        switch legs[index].codecPolicy.digits {
        case .events, .inBand:
            note("digits by INFO are not acted on: the settings want another way", leg: index, in: &env)
            answer(.ok, &self, &env)
            return true
        case .automatic, .info: break
        }
        switch way {
        case .events, .inBand:
            answer(.ok, &self, &env)
            weigh(digit, leg: index, in: &env)
            return true
        case .info, .none: break
        }
        // As it came, so that the party's own answer goes back.
        if digitsOut(of: other) == .info { return false }
        answer(.ok, &self, &env)
        deliver(digit, to: other, in: &env)
        return true
    }

    /// A digit by INFO of a phone that has another way too.
    private mutating func weigh(_ digit: InfoDigit, leg index: Int, in env: inout CallEnvironment) {
        legs[index].eventsHeard.removeAll { env.now.since($0.at) > Call.eventMemory }
        if let known = legs[index].eventsHeard.firstIndex(where: { $0.digit == digit.digit }) {
            legs[index].eventsHeard.remove(at: known)
            legs[index].digitHabit = .both
        }
        switch legs[index].digitHabit {
        case .both: return
        case .infoAlone: if let other = peer(of: UInt16(index)) { deliver(digit, to: other, in: &env) }
        case .unknown:
            guard heldDigits.count < 16 else { return }
            heldDigits.append(
                HeldDigit(leg: UInt16(index), digit: digit, dueAt: env.now.advanced(by: Call.eventWait)))
        }
    }

    /// No event came for these: the phone means its INFO.
    mutating func releaseHeldDigits(in env: inout CallEnvironment) {
        guard heldDigits.contains(where: { $0.dueAt <= env.now }) else { return }
        let due: [HeldDigit] = heldDigits.filter { $0.dueAt <= env.now }
        heldDigits.removeAll { $0.dueAt <= env.now }
        for held in due {
            let index = Int(held.leg)
            guard let other = peer(of: held.leg), legs[index].stage == .up, legs[other].stage == .up else { continue }
            if legs[index].digitHabit == .unknown {
                legs[index].digitHabit = .infoAlone
                legs[index].speaksINFO = true
                note("sends digits by INFO", leg: index, in: &env)
                planDigits(of: index)
            }
            deliver(held.digit, to: other, in: &env)
        }
    }

    /// The media plane heard a key of a party.
    mutating func digitHeard(_ digit: Digit, on endpoint: MediaEndpointID, in env: inout CallEnvironment) {
        let index = Int(endpoint.leg.index)
        guard let other = peer(of: endpoint.leg.index), legs[other].stage == .up, let way = digitWay(of: index),
            way != .info, way != .none
        else { return }
        if let held = heldDigits.firstIndex(where: { $0.leg == endpoint.leg.index && $0.digit.digit == digit }) {
            heldDigits.remove(at: held)
            legs[index].digitHabit = .both
        } else if legs[index].digitHabit != .both, legs[index].eventsHeard.count < 16 {
            legs[index].eventsHeard.append(HeardKey(digit: digit, at: env.now))
        }
        // Everything else is the media plane's own doing.
        if digitsOut(of: other) == .info || legs[other].isServer { deliver(InfoDigit(digit), to: other, in: &env) }
    }

    /// Presses a key towards a party.
    private mutating func deliver(_ digit: InfoDigit, to index: Int, in env: inout CallEnvironment) {
        if legs[index].isServer { return serviceKey(digit.digit, in: &env) }
        guard let stream = audioStream(of: index), let way = digitsOut(of: index) else { return }
        guard way == .info else {
            return env.effects.append(.media(.press(stream.plan.id, [digit.digit], durationMs: digit.durationMs)))
        }
        followParty(index, in: &env)
        guard exchanges.count < 32, let builder = legs[index].request(.info, in: &env),
            let message = seal(
                builder, body: digit.body, contentType: InfoDigit.contentType, leg: index, in: &env)
        else { return }
        let exchange = openExchange(index, .info, .digit(digit))
        env.effects.append(.request(message, legs[index].target, exchange, leg: UInt16(index)))
    }

    /// The answer to a digit of ours. A phone that does not know INFO gets this digit, and those after it, in another way.
    mutating func digitAnswered(
        _ response: SIPMessage, _ status: SIPStatus, _ digit: InfoDigit, leg index: Int, in env: inout CallEnvironment
    ) {
        judge(response, leg: index, in: &env)
        guard [405, 415, 469, 489, 501].contains(status.code), legs[index].stage == .up, !legs[index].refusesINFO
        else { return }
        note("does not take digits by INFO: \(status.code)", leg: index, in: &env)
        legs[index].refusesINFO = true
        planDigits(of: index)
        if digitsOut(of: index) != .info { deliver(digit, to: index, in: &env) }
    }

    // MARK: What a leg's plan says

    /// The first stream of a leg whose audio is agreed.
    private func audioStream(of index: Int) -> LegStream? {
        legs[index].streams.lazy.compactMap { $0 }.first { $0.audio != nil }
    }

    private func digitWay(of index: Int) -> DigitTransport? {
        guard let stream = audioStream(of: index) else { return nil }
        // Of a phone that has shown to mean its INFO the plan says so already.
        return stream.plan.digitsIn
    }

    private func digitsOut(of index: Int) -> DigitTransport? { audioStream(of: index)?.plan.digitsOut }

    /// What is agreed and known of a party, as far as its digits go, into its plans.
    mutating func planDigits(of index: Int) {
        let leg: Leg = legs[index]
        let preference: DigitPreference =
            leg.refusesINFO && leg.codecPolicy.digits == .info ? .inBand : leg.codecPolicy.digits
        for position in leg.streams.indices {
            guard let audio = leg.streams[position]?.audio else { continue }
            var (coming, going) = audio.digits(preference, speaksINFO: leg.speaksINFO && !leg.refusesINFO)
            if leg.digitHabit == .infoAlone { coming = .info }
            // A modem's tones are no keys, and nothing of them may be held back.
            if coming == .inBand, faxWatch.deaf.contains(UInt16(index)) { coming = .none }
            legs[index].streams[position]?.plan.digitsIn = coming
            legs[index].streams[position]?.plan.digitsOut = going
            // A phone of tones may send INFO too, and is watched for which of the two it means.
            legs[index].streams[position]?.plan.listensFor = coming == .inBand && preference == .automatic ? .keys : []
            // What is not taken is not agreed: the media plane drops it.
            legs[index].streams[position]?.plan.incoming =
                coming == .events ? audio.incoming : audio.incomingWithoutEvents
        }
    }
}

/// A key the media plane heard.
struct HeardKey: Hashable, Sendable {
    let digit: Digit
    let at: Moment
}
