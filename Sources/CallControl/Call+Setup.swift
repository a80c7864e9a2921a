internal import Basics
internal import Identity
internal import MediaSession
internal import Numbering
internal import Registration
internal import SDP
internal import SIPDialog
internal import SIPMessage
internal import SIPTransaction

/// Who calls, as its credentials proved.
struct CallerIdentity: Sendable {
    let user: User
    let terminal: Terminal
}

/// Why an INVITE makes no call: the answer to it.
struct InviteRefusal: Error {
    let status: SIPStatus
    var fields: [(SIPFieldName, String)] = []
    let reason: String
}

extension Call {
    /// A call from an authenticated INVITE.
    /// - Throws: ``InviteRefusal`` when the INVITE itself is at fault; no call is made then.
    init(
        id: CallID, tenant: Tenant, caller identity: CallerIdentity, invite: SIPMessage,
        transaction: ServerTransactionID,
        flow: SIPFlow, dialled: String, in env: inout CallEnvironment
    ) throws(InviteRefusal) {
        (self.id, self.tenant, self.invite) = (id, tenant, invite)
        (inviteTransaction, inviteSource, startedAt) = (transaction, flow.remote, env.now)
        record = CallRecord(
            id: id, tenant: tenant.id, callerUser: identity.user.id,
            callerURI: "sip:\(identity.user.extension)@\(tenant.realm)", callerDisplay: identity.user.displayName,
            dialled: dialled, startedAt: env.wall)
        let tag = env.random.token(12)
        var leg = Leg(
            id: LegID(call: id, index: 0), sipCallID: invite.callID, localTag: tag, target: .flow(flow),
            sdpSessionID: UInt64.random(in: 1...0x7FFF_FFFF, using: &env.random),
            settings: tenant.settings(for: identity.terminal))
        (leg.user, leg.terminal, leg.localUser) = (identity.user.id, identity.terminal.id, dialled)
        leg.learn(from: invite)
        leg.session = try Call.callerSession(invite, tag: tag, in: &env)
        let body = try Call.description(in: invite)
        leg.remoteDescription = body
        if let body { leg.learnFax(from: body) }
        legs = [leg]
        try negotiateCallerTimer()
        if leg.supports.contains(.reliableProvisionals) {
            caller.session?.provisionals = ReliableProvisionals.Sender(
                timers: env.settings.timers, invite: invite.cseq.number,
                firstRSeq: UInt32.random(in: 1...0x0FFF_FFFF, using: &env.random))
        }
        try takeRedirections(in: &env)
        _ = caller.session?.offers.received(.invite, sdp: body == nil ? nil : Array(invite.body), random: &env.random)
        env.effects.append(.claim(tag: tag, leg: 0))
        env.effects.append(.record(.started(record)))
    }

    private static func callerSession(
        _ invite: SIPMessage, tag: String, in env: inout CallEnvironment
    ) throws(InviteRefusal) -> Session {
        do {
            let dialog = try Dialog(
                answering: invite, localTag: tag, firstSequence: UInt32.random(in: 1...0xFFFF, using: &env.random))
            return Session(dialog: dialog, offers: OfferAnswer())
        } catch {
            throw InviteRefusal(
                status: .badRequest,
                fields: [(.warning, "399 martinet \"Contact or Record-Route missing or malformed\"")],
                reason: "the INVITE has no usable Contact")
        }
    }

    /// The session description of a message; nil when it has no body.
    static func description(in message: SIPMessage) throws(InviteRefusal) -> SessionDescription? {
        guard !message.body.isEmpty else { return nil }
        let type = try? message.contentType()
        guard let type, type.type == "application", type.subtype == "sdp" else {
            // A body the sender can do without (RFC 3261 §20.11).
            if let disposition = (try? message.contentDisposition()) ?? nil,
                disposition.parameters["handling"]?.lowercased() == "optional"
            {
                return nil
            }
            throw InviteRefusal(
                status: .unsupportedMediaType, fields: [(.accept, "application/sdp")],
                reason: "the body is no session description")
        }
        do {
            return try SessionDescription.parse(message.body)
        } catch {
            throw InviteRefusal(
                status: .badRequest, fields: [(.warning, "399 martinet \"\(Call.warningText(error.description))\"")],
                reason: "session description: \(error)")
        }
    }

