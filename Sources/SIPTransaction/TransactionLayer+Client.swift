public import Basics
public import SIPMessage

extension TransactionLayer {
    /// Starts a client transaction and sends its request.
    ///
    /// Not for ACK, which is part of an INVITE's transaction or has none, and not for CANCEL: see ``cancel(_:reason:now:into:)``.
    /// - Parameter request: complete; its top Via carries a branch that no other request has.
    public mutating func send(
        _ request: SIPMessage, to target: SIPTarget, now: Moment, into effects: inout [TransactionEffect]
    ) -> ClientTransactionID {
        assert(
            request.isRequest && request.method != .ack && request.method != .cancel,
            "not a request that makes a transaction")
        let key = TransactionKey.client(branch: request.topVia.branch ?? "", isCancel: false)
        assert(clients[key] == nil, "two requests with one branch")
        return start(request, key: key, to: target, now: now, into: &effects)
    }

    /// Whether a client transaction with this branch is there.
    public func hasClient(branch: String) -> Bool { clients[.client(branch: branch, isCancel: false)] != nil }

    /// Cancels an INVITE that has no final response (RFC 3261 §9.1): at once, or when its first provisional response comes.
    ///
    /// What then comes is still reported: a 487, a 2xx that crossed the CANCEL, or a timeout 64×T1 after the CANCEL.
    /// - Parameter reason: the value of a Reason header field (RFC 3326).
    public mutating func cancel(
        _ id: ClientTransactionID, reason: String?, now: Moment, into effects: inout [TransactionEffect]
    ) {
        guard let index = clients.index(forKey: id.key), clients.values[index].serial == id.serial,
            case .invite(let machine) = clients.values[index].machine, case .none = clients.values[index].cancellation
        else { return }  // over, or cancelled already
        if machine.isCalling {
            clients.values[index].cancellation = .wanted(reason: reason)
        } else if machine.isProceeding {
            sendCancel(id.key, reason: reason, now: now, into: &effects)
        }
    }

    /// The transport could not send to `target`.
    /// - Parameter branch: that of the message that was lost; nil when everything towards `target` is, as with a closed connection.
    public mutating func transportFailed(
        _ target: SIPTarget, branch: String?, now: Moment, into effects: inout [TransactionEffect]
    ) {
        var keys: [TransactionKey] = []
        if let branch {
            keys = [.client(branch: branch, isCancel: false), .client(branch: branch, isCancel: true)]
        } else if case .flow(let flow) = target, flow.connection != 0 {
            keys = clientsByConnection[flow.connection].map { Array($0) } ?? []
            keys.sort { (clients[$0]?.serial ?? 0) < (clients[$1]?.serial ?? 0) }
        } else {
            let failed = clients.filter { $0.value.target == target }
            keys = failed.sorted { $0.value.serial < $1.value.serial }.map { $0.key }
        }
        for key in keys { clientTransportFailed(key, now: now, into: &effects) }
    }

    private mutating func start(
        _ request: SIPMessage, key: TransactionKey, to target: SIPTarget, now: Moment,
        into effects: inout [TransactionEffect]
    ) -> ClientTransactionID {
        let serial = takeSerial()
        let isReliable = target.transport.isReliable
        let machine: ClientTransaction.Machine =
            request.method == .invite
            ? .invite(ClientInviteTransaction(timers: timers, isReliable: isReliable, sentAt: now))
            : .nonInvite(ClientNonInviteTransaction(timers: timers, isReliable: isReliable, sentAt: now))
        let transaction = ClientTransaction(
            serial: serial, method: request.method, target: target, machine: machine, request: request)
        deadlines.set(key, to: transaction.nextDeadline)
        clients[key] = transaction
        if case .flow(let flow) = target, flow.connection != 0 {
            clientsByConnection[flow.connection, default: []].insert(key)
        }
        effects.append(.send(request, target))
        return ClientTransactionID(key: key, serial: serial)
    }

    private mutating func sendCancel(
        _ inviteKey: TransactionKey, reason: String?, now: Moment, into effects: inout [TransactionEffect]
    ) {
        guard let index = clients.index(forKey: inviteKey), case .invite(var machine) = clients.values[index].machine,
            let invite = clients.values[index].request, let cancel = makeCancel(of: invite, reason: reason),
            let branch = invite.topVia.branch
        else { return }
        clients.values[index].cancellation = .sent
        _ = machine.handle(.cancelSent, timers: timers, now: now)
        clients.values[index].machine = .invite(machine)
        deadlines.set(inviteKey, to: machine.nextDeadline)
        let target = clients.values[index].target
        _ = start(cancel, key: .client(branch: branch, isCancel: true), to: target, now: now, into: &effects)
    }

