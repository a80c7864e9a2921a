internal import Basics
internal import Identity
internal import MediaSession
internal import SDP
internal import SIPDialog
internal import SIPMessage
internal import SIPTransaction

/// One call as a value: the caller's leg, the legs it was offered to, and what joins them.
///
/// A back-to-back user agent (RFC 7092): each leg has a dialog of its own and nothing of one leg's addresses, Via, Call-ID
/// or product reaches the other. Events go in with the shard's environment, effects are appended to it.
struct Call: Sendable {
    enum Phase: Hashable, Sendable {
        /// Offered to the callee's terminals.
        case ringing
        /// A terminal answered; its leg's index.
        case connected(UInt16)
        /// Over for both parties; what is still out is being collected.
        case ending
    }

    /// A request of ours that has no final response yet.
    struct Exchange: Sendable {
        enum Purpose: Sendable {
            case invite
            case bye
            case prack(SentPrack)
            /// Our session refresh (RFC 4028), with or without a description.
            case refresh
            /// Asks a leg that fell silent whether the call still exists.
            case probe
            /// Brings the caller up to the description of the terminal that answered.
            case resync
            /// Keeps a party to the codecs it shares with the other one.
            case narrow
            /// Brings a leg to G.711, on which a fax goes as sound.
            case faxSound
            /// Offers a leg T.38, as a fax was heard.
            case faxOffer
            /// Brings a leg back from T.38 to speech.
            case faxSpeech
            /// A session change (INVITE, UPDATE) of the other leg, passed on.
            case change(PassedRequest)
            /// A digit as INFO.
            case digit(InfoDigit)
            /// Any other request of the other leg, passed on.
            case passed(PassedRequest)
        }
        let leg: UInt16
        let method: SIPMethod
        let purpose: Purpose
    }

    /// A request of one leg that another leg answers.
    struct PassedRequest: Sendable {
        let from: UInt16
        let message: SIPMessage
        let transaction: ServerTransactionID
        let source: IPEndpoint
    }

    /// A PRACK of ours, to be sent again where it is refused for now.
    struct SentPrack: Sendable {
        let rack: RAck
        let sdp: [UInt8]?
        let fork: String
        /// 1 of the first.
        let attempt: Int
    }

    struct PrackRetry: Sendable {
        let at: Moment
        let leg: UInt16
        let prack: SentPrack
    }

    /// A PRACK whose answer the caller owes.
    struct DelayedPrack: Sendable {
        let rack: RAck
        let fork: String
        let leg: UInt16
    }

    /// A 2xx with an offer whose ACK waits for the other leg's answer.
    struct DelayedAcknowledgement: Sendable {
        /// The leg to acknowledge to, and the leg whose ACK brings the answer.
        let to: UInt16
        let from: UInt16
    }

    let id: CallID
    let tenant: Tenant
    let startedAt: Moment
    /// The caller's INVITE, for the responses to it.
    let invite: SIPMessage
    let inviteTransaction: ServerTransactionID
    let inviteSource: IPEndpoint
    /// Redirections before this call, as the caller's phone told; see ``takeRedirections(in:)``.
    var redirectionsBefore: [Redirection] = []
    /// 0 is the caller's.
    var legs: [Leg] = []
    var phase: Phase = .ringing
    var record: CallRecord
    var history: [CallHistoryEntry] = []
    var exchanges: [ExchangeID: Exchange] = [:]
    var nextExchange: UInt16 = 0
    /// The caller's INVITE has its final response.
    var isInviteAnswered = false
    /// The highest provisional status the caller was given.
    var provisionalSent: Int = 100
    /// The leg whose early description the caller was given.
    var earlyLeg: UInt16?
    var hasRung = false
    var delayedPrack: DelayedPrack?
    /// An UPDATE of the callee that waits for the caller's PRACK.
    var heldUpdate: PassedRequest?
    /// PRACKs that a callee refused for now, to be sent again.
    var prackRetries: [PrackRetry] = []
    /// A fax that goes through a gateway of ours.
    var fax: FaxBridge?
    var faxWatch = FaxWatch()
    var faxLog = FaxLog()
    /// A session change that is under way; a second one waits or is refused.
    var change: ExchangeID?
    var delayedAcknowledgement: DelayedAcknowledgement?
    /// The caller needs the answering terminal's description as an offer, once its ACK is here.
    var needsResync = false
    /// The final response to the caller that waits for a PRACK.
    var heldAnswer: SIPMessage?
    /// Session timer fields of the 2xx to the caller.
    var callerTimerFields = SessionTimerFields()
    /// The terminal that has, or had, the call.
    var answeredLeg: UInt16?
    /// Both parties had agreed to talk at some time.
    var expectedMedia = false
    /// The record has its end.
    var isSettled = false
    var openEndpoints: Set<MediaEndpointID> = []
    /// What the media plane told of the legs' audio.
    var quality = QualityLog()
    /// What the server does on the call, where it is the other party.
    var attendance: Attendance?
    var playersMade: UInt16 = 0
    var recorder: MediaRecorderID?
    /// How the parties' audio is brought together, by m-line; and what was last said of it in the history.
    var choices: [Int: SettledChoice] = [:]
    var explained: [Int: String] = [:]
    var heldDigits: [HeldDigit] = []
    /// Legs are being added: that all so far have failed says nothing yet.
    var isAddingLegs = false
    /// The reliable provisional responses sent, by RSeq, to be sent again.
    var reliableSent: [UInt32: SIPMessage] = [:]
    /// When the callee has rung long enough.
    var noAnswerAt: Moment?
    /// When an ending call is forgotten whatever is still out.
    var forgetAt: Moment?
    /// A re-try of a refresh, or of the resync, after a 491.
    var resyncAt: Moment?

