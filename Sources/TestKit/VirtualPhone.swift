package import Basics
internal import SIPDialog
package import SIPMessage
package import SIPTransaction

/// A scripted SIP phone: registers, places and takes calls, and judges what the server says to it.
///
/// It has transactions and dialogs of its own and shares nothing with the server but the network.
package final class VirtualPhone {
    enum Purpose {
        case register(isBackup: Bool)
        case invite(PhoneCall)
        case reinvite(PhoneCall)
        case update(PhoneCall)
        case prack(PhoneCall)
        case bye(PhoneCall)
        case other(PhoneCall?)
    }

    /// The phone's place in the world; its marks and addresses follow from it.
    package let index: Int
    package let account: Accounts.Account
    package let transport: SIPTransportKind
    /// What the server sees.
    package let address: IPEndpoint
    /// What the phone believes its address to be.
    package let ownAddress: IPEndpoint
    unowned let world: VirtualWorld
    var random: AnyRandom
    var transactions = TransactionLayer()
    var purposes: [ClientTransactionID: Purpose] = [:]
    private var armed: Moment?

    /// The connection to the server; 0 without one, as over UDP.
    package internal(set) var connection: UInt64 = 0
    /// The connection of the second flow, of a phone that keeps two (RFC 5626); 0 without one.
    package internal(set) var backupConnection: UInt64 = 0
    /// The second flow's registration, of a phone that keeps two.
    package internal(set) var backup: PhoneRegistration?
    /// What the server named the phone by its registration (RFC 5627), of a phone that registers an instance.
    package internal(set) var publicGRUU: String?
    /// The phone tells its instance, as one does that knows GRUU and Outbound.
    package let hasInstance: Bool
    /// It has sent what it should not have.
    package internal(set) var isRogue = false
    /// What the phone sent last in its dialogs, to be sent again out of place.
    var sentLately: [SIPMessage] = []
    var inboundUntil: Moment = .zero
    var outboundUntil: Moment = .zero
    /// Takes and sends nothing.
    package internal(set) var isDead = false

    package var registration = PhoneRegistration()
    /// How the next calls are taken, in order; ``plan`` after that.
    package var plans: [CalleePlan] = []
    package var plan = CalleePlan()
    package var manners = Manners()
    /// Every call of the phone, in order.
    package internal(set) var calls: [PhoneCall] = []
    var callByTag: [String: PhoneCall] = [:]
    var live: [PhoneCall] = []
    /// Messages received and sent, copies included, where kept.
    package var keepsMessages = false
    package private(set) var received: [SIPMessage] = []
    package private(set) var sent: [SIPMessage] = []
    /// The shortest session interval the phone takes, in seconds.
    package var minimumSession: UInt32 = 90
    /// The host in the `uri` of its digest answers, where it differs from that of the request.
    package var digestHost: String?
    /// What it speaks, what it likes best first.
    package var codecs: [PhoneCodec] = [.pcma, .pcmu]
    /// How it protects its media; and with keys of which suites, the one it likes best first.
    package var encryption: PhoneEncryption = .none
    package var suites: [String] = ["AES_CM_128_HMAC_SHA1_80", "AEAD_AES_256_GCM"]
    /// How it takes digits, or doesn't.
    package var hasEvents = true
    /// In answers its own order and numbers count, not the offer's.
    package var isStubborn = false
    /// What it does with an offer of T.38.
    package var fax: FaxAbility = .none
    /// Says in its Contact that it takes T.38 (RFC 6913).
    package var tellsFax = false
    /// The direction of the audio its next calls begin with.
    package var nextDirection = "sendrecv"
    /// The Path its registrations come by.
    package var path: String?
    /// What stands in its Contact instead of an address.
    package var contactHost: String?
    /// Set for a wrong password.
    package var password: String

    package init(
        _ account: Accounts.Account, index: Int, in world: VirtualWorld, transport: SIPTransportKind = .udp,
        isBehindNAT: Bool = false, isIPv6: Bool = false, hasInstance: Bool = false, isConnected: Bool = true
    ) {
        (self.account, self.index, self.world, self.transport) = (account, index, world, transport)
        let low = UInt32(index + 1)
        self.hasInstance = hasInstance
        // 2001:db8:77::1 and up, or 10.77.0.1 and up.
        let host: IPAddress =
            isIPv6 ? IPAddress(v6: 0x2001_0DB8_0077_0000, UInt64(low)) : IPAddress(v4: 0x0A4D_0000 | low)
        address = IPEndpoint(host, transport == .udp ? 5060 : 40_000)
        ownAddress =
            isBehindNAT && !isIPv6
            ? IPEndpoint(IPAddress(v4: 0xC0A8_0000 | low), 5060) : IPEndpoint(address.address, 5060)
        password = account.password
        random = AnyRandom(SeededRandom(seed: world.random.next()))
        if transport != .udp, isConnected { connection = world.nextConnection() }
        registration.callID = mark + random.token(12)
        world.add(self)
    }

    package var name: String { account.username }
    /// In everything of the phone that must not reach another one.
    var mark: String { "zQmark\(index)k" }

    func identifyingBytes(_ pattern: [UInt8]) -> [UInt8] {
        switch pattern {
        case EmissionChecks.private[0]: Array(String(index).utf8)
        case EmissionChecks.private[1]:
            address.address.isV4 ? Array(address.address.description.dropFirst(6).utf8) : []
        case EmissionChecks.private[3]:
            address.address.isV4 ? [] : Array(address.address.description.dropFirst(13).utf8)
        default: ownAddress.address == address.address ? [] : Array(ownAddress.address.description.dropFirst(8).utf8)
        }
    }

    func fault(_ text: String, _ call: PhoneCall? = nil) {
        world.fault("\(name): \(text)" + (call.map { " (call \($0.callID))" } ?? ""))
    }

    // MARK: Driving

    func receive(_ wire: [UInt8], over connection: UInt64) {
        guard !isDead, let message = try? SIPMessage.parse(wire) else { return }
        if keepsMessages { received.append(message) }
        drive { $0.receive(message, over: self.flow(connection), now: self.world.now, into: &$1) }
    }

    /// The flow new requests take: the second one where the first is gone.
    var flow: SIPFlow { flow(connection != 0 ? connection : backupConnection) }

    func flow(_ connection: UInt64) -> SIPFlow {
        SIPFlow(
            listener: ListenerID(0), transport: transport, remote: VirtualServer.address, connection: connection)
    }

    /// Whether the phone has this connection now.
    func holds(_ connection: UInt64) -> Bool {
        connection != 0 && (connection == self.connection || connection == backupConnection)
    }

    /// Lets the transactions work and does what they ask.
    func drive(_ body: (inout TransactionLayer, inout [TransactionEffect]) -> Void) {
        var effects: [TransactionEffect] = []
        body(&transactions, &effects)
        for effect in effects { perform(effect) }
        arm()
    }

    private func perform(_ effect: TransactionEffect) {
        switch effect {
        case .send(let message, .flow(let flow)) where holds(flow.connection): put(message, over: flow.connection)
        // Its connection is gone: another one will do (RFC 3261 §18.2.2).
        case .send(let message, _): put(message)
        case .request(let request, let transaction, _): serve(request, transaction)
        case .cancelled(let transaction, _): cancelled(transaction)
        case .acknowledged(let ack, _): acknowledged(ack)
        case .response(let response, let transaction, _): responded(response, transaction)
        case .strayResponse(let response, _): answeredAgain(response)
        case .failed(let transaction, _): failed(transaction)
        case .unacknowledged, .overloaded: break
        }
    }

    func put(_ message: SIPMessage) { put(message, over: flow.connection) }

    func put(_ message: SIPMessage, over connection: UInt64) {
        guard !isDead else { return }
        if keepsMessages { sent.append(message) }
        if message.toTag != nil, message.method != .invite || !message.isRequest {
            if sentLately.count == 8 { sentLately.removeFirst() }
            sentLately.append(message)
        }
        world.carry(message.wire, from: self, over: connection)
    }

    /// Sends a message as it is, past the phone's transactions.
    package func inject(_ message: SIPMessage) { put(message) }

    func start(_ request: SIPMessage, _ purpose: Purpose, over flow: SIPFlow? = nil) {
        drive { layer, effects in
            let id: ClientTransactionID = layer.send(
                request, to: .flow(flow ?? self.flow), now: self.world.now, into: &effects)
            self.purposes[id] = purpose
            if case .invite(let call) = purpose { call.inviteClient = id }
        }
    }

    func respond(_ response: SIPMessage, on transaction: ServerTransactionID) {
        drive { $0.respond(response, on: transaction, now: self.world.now, into: &$1) }
    }

    func arm() {
        guard !isDead else { return }
        var next: Moment = transactions.nextDeadline ?? .distantFuture
        for call in live { if let due = call.nextDeadline, due < next { next = due } }
        guard next != .distantFuture else { return armed = nil }
        let at: Moment = max(next, world.now)
        if let armed, armed <= at, armed >= world.now { return }
        armed = at
        world.schedule(at: at) { [unowned self] in
            guard armed == at else { return }
            armed = nil
            deadlineReached()
        }
    }

    private func deadlineReached() {
        guard !isDead else { return }
        let now: Moment = world.now
        for call in live { deadlineReached(of: call, now: now) }
        drive { $0.deadlineReached(now: now, into: &$1) }
    }

    // MARK: Messages

    func via() -> Via {
        // The parts are legal by construction.
        guard
            let via = try? Via(
                transport: transport.rawValue, host: ownAddress.address.uriHost, port: ownAddress.port,
                branch: "z9hG4bK\(mark)\(random.token(12))")
        else { preconditionFailure("a Via that can't be written") }
        return via
    }

    var contact: NameAddress {
        var uri = SIPURI(user: mark, endpoint: ownAddress)
        if transport != .udp { uri.parameters["transport"] = transport.uriParameter }
        if let contactHost, let named = try? SIPURI(user: mark, host: contactHost) { uri = named }
        var address = NameAddress(uri: uri)
        if tellsFax { address.parameters["+sip.fax"] = "t38" }
        return address
    }

    func uri(_ user: String) -> SIPURI {
        guard let uri = try? SIPURI("sip:\(user)@\(registration.host)") else {
            preconditionFailure("a user that can't be written")
        }
        return uri
    }

    func seal(_ builder: SIPMessageBuilder, sdp: [UInt8]? = nil) -> SIPMessage? {
        var builder = builder
        builder.add(.userAgent, "\(mark) phone")
        guard let message = try? builder.finish(body: sdp ?? [], contentType: sdp == nil ? nil : "application/sdp")
        else {
            fault("the phone can't write a message")
            return nil
        }
        return message
    }

    /// The phone loses power; who had a call with it can't blame the server for what it believes.
    package func die() {
        isDead = true
        for call in live { excuse(call) }
        fallSilent(since: world.now)
    }

    /// The media plane notices, and says so every minute.
    private func fallSilent(since: Moment) {
        world.after(.seconds(60)) { [unowned self] in
            guard isDead, world.now.since(since) < .seconds(600) else { return }
            world.server.media.reportSilence(of: address.address, since: since)
            world.server.reportMedia()
            fallSilent(since: since)
        }
    }

    func excuse(_ call: PhoneCall) { call.isExcused = true }

    /// The phone comes back with an empty memory.
    package func reboot() {
        isDead = false
        for call in live { finish(call, "rebooted") }
        (callByTag, transactions, purposes) = ([:], TransactionLayer(), [:])
        armed = nil
    }

    /// The connection breaks; the phone makes a new one after `pause` and registers again.
    package func cutConnection(reconnectAfter pause: Duration) {
        guard transport != .udp, connection != 0, !isDead else { return }
        let old: UInt64 = connection
        connection = 0
        lose(old)
        world.after(pause) { [unowned self] in connect() }
    }

    /// Makes the connection there is none of, and registers over it.
    package func connect() {
        guard transport != .udp, !isDead, connection == 0 else { return }
        connection = world.nextConnection()
        if registration.isWanted { register() }
    }

    private func lose(_ old: UInt64) {
        let lost: SIPFlow = flow(old)
        for call in live {
            excuse(call)
            if !call.isCaller, call.state != .up { world.checks.excuse(callID: call.callID) }
        }
        world.connectionLost(old, of: self)
        drive { $0.transportFailed(.flow(lost), branch: nil, now: self.world.now, into: &$1) }
    }

    /// Opens a second flow and registers it beside the first (RFC 5626 §4.2).
    package func openBackupFlow() {
        guard transport != .udp, !isDead, backupConnection == 0, hasInstance else { return }
        backupConnection = world.nextConnection()
        registerBackup()
    }

    /// The second flow breaks, and another one takes its place after `pause`.
    package func cutBackupFlow(reconnectAfter pause: Duration) {
        guard backupConnection != 0, !isDead else { return }
        let old: UInt64 = backupConnection
        backupConnection = 0
        lose(old)
        world.after(pause) { [unowned self] in if registration.isWanted { openBackupFlow() } }
    }
}
