internal import Basics
internal import Identity
internal import Numbering
internal import Registration
internal import SIPMessage
internal import SIPTransaction

/// New requests: who sends them, and to whom they go.
extension Shard {
    mutating func serve(
        _ request: SIPMessage, _ transaction: ServerTransactionID, _ flow: SIPFlow,
        into pending: inout [TransactionEffect]
    ) {
        if let tag = request.toTag, request.method != .register {
            if let claim = claims[tag] {
                let unknown = request.list(.require).filter { !screening.extensions.contains($0.lowercased()) }
                if !unknown.isEmpty {
                    return answer(
                        .badExtension, request, transaction, flow,
                        fields: [(.unsupported, unknown.joined(separator: ", "))],
                        into: &pending)
                }
                if request.method == .invite { own(transaction, call: claim.call, leg: claim.leg) }
                return handle(.request(request, transaction, flow, leg: claim.leg), call: claim.call, into: &pending)
            }
            return answer(.callTransactionDoesNotExist, request, transaction, flow, into: &pending)
        }
        if let verdict = screening.verdict(for: request) {
            let fields = verdict.fields.map { (SIPFieldName($0.name), $0.value ?? "") }
            return answer(verdict.status, request, transaction, flow, fields: fields, into: &pending)
        }
        switch request.method {
        case .register: register(request, transaction, flow, into: &pending)
        case .invite: invite(request, transaction, flow, into: &pending)
        case .options:
            answer(
                .ok, request, transaction, flow,
                fields: [
                    (.allow, screening.allow), (.accept, "application/sdp"),
                    (.supported, "100rel, timer, path, outbound, gruu"),
                ],
                into: &pending)
        case .bye, .prack, .update, .info:
            // Only within a dialog (RFC 3261 §15.1.2, RFC 3262 §7, RFC 3311 §5.2, RFC 6086 §4.2.2).
            answer(.callTransactionDoesNotExist, request, transaction, flow, into: &pending)
        default:
            answer(.methodNotAllowed, request, transaction, flow, fields: [(.allow, screening.allow)], into: &pending)
        }
    }

    mutating func answer(
        _ status: SIPStatus, _ request: SIPMessage, _ transaction: ServerTransactionID, _ flow: SIPFlow,
        fields: [(SIPFieldName, String)] = [], into pending: inout [TransactionEffect]
    ) {
        var builder = SIPMessageBuilder(
            responseTo: request, status: status, source: flow.remote, toTag: environment.random.token(10))
        builder.add(.server, settings.calls.serverName)
        for (name, value) in fields { builder.add(name, value) }
        guard let message = try? builder.finish() else { return }
        transactions.respond(message, on: transaction, now: environment.now, into: &pending)
    }

    /// Whether messages wait longer than `limit`, and have been waiting too long for a while.
    private func isOverloaded(beyond limit: Duration) -> Bool {
        backlog.delay > limit && backlog.age(at: environment.now) >= settings.overloadPatience
    }

    /// Spread, so that those refused together do not come back together.
    private mutating func retryLater(within seconds: ClosedRange<Int> = 5...30) -> [(SIPFieldName, String)] {
        [(.retryAfter, String(Int.random(in: seconds, using: &environment.random)))]
    }

    // MARK: Who is it?

    /// The authenticated terminal of a request; nil when the request was answered or dropped instead.
    mutating func authenticate(
        _ request: SIPMessage, in tenant: Tenant, _ transaction: ServerTransactionID, _ flow: SIPFlow,
        into pending: inout [TransactionEffect]
    ) -> CallerIdentity? {
        let source = flow.remote.address
        let now = environment.now
        let (outcome, event) = gate.check(
            request, tenant: tenant, directory: environment.directory, from: source, now: now
        ) { isOurs($0, in: tenant, of: request) }
        if let event { effects.append(.alarm(.banned(event))) }
        switch outcome {
        case .accepted(let terminal, let user): return CallerIdentity(user: user, terminal: terminal)
        case .challenge(let stale):
            counters.challenges += 1
            if request.method == .invite, let key = InviteKey(request) {
                challenged.begin(
                    key, request.wire, .init(at: environment.wall, content: .received(request.wire, flow)))
            }
            let values = gate.challenges(
                tenant: tenant, directory: environment.directory, request: request, stale: stale, to: source, now: now)
            challenge(request, transaction, flow, values, into: &pending)
        case .refused:
            counters.wrongPasswords += 1
            answer(.forbidden, request, transaction, flow, into: &pending)
        case .dropped: counters.bannedDropped += 1
        }
        return nil
    }