    /// `text` fit for a quoted string.
    static func warningText(_ text: String) -> String {
        String(
            text.unicodeScalars.map {
                $0 == "\"" || $0 == "\\" || $0.value < 0x20 || $0.value > 0x7E ? "'" : Character($0)
            })
    }

    private mutating func negotiateCallerTimer() throws(InviteRefusal) {
        guard var timer = caller.sessionTimer(isRequired: invite.hasOption("timer", in: .require)) else { return }
        switch timer.received(invite) {
        case .accept(let fields): callerTimerFields = fields
        case .tooSmall(let minimum):
            throw InviteRefusal(
                status: .sessionIntervalTooSmall, fields: [(.minSE, String(minimum))],
                reason: "session interval below \(minimum) s")
        case .malformed:
            throw InviteRefusal(status: .badRequest, reason: "Session-Expires or Min-SE is malformed")
        }
        caller.session?.timer = timer
    }

    // MARK: Offering the call

    /// Sends the call where its route leads, or refuses it.
    mutating func start(_ route: Route, in env: inout CallEnvironment) {
        if let offer = caller.remoteDescription {
            if caller.settings.fax == .off, Call.faxStream(of: offer) != nil {
                return refuseCaller(
                    .notAcceptableHere, outcome: .rejected(status: 488), reason: "T.38 is switched off", by: .server,
                    in: &env)
            }
            do throws(MediaRefusal) { try answerTransports(to: offer, of: 0, in: &env) } catch {
                return refuseCaller(
                    error.status, outcome: .rejected(status: error.status.code), reason: Call.encryptionReason,
                    by: .server, fields: error.fields(offerer: Call.party(0), answerer: Call.party(1)), in: &env)
            }
        }
        if let uri = invite.requestURI, uri.parameters.contains("gr") {
            offer(toGRUU: uri, in: &env)
            return concludeIfAllFailed(in: &env)
        }
        for reason in route.reasons { note(reason.description, in: &env) }
        switch route.destination {
        case .user(let id):
            guard let user = env.directory.user(id) else {
                return refuseCaller(
                    .notFound, outcome: .rejected(status: 404), reason: "no such user", by: .server, in: &env)
            }
            offer(to: user, in: &env)
            concludeIfAllFailed(in: &env)
        case .service(let number): attend(number, in: &env)
        case .disabled:
            refuseCaller(
                .temporarilyUnavailable, outcome: .unreachable, reason: "the user is disabled", by: .server,
                cause: .q850(20, text: "Subscriber absent"), in: &env)
        case .emergency(let number):
            refuseCaller(
                .notFound, outcome: .failed, reason: "no destination is set for emergency number \(number)",
                by: .server,
                cause: .q850(3, text: "No route to destination"), in: &env)
        case .notFound:
            refuseCaller(
                .notFound, outcome: .rejected(status: 404), reason: "\(record.dialled) is not a number here",
                by: .server,
                cause: .q850(1, text: "Unallocated number"), in: &env)
        }
    }

    /// Rings every terminal of `user` that can be reached.
    mutating func offer(to user: User, redirections: [Redirection]? = nil, in env: inout CallEnvironment) {
        let aor = AddressOfRecord(tenant: tenant.id, user: user.id)
        let bindings = env.locations.usableBindings(of: aor, now: env.now)
        ring(user, at: bindings, redirections: redirections ?? redirectionsBefore, in: &env)
    }

