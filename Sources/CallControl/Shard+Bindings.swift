internal import Basics
internal import Identity
internal import Registration
internal import SIPMessage
internal import SIPTransaction

/// Keeping an eye on registered phones.
extension Shard {
    /// A binding was made, renewed or removed.
    mutating func follow(_ change: BindingChange) {
        switch change {
        case .remove(let ref): qualify.forget(ref)
        case .put(let aor, let binding):
            let ref = BindingRef(aor: aor, key: binding.key)
            if let sign = binding.suspectedALG { effects.append(.alarm(.suspectedALG(aor, sign))) }
            guard let interval = keepAlive(of: binding, aor) else { return qualify.forget(ref) }
            qualify.watch(ref, probe: .options, every: interval, now: environment.now, random: &environment.random)
        }
    }

    /// How often a phone is asked: one behind NAT, whose mapping would close, or one whose terminal says so.
    private func keepAlive(of binding: Binding, _ aor: AddressOfRecord) -> Duration? {
        let own = environment.directory.terminal(binding.terminal)?.settings.keepAliveSeconds
        let general = environment.directory.tenant(aor.tenant)?.settings.keepAliveSeconds ?? 0
        let seconds = own ?? (binding.isBehindNAT ? general : 0)
        return seconds > 0 ? .seconds(max(seconds, settings.minimumKeepAliveSeconds)) : nil
    }

    mutating func probeBindings(into pending: inout [TransactionEffect]) {
        let due = qualify.due(now: environment.now, random: &environment.random)
        for request in due {
            guard let binding = environment.locations.binding(request.ref), binding.flowAlive else {
                qualify.forget(request.ref)
                continue
            }
            switch request.probe {
            case .crlf: effects.append(.ping(binding.flow))
            case .options: sendOptions(to: binding, request.ref, into: &pending)
            }
        }
    }

    private mutating func sendOptions(to binding: Binding, _ ref: BindingRef, into pending: inout [TransactionEffect]) {
        let target = binding.target
        let own = environment.addresses.signalling(target.listener, towards: target.remote.address)
        let us = NameAddress(uri: SIPURI(endpoint: own))
        guard
            let via = try? Via(
                transport: target.transport.rawValue, host: own.address.uriHost, port: own.port,
                branch: "z9hG4bK" + environment.random.token(16))
        else { return }
        var builder = SIPMessageBuilder(request: .options, uri: binding.contact.asRequestURI)
        builder.add(via)
        for hop in binding.path { builder.add(.route, hop) }
        builder.addMaxForwards(70)
        builder.addFrom(us.withTag(environment.random.token(10)))
        builder.addTo(NameAddress(uri: binding.contact.addressOfRecord))
        builder.addCallID(ShardedCallID.make(shard: id, random: &environment.random))
        builder.add(.cseq, "1 OPTIONS")
        builder.addContact(us)
        builder.add(.userAgent, settings.calls.serverName)
        guard let message = try? builder.finish() else { return }
        if let hop = binding.hop {
            return locate(hop, for: Delivery(request: message, purpose: .qualify(ref), preferred: target))
        }
        let transaction = transactions.send(message, to: target, now: environment.now, into: &pending)
        clientOwners[transaction] = ClientOwner(purpose: .qualify(ref))
    }

    mutating func probed(_ ref: BindingRef, answered: Bool) {
        let known = environment.locations.binding(ref)?.roundTrip
        let verdict = answered ? qualify.answered(ref, now: environment.now) : qualify.failed(ref)
        switch verdict {
        case .reachable(let roundTrip, let changed):
            environment.locations.noteQualify(ref, roundTrip: roundTrip)
            if changed { effects.append(.alarm(.reachability(ref.aor, isReachable: true))) }
            if changed || Shard.differs(roundTrip, from: known) {
                notePhone(ref, isReachable: true, roundTrip: roundTrip)
            }
        case .unreachable(let changed):
            environment.locations.noteQualify(ref, roundTrip: nil)
            guard changed else { return }
            effects.append(.alarm(.reachability(ref.aor, isReachable: false)))
            notePhone(ref, isReachable: false, roundTrip: nil)
        case .undecided: break
        }
    }

    /// Worth writing down: a quarter more or less than what is known.
    private static func differs(_ roundTrip: Duration, from known: Duration?) -> Bool {
        guard let known else { return true }
        return roundTrip > known * 5 / 4 || roundTrip < known * 3 / 4
    }

    mutating func notePhone(_ ref: BindingRef, isReachable: Bool, roundTrip: Duration?) {
        effects.append(
            .storePhone(PhoneState(ref: ref, isReachable: isReachable, roundTrip: roundTrip, at: environment.wall)))
    }
}