    /// Keeps no state: the answer names us, and a peer that acknowledges it in some other way hears it once only.
    private mutating func challenge(
        _ request: SIPMessage, _ transaction: ServerTransactionID, _ flow: SIPFlow, _ values: [String],
        into pending: inout [TransactionEffect]
    ) {
        var builder = SIPMessageBuilder(
            responseTo: request, status: .unauthorized, source: flow.remote,
            toTag: TransactionLayer.statelessTag(for: request))
        builder.add(.server, settings.calls.serverName)
        for value in values { builder.add(.wwwAuthenticate, value) }
        guard let message = try? builder.finish() else { return }
        transactions.respondStatelessly(message, on: transaction, into: &pending)
    }

    // MARK: REGISTER

    private mutating func register(
        _ request: SIPMessage, _ transaction: ServerTransactionID, _ flow: SIPFlow,
        into pending: inout [TransactionEffect]
    ) {
        guard let uri = request.requestURI else { return }
        guard let tenant = tenant(serving: uri.host, of: request) else {
            return refuseForeign(request, uri.host, transaction, flow, into: &pending)
        }
        if isOverloaded(beyond: settings.severeOverloadDelay),
            !Shard.isRefresh(request, in: tenant, directory: environment.directory, locations: environment.locations)
        {
            counters.registrationsRefusedByOverload += 1
            // A phone that is not registered can't be called: it may come back soon.
            return answer(
                .serviceUnavailable, request, transaction, flow, fields: retryLater(within: 2...12), into: &pending)
        }
        guard let identity = authenticate(request, in: tenant, transaction, flow, into: &pending) else { return }
        let (user, terminal) = (identity.user, identity.terminal)
        // An address-of-record of another domain than the request's (RFC 3261 §10.3 step 5).
        guard isOurs(request.to.uri.host, in: tenant, of: request) else {
            return answer(.notFound, request, transaction, flow, into: &pending)
        }
        guard request.to.uri.user == user.extension || request.to.uri.user == terminal.authUsername else {
            return answer(.forbidden, request, transaction, flow, into: &pending)
        }
        let aor = AddressOfRecord(tenant: tenant.id, user: user.id)
        let outcome = registrar(by: tenant.settings(for: terminal)).process(
            request, over: flow, for: aor, terminal: terminal.id, in: environment.locations, now: environment.now,
            wall: environment.wall, random: &environment.random)
        switch outcome {
        case .reply(let reply): answer(reply, request, transaction, flow, into: &pending)
        case .store(let ticket, let changes, let reply):
            let token = nextToken
            nextToken += 1
            registrations[token] = PendingRegistration(
                ticket: ticket, transaction: transaction, request: request, flow: flow, reply: reply, changes: changes)
            effects.append(.storeBindings(changes, token: token))
        }
    }

    private func registrar(by settings: TenantSettings) -> Registrar {
        var limits = RegistrarSettings()
        limits.minimumSeconds = settings.minimumRegistrationSeconds
        limits.maximumSeconds = settings.maximumRegistrationSeconds
        limits.natMaximumSeconds = settings.natRegistrationSeconds
        limits.streamMaximumSeconds = settings.streamRegistrationSeconds
        limits.defaultSeconds = settings.defaultRegistrationSeconds
        limits.spreadPercent = settings.registrationSpreadPercent
        limits.maxBindings = settings.maxBindingsPerUser
        limits.refusesUnsupportedPath = settings.refusesUnsupportedPath
        limits.serviceRoute = settings.serviceRoute
        limits.flowTimerSeconds = settings.flowTimerSeconds
        return Registrar(settings: limits)
    }

    private mutating func answer(
        _ reply: RegisterReply, _ request: SIPMessage, _ transaction: ServerTransactionID, _ flow: SIPFlow,
        into pending: inout [TransactionEffect]
    ) {
        answer(
            reply.status, request, transaction, flow, fields: reply.fields.map { ($0.name, $0.value) }, into: &pending)
    }

