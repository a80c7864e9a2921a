internal import Basics
internal import MediaSession
internal import SIPMessage
internal import SIPTransaction

/// Between the shard and its calls.
extension Shard {
    /// Hands an event to the call with this identifier, if it still exists.
    mutating func tell(_ id: CallID, _ event: CallEvent, into pending: inout [TransactionEffect]) {
        guard id.epoch == environment.epoch, id.shard == self.id else { return }
        handle(event, call: id.number, into: &pending)
    }

    mutating func handle(_ event: CallEvent, call number: UInt32, into pending: inout [TransactionEffect]) {
        guard calls[number]?.handle(event, in: &environment) != nil else { return }
        afterwards(number, into: &pending)
    }

    /// Performs what a call asked for, and arms or forgets it.
    mutating func afterwards(_ number: UInt32, into pending: inout [TransactionEffect]) {
        perform(of: number, into: &pending)
        // Asked for in place: a call is too big to be copied for every message.
        guard let posture = calls[number]?.posture() else { return }
        guard posture.isFinished else {
            connections.set(number, to: posture.connections)
            return callDeadlines.set(number, to: posture.deadline)
        }
        let ended = calls.removeValue(forKey: number)
        callDeadlines.remove(number)
        connections.set(number, to: [])
        // The caller hung up before its 200 could leave: its INVITE must have a final response all the same (RFC 3261 §15.1.2).
        if let held = unwritten.removeValue(forKey: number) ?? nil, let ended {
            refuse(held, of: ended, .requestTerminated, into: &pending)
        }
        for leg in ended?.legs ?? [] { claims[leg.localTag] = nil }
        if let ended, let key = InviteKey(ended.invite), callOfInvite[key] == number { callOfInvite[key] = nil }
        for transaction in clientsOfCall.removeValue(forKey: number) ?? [] {
            clientOwners[transaction] = nil
            patience.remove(transaction)
        }
        if !locating.isEmpty { locating = locating.filter { !$0.value.belongs(to: number) } }
        for transaction in serversOfCall.removeValue(forKey: number) ?? [] { serverOwners[transaction] = nil }
    }

    /// Notes whose an INVITE is that has no final response yet.
    mutating func own(_ transaction: ServerTransactionID, call number: UInt32, leg: UInt16) {
        guard serverOwners.updateValue((number, leg), forKey: transaction) == nil else { return }
        serversOfCall[number, default: []].append(transaction)
    }

    mutating func disown(_ transaction: ServerTransactionID) {
        guard let owner = serverOwners.removeValue(forKey: transaction) else { return }
        serversOfCall[owner.call]?.removeAll { $0 == transaction }
        if serversOfCall[owner.call]?.isEmpty ?? false { serversOfCall[owner.call] = nil }
    }

    private mutating func perform(of number: UInt32, into pending: inout [TransactionEffect]) {
        guard !environment.effects.isEmpty else { return }
        var asked: [CallEffect] = []
        swap(&asked, &environment.effects)
        var media: [MediaCommand] = []
        for effect in asked {
            if case .media(let command) = effect {
                media.append(command)
                continue
            }
            perform(effect, of: number, into: &pending)
        }
        if !media.isEmpty { effects.append(.media(media)) }
        asked.removeAll(keepingCapacity: true)
        if environment.effects.isEmpty { swap(&asked, &environment.effects) }
    }

