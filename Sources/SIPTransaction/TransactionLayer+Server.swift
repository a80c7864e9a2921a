public import Basics
public import SIPMessage

extension TransactionLayer {
    /// Answers a request.
    ///
    /// Copies of a 2xx to an INVITE go through here too, as the user sends them until the ACK comes (RFC 3261 §13.3.1.4). An
    /// answer that comes too late, a 408 to a non-INVITE request, and a provisional answer RFC 4320 forbids are not sent.
    public mutating func respond(
        _ response: SIPMessage, on id: ServerTransactionID, now: Moment, into effects: inout [TransactionEffect]
    ) {
        guard let status = response.status, let index = servers.index(forKey: id.key),
            servers.values[index].serial == id.serial
        else { return }
        let target = servers.values[index].target
        switch servers.values[index].machine {
        case .invite(var machine):
            guard machine.handle(.respond(status), timers: timers, now: now) == .send else { return }
            servers.values[index].machine = .invite(machine)
            if status.isFinal { settle(index, keepsMerge: status.isSuccess) }
            servers.values[index].response = machine.isAccepted ? nil : response
            if let tag = response.toTag { servers.values[index].toTag = tag }
            deadlines.set(id.key, to: machine.nextDeadline)
            effects.append(.send(response, target))
        case .nonInvite(var machine):
            let effect = machine.handle(.respond(status), now: now)
            servers.values[index].machine = .nonInvite(machine)
            if effect == .send {
                servers.values[index].response = response
                effects.append(.send(response, target))
            }
            if machine.isCompleted {
                removeServer(id.key, index)
                absorb(id.key, effect == .send ? response.wire : nil, target: target, now: now)
            } else {
                deadlines.set(id.key, to: machine.nextDeadline)
            }
        }
    }

    /// Answers a request and forgets it: a copy of the request begins anew, and no copy of the answer is sent (RFC 3261 §8.2.7).
    ///
    /// For challenges: whoever never answered one has cost no memory, and no packets but one for one. The To tag must be
    /// ``statelessTag(for:)``, so that the answers to all copies are alike.
    public mutating func respondStatelessly(
        _ response: SIPMessage, on id: ServerTransactionID, into effects: inout [TransactionEffect]
    ) {
        guard let index = servers.index(forKey: id.key), servers.values[index].serial == id.serial else { return }
        effects.append(.send(response, servers.values[index].target))
        removeServer(id.key, index)
    }

    private mutating func absorb(_ key: TransactionKey, _ wire: [UInt8]?, target: SIPTarget, now: Moment) {
        guard !target.transport.isReliable, timers.absorbFor > .zero, limits.maximumAbsorbing > 0 else { return }
        if absorbed.count >= limits.maximumAbsorbing {
            counters.absorbedEarly += 1
            dropOldestAbsorbed()
        }
        absorbed[key] = AbsorbedResponse(wire: wire, target: target)
        expiries.append(key, deadline: now.advanced(by: timers.absorbFor))
    }

    mutating func receiveRequest(
        _ request: SIPMessage, over flow: SIPFlow, now: Moment, exempting isExempt: (SIPMessage) -> Bool,
        into effects: inout [TransactionEffect]
    ) {
        if request.method == .cancel { return receiveCancel(request, over: flow, into: &effects) }
        let key = TransactionKey.server(of: request)
        if let index = servers.index(forKey: key) {
            if request.method == .ack {
                receiveAcknowledgement(request, key, index, over: flow, now: now, into: &effects)
            } else {
                counters.requestCopies += 1
                receiveCopy(key, index, now: now, into: &effects)
            }
        } else if request.method == .ack {
            effects.append(.acknowledged(request, flow))
        } else if let absorbed = absorbed[key] {
            counters.requestCopies += 1
            // Read back from its bytes: a copy is rare, and the bytes are all that is kept.
            if let wire = absorbed.wire, let response = try? SIPMessage.parse(wire, limits: .ownResponse) {
                effects.append(.send(response, absorbed.target))
            }
        } else {
            begin(request, key: key, over: flow, now: now, exempting: isExempt, into: &effects)
        }
    }

