internal import Basics
internal import SIPMessage
internal import SIPTransaction

/// A request whose next hop has a name, and the places it may still be sent to.
struct Delivery: Sendable {
    let request: SIPMessage
    let purpose: Shard.ClientOwner.Purpose
    /// The place in use for the leg: tried first where location names it too, and alone where it names nothing.
    let preferred: SIPTarget
    var places: [LocatedTarget] = []
    /// A CANCEL is wanted as soon as it may be sent.
    var cancellation: Cancellation = .none

    enum Cancellation: Sendable { case none, wanted(reason: String?) }
}

/// What waits for the answer to a location.
enum Locating: Sendable {
    /// The INVITE of a leg, which the call writes once it is known where it goes.
    case leg(call: UInt32, UInt16)
    case delivery(Delivery)
    /// An ACK to a 2xx, which has no transaction: it is sent to the first place.
    case acknowledgement(SIPMessage, preferred: SIPTarget)

    func belongs(to number: UInt32) -> Bool {
        switch self {
        case .leg(let call, _): return call == number
        case .delivery(let delivery):
            guard case .call(let call, _, _) = delivery.purpose else { return false }
            return call == number
        case .acknowledgement: return false
        }
    }
}

/// Requests to hops that have a name: candidates in their order, each with a Via and a branch of its own (RFC 3263 §4.3).
extension Shard {
    mutating func locate(_ uri: SIPURI, as purpose: Locating) {
        let token = nextToken
        nextToken += 1
        locating[token] = purpose
        effects.append(.locate(uri, token: token))
    }

    mutating func locate(_ uri: SIPURI, for delivery: Delivery) { locate(uri, as: .delivery(delivery)) }

    mutating func locate(_ uri: SIPURI, acknowledging ack: SIPMessage, preferred: SIPTarget) {
        locate(uri, as: .acknowledgement(ack, preferred: preferred))
    }

    mutating func located(_ token: UInt64, _ outcome: LocationOutcome, into pending: inout [TransactionEffect]) {
        switch locating.removeValue(forKey: token) {
        case nil: return  // What asked is over.
        case .leg(let number, let leg): handle(.located(outcome, leg: leg), call: number, into: &pending)
        case .delivery(var delivery):
            delivery.places = Shard.places(outcome, preferred: delivery.preferred)
            deliver(delivery, into: &pending)
        case .acknowledgement(let ack, let preferred):
            let places = Shard.places(outcome, preferred: preferred)
            guard let place = places.first(where: { $0.takes(ack.wire.count) }),
                let message = readdress(ack, place.target)
            else { return }
            transmit(message, to: place.target)
        }
    }

    /// A server that knows the dialog is asked before its siblings; without any answer it is the only one.
    private static func places(_ outcome: LocationOutcome, preferred: SIPTarget) -> [LocatedTarget] {
        guard case .found(var places) = outcome else { return [LocatedTarget(preferred)] }
        if let index = places.firstIndex(where: { $0.target == preferred }), index > 0 {
            places.remove(at: index)
            places.insert(LocatedTarget(preferred), at: 0)
        }
        return places
    }

    /// The request as it goes to `target`: a Via that names the transport and our address there, with a new branch.
    private mutating func readdress(_ request: SIPMessage, _ target: SIPTarget) -> SIPMessage? {
        let own = environment.addresses.signalling(target.listener, towards: target.remote.address)
        let branch: String = "z9hG4bK" + environment.random.token(16)
        guard
            let via = try? Via(
                transport: target.transport.rawValue, host: own.address.uriHost, port: own.port, branch: branch)
        else { return nil }
        return try? request.replacingTopVia(via)
    }

    /// Sends the request to the next place it fits; one that has none left has failed.
    mutating func deliver(_ waiting: Delivery, into pending: inout [TransactionEffect]) {
        var delivery = waiting
        while !delivery.places.isEmpty {
            let place = delivery.places.removeFirst()
            guard place.takes(delivery.request.wire.count), let message = readdress(delivery.request, place.target)
            else { continue }
            return send(message, to: place.target, for: delivery, into: &pending)
        }
        report(.transport, to: delivery.purpose, into: &pending)
    }