    private mutating func perform(_ effect: CallEffect, of number: UInt32, into pending: inout [TransactionEffect]) {
        let now = environment.now
        switch effect {
        case .respond(let response, let transaction, let leg):
            if response.method == .invite, response.status.map({ $0.code >= 200 }) ?? false {
                disown(transaction)
            } else if response.method == .invite {
                own(transaction, call: number, leg: leg)
            }
            if response.method == .invite, response.status?.isSuccess ?? false, leg == 0, unwritten[number] != nil {
                unwritten[number] = .some(HeldAnswer(message: response, transaction: transaction))
                return
            }
            transactions.respond(response, on: transaction, now: now, into: &pending)
        case .request(let request, let target, let exchange, let leg):
            if leg == 0, request.method == .bye, let held = unwritten.removeValue(forKey: number) ?? nil,
                let call = calls[number]
            {
                // The store gave no sign for as long as an ACK may take. The caller was never told of the answer, so there is no dialog
                // to end: the INVITE is refused instead.
                calls[number]?.exchanges[exchange] = nil
                return refuse(held, of: call, .serverInternalError, into: &pending)
            }
            let purpose: ClientOwner.Purpose = .call(number: number, exchange, leg: leg)
            let way: Call.Way = calls[number]?.way(of: request, leg: leg) ?? Call.Way()
            if let hop = way.hop {
                return locate(hop, for: Delivery(request: request, purpose: purpose, preferred: target))
            }
            let transaction = transactions.send(request, to: target, now: now, into: &pending)
            clientOwners[transaction] = ClientOwner(purpose: purpose)
            clientsOfCall[number, default: []].append(transaction)
            if way.isLocated {
                clientOwners[transaction]?.candidate = target
                if way.hasAlternatives { watch(transaction) }
            }
        case .cancel(let exchange, let reason):
            if cancelDelivery(exchange, call: number, reason: reason) { return }
            guard let transaction = transaction(of: exchange, call: number) else { return }
            transactions.cancel(transaction, reason: reason, now: now, into: &pending)
        case .abandon(let exchange):
            abandonDelivery(exchange, call: number)
            guard let transaction = transaction(of: exchange, call: number) else { return }
            clientOwners[transaction] = nil
            patience.remove(transaction)
            // A pending INVITE must not stay with the peer; other transactions end by themselves.
            transactions.cancel(transaction, reason: nil, now: now, into: &pending)
        case .send(let message, let target, let leg):
            // A 2xx that waits for its record must not slip out as its own copy.
            if let held = unwritten[number] ?? nil, held.message == message { return }
            if message.isRequest, let hop = calls[number]?.way(of: message, leg: leg).hop {
                return locate(hop, acknowledging: message, preferred: target)
            }
            transmit(message, to: target)
        case .media: break  // Collected by the caller.
        case .locate(let uri, let leg): locate(uri, as: .leg(call: number, leg))
        case .record(let change):
            if case .answered = change { counters.callsAnswered += 1 }
            if case .settled(let record) = change, let quality = record.quality { counters.media.note(quality) }
            guard case .started(let record) = change else { return effects.append(.storeRecord(change)) }
            let token = nextToken
            nextToken += 1
            recordTokens[token] = number
            unwritten[number] = .some(nil)
            effects.append(.startRecord(record, token: token))
        case .claim(let tag, let leg): claims[tag] = (number, leg)
        case .note(let text, let leg):
            effects.append(
                .trace(CallTrace(call: callID(number), leg: leg, at: environment.wall, content: .note(text))))
        }
    }

    /// The record of a call that began is on disk: its caller may be told of the answer.
    mutating func recordStored(_ number: UInt32, _ succeeded: Bool, into pending: inout [TransactionEffect]) {
        // A call is worth more than its record: it goes on, and the operator is told.
        if !succeeded { effects.append(.alarm(.recordFailed(callID(number)))) }
        guard let held = unwritten.removeValue(forKey: number) ?? nil else { return }
        transactions.respond(held.message, on: held.transaction, now: environment.now, into: &pending)
        calls[number]?.answerLeft(in: environment)
        afterwards(number, into: &pending)
    }

    /// A final response in place of the 2xx that waits for the store.
    private mutating func refuse(
        _ held: HeldAnswer, of call: Call, _ status: SIPStatus, into pending: inout [TransactionEffect]
    ) {
        var builder = call.callerResponse(status, in: environment)
        guard let message = try? builder.finish() else { return }
        transactions.respond(message, on: held.transaction, now: environment.now, into: &pending)
    }

    private func transaction(of exchange: ExchangeID, call number: UInt32) -> ClientTransactionID? {
        clientsOfCall[number]?.last { transaction in
            if case .call(_, exchange, _)? = clientOwners[transaction]?.purpose { return true }
            return false
        }
    }
}
