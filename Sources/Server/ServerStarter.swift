import API
import Basics
import CallControl
import Foundation
import Identity
import Logging
import MediaSession
import MediaTransport
import NIOCore
import NIOPosix
import Registration
import SIPTransaction
import SIPTransport
import Store
import Synchronization
import Telemetry

/// Builds a server in order, and takes down what it had built when a later part can't start.
struct ServerStarter {
    let configuration: ServerConfiguration
    let logger: Logger
    private let clock = SystemClock()
    private var undo: [@Sendable () async -> Void] = []

    init(configuration: ServerConfiguration, logger: Logger) {
        (self.configuration, self.logger) = (configuration, logger)
    }

    mutating func start() async throws(ServerError) -> (Server.Parts, [String]) {
        do throws(ServerError) {
            return try await build()
        } catch {
            for step in undo.reversed() { await step() }
            throw error
        }
    }

    private mutating func build() async throws(ServerError) -> (Server.Parts, [String]) {
        raiseDescriptorLimit()
        let database = try openDatabase()
        let lock = try DataFolderLock(folder: configuration.dataFolder)
        let state = try loadState(database)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.signallingThreads)
        undo.append { try? await group.shutdownGracefully() }
        let loops = group.makeIterator().enumerated().map { ShardLoop(index: $0, eventLoop: $1) }
        let receiver = SignallingReceiver(loops: loops)
        let audio = startAudio(database)
        let media = try startMedia(receiver, audio)
        let tracer = try openTrace()
        let resolver = try startResolver()
        let writer = startWriter(database, receiver)
        let tls = try identity(state.directory)
        let (transport, bound) = try await startTransport(group, receiver, tls, state.gate)
        let addresses = addressBook(bound)
        let services = ServerServices(
            clock: clock, transport: transport, media: media, writer: writer, tracer: tracer, resolver: resolver,
            audio: audio, addresses: addresses, logger: logger)
        await installShards(loops, services, state)
        let http = try await startHTTP(loops, services, state.locations)
        let parts = Server.Parts(
            lock: lock, database: database, group: group, loops: loops, services: services, locations: state.locations,
            tls: tls,
            http: http, gate: state.gate, directoryVersion: state.version)
        return (parts, describe(bound, http))
    }

    // MARK: State

    /// What earlier runs left behind.
    private struct State {
        let version: Int64
        let directory: Directory
        let locations: LocationTable
        let gate: AccessGate
        let epoch: UInt32
    }

    private func openDatabase() throws(ServerError) -> Store.Database {
        do { return try Store.Database(folder: configuration.dataFolder) } catch {
            throw ServerError("the database in \(configuration.dataFolder) can't be opened: \(error)")
        }
    }

    private func loadState(_ database: Store.Database) throws(ServerError) -> State {
        do {
            var random = AnyRandom.system
            let (now, wall) = (clock.now, clock.wallNow)
            let interrupted = try database.callRecords.closeOpenCallRecords(wall)
            if interrupted > 0 {
                logger.warning(
                    "calls were up when the server stopped last; their records are closed",
                    metadata: ["calls": "\(interrupted)"])
            }
            let key = try database.settings.nonceKey(random: &random)
            let gruuKey = key.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let locations = LocationTable(gruuKey: gruuKey)
            let loaded = try database.bindings.load(listeners: configuration.listenerMap, now: now, wall: wall)
            report(loaded)
            try database.bindings.noteRestart(wall: wall)
            let rows = loaded.bindings
            _ = locations.load(rows.map { (aor: $0.0, binding: $0.1) }, now: now, wall: wall)
            let gate = AccessGate(
                authenticator: DigestAuthenticator(key: key, random: &random),
                abuse: AbuseGuard(settings: configuration.abuse))
            for (_, binding) in rows {
                gate.abuse.trust(
                    binding.receivedFrom.address,
                    until: max(binding.deadline, now.advanced(by: gate.abuse.settings.trust)))
            }
            // Before the directory: a change between the two is seen as one, and read again.
            let version = try database.directoryVersion()
            return State(
                version: version, directory: try database.loadDirectory(), locations: locations, gate: gate,
                epoch: try database.settings.nextEpoch())
        } catch {
            throw ServerError("the database in \(configuration.dataFolder) can't be read: \(error)")
        }
    }

    private func report(_ loaded: LoadedBindings) {
        if loaded.unreadable > 0 {
            logger.error("registrations of another version were left out", metadata: ["rows": "\(loaded.unreadable)"])
        }
        guard !loaded.unreachable.isEmpty else { return }
        let transports = Set(loaded.unreachable.map { "\($0.1.flow.transport.rawValue)" }).sorted()
        logger.warning(
            "registrations are left out, as no listener reaches their phones any more",
            metadata: [
                "registrations": "\(loaded.unreachable.count)", "transports": "\(transports.joined(separator: ","))",
            ])
    }

    /// Each relayed stream needs two descriptors and each connection one: the system's default is far too low.
    private func raiseDescriptorLimit() {
        var limit = rlimit()
        let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(kind, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        if setrlimit(kind, &limit) != 0 {
            logger.warning("the limit of open files can't be raised", metadata: ["limit": "\(limit.rlim_cur)"])
        }
    }

    // MARK: Adapters

    private mutating func startMedia(
        _ receiver: SignallingReceiver, _ audio: AudioServices
    ) throws(ServerError) -> PacketThreads {
        let interfaces = configuration.media.enumerated().map { index, network in
            MediaInterface(id: MediaInterfaceID(UInt8(index)), bindAddress: network.bind, ports: network.ports)
        }
        var settings = MediaTransportSettings(interfaces: interfaces, threads: configuration.mediaThreads)
        settings.forwarding = configuration.mediaForwarding
        settings.library = audio.library
        settings.recordings = audio.recordings
        do {
            let media = try PacketThreads(settings, clock: clock) { receiver.receive($0) }
            undo.append { media.stop() }
            report(media.forwarding)
            return media
        } catch {
            throw ServerError("media ports: \(error)")
        }
    }

    private func report(_ forwarding: ForwardingState) {
        switch forwarding {
        case .off: break
        case .kernel(let interfaces):
            logger.notice(
                "media is forwarded in the kernel", metadata: ["interfaces": "\(interfaces.joined(separator: ","))"])
        case .unavailable(let why):
            logger.warning(
                "media is relayed in user space, as the kernel does not forward it", metadata: ["why": "\(why)"])
        }
    }

    /// Before the media threads, which play and record with it.
    private mutating func startAudio(_ database: Store.Database) -> AudioServices {
        let audio = AudioServices(configuration, database, clock: clock, logger: logger)
        undo.append { audio.stop() }
        audio.begin()
        return audio
    }

    private mutating func openTrace() throws(ServerError) -> TraceWriter? {
        guard configuration.isTracing else { return nil }
        do {
            let tracer = try TraceWriter(folder: configuration.traceFolder, settings: configuration.trace)
            undo.append { tracer.close() }
            return tracer
        } catch {
            throw ServerError("the trace folder \(configuration.traceFolder) can't be used: \(error)")
        }
    }

    private mutating func startResolver() throws(ServerError) -> SIPResolver {
        do {
            var options = SIPResolver.Options()
            options.policy.families = Array(Set(configuration.sip.map { $0.bind.family })).sorted {
                $0 == .v4 && $1 != .v4
            }
            options.denyTime = configuration.dns.denyTime
            if !configuration.dns.servers.isEmpty {
                options.servers = configuration.dns.servers.map(\.description).joined(separator: ",")
            }
            let resolver = try SIPResolver(options, clock: clock, random: .system, logger: logger)
            undo.append { resolver.stop() }
            return resolver
        } catch {
            throw ServerError("the DNS resolver can't start: \(error)")
        }
    }

    private mutating func startWriter(_ database: Store.Database, _ receiver: SignallingReceiver) -> StoreWriter {
        var settings = StoreWriterSettings()
        settings.safety = configuration.storeSafety
        let writer = StoreWriter(database, settings: settings, listeners: configuration.listenerMap, clock: clock) {
            shard, tokens, result in
            if case .success = result {
                receiver.stored(shard, tokens, succeeded: true)
            } else {
                receiver.stored(shard, tokens, succeeded: false)
            }
        }
        undo.append { writer.close() }
        return writer
    }

    private func identity(_ directory: Directory) throws(ServerError) -> TLSIdentity? {
        do {
            if let certificate = configuration.tls.certificateFile, let key = configuration.tls.keyFile {
                return try TLSIdentity(
                    certificateFile: certificate, keyFile: key, authorityFile: configuration.tls.authorityFile,
                    now: clock.wallNow)
            }
            let domains = directory.tenants.flatMap(\.domains).filter { IPAddress($0) == nil }
            return try TLSIdentity(
                selfMadeIn: configuration.certificateFolder, names: configuration.tls.names + domains,
                addresses: ownAddresses(),
                now: clock.wallNow)
        } catch {
            throw ServerError("the TLS certificate can't be used: \(error)")
        }
    }

    /// Every address a phone may be pointed at.
    private func ownAddresses() -> [IPAddress] {
        var found: [IPAddress] = []
        for listener in configuration.sip {
            if let advertised = listener.advertise?.address { found.append(advertised) }
            if listener.bind.isUnspecified {
                found.append(contentsOf: HostFacts.addresses.filter { $0.family == listener.bind.family })
            } else {
                found.append(listener.bind)
            }
        }
        return Array(Set(found)).sorted()
    }

    private mutating func startTransport(
        _ group: MultiThreadedEventLoopGroup, _ receiver: SignallingReceiver, _ tls: TLSIdentity?, _ gate: AccessGate
    ) async throws(ServerError) -> (SIPTransport, [BoundListener]) {
        let listeners = configuration.sip.enumerated().map { index, listener in
            ListenerConfiguration(
                id: ListenerID(UInt8(index)), transport: listener.transport,
                bind: IPEndpoint(listener.bind, listener.port))
        }
        var options = SIPTransport.Options(listeners: listeners)
        options.tls = tls
        let clock = clock
        options.messageLimits = configuration.messageLimits
        options.shouldAccept = { gate.abuse.banned($0, now: clock.now) == nil }
        let transport = SIPTransport(options, group: group, receiver: receiver, clock: clock, logger: logger)
        receiver.measure(by: transport)
        undo.append { await transport.stop() }
        do {
            return (transport, try await transport.start())
        } catch {
            throw ServerError("\(error)")
        }
    }

    private func addressBook(_ bound: [BoundListener]) -> AddressBook {
        let listeners = zip(bound, configuration.sip).map { entry, configured in
            AddressBook.Listener(
                id: entry.configuration.id, transport: entry.configuration.transport, bound: entry.bound,
                advertised: configured.advertise)
        }
        let routes = RouteTable()
        let media = configuration.media.enumerated().map { index, network in
            AddressBook.MediaNetwork(
                id: MediaInterfaceID(UInt8(index)), bound: network.bind, advertised: network.advertise)
        }
        let machine = MachineAddresses(clock: clock)
        return AddressBook(
            listeners: listeners, media: media, localNetworks: configuration.localNetworks,
            hostNames: (configuration.hostNames ?? OwnNames.ofMachine) + configuration.tls.names,
            sourceAddress: { routes.sourceAddress(towards: $0) ?? ($0.isV4 ? .loopbackV4 : .loopbackV6) },
            isOfMachine: { machine.contains($0) })
    }

    private func installShards(_ loops: [ShardLoop], _ services: ServerServices, _ state: State) async {
        var settings = ShardSettings()
        settings.calls.timers = configuration.timers
        settings.calls.candidateTimeout = configuration.dns.candidateTimeout
        settings.calls.serverName = configuration.serverName
        settings.calls.language = configuration.audio.language
        settings.calls.maximumBranches = configuration.branches
        settings.overloadDelay = configuration.overloadDelay
        settings.severeOverloadDelay = configuration.severeOverloadDelay
        let rooms = RoomTable()
        for loop in loops {
            var own = settings
            own.sweepsRegistrations = loop.index == 0
            own.shardCount = loops.count
            let shard = Shard(
                id: ShardID(UInt8(loop.index)), epoch: state.epoch, settings: own, random: .system,
                addresses: services.addresses,
                media: services.media, locations: state.locations, rooms: rooms, directory: state.directory,
                gate: state.gate, now: clock.now,
                wall: clock.wallNow)
            // The threads have just begun: nothing can have ended them.
            try? await loop.eventLoop.submit { loop.install(shard, services) }.get()
        }
    }

    private mutating func startHTTP(
        _ loops: [ShardLoop], _ services: ServerServices, _ locations: LocationTable
    ) async throws(ServerError) -> HTTPServer {
        var settings = HTTPServer.Settings()
        settings.endpoint = configuration.http
        let metrics = ServerMetrics(loops: loops, services: services, locations: locations)
        do {
            return try await HTTPServer.start(
                settings, logger: logger, readiness: { metrics.checks() }, metrics: { await metrics.page() })
        } catch {
            throw ServerError("\(error)")
        }
    }

    private func describe(_ bound: [BoundListener], _ http: HTTPServer) -> [String] {
        var lines = zip(bound, configuration.sip).map { entry, configured in
            let advertised = configured.advertise.map { ", told to others as \($0.address)" } ?? ""
            return "SIP  \(entry.configuration.transport.rawValue) \(entry.bound)\(advertised)"
        }
        for network in configuration.media {
            lines.append("RTP  UDP \(network.bind) ports \(network.ports.lowerBound)-\(network.ports.upperBound)")
        }
        lines.append("HTTP http://\(http.endpoint)/health/ready")
        return lines
    }
}
