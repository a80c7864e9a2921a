internal import Basics
internal import SIPMessage
internal import SIPTransaction

/// The work on one REGISTER: from the bindings foreseen to the changes and the list of the 200.
struct RegisterPlan {
    let settings: RegistrarSettings
    let request: RegisterRequest
    let aor: AddressOfRecord
    let flow: SIPFlow
    let terminal: TerminalID
    let now: Moment
    let wall: WallTime

    private(set) var changes: [BindingChange] = []
    private var after: [Binding] = []
    /// Keys this request has written; exempt from the order rule and from making room.
    private var touched: Set<String> = []
    private var usesOutbound: Bool = false

    init(
        settings: RegistrarSettings, request: RegisterRequest, aor: AddressOfRecord, flow: SIPFlow,
        terminal: TerminalID,
        now: Moment, wall: WallTime
    ) {
        (self.settings, self.request, self.aor, self.flow) = (settings, request, aor, flow)
        (self.terminal, self.now, self.wall) = (terminal, now, wall)
    }

    /// Fills ``changes``; nothing of a refused plan is used.
    mutating func make(from foreseen: [Binding], random: inout AnyRandom) throws(RegisterRefusal) {
        after = foreseen.filter { $0.deadline > now }
        switch request.contacts {
        case .none:
            return
        case .all:
            for binding in after { try checkOrder(binding) }
            for binding in after { remove(binding.key) }
        case .list(let contacts):
            try checkIntervals(contacts)
            for contact in contacts { try take(contact, random: &random) }
            try makeRoom()
        }
    }

    // MARK: Rules

    /// RFC 3261 §10.3 step 7: a request of the same Call-ID must have a higher CSeq.
    private func checkOrder(_ binding: Binding) throws(RegisterRefusal) {
        guard binding.callID == request.callID, binding.cseq >= request.cseq, !touched.contains(binding.key) else {
            return
        }
        throw RegisterRefusal(.serverInternalError, "CSeq Out of Order")
    }

    /// RFC 3261 §10.3 step 7: 423 for an expiry above 0 and below the minimum; the minimum may not exceed an hour.
    private func checkIntervals(_ contacts: [NameAddress]) throws(RegisterRefusal) {
        let minimum = min(settings.minimumSeconds, 3600)
        for contact in contacts {
            let asked = request.secondsAsked(contact, standard: settings.defaultSeconds)
            guard asked > 0, asked < minimum else { continue }
            throw RegisterRefusal(.intervalTooBrief, fields: [.init(.minExpires, String(minimum))])
        }
    }

    private mutating func take(_ contact: NameAddress, random: inout AnyRandom) throws(RegisterRefusal) {
        let same = after.filter { isSame($0, contact) }
        for binding in same { try checkOrder(binding) }
        let asked = request.secondsAsked(contact, standard: settings.defaultSeconds)
        guard asked > 0 else {
            for binding in same { remove(binding.key) }
            return
        }
        let outbound = request.isOutbound(contact)
        let kept = same.first { outbound == ($0.regID != nil) }
        for binding in same where binding.key != kept?.key { remove(binding.key) }
        put(binding(for: contact, outbound: outbound, replacing: kept, asked: asked, random: &random))
    }

    /// RFC 5626 §6 for flows, RFC 3261 §10.3 with §19.1.4 for the rest; but two phones of one user that have the same private
    /// address behind two NATs are two.
    private func isSame(_ binding: Binding, _ contact: NameAddress) -> Bool {
        if request.isOutbound(contact), binding.regID != nil {
            return binding.regID == contact.regID && binding.instance == contact.sipInstance
        }
        guard binding.terminal == terminal || binding.flow.remote.address == flow.remote.address else { return false }
        return binding.contact == contact.uri || binding.contact.isEquivalent(to: contact.uri)
    }

    private mutating func makeRoom() throws(RegisterRefusal) {
        while after.count > max(settings.maxBindings, 1) {
            let dead = after.filter { !$0.flowAlive && !touched.contains($0.key) }
            guard let oldest = dead.min(by: { $0.updatedAt < $1.updatedAt }) else {
                throw RegisterRefusal(.forbidden, "Too Many Contacts")
            }
            remove(oldest.key)
        }
    }

    // MARK: Making bindings

    private mutating func remove(_ key: String) {
        after.removeAll { $0.key == key }
        changes.append(.remove(BindingRef(aor: aor, key: key)))
    }

    private mutating func put(_ binding: Binding) {
        if let position = after.firstIndex(where: { $0.key == binding.key }) {
            after[position] = binding
        } else {
            after.append(binding)
        }
        touched.insert(binding.key)
        if binding.regID != nil { usesOutbound = true }
        changes.append(.put(aor, binding))
    }

