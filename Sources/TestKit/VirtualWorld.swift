package import Basics
package import CallControl
package import Identity
internal import MediaSession
package import SIPMessage
package import SIPTransaction

/// A server, phones and a network between them in virtual time: everything follows from one seed.
package final class VirtualWorld {
    package private(set) var now: Moment = .zero
    package var random: AnyRandom
    package var weather: NetworkWeather = .calm
    package let checks: EmissionChecks
    package private(set) var server: VirtualServer!
    package private(set) var phones: [VirtualPhone] = []
    /// What broke a rule, whoever noticed it.
    package private(set) var faults: [String] = []
    /// Every message as it was put on the wire, where asked for.
    package var keepsLog = false
    package private(set) var log: [String] = []
    /// Addresses from which nothing comes back, and those whose machine says at once that nobody listens.
    package var holes: Set<IPAddress> = []
    package var refusing: Set<IPAddress> = []
    /// What was sent there.
    package private(set) var vain: [(SIPTarget, SIPMessage)] = []
    private var events = EventHeap()
    private var phoneByAddress: [IPAddress: VirtualPhone] = [:]
    private var isStuck = false
    private var lastConnection: UInt64 = 0

    /// Civil time at the start: 2026-01-01T00:00:00Z.
    package var wall: WallTime { WallTime(secondsSinceEpoch: 1_767_225_600).advanced(by: now.sinceStart) }

    package init(
        seed: UInt64, accounts: Accounts, shards: Int = 1, settings: ShardSettings = ShardSettings(),
        abuse: AbuseSettings = AbuseSettings(),
        media: VirtualMediaPlane = VirtualMediaPlane()
    ) {
        random = AnyRandom(SeededRandom(seed: seed))
        checks = EmissionChecks(media: media)
        var own = AnyRandom(SeededRandom(seed: seed ^ 0x5EED))
        server = VirtualServer(
            world: self, shards: shards, directory: accounts.directory, settings: settings, media: media, abuse: abuse,
            random: &own)
    }

    package func fault(_ text: String) { faults.append("\(now.sinceStart.inSeconds) s: \(text)") }

    // MARK: Time

    package func schedule(at moment: Moment, _ action: @escaping () -> Void) {
        events.schedule(at: max(moment, now), action)
    }

    package func after(_ delay: Duration, _ action: @escaping () -> Void) {
        events.schedule(at: now.advanced(by: delay), action)
    }

    /// Lets everything happen that is due within `duration`.
    package func run(for duration: Duration) {
        guard !isStuck else { return }
        let end: Moment = now.advanced(by: duration)
        var atOnce: Int = 0
        while let event = events.pop(until: end) {
            atOnce = event.at == now ? atOnce + 1 : 0
            guard atOnce < 20_000 else {
                isStuck = true
                return fault("time stands still: something is due again and again")
            }
            now = event.at
            event.action()
        }
        now = end
    }

    // MARK: Phones

    package func add(_ phone: VirtualPhone) {
        phones.append(phone)
        phoneByAddress[phone.address.address] = phone
    }

    package func nextConnection() -> UInt64 {
        lastConnection += 1
        return lastConnection
    }

    // MARK: Network

    /// A message of the server is put on the wire.
    func emit(_ wire: [UInt8], to target: SIPTarget, shard: Int) {
        let isRefused: Bool = refusing.contains(target.remote.address)
        if isRefused || holes.contains(target.remote.address), let message = try? SIPMessage.parse(wire) {
            vain.append((target, message))
            guard isRefused else { return }
            return after(.milliseconds(1)) { [unowned self] in
                server.handle(.sendFailed(target, branch: message.topVia.branch), on: shard)
            }
        }
        guard let phone = phoneByAddress[target.remote.address] else {
            return fault("a message for \(target.remote), where nobody is")
        }
        checks.emitted(wire, to: phone, now: now).forEach(fault)
        note("<-", phone, wire)
        if target.transport.isReliable { return emitReliably(wire, to: target, phone, shard: shard) }
        guard target.remote.port == phone.address.port else { return }
        for delay in weather.fates(using: &random) {
            after(delay) { phone.receive(wire, over: 0) }
        }
    }

    private func emitReliably(_ wire: [UInt8], to target: SIPTarget, _ phone: VirtualPhone, shard: Int) {
        var connection: UInt64 = phone.flow.connection
        if case .flow(let flow) = target { connection = flow.connection }
        guard phone.holds(connection) else {
            let branch: String? = (try? SIPMessage.parse(wire))?.topVia.branch
            return after(.milliseconds(1)) { [unowned self] in
                server.handle(.sendFailed(target, branch: branch), on: shard)
            }
        }
        phone.inboundUntil = max(phone.inboundUntil, now.advanced(by: weather.delay(using: &random)))
        schedule(at: phone.inboundUntil) { if phone.holds(connection) { phone.receive(wire, over: connection) } }
    }

    /// A phone puts a message on the wire.
    func carry(_ wire: [UInt8], from phone: VirtualPhone, over connection: UInt64) {
        note("->", phone, wire)
        let flow = flow(of: phone, connection)
        guard phone.transport == .udp else {
            guard connection != 0 else { return }
            phone.outboundUntil = max(phone.outboundUntil, now.advanced(by: weather.delay(using: &random)))
            return schedule(at: phone.outboundUntil) { [unowned self] in
                if phone.holds(connection) { server.receive(wire, over: flow) }
            }
        }
        for delay in weather.fates(using: &random) {
            after(delay) { [unowned self] in server.receive(wire, over: flow) }
        }
    }

    private func flow(of phone: VirtualPhone, _ connection: UInt64) -> SIPFlow {
        SIPFlow(
            listener: VirtualServer.listener(phone.transport, towards: phone.address.address),
            transport: phone.transport, remote: phone.address, connection: connection)
    }

    /// A connection of a phone is gone; both ends learn of it.
    func connectionLost(_ connection: UInt64, of phone: VirtualPhone) {
        let flow = flow(of: phone, connection)
        after(weather.delay(using: &random)) { [unowned self] in server.handleEverywhere(.flowClosed(flow)) }
    }

    private func note(_ direction: String, _ phone: VirtualPhone, _ wire: [UInt8]) {
        guard keepsLog else { return }
        log.append("\(now.sinceStart.inSeconds) \(phone.name) \(direction) \(String(decoding: wire, as: UTF8.self))")
    }
}