    private mutating func begin(
        _ request: SIPMessage, key: TransactionKey, over flow: SIPFlow, now: Moment,
        exempting isExempt: (SIPMessage) -> Bool, into effects: inout [TransactionEffect]
    ) {
        let isReliable = flow.transport.isReliable
        let target = responseTarget(for: request, over: flow)
        var mergeKey: TransactionKey?
        // REGISTER and OPTIONS may come by two ways and do no harm.
        if request.toTag == nil, request.method != .register, request.method != .options {
            let candidate = TransactionKey.merge(of: request)
            guard merges[candidate] == nil else {
                counters.mergedRequests += 1
                if let answer = makeStatelessResponse(to: request, .loopDetected, over: flow) {
                    effects.append(.send(answer, target))
                }
                return
            }
            mergeKey = candidate
        }
        guard hasRoom(for: request, from: flow.remote.address, exempting: isExempt) else {
            counters.overloads += 1
            effects.append(.overloaded(request, flow))
            return
        }
        let machine: ServerTransaction.Machine =
            request.method == .invite
            ? .invite(ServerInviteTransaction(timers: timers, isReliable: isReliable, receivedAt: now))
            : .nonInvite(ServerNonInviteTransaction(timers: timers, isReliable: isReliable, receivedAt: now))
        let serial = takeSerial()
        let transaction = ServerTransaction(
            serial: serial, flow: flow, target: target, machine: machine, request: request, mergeKey: mergeKey)
        deadlines.set(key, to: transaction.nextDeadline)
        servers[key] = transaction
        pendingBySource[flow.remote.address, default: 0] += 1
        if let mergeKey { merges[mergeKey] = key }
        effects.append(.request(request, ServerTransactionID(key: key, serial: serial), flow))
    }

    private func hasRoom(
        for request: SIPMessage, from source: IPAddress, exempting isExempt: (SIPMessage) -> Bool
    ) -> Bool {
        let isCrowding = limits.maximumPerSource.map { pendingBySource[source, default: 0] >= $0 } ?? false
        if activeCount < limits.maximumActive, !isCrowding { return true }
        guard activeCount < limits.maximumActive + limits.maximumActive / 8 else { return false }
        return isExempt(request) || (request.toTag != nil && !isCrowding)
    }

    private mutating func receiveCopy(
        _ key: TransactionKey, _ index: Dictionary<TransactionKey, ServerTransaction>.Index, now: Moment,
        into effects: inout [TransactionEffect]
    ) {
        switch servers.values[index].machine {
        case .invite(var machine):
            let effect = machine.handle(.copy, timers: timers, now: now)
            servers.values[index].machine = .invite(machine)
            if effect == .sendTrying { sendTrying(index, into: &effects) }
            if effect == .resend { resend(index, into: &effects) }
            deadlines.set(key, to: machine.nextDeadline)
        case .nonInvite(var machine):
            if machine.handle(.copy, now: now) == .resend { resend(index, into: &effects) }
        }
    }

    private mutating func receiveAcknowledgement(
        _ ack: SIPMessage, _ key: TransactionKey, _ index: Dictionary<TransactionKey, ServerTransaction>.Index,
        over flow: SIPFlow, now: Moment, into effects: inout [TransactionEffect]
    ) {
        guard case .invite(var machine) = servers.values[index].machine,
            ack.topVia.hasMagicCookie || ack.toTag == servers.values[index].toTag
        else {
            effects.append(.acknowledged(ack, flow))
            return
        }
        let effect = machine.handle(.acknowledged, timers: timers, now: now)
        servers.values[index].machine = .invite(machine)
        if effect == .deliverAcknowledgement { effects.append(.acknowledged(ack, flow)) }
        if machine.isTerminated {
            removeServer(key, index)
        } else {
            deadlines.set(key, to: machine.nextDeadline)
        }
    }

