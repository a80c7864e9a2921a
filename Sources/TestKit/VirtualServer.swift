package import Basics
package import CallControl
internal import Identity
internal import MediaSession
package import Registration
internal import SIPMessage
package import SIPTransaction

/// The server core on the virtual network: its shards, and what stands behind them.
package final class VirtualServer {
    package static let address = IPEndpoint(IPAddress(v4: 0xC633_6401), 5060)  // 198.51.100.1
    package static let addressV6 = IPEndpoint(IPAddress(v6: 0x2001_0DB8_0100_0000, 1), 5060)
    private static let transports: [SIPTransportKind] = [.udp, .tcp, .tls]

    /// The listener phones with this transport and address family talk to.
    package static func listener(_ transport: SIPTransportKind, towards phone: IPAddress) -> ListenerID {
        let place: Int = transports.firstIndex(of: transport) ?? 0
        return ListenerID(UInt8(phone.isV4 ? place : place + transports.count))
    }

    /// What the server's own texts may name.
    package static let domain = "pbx.example"

    package private(set) var shards: [Shard]
    package let media: VirtualMediaPlane
    package let locations: LocationTable
    package private(set) var book = RecordBook()
    package private(set) var alarms: [ShardAlarm] = []
    /// Where CR LF CR LF was sent.
    package private(set) var pings: [SIPFlow] = []
    /// Notes of the calls' traces, kept where asked for.
    package private(set) var notes: [String] = []
    /// All lines of the calls' traces, kept with the notes.
    package private(set) var traces: [CallTrace] = []
    package var keepsNotes = false
    /// How long a REGISTER's changes take to reach the disk.
    package var storeDelay: ClosedRange<Int> = 2...2
    /// Of 1000 writes of registrations, how many fail.
    package var storeFailuresPerMille: Int = 0
    /// What location finds, by host; nil never answers, and what is not here is nowhere.
    package var zone: [String: LocationOutcome?] = [:]
    package var locateDelay: Duration = .milliseconds(1)
    /// The URIs that were to be located.
    package private(set) var located: [String] = []
    /// What was said of located places.
    package private(set) var judged: [String] = []
    /// Of 1000 writes of call records, how many fail.
    package var recordFailuresPerMille: Int = 0
    private var armed: [Moment?]
    private unowned let world: VirtualWorld

    init(
        world: VirtualWorld, shards count: Int, directory: Directory, settings: ShardSettings, media: VirtualMediaPlane,
        abuse: AbuseSettings, random: inout AnyRandom
    ) {
        self.world = world
        self.media = media
        locations = LocationTable(stripes: 4)
        let authenticator = DigestAuthenticator(key: (0..<32).map { UInt8($0) }, random: &random)
        let gate = AccessGate(authenticator: authenticator, abuse: AbuseGuard(settings: abuse))
        let hosts: [IPEndpoint] = [VirtualServer.address, VirtualServer.addressV6]
        var listeners: [AddressBook.Listener] = []
        for host in hosts {
            for transport in VirtualServer.transports {
                listeners.append(
                    .init(
                        id: VirtualServer.listener(transport, towards: host.address), transport: transport,
                        bound: IPEndpoint(host.address, transport.defaultPort), advertised: nil))
            }
        }
        let addresses = AddressBook(
            listeners: listeners,
            media: hosts.enumerated().map { index, host in
                .init(id: MediaInterfaceID(UInt8(index)), bound: host.address, advertised: nil)
            }, localNetworks: [], hostNames: ["Server.lan"],
            sourceAddress: { $0.isV4 ? VirtualServer.address.address : VirtualServer.addressV6.address })
        shards = []
        let rooms = RoomTable()
        for index in 0..<count {
            var own: ShardSettings = settings
            own.sweepsRegistrations = index == 0
            own.shardCount = count
            shards.append(
                Shard(
                    id: ShardID(UInt8(index)), epoch: 7, settings: own,
                    random: AnyRandom(SeededRandom(seed: random.next())),
                    addresses: addresses, media: media, locations: locations, rooms: rooms, directory: directory,
                    gate: gate,
                    now: .zero,
                    wall: world.wall))
        }
        armed = Array(repeating: nil, count: count)
        for index in 0..<count { arm(index) }
    }

    // MARK: Events

    /// Bytes from the network, as the transport hands them over.
    func receive(_ wire: [UInt8], over flow: SIPFlow) {
        do throws(SIPParseError) {
            let message = try SIPMessage.parse(wire)
            let shard = ShardID(callID: message.callID, count: shards.count)
            world.checks.delivered(message, now: world.now)
            handle(.received(message, flow), on: Int(shard.rawValue))
        } catch {
            handle(.malformed(error, flow), on: 0)
        }
    }

    package func handle(_ event: ShardEvent, on index: Int) {
        var effects: [ShardEffect] = []
        shards[index].handle(event, now: world.now, wall: world.wall, into: &effects)
        for effect in effects { perform(effect, of: index) }
        media.judgePlans()
        reportMedia()
        arm(index)
    }

    package func handleEverywhere(_ event: ShardEvent) {
        for index in shards.indices { handle(event, on: index) }
    }

    /// Hands over what the media plane has to tell.
    package func reportMedia() {
        for fact in media.takeFacts() {
            let shard = Int(fact.call.shard.rawValue)
            world.after(.milliseconds(1)) { [unowned self] in handle(.media(fact), on: shard) }
        }
    }

    private func arm(_ index: Int) {
        guard let due = shards[index].nextDeadline else { return armed[index] = nil }
        let at: Moment = max(due, world.now)
        if let waiting = armed[index], waiting <= at, waiting >= world.now { return }
        armed[index] = at
        world.schedule(at: at) { [unowned self] in
            guard armed[index] == at else { return }
            armed[index] = nil
            handle(.deadlineReached, on: index)
        }
    }

    // MARK: Effects

    private func perform(_ effect: ShardEffect, of index: Int) {
        switch effect {
        case .send(let wire, let target): world.emit(wire, to: target, shard: index)
        case .storeBindings(_, let token):
            guard token != 0 else { return }
            let delay: Duration = .milliseconds(Int.random(in: storeDelay, using: &world.random))
            let succeeds: Bool =
                storeFailuresPerMille == 0 || Int.random(in: 0..<1000, using: &world.random) >= storeFailuresPerMille
            world.after(delay) { [unowned self] in handle(.stored(token: token, succeeded: succeeds), on: index) }
        case .startRecord(let record, let token):
            book.take(.started(record))
            let delay: Duration = .milliseconds(Int.random(in: storeDelay, using: &world.random))
            let succeeds: Bool =
                recordFailuresPerMille == 0 || Int.random(in: 0..<1000, using: &world.random) >= recordFailuresPerMille
            world.after(delay) { [unowned self] in handle(.stored(token: token, succeeded: succeeds), on: index) }
        case .storeRecord(let change): book.take(change)
        case .storePhone: break
        case .media(let commands): media.perform(commands)
        case .locate(let uri, let token):
            located.append(uri.description)
            let numeric: LocationOutcome? = uri.hostAddress.map {
                .found([LocatedTarget(VirtualServer.place(IPEndpoint($0, uri.port ?? 5060)))])
            }
            guard let outcome = numeric ?? zone[uri.host] ?? .some(.nowhere) else { return }
            world.after(locateDelay) { [unowned self] in handle(.located(token: token, outcome), on: index) }
        case .targetFailed(let target, let retryAfter):
            judged.append("\(target.remote) failed" + (retryAfter.map { " for \($0.wholeSeconds) s" } ?? ""))
        case .targetAnswered(let target): judged.append("\(target.remote) answered")
        case .ping(let flow): pings.append(flow)
        case .trace(let line):
            guard keepsNotes else { return }
            traces.append(line)
            if case .note(let text) = line.content {
                notes.append("\(line.call)/\(line.leg.map(String.init) ?? "-"): \(text)")
            }
        case .alarm(let alarm): alarms.append(alarm)
        }
    }

    /// A place to send to as location gives it.
    package static func place(_ endpoint: IPEndpoint, _ transport: SIPTransportKind = .udp) -> SIPTarget {
        .address(transport, endpoint, listener: listener(transport, towards: endpoint.address), serverName: nil)
    }

    // MARK: Leaks

    /// What is left once everything should be over; empty is right.
    package func leftovers() -> [String] {
        var found: [String] = []
        for (index, shard) in shards.enumerated() {
            if shard.heldCount != 0 {
                found.append("shard \(index) still holds \(shard.heldCount) (calls: \(shard.callCount))")
            }
            if shard.transactions.count != 0 {
                found.append("shard \(index) still has \(shard.transactions.count) transaction(s)")
            }
            guard let due = shard.nextDeadline else { continue }
            if index != 0 || due.since(world.now) > .seconds(1) {
                found.append("shard \(index) still waits for \(due.sinceStart)")
            }
        }
        if media.reservedPorts != 0 { found.append("\(media.reservedPorts) media port(s) still reserved") }
        found += media.leftSources
        for endpoint in media.openEndpoints { found.append("media endpoint \(endpoint.id) still open") }
        for record in book.open { found.append("record \(record.id) (\(record.dialled)) is never settled") }
        if locations.count != 0 { found.append("\(locations.count) binding(s) left") }
        return found
    }
}