    private func binding(
        for contact: NameAddress, outbound: Bool, replacing old: Binding?, asked: Int, random: inout AnyRandom
    ) -> Binding {
        let isBehindNAT = request.path.isEmpty && contact.uri.hostAddress.map { $0 != flow.remote.address } ?? false
        let granted = grant(asked: asked, shortLived: isBehindNAT || flow.transport.isReliable, random: &random)
        let length: Duration = .seconds(granted)
        var binding = Binding(
            key: old?.key ?? newKey(contact, outbound: outbound), contact: contact.uri,
            contactParameters: otherParameters(contact), callID: request.callID, cseq: request.cseq,
            expiresAt: wall.advanced(by: length), deadline: now.advanced(by: length), flow: flow, terminal: terminal,
            registeredAt: old?.registeredAt ?? wall, updatedAt: wall)
        binding.q = UInt16(contact.qThousandths ?? 1000)
        binding.instance = contact.sipInstance
        binding.regID = outbound ? contact.regID : nil
        binding.path = request.path
        binding.userAgent = request.userAgent
        binding.registeredHost = request.registeredHost
        binding.isBehindNAT = isBehindNAT
        binding.listensAtContactPort = listensAtContactPort(contact.uri)
        if request.path.isEmpty, request.isDirect, !flow.transport.isSecure {
            binding.suspectedALG = ALGSign.judge(
                via: request.via.host, contact: contact.uri.host, source: flow.remote.address)
        }
        if request.supportsGRUU, let instance = binding.instance, PublicGRUU.parameter(instance) != nil {
            let seed: UInt64 = old?.callID == request.callID ? old?.gruuSeed ?? 0 : 0
            binding.gruuSeed = seed != 0 ? seed : TemporaryGRUU.makeSeed(&random)
        }
        if let old, old.flow == flow { (binding.roundTrip, binding.isReachable) = (old.roundTrip, old.isReachable) }
        return binding
    }

    /// Never more than asked, never less than the minimum, and spread below the longest that is granted.
    private func grant(asked: Int, shortLived: Bool, random: inout AnyRandom) -> Int {
        let minimum = max(settings.minimumSeconds, 1)
        let cap = max(
            shortLived ? min(settings.natMaximumSeconds, settings.maximumSeconds) : settings.maximumSeconds, minimum)
        let longest = min(asked, cap)
        let spread = longest * min(max(settings.spreadPercent, 0), 50) / 100
        let granted = spread > 0 ? longest - Int.random(in: 0...spread, using: &random) : longest
        return max(granted, min(minimum, longest))
    }

    private func newKey(_ contact: NameAddress, outbound: Bool) -> String {
        if outbound, let instance = contact.sipInstance, let regID = contact.regID {
            return "\(instance);reg-id=\(regID)"
        }
        let key = contact.uri.description
        return after.contains { $0.key == key } ? "\(key)#\(terminal)" : key
    }

    private func otherParameters(_ contact: NameAddress) -> String {
        let own: Set<String> = ["expires", "q", "+sip.instance", "reg-id", "pub-gruu", "temp-gruu"]
        let rest = contact.parameters.items.filter { !own.contains($0.name.lowercased()) }
        guard !rest.isEmpty else { return "" }
        let text = SIPParameters(items: rest).description
        return text.utf8.count <= 256 ? text : ""
    }

    private func listensAtContactPort(_ contact: SIPURI) -> Bool {
        guard flow.transport == .udp, request.isDirect, request.path.isEmpty, contact.hostAddress == flow.remote.address
        else {
            return false
        }
        let port: UInt16 = contact.port ?? 5060
        guard port != flow.remote.port else { return false }
        // It listens where its Via says; or its Via names the very source, so that no NAT stands between and Contact is to be believed.
        let viaPort: UInt16 = request.via.port ?? 5060
        if viaPort == flow.remote.port, IPAddress(request.via.host) == flow.remote.address { return true }
        return viaPort == port && !request.via.parameters.contains("rport")
    }

    // MARK: The answer

    /// The 200 with all bindings (RFC 3261 §10.3 step 8).
    func reply(gruuKey: UInt64, random: inout AnyRandom) -> RegisterReply {
        var fields: [RegisterReply.Field] = []
        for binding in after {
            fields.append(.init(.contact, contactField(binding, gruuKey: gruuKey, random: &random)))
        }
        if !request.path.isEmpty, request.supportsPath {
            fields.append(.init(.path, request.path.joined(separator: ", ")))
        }
        if !settings.serviceRoute.isEmpty {
            fields.append(.init(.serviceRoute, settings.serviceRoute.joined(separator: ", ")))
        }
        if usesOutbound {
            fields.append(.init(.require, "outbound"))
            if settings.flowTimerSeconds > 0 { fields.append(.init(.flowTimer, String(settings.flowTimerSeconds))) }
        }
        return RegisterReply(.ok, fields: fields)
    }

    private func contactField(_ binding: Binding, gruuKey: UInt64, random: inout AnyRandom) -> String {
        var text = "<\(binding.contact)>;expires=\(binding.secondsLeft(now: now))"
        if binding.q < 1000 { text += ";q=0.\(padded(Int(binding.q), 3))" }
        if let instance = binding.instance {
            var parameters = SIPParameters()
            parameters.setQuoted("+sip.instance", "<\(instance)>")
            text += parameters.description
        }
        if let regID = binding.regID { text += ";reg-id=\(regID)" }
        text += binding.contactParameters
        guard request.supportsGRUU, binding.gruuSeed != 0, let instance = binding.instance,
            let gr = PublicGRUU.parameter(instance)
        else { return text }
        let token = TemporaryGRUU.make(seed: binding.gruuSeed, key: gruuKey, random: &random)
        return text
            + ";pub-gruu=\"\(request.aorURI);gr=\(gr)\";temp-gruu=\"\(request.aorURI.scheme):\(token)@\(request.aorURI.host);gr\""
    }
}