    /// Rings the one terminal a GRUU names (RFC 5627 §5).
    private mutating func offer(toGRUU uri: SIPURI, in env: inout CallEnvironment) {
        var user: User?
        var bindings: [Binding] = []
        if let instance = uri.parameters["gr"], !instance.isEmpty {
            user = uri.user.flatMap { env.directory.user(in: tenant.id, extension: $0) }
            if let user {
                let aor = AddressOfRecord(tenant: tenant.id, user: user.id)
                bindings = env.locations.bindings(of: aor, gr: instance, now: env.now)
            }
        } else if let found = uri.user.flatMap({ env.locations.bindings(ofTemporaryGRUU: $0, now: env.now) }),
            found.aor.tenant == tenant.id
        {
            user = env.directory.user(found.aor.user)
            bindings = found.bindings
        }
        guard let user, user.isEnabled else {
            return refuseCaller(
                .notFound, outcome: .rejected(status: 404), reason: "no user has this GRUU", by: .server,
                cause: .q850(1, text: "Unallocated number"), in: &env)
        }
        ring(user, at: bindings, redirections: redirectionsBefore, in: &env)
    }

    /// One leg a terminal; further flows of the same terminal are kept for when the first fails (RFC 5626 §5.3).
    private mutating func ring(
        _ user: User, at bindings: [Binding], redirections: [Redirection], in env: inout CallEnvironment
    ) {
        record.calleeUser = user.id
        record.calleeURI = "sip:\(user.extension)@\(tenant.realm)"
        note("\(user.extension) has \(bindings.count) reachable contact(s)", in: &env)
        var flows: [[Binding]] = []
        for binding in bindings {
            let sameTerminal = flows.firstIndex {
                $0[0].instance != nil && $0[0].instance == binding.instance && binding.regID != nil
            }
            if let sameTerminal { flows[sameTerminal].append(binding) } else { flows.append([binding]) }
        }
        isAddingLegs = true
        for flow in flows.prefix(max(0, env.settings.maximumBranches - legs.count + 1)) {
            ring(user, over: flow, redirections: redirections, in: &env)
        }
        isAddingLegs = false
    }

    private mutating func ring(
        _ user: User, over flows: [Binding], redirections: [Redirection], in env: inout CallEnvironment
    ) {
        guard let binding = flows.first else { return }
        var leg = makeLeg(target: binding.target, in: &env)
        (leg.user, leg.terminal) = (user.id, binding.terminal)
        (leg.redirections, leg.shownUser) = (redirections, user.extension)
        leg.shownHost = Call.shownHost(of: binding, in: env)
        leg.settings = tenant.settings(for: env.directory.terminal(binding.terminal))
        if redirections.count == redirectionsBefore.count { ringUntil(leg.settings.noAnswerSeconds, in: env) }
        leg.requestURI = binding.contact
        leg.speaksT38 = Leg.takesFax(contactParameters: binding.contactParameters)
        leg.path = binding.path
        leg.alternatives = flows.dropFirst().map {
            Leg.Alternative(
                target: $0.target, requestURI: $0.contact, path: $0.path, shownHost: Call.shownHost(of: $0, in: env))
        }
        leg.destination = "sip:\(user.extension)@\(tenant.realm)"
        legs.append(leg)
        if let hop = binding.hop {
            // The flow, where there is one, is the last resort: the hop's name may mean nothing to our DNS.
            if binding.flowAlive {
                legs[legs.count - 1].alternatives.insert(
                    Leg.Alternative(target: binding.target, requestURI: binding.contact, path: binding.path), at: 0)
            }
            return locate(hop, leg: legs.count - 1, in: &env)
        }
        sendInvite(legs.count - 1, in: &env)
    }

    mutating func makeLeg(target: SIPTarget, in env: inout CallEnvironment) -> Leg {
        let id = LegID(call: id, index: UInt16(legs.count))
        var leg = Leg(
            id: id, sipCallID: ShardedCallID.make(shard: env.shard, random: &env.random),
            localTag: env.random.token(12), target: target,
            sdpSessionID: UInt64.random(in: 1...0x7FFF_FFFF, using: &env.random), settings: tenant.settings)
        (leg.localUser, leg.shownHost) = (callerShownUser, tenant.realm)
        return leg
    }

