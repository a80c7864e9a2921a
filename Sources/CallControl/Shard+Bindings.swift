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
            if binding.isReachable == nil { qualify.renew(ref) }
            watch(ref, binding)
            // What is stored of it is older than its registration now, and would be taken for past.
            if environment.locations.binding(ref)?.isReachable == false {
                notePhone(ref, isReachable: false, roundTrip: nil)
            }
        }
    }

    /// Keeps a phone alive as the settings of this moment say, or leaves it alone.
    private mutating func watch(_ ref: BindingRef, _ binding: Binding) {
        let keepAlive = binding.flowAlive ? keepAlive(of: binding, ref.aor) : nil
        if let keepAlive {
            qualify.watch(
                ref, probe: keepAlive.probe, every: keepAlive.interval, now: environment.now,
                random: &environment.random)
        } else {
            qualify.forget(ref)
        }
        // A phone that is not asked any more can't be known to be silent.
        if binding.flowAlive, binding.isReachable == false, keepAlive?.probe != .options {
            environment.locations.forgetQualify(ref)
            notePhone(ref, isReachable: true, roundTrip: nil)
        }
    }

    /// How a phone is kept alive: one behind NAT, whose mapping would close, one that has a time of its own, or every one.
    private func keepAlive(of binding: Binding, _ aor: AddressOfRecord) -> (probe: Qualify.Probe, interval: Duration)? {
        guard let tenant = environment.directory.tenant(aor.tenant) else { return nil }
        let terminal = environment.directory.terminal(binding.terminal)
        let settings = tenant.settings(for: terminal)
        let isMeant: Bool =
            switch settings.keepAlivePhones {
            case .all: true
            case .nat: binding.isBehindNAT || terminal?.settings[Setting.keepAliveKey] != nil
            }
        guard isMeant, settings.keepAliveSeconds > 0 else { return nil }
        let probe: Qualify.Probe =
            switch settings.keepAliveKind {
            case .options: .options
            case .crlf: .crlf
            }
        return (probe, .seconds(settings.keepAliveSeconds))
    }

    /// Looks again at the phones of one stripe of the table: after a start, which finds them registered, and after a change of settings.
    mutating func reviewBindings() {
        guard let stripe = reviewedStripe else { return }
        reviewedStripe = stripe + 1 < environment.locations.stripeCount ? stripe + 1 : nil
        for (aor, binding) in environment.locations.all(inStripe: stripe) where isOurs(binding) {
            watch(BindingRef(aor: aor, key: binding.key), binding)
        }
    }

    /// The shard that a phone's registrations go to looks after it.
    private func isOurs(_ binding: Binding) -> Bool {
        settings.shardCount <= 1 || ShardID(callID: binding.callID, count: settings.shardCount) == id
    }

    mutating func probeBindings(into pending: inout [TransactionEffect]) {
        let due = qualify.due(now: environment.now, random: &environment.random)
        for request in due {
            guard let binding = environment.locations.binding(request.ref), binding.flowAlive, isOurs(binding) else {
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
