public import Basics
public import Identity
public import MediaSession
internal import Numbering
public import Registration
internal import SIPDialog
public import SIPMessage
public import SIPTransaction

/// One event loop's share of the registrations and calls, as one machine: events in, effects out.
///
/// Everything above sockets and disks happens in here, synchronously: transactions, authentication, the registrar, routing
/// and calls. It owns no socket, task, lock or clock, so that a test can drive hours of telephony in milliseconds.
public struct Shard: Sendable {
    struct ClientOwner: Sendable {
        enum Purpose: Sendable {
            case call(number: UInt32, ExchangeID, leg: UInt16)
            case qualify(BindingRef)
        }
        let purpose: Purpose
        /// Where it went, when that was found by location and is worth remembering.
        var candidate: SIPTarget?
        /// The other places of a request that was located here.
        var delivery: Delivery?
        var hasAnswered = false
    }

    struct HeldAnswer: Sendable {
        let message: SIPMessage
        let transaction: ServerTransactionID
    }

    struct PendingRegistration: Sendable {
        let ticket: RegisterTicket
        let transaction: ServerTransactionID
        let request: SIPMessage
        let flow: SIPFlow
        let reply: RegisterReply
        let changes: [BindingChange]
    }

    public let id: ShardID
    let settings: ShardSettings
    let gate: AccessGate
    let screening: SIPRequestScreening
    public internal(set) var transactions: TransactionLayer
    var environment: CallEnvironment
    var calls: [UInt32: Call] = [:]
    var nextCall: UInt32 = 0
    var callDeadlines = DeadlineQueue<UInt32>()
    /// Which leg a local tag belongs to.
    var claims: [String: (call: UInt32, leg: UInt16)] = [:]
    /// The calls of callers' INVITEs, for the messages of their set-up that carry no tag of ours.
    var callOfInvite: [InviteKey: UInt32] = [:]
    var challenged = ChallengedInvites()
    var clientOwners: [ClientTransactionID: ClientOwner] = [:]
    /// Client transactions of each call, so that none outlives it here.
    var clientsOfCall: [UInt32: [ClientTransactionID]] = [:]
    /// INVITEs of peers without a final response, for their CANCEL.
    var serverOwners: [ServerTransactionID: (call: UInt32, leg: UInt16)] = [:]
    var serversOfCall: [UInt32: [ServerTransactionID]] = [:]
    var connections = CallConnections()
    var registrations: [UInt64: PendingRegistration] = [:]
    /// What waits for location.
    var locating: [UInt64: Locating] = [:]
    /// When a located place that gave no response is left for the next.
    var patience = DeadlineQueue<ClientTransactionID>()
    var nextToken: UInt64 = 1
    /// Calls whose record is not on disk yet, with the 2xx to the caller that waits for it.
    var unwritten: [UInt32: HeldAnswer?] = [:]
    var recordTokens: [UInt64: UInt32] = [:]
    var qualify = Qualify()
    var sweepAt: Moment
    /// The stripe of the table whose phones are to be looked at next; nil while there is no need.
    var reviewedStripe: Int?
    var backlog = Backlog()
    var isDraining = false
    /// Hosts that are not ours and that the operator was told of.
    var foreignHosts: Set<String> = []
    public internal(set) var counters = ShardCounters()
    /// What the event being handled has produced so far.
    var effects: [ShardEffect] = []

    public init(
        id: ShardID, epoch: UInt32, settings: ShardSettings, random: AnyRandom, addresses: AddressBook,
        media: any MediaPlane,
        locations: LocationTable, rooms: RoomTable = RoomTable(), directory: Directory, gate: AccessGate, now: Moment,
        wall: WallTime
    ) {
        self.id = id
        self.settings = settings
        self.gate = gate
        screening = SIPRequestScreening(
            // MESSAGE is passed on within a call alone, so a 405 to one outside must not list it.
            methods: [.invite, .ack, .cancel, .bye, .options, .register, .prack, .update, .info],
            extensions: ["100rel", "timer", "path", "outbound", "gruu"])
        transactions = TransactionLayer(timers: settings.calls.timers, limits: settings.transactions)
        environment = CallEnvironment(
            shard: id, epoch: epoch, random: random, addresses: addresses, media: media, locations: locations,
            rooms: rooms, directory: directory,
            settings: settings.calls, now: now, wall: wall)
        sweepAt = now.advanced(by: .seconds(1))
        if locations.count > 0 { reviewedStripe = 0 }
    }