    private mutating func send(
        _ message: SIPMessage, to target: SIPTarget, for delivery: Delivery, into pending: inout [TransactionEffect]
    ) {
        let now = environment.now
        let transaction = transactions.send(message, to: target, now: now, into: &pending)
        var owner = ClientOwner(purpose: delivery.purpose)
        if case .address = target { owner.candidate = target }
        owner.delivery = delivery
        clientOwners[transaction] = owner
        if case .call(let number, _, _) = delivery.purpose { clientsOfCall[number, default: []].append(transaction) }
        if case .wanted(let reason) = delivery.cancellation {
            clientOwners[transaction]?.delivery?.places = []
            transactions.cancel(transaction, reason: reason, now: now, into: &pending)
        } else if message.method != .invite, !delivery.places.isEmpty {
            // A re-INVITE left early could be answered late, and its dialog would be ended for it.
            watch(transaction)
        }
    }

    // MARK: What becomes of a candidate

    /// Leaves the place of this transaction when it gives no response within the time for that.
    mutating func watch(_ transaction: ClientTransactionID) {
        patience.set(transaction, to: environment.now.advanced(by: settings.calls.candidateTimeout))
    }

    mutating func losePatience(with transaction: ClientTransactionID, into pending: inout [TransactionEffect]) {
        guard clientOwners[transaction] != nil else { return }
        // Should it ring after all, it is to stop; should it answer, its dialog is ended (``dismissStray``).
        transactions.cancel(transaction, reason: nil, now: environment.now, into: &pending)
        transactionFailed(transaction, .timeout, into: &pending)
    }

    /// Takes note of what a response says of the place it came from.
    /// - Returns: true for a 503 after which the request went elsewhere.
    mutating func judgeCandidate(
        of transaction: ClientTransactionID, by response: SIPMessage, into pending: inout [TransactionEffect]
    ) -> Bool {
        guard let owner = clientOwners[transaction], let candidate = owner.candidate, let status = response.status
        else { return false }
        patience.remove(transaction)
        guard status == .serviceUnavailable else {
            if !owner.hasAnswered { effects.append(.targetAnswered(candidate)) }
            clientOwners[transaction]?.hasAnswered = true
            return false
        }
        let asked = ((try? response.retryAfter()) ?? nil).map { Duration.seconds(min(Int($0.interval), 3600)) }
        effects.append(.targetFailed(candidate, retryAfter: asked))
        guard let delivery = owner.delivery, !delivery.places.isEmpty else { return false }
        clientOwners[transaction] = nil
        deliver(delivery, into: &pending)
        return true
    }

    // MARK: Changes of mind

    /// A CANCEL for a request that still waits to be located goes out once that is sent.
    /// - Returns: false where it does not wait.
    mutating func cancelDelivery(_ exchange: ExchangeID, call number: UInt32, reason: String?) -> Bool {
        for (token, waiting) in locating {
            guard case .delivery(var delivery) = waiting, delivery.isOf(exchange, call: number) else { continue }
            delivery.cancellation = .wanted(reason: reason)
            locating[token] = .delivery(delivery)
            return true
        }
        // No other place is tried for what is to be cancelled.
        for transaction in clientsOfCall[number] ?? [] where clientOwners[transaction]?.delivery != nil {
            if clientOwners[transaction]?.delivery?.isOf(exchange, call: number) == true {
                clientOwners[transaction]?.delivery = nil
                patience.remove(transaction)
            }
        }
        return false
    }

    mutating func abandonDelivery(_ exchange: ExchangeID, call number: UInt32) {
        guard !locating.isEmpty else { return }
        locating = locating.filter { entry in
            guard case .delivery(let delivery) = entry.value else { return true }
            return !delivery.isOf(exchange, call: number)
        }
    }
}

extension Delivery {
    func isOf(_ exchange: ExchangeID, call number: UInt32) -> Bool {
        guard case .call(number, exchange, _) = purpose else { return false }
        return true
    }
}