    mutating func receiveResponse(
        _ response: SIPMessage, over flow: SIPFlow, now: Moment, into effects: inout [TransactionEffect]
    ) {
        guard let status = response.status else { return }
        guard let key = TransactionKey.client(of: response), let index = clients.index(forKey: key),
            clients.values[index].method == response.method
        else {
            counters.strayResponses += 1
            if response.method == .invite, status.isSuccess { effects.append(.strayResponse(response, flow)) }
            return
        }
        let id = ClientTransactionID(key: key, serial: clients.values[index].serial)
        switch clients.values[index].machine {
        case .nonInvite(var machine):
            let effect = machine.handle(.response(status), timers: timers, now: now)
            clients.values[index].machine = .nonInvite(machine)
            let isForUser: Bool = effect == .deliver && !clients.values[index].isCancel
            if status.isFinal { clients.values[index].request = nil }
            settleClient(key, index)
            if isForUser { effects.append(.response(response, id, flow)) }
        case .invite(var machine):
            let effect = machine.handle(.response(status), timers: timers, now: now)
            clients.values[index].machine = .invite(machine)
            deliver(response, status, effect, id: id, at: index, over: flow, now: now, into: &effects)
        }
    }

    private mutating func deliver(
        _ response: SIPMessage, _ status: SIPStatus, _ effect: ClientInviteTransaction.Effect, id: ClientTransactionID,
        at index: Dictionary<TransactionKey, ClientTransaction>.Index, over flow: SIPFlow, now: Moment,
        into effects: inout [TransactionEffect]
    ) {
        let target = clients.values[index].target
        switch effect {
        case .deliver:
            let cancellation = clients.values[index].cancellation
            if status.isFinal { clients.values[index].request = nil }
            settleClient(id.key, index)
            effects.append(.response(response, id, flow))
            if case .wanted(let reason) = cancellation, status.isProvisional {
                sendCancel(id.key, reason: reason, now: now, into: &effects)
            }
        case .deliverAndAcknowledge:
            if let invite = clients.values[index].request, let ack = makeAcknowledgement(of: invite, to: response) {
                clients.values[index].acknowledgement = ack
                effects.append(.send(ack, target))
            }
            clients.values[index].request = nil
            settleClient(id.key, index)
            effects.append(.response(response, id, flow))
        case .acknowledge:
            counters.retransmissions += 1
            if let ack = clients.values[index].acknowledgement { effects.append(.send(ack, target)) }
        case .deliverStray:
            counters.strayResponses += 1
            effects.append(.strayResponse(response, flow))
        case .none: break
        case .resend, .timedOut, .transportFailed: assertionFailure("not an effect of a response")
        }
    }

    mutating func clientDeadline(_ key: TransactionKey, now: Moment, into effects: inout [TransactionEffect]) {
        guard let index = clients.index(forKey: key) else { return }
        let transaction = clients.values[index]
        var isResend = false
        var isTimeout = false
        switch transaction.machine {
        case .invite(var machine):
            let effect = machine.handle(.deadlineReached, timers: timers, now: now)
            (isResend, isTimeout) = (effect == .resend, effect == .timedOut)
            clients.values[index].machine = .invite(machine)
        case .nonInvite(var machine):
            let effect = machine.handle(.deadlineReached, timers: timers, now: now)
            (isResend, isTimeout) = (effect == .resend, effect == .timedOut)
            clients.values[index].machine = .nonInvite(machine)
        }
        settleClient(key, index)
        if isResend, let request = transaction.request {
            counters.retransmissions += 1
            effects.append(.send(request, transaction.target))
        }
        if isTimeout, !transaction.isCancel {
            counters.timeouts += 1
            effects.append(.failed(ClientTransactionID(key: key, serial: transaction.serial), .timeout))
        }
    }

    private mutating func clientTransportFailed(
        _ key: TransactionKey, now: Moment, into effects: inout [TransactionEffect]
    ) {
        guard let index = clients.index(forKey: key) else { return }
        let transaction = clients.values[index]
        let hasFailed: Bool
        switch transaction.machine {
        case .invite(var machine):
            hasFailed = machine.handle(.transportFailed, timers: timers, now: now) == .transportFailed
            clients.values[index].machine = .invite(machine)
        case .nonInvite(var machine):
            hasFailed = machine.handle(.transportFailed, timers: timers, now: now) == .transportFailed
            clients.values[index].machine = .nonInvite(machine)
        }
        settleClient(key, index)
        // After a refusal only the ACK was lost, which is nothing to the user.
        guard hasFailed, !transaction.isCancel, transaction.acknowledgement == nil else { return }
        effects.append(.failed(ClientTransactionID(key: key, serial: transaction.serial), .transport))
    }

    /// Arms the timer of a transaction that was changed, or removes it.
    private mutating func settleClient(
        _ key: TransactionKey, _ index: Dictionary<TransactionKey, ClientTransaction>.Index
    ) {
        guard clients.values[index].isTerminated else {
            deadlines.set(key, to: clients.values[index].nextDeadline)
            return
        }
        if case .flow(let flow) = clients.values[index].target, flow.connection != 0 {
            clientsByConnection[flow.connection]?.remove(key)
            if clientsByConnection[flow.connection]?.isEmpty == true { clientsByConnection[flow.connection] = nil }
        }
        clients.remove(at: index)
        deadlines.remove(key)
    }
}