    /// Calls that are not forgotten yet.
    public var callCount: Int { calls.count }
    /// What must be zero once every call has ended, for tests of leaks.
    public var heldCount: Int {
        calls.count + claims.count + clientsOfCall.count + serverOwners.count + serversOfCall.count + connections.count
            + registrations.count + callDeadlines.count + unwritten.count + clientOwners.count + locating.count
            + patience.count + callOfInvite.count
    }

    /// What is kept of challenged INVITEs for the traces of calls, for tests of its bounds: dialogs and bytes.
    package var keptChallenges: (count: Int, bytes: Int) { (challenged.count, challenged.bytes) }

    /// When ``ShardEvent/deadlineReached`` is due.
    public var nextDeadline: Moment? {
        if reviewedStripe != nil { return environment.now }
        var next = settings.sweepsRegistrations ? sweepAt : Moment.distantFuture
        if let due = transactions.nextDeadline, due < next { next = due }
        if let due = callDeadlines.next, due < next { next = due }
        if let due = qualify.nextDeadline, due < next { next = due }
        if let due = patience.next, due < next { next = due }
        return next == .distantFuture ? nil : next
    }

    /// Handles one event.
    /// - Parameters:
    ///   - now: never earlier than at the event before.
    ///   - wall: the civil time of the same instant.
    ///   - output: effects are appended, to be performed in order.
    /// - Returns: ``nextDeadline``, which asked for on its own behind an optional costs a copy of the shard.
    @discardableResult
    public mutating func handle(
        _ event: ShardEvent, now: Moment, wall: WallTime, into output: inout [ShardEffect]
    ) -> Moment? {
        (environment.now, environment.wall) = (now, wall)
        swap(&effects, &output)
        dispatch(event)
        swap(&effects, &output)
        return nextDeadline
    }

    private mutating func dispatch(_ event: ShardEvent) {
        var pending: [TransactionEffect] = []
        let now = environment.now
        switch event {
        case .received(let message, let flow):
            backlog.take(now: now)
            receive(message, over: flow, into: &pending)
        case .malformed(let error, let flow): answerMalformed(error, over: flow)
        case .flowClosed(let flow):
            for ref in environment.locations.connectionClosed(flow) {
                qualify.forget(ref)
                notePhone(ref, isReachable: false, roundTrip: nil)
            }
            transactions.transportFailed(.flow(flow), branch: nil, now: now, into: &pending)
            for number in connections.calls(over: flow) {
                handle(.flowClosed(flow), call: number, into: &pending)
            }
        case .sendFailed(let target, let branch):
            transactions.transportFailed(target, branch: branch, now: now, into: &pending)
        case .stored(let token, let succeeded): stored(token, succeeded, into: &pending)
        case .media(let fact):
            counters.media.note(fact)
            tell(fact.call, .media(fact), into: &pending)
        case .located(let token, let outcome): located(token, outcome, into: &pending)
        case .deadlineReached: deadlineReached(into: &pending)
        case .directoryChanged(let directory):
            if directory.hasOtherSettings(than: environment.directory) { reviewedStripe = 0 }
            environment.directory = directory
        case .queueDelay(let delay):
            backlog.note(delay, limit: settings.overloadDelay, slack: settings.overloadPatience, now: now)
        case .drain: isDraining = true
        case .shutDown:
            isDraining = true
            for number in calls.keys.sorted() { handle(.shutDown, call: number, into: &pending) }
        }
        perform(&pending)
    }