    /// The changes of a REGISTER are on disk: only now do they count, and only now is it answered.
    mutating func stored(_ token: UInt64, _ succeeded: Bool, into pending: inout [TransactionEffect]) {
        if let number = recordTokens.removeValue(forKey: token) {
            return recordStored(number, succeeded, into: &pending)
        }
        guard let waiting = registrations.removeValue(forKey: token) else { return }
        guard succeeded else {
            environment.locations.abandon(waiting.ticket)
            effects.append(.alarm(.storeFailed(waiting.ticket.aor)))
            return answer(
                .serverInternalError, waiting.request, waiting.transaction, waiting.flow, fields: retryLater(),
                into: &pending)
        }
        environment.locations.commit(waiting.ticket)
        counters.registrations += 1
        trust(waiting)
        for change in waiting.changes { follow(change) }
        answer(waiting.reply, waiting.request, waiting.transaction, waiting.flow, into: &pending)
    }

    /// An address where a phone is registered is not banned while the registration lasts, nor for the time of the setting.
    private func trust(_ registration: PendingRegistration) {
        var until: Moment = environment.now.advanced(by: gate.abuse.settings.trust)
        for change in registration.changes {
            if case .put(_, let binding) = change { until = max(until, binding.deadline) }
        }
        gate.abuse.trust(registration.flow.remote.address, until: until)
    }

    // MARK: INVITE

    private mutating func invite(
        _ request: SIPMessage, _ transaction: ServerTransactionID, _ flow: SIPFlow,
        into pending: inout [TransactionEffect]
    ) {
        guard let uri = request.requestURI else { return }
        // Our own INVITE come back: somebody forwards our calls to us.
        if let tag = request.fromTag, claims[tag] != nil {
            return answer(.loopDetected, request, transaction, flow, into: &pending)
        }
        // A tel URI names no domain: the caller's counts.
        let isNumber: Bool = uri.scheme == .tel
        let host = isNumber ? request.from.uri.host : uri.host
        guard let tenant = tenant(serving: host, of: request) ?? (isNumber ? environment.directory.defaultTenant : nil)
        else {
            return refuseForeign(request, host, transaction, flow, into: &pending)
        }
        let dialled = uri.user ?? ""
        let isEmergency = Router.isEmergency(dialled, of: tenant)
        if isDraining || (isOverloaded(beyond: settings.overloadDelay) && !isEmergency) {
            counters.callsRefusedByOverload += 1
            return answer(.serviceUnavailable, request, transaction, flow, fields: retryLater(), into: &pending)
        }
        guard let caller = authenticate(request, in: tenant, transaction, flow, into: &pending) else { return }
        begin(request, from: caller, in: tenant, dialled, transaction, flow, into: &pending)
    }

    private mutating func begin(
        _ request: SIPMessage, from caller: CallerIdentity, in tenant: Tenant, _ dialled: String,
        _ transaction: ServerTransactionID,
        _ flow: SIPFlow, into pending: inout [TransactionEffect]
    ) {
        let number = nextCall
        environment.effects.removeAll(keepingCapacity: true)
        do throws(InviteRefusal) {
            let call = try Call(
                id: callID(number), tenant: tenant, caller: caller, invite: request, transaction: transaction,
                flow: flow,
                dialled: dialled, in: &environment)
            nextCall &+= 1
            counters.callsStarted += 1
            calls[number] = call
            own(transaction, call: number, leg: 0)
            if let key = InviteKey(request) {
                for line in challenged.take(key, before: request.wire) {
                    effects.append(.trace(CallTrace(call: callID(number), leg: 0, at: line.at, content: line.content)))
                }
                callOfInvite[key] = number
            }
            trace((number, 0), .received(request.wire, flow))
            let route = Router(directory: environment.directory).route(from: tenant.id, dialled: dialled)
            calls[number]?.start(route, in: &environment)
            afterwards(number, into: &pending)
        } catch {
            environment.effects.removeAll(keepingCapacity: true)
            answer(error.status, request, transaction, flow, fields: error.fields, into: &pending)
        }
    }
}