    var caller: Leg {
        get { legs[0] }
        _modify { yield &legs[0] }
    }

    /// The leg of the terminal that answered.
    var connectedIndex: Int? {
        guard case .connected(let index) = phase else { return nil }
        return Int(index)
    }

    /// The other party of a connected call.
    func peer(of leg: UInt16) -> Int? {
        guard let connected = connectedIndex else { return nil }
        if leg == 0 { return connected }
        return Int(leg) == connected ? 0 : nil
    }

    /// What the shard has to know after each event.
    struct Posture {
        let isFinished: Bool
        let deadline: Moment?
        /// The connections that legs which still matter are reached over; none for UDP.
        let connections: [SIPFlow]
    }

    /// Mutating so that it is asked for in place: a getter behind a dictionary copies the whole call.
    mutating func posture() -> Posture {
        var flows: [SIPFlow] = []
        for leg in legs where leg.stage != .over {
            if case .flow(let flow) = leg.target, flow.transport.isReliable { flows.append(flow) }
        }
        return Posture(isFinished: isFinished, deadline: nextDeadline, connections: flows)
    }

    /// Nothing is left to wait for: the shard may forget the call.
    var isFinished: Bool {
        guard phase == .ending, exchanges.isEmpty, openEndpoints.isEmpty, legs.allSatisfy({ $0.session?.answer == nil })
        else { return false }
        // Another branch of a forked INVITE may still answer, and is owed an ACK and a BYE (RFC 3261 §13.2.2.4).
        return forgetAt == nil || !legs.contains { $0.mayAnswerAgain }
    }

    /// The earliest deadline of anything in the call.
    var nextDeadline: Moment? {
        var next: Moment = .distantFuture
        func consider(_ moment: Moment?) { if let moment, moment < next { next = moment } }
        consider(noAnswerAt)
        consider(forgetAt)
        consider(resyncAt)
        consider(faxWatch.offerAt)
        consider(faxWatch.speechAt)
        consider(faxWatch.soundUntil)
        consider(attendance?.collector?.nextDeadline)
        for retry in prackRetries { consider(retry.at) }
        for held in heldDigits { consider(held.dueAt) }
        for leg in legs where leg.stage != .over || leg.session?.answer != nil {
            if leg.stage == .cancelling { consider(leg.cancelUntil) }
            consider(leg.insecureUntil)
            consider(leg.session?.answer?.retransmitter.nextDeadline)
            if leg.stage == .up { consider(leg.session?.timer?.nextDeadline) }
            consider(leg.session?.provisionals?.nextDeadline)
        }
        return next == .distantFuture ? nil : next
    }

    // MARK: Events

    mutating func handle(_ event: CallEvent, in env: inout CallEnvironment) {
        switch event {
        case .response(let response, let exchange): received(response, to: exchange, in: &env)
        case .repeatedAnswer(let response, let leg): answeredAgain(response, leg: Int(leg), in: &env)
        case .failed(let exchange, let failure): failed(exchange, failure, in: &env)
        case .request(let request, let transaction, let flow, let leg):
            received(request, on: transaction, over: flow, leg: Int(leg), in: &env)
        case .acknowledged(let ack, let leg): acknowledged(ack, leg: Int(leg), in: &env)
        case .unacknowledged: break  // A refusal nobody confirmed: the leg is over or its session unchanged.
        case .cancelled(let cancel, let transaction): cancelled(cancel, transaction, in: &env)
        case .media(let fact): mediaReported(fact, in: &env)
        case .flowClosed(let flow): flowClosed(flow, in: &env)
        case .located(let outcome, let leg): located(outcome, leg: Int(leg), in: &env)
        case .deadlineReached: deadlineReached(in: &env)
        case .shutDown:
            hangUp(by: .server, outcome: nil, reason: "the server is stopping", status: .serviceUnavailable, in: &env)
        }
        noteExpectations(now: env.now)
        settleMedia(in: &env)
        beginService(in: &env)
        settleMusic(in: &env)
        settleRecording(in: &env)
        narrow(in: &env)
    }

    // MARK: Small tools

    mutating func note(_ text: String, leg: Int? = nil, in env: inout CallEnvironment) {
        let index = leg.map { UInt16($0) }
        if history.count < env.settings.historyLimit {
            history.append(CallHistoryEntry(at: env.now.since(startedAt), leg: index, text: text))
        }
        env.effects.append(.note(text, leg: index))
    }

    mutating func openExchange(_ leg: Int, _ method: SIPMethod, _ purpose: Exchange.Purpose) -> ExchangeID {
        while exchanges[ExchangeID(rawValue: nextExchange)] != nil { nextExchange &+= 1 }
        let id = ExchangeID(rawValue: nextExchange)
        nextExchange &+= 1
        exchanges[id] = Exchange(leg: UInt16(leg), method: method, purpose: purpose)
        return id
    }

    /// Completes a message of ours; nil when a value in it is illegal, which is noted.
    mutating func seal(
        _ builder: SIPMessageBuilder, sdp: [UInt8]? = nil, leg: Int, in env: inout CallEnvironment
    ) -> SIPMessage? {
        seal(builder, body: sdp ?? [], contentType: sdp == nil ? nil : "application/sdp", leg: leg, in: &env)
    }

    mutating func seal(
        _ builder: SIPMessageBuilder, body: [UInt8], contentType: String?, leg: Int, in env: inout CallEnvironment
    ) -> SIPMessage? {
        var builder = builder
        do {
            return try builder.finish(body: body, contentType: contentType)
        } catch {
            note("a message could not be written: \(error)", leg: leg, in: &env)
            return nil
        }
    }
}

/// One line of a call's history.
struct CallHistoryEntry: Hashable, Sendable {
    /// Since the call began.
    let at: Duration
    let leg: UInt16?
    let text: String
}