    private mutating func receive(_ message: SIPMessage, over flow: SIPFlow, into pending: inout [TransactionEffect]) {
        if message.isRequest {
            counters.requests += 1
            if gate.abuse.banned(flow.remote.address, now: environment.now) != nil {
                counters.bannedDropped += 1
                return
            }
            if gate.abuse.isScanner(message) {
                counters.scannersDropped += 1
                return
            }
        } else {
            counters.responses += 1
        }
        traceReceived(message, over: flow)
        let (claims, directory, locations) = (claims, environment.directory, environment.locations)
        let addresses: AddressBook = environment.addresses
        transactions.receive(
            message, over: flow, now: environment.now,
            exempting: {
                Shard.goesLast($0, claims: claims, directory: directory, locations: locations, addresses: addresses)
            },
            into: &pending)
    }

    private mutating func answerMalformed(_ error: SIPParseError, over flow: SIPFlow) {
        counters.malformed += 1
        guard gate.abuse.banned(flow.remote.address, now: environment.now) == nil,
            let answer = error.response(source: flow.remote, toTag: environment.random.token(10))
        else { return }
        effects.append(.send(answer, .flow(flow)))
    }

    private mutating func deadlineReached(into pending: inout [TransactionEffect]) {
        let now = environment.now
        if let due = transactions.nextDeadline, due <= now { transactions.deadlineReached(now: now, into: &pending) }
        // Each call once: one that is due again at once must not keep the others waiting.
        var due: [UInt32] = []
        while let number = callDeadlines.popDue(now: now) { due.append(number) }
        for number in due { handle(.deadlineReached, call: number, into: &pending) }
        while let transaction = patience.popDue(now: now) { losePatience(with: transaction, into: &pending) }
        reviewBindings()
        if let due = qualify.nextDeadline, due <= now { probeBindings(into: &pending) }
        guard settings.sweepsRegistrations, now >= sweepAt else { return }
        sweepAt = now.advanced(by: .seconds(1))
        let ended = environment.locations.expire(now: now)
        for ref in ended { qualify.forget(ref) }
        if !ended.isEmpty { effects.append(.storeBindings(ended.map { .remove($0) }, token: 0)) }
    }

    // MARK: Transactions

    /// Performs what the transaction layer asks, and whatever that leads to.
    mutating func perform(_ pending: inout [TransactionEffect]) {
        var position = 0
        while position < pending.count {
            let effect = pending[position]
            position += 1
            switch effect {
            case .send(let message, let target): transmit(message, to: target)
            case .request(let request, let transaction, let flow): serve(request, transaction, flow, into: &pending)
            case .cancelled(let transaction, let cancel): cancelled(transaction, cancel, into: &pending)
            case .acknowledged(let ack, _):
                guard let tag = ack.toTag, let claim = claims[tag] else { continue }
                handle(.acknowledged(ack, leg: claim.leg), call: claim.call, into: &pending)
            case .response(let response, let transaction, let flow):
                responded(response, to: transaction, over: flow, into: &pending)
            case .strayResponse(let response, _):
                guard let tag = response.fromTag, let claim = claims[tag] else { continue }
                handle(.repeatedAnswer(response, leg: claim.leg), call: claim.call, into: &pending)
            case .failed(let transaction, let failure): transactionFailed(transaction, failure, into: &pending)
            case .unacknowledged(let transaction): disown(transaction)
            case .overloaded(let request, let flow): refuseStateless(request, over: flow)
            }
        }
        pending.removeAll(keepingCapacity: true)
    }

    private mutating func responded(
        _ response: SIPMessage, to transaction: ClientTransactionID, over flow: SIPFlow,
        into pending: inout [TransactionEffect]
    ) {
        guard let owner = clientOwners[transaction] else { return dismissStray(response, over: flow, into: &pending) }
        if judgeCandidate(of: transaction, by: response, into: &pending) { return }
        let isFinal = response.status.map { $0.code >= 200 } ?? false
        switch owner.purpose {
        case .call(let number, let exchange, let leg):
            let isAnswer = isFinal && response.method == .invite && response.status.map { $0.code < 300 } ?? false
            if isAnswer, calls[number]?.exchanges[exchange] == nil {
                return handle(.repeatedAnswer(response, leg: leg), call: number, into: &pending)
            }
            if isFinal, !isAnswer { clientOwners[transaction] = nil }
            handle(.response(response, exchange), call: number, into: &pending)
        case .qualify(let ref):
            guard isFinal else { return }
            clientOwners[transaction] = nil
            probed(ref, answered: true)
        }
    }