    /// Of the phones that ring together the longest time counts.
    private mutating func ringUntil(_ seconds: Int, in env: CallEnvironment) {
        let end: Moment = env.now.advanced(by: .seconds(seconds))
        noAnswerAt = max(noAnswerAt ?? end, end)
    }

    /// Sends the INVITE of a leg; the leg fails at once when it can't be.
    mutating func sendInvite(_ index: Int, in env: inout CallEnvironment) {
        let sdp: [UInt8]?
        if let description = caller.remoteDescription {
            do throws(MediaRefusal) {
                sdp = try firstOffer(description, to: index, in: &env).bytes
            } catch {
                if case .incompatible(let why) = error { legs[index].incompatibility = why }
                return branchFailed(index, status: error.status, in: &env)
            }
        } else {
            sdp = nil
        }
        guard let builder = inviteBuilder(index, hasOffer: sdp != nil, in: &env),
            let message = seal(builder, sdp: sdp, leg: index, in: &env)
        else { return branchFailed(index, status: .serverInternalError, in: &env) }
        if let limit = legs[index].onlyAbove, message.wire.count <= limit, !legs[index].alternatives.isEmpty {
            tryNext(index, in: &env)
            return sendInvite(index, in: &env)
        }
        legs[index].stage = .calling
        legs[index].invite = message
        if let sdp { legs[index].versions.sent(sdp) }
        let exchange = openExchange(index, .invite, .invite)
        legs[index].inviteExchange = exchange
        env.effects.append(.claim(tag: legs[index].localTag, leg: UInt16(index)))
        env.effects.append(.request(message, legs[index].target, exchange, leg: UInt16(index)))
        armNoAnswer(index, in: env)
    }

    /// Where no user's phones have set it yet.
    mutating func armNoAnswer(_ index: Int, in env: CallEnvironment) {
        if noAnswerAt == nil { ringUntil(legs[index].settings.noAnswerSeconds, in: env) }
    }

    private mutating func inviteBuilder(_ index: Int, hasOffer: Bool, in env: inout CallEnvironment)
        -> SIPMessageBuilder?
    {
        let leg = legs[index]
        guard let uri = leg.requestURI, let via = leg.via(in: &env),
            let to = leg.shownUser.map({ NameAddress(uri: leg.shownURI($0)) })
                ?? (try? NameAddress("<\(leg.destination)>"))
        else { return nil }
        var builder = SIPMessageBuilder(request: .invite, uri: uri.asRequestURI)
        builder.add(via)
        for hop in leg.path { builder.add(.route, hop) }
        let limit: Int = tenant.settings.maxForwards
        let hops: Int = min(((try? invite.maxForwards()) ?? nil) ?? limit, limit)
        builder.addMaxForwards(max(0, hops - 1))
        builder.addFrom(callerShown(to: leg).withTag(leg.localTag))
        builder.addTo(to)
        builder.addCallID(leg.sipCallID)
        builder.add(.cseq, "\(leg.inviteSequence) INVITE")
        builder.addContact(leg.contact(in: env))
        builder.add(.userAgent, env.settings.serverName)
        builder.add(.allow, OwnFields.allow)
        // Without an offer a reliable 1xx could bring one that only a caller with 100rel can answer in time (RFC 3262 §5).
        let passesReliable = hasOffer || (caller.supports.contains(.reliableProvisionals) && index == 1)
        leg.addSupported(to: &builder, reliable: passesReliable)
        leg.sessionTimer()?.requestFields().add(to: &builder)
        addIdentity(of: leg, to: &builder)
        addRedirections(of: leg, to: &builder)
        for name in [SIPFieldName.subject, .priority] { builder.copy(name, from: invite) }
        return builder
    }
}