    /// A CANCEL has no state of its own: each copy gets the same answer (RFC 3261 §9.2).
    private mutating func receiveCancel(
        _ cancel: SIPMessage, over flow: SIPFlow, into effects: inout [TransactionEffect]
    ) {
        let key = TransactionKey.server(of: cancel, ofCancelled: true)
        let target = responseTarget(for: cancel, over: flow)
        guard let index = servers.index(forKey: key), case .invite(let machine) = servers.values[index].machine else {
            if let answer = makeStatelessResponse(to: cancel, .callTransactionDoesNotExist, over: flow) {
                effects.append(.send(answer, target))
            }
            return
        }
        // The To tag of both answers should be one (RFC 3261 §9.2).
        if let answer = makeStatelessResponse(to: cancel, .ok, over: flow, toTag: servers.values[index].toTag) {
            effects.append(.send(answer, target))
        }
        guard machine.isPending, !servers.values[index].isCancelled else { return }
        servers.values[index].isCancelled = true
        effects.append(.cancelled(ServerTransactionID(key: key, serial: servers.values[index].serial), cancel))
    }

    mutating func serverDeadline(_ key: TransactionKey, now: Moment, into effects: inout [TransactionEffect]) {
        guard let index = servers.index(forKey: key) else { return }
        switch servers.values[index].machine {
        case .invite(var machine):
            let effect = machine.handle(.deadlineReached, timers: timers, now: now)
            servers.values[index].machine = .invite(machine)
            if effect == .sendTrying { sendTrying(index, into: &effects) }
            if effect == .resend { resend(index, into: &effects) }
            if effect == .unacknowledged {
                effects.append(.unacknowledged(ServerTransactionID(key: key, serial: servers.values[index].serial)))
            }
        case .nonInvite(var machine):
            let effect = machine.handle(.deadlineReached, now: now)
            servers.values[index].machine = .nonInvite(machine)
            if effect == .sendTrying { sendTrying(index, into: &effects) }
        }
        if servers.values[index].isTerminated {
            removeServer(key, index)
        } else {
            deadlines.set(key, to: servers.values[index].nextDeadline)
        }
    }

    private mutating func sendTrying(
        _ index: Dictionary<TransactionKey, ServerTransaction>.Index, into effects: inout [TransactionEffect]
    ) {
        guard let request = servers.values[index].request,
            let trying = makeTrying(to: request, over: servers.values[index].flow)
        else { return }
        servers.values[index].response = trying
        effects.append(.send(trying, servers.values[index].target))
    }

    private mutating func resend(
        _ index: Dictionary<TransactionKey, ServerTransaction>.Index, into effects: inout [TransactionEffect]
    ) {
        guard let response = servers.values[index].response else { return }
        counters.retransmissions += 1
        effects.append(.send(response, servers.values[index].target))
    }

    /// Lets go of what only an unanswered request needs.
    private mutating func settle(_ index: Dictionary<TransactionKey, ServerTransaction>.Index, keepsMerge: Bool) {
        if servers.values[index].request != nil {
            servers.values[index].request = nil
            let source = servers.values[index].flow.remote.address
            let left = (pendingBySource[source] ?? 1) - 1
            pendingBySource[source] = left > 0 ? left : nil
        }
        if !keepsMerge, let mergeKey = servers.values[index].mergeKey {
            servers.values[index].mergeKey = nil
            merges[mergeKey] = nil
        }
    }

    private mutating func removeServer(
        _ key: TransactionKey, _ index: Dictionary<TransactionKey, ServerTransaction>.Index
    ) {
        settle(index, keepsMerge: false)
        servers.remove(at: index)
        deadlines.remove(key)
    }
}