    mutating func transactionFailed(
        _ transaction: ClientTransactionID, _ failure: TransactionFailure, into pending: inout [TransactionEffect]
    ) {
        guard let owner = clientOwners.removeValue(forKey: transaction) else { return }
        patience.remove(transaction)
        if let candidate = owner.candidate { effects.append(.targetFailed(candidate, retryAfter: nil)) }
        if let delivery = owner.delivery, !delivery.places.isEmpty { return deliver(delivery, into: &pending) }
        report(failure, to: owner.purpose, into: &pending)
    }

    mutating func report(
        _ failure: TransactionFailure, to purpose: ClientOwner.Purpose, into pending: inout [TransactionEffect]
    ) {
        switch purpose {
        case .call(let number, let exchange, _): handle(.failed(exchange, failure), call: number, into: &pending)
        case .qualify(let ref): probed(ref, answered: false)
        }
    }

    private mutating func cancelled(
        _ transaction: ServerTransactionID, _ cancel: SIPMessage, into pending: inout [TransactionEffect]
    ) {
        guard let owner = serverOwners[transaction] else { return }
        handle(.cancelled(cancel, transaction), call: owner.call, into: &pending)
    }

    private mutating func refuseStateless(_ request: SIPMessage, over flow: SIPFlow) {
        guard request.method != .ack else { return }
        if request.method == .register {
            counters.registrationsRefusedByOverload += 1
        } else {
            counters.callsRefusedByOverload += 1
        }
        var builder = SIPMessageBuilder(
            responseTo: request, status: .serviceUnavailable, source: flow.remote,
            toTag: TransactionLayer.statelessTag(for: request))
        builder.add(.retryAfter, UInt32.random(in: 5...20, using: &environment.random))
        guard let message = try? builder.finish() else { return }
        effects.append(.send(message.wire, transactions.responseTarget(for: request, over: flow)))
    }

    // MARK: Sending and tracing

    mutating func transmit(_ message: SIPMessage, to target: SIPTarget) {
        traceMessage(message, isOurs: true, .sent(message.wire, target))
        effects.append(.send(message.wire, target))
    }

    private mutating func traceReceived(_ message: SIPMessage, over flow: SIPFlow) {
        traceMessage(message, isOurs: false, .received(message.wire, flow))
    }

    /// A message with a tag of ours is its leg's; one of a caller's set-up without it is the caller's; what belongs to an INVITE that
    /// was challenged waits for the call that may come of it.
    private mutating func traceMessage(_ message: SIPMessage, isOurs: Bool, _ content: CallTrace.Content) {
        if let claim = claim(of: message, isOurs: isOurs) { return trace(claim, content) }
        guard message.isRequest != isOurs, let key = InviteKey(message) else { return }
        if let number = callOfInvite[key] { return trace((number, 0), content) }
        guard !challenged.isEmpty else { return }
        challenged.add(key, message.wire, ChallengedInvites.Line(at: environment.wall, content: content))
    }

    /// The leg a message belongs to: by our tag, which is in From of our requests and in To of our responses.
    private func claim(of message: SIPMessage, isOurs: Bool) -> (call: UInt32, leg: UInt16)? {
        let tag = message.isRequest == isOurs ? message.fromTag : message.toTag
        return tag.flatMap { claims[$0] }
    }

    mutating func trace(_ claim: (call: UInt32, leg: UInt16), _ content: CallTrace.Content) {
        effects.append(
            .trace(CallTrace(call: callID(claim.call), leg: claim.leg, at: environment.wall, content: content)))
    }

    func callID(_ number: UInt32) -> CallID { CallID(epoch: environment.epoch, shard: id, number: number) }
}
