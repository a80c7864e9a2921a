public import Basics
public import Identity
public import Logging
public import MediaTransport
public import SIPMessage
public import SIPTransaction
public import Store
public import Telemetry

/// One address the server takes SIP on.
public struct SIPListenerConfiguration: Hashable, Sendable {
    /// ``SIPTransportKind/udp``, `.tcp` or `.tls`.
    public var transport: SIPTransportKind
    /// `0.0.0.0` or `::` for all addresses of that family.
    public var bind: IPAddress
    /// 1 ... 65 535.
    public var port: UInt16
    /// What peers outside ``ServerConfiguration/localNetworks`` are told, for a server behind 1:1 NAT; port 0 means ``port``.
    public var advertise: IPEndpoint?

    public init(transport: SIPTransportKind, bind: IPAddress, port: UInt16, advertise: IPEndpoint? = nil) {
        (self.transport, self.bind, self.port, self.advertise) = (transport, bind, port, advertise)
    }
}

/// One network media is relayed on.
public struct MediaNetworkConfiguration: Hashable, Sendable {
    /// `0.0.0.0` or `::` for all addresses of that family.
    public var bind: IPAddress
    /// The address written into SDP for peers outside ``ServerConfiguration/localNetworks``; nil for the server's own.
    public var advertise: IPAddress?
    /// 1024 ... 65 535; RTP takes the even ports, RTCP the odd ones above.
    public var ports: ClosedRange<UInt16>

    public init(bind: IPAddress, advertise: IPAddress? = nil, ports: ClosedRange<UInt16> = 10_000...20_000) {
        (self.bind, self.advertise, self.ports) = (bind, advertise, ports)
    }
}

/// Where the server's certificate comes from.
public struct TLSFilesConfiguration: Hashable, Sendable {
    /// PEM: the chain from the server's certificate on. nil: the server makes an authority and a certificate of its own.
    public var certificateFile: String?
    /// PEM; given together with ``certificateFile``, or not at all.
    public var keyFile: String?
    /// PEM: authorities that peers may be signed by, beside the system's. Only with given files.
    public var authorityFile: String?
    /// Host names for the server's own certificate, beside the tenants' domains and the addresses.
    public var names: [String] = []

    public init() {}

    /// True where the server makes its certificate itself.
    public var isOwn: Bool { certificateFile == nil }
}

/// Everything a server is told at its start; a value read by ``ConfigurationFile`` or made by ``DemoOptions`` is legal.
public struct ServerConfiguration: Sendable {
    /// Where the database, traces and certificates are kept.
    public var dataFolder: String
    /// In this order the listeners are numbered; at least one, 256 at most.
    public var sip: [SIPListenerConfiguration]
    /// Peers in these networks are told the address the server itself has towards them.
    public var localNetworks: [IPNetwork] = []
    /// At least one.
    public var media: [MediaNetworkConfiguration]
    /// Health and metrics.
    public var http = IPEndpoint(.loopbackV4, 8080)
    public var tls = TLSFilesConfiguration()
    /// Names of this server that phones may be set up with beside the tenants' domains and its addresses; ``TLSFilesConfiguration/names``
    /// count too. nil: the machine's own name, with and without its domain.
    public var hostNames: [String]?
    /// 1 ... 64.
    public var signallingThreads: Int = 1
    /// 1 ... 64.
    public var mediaThreads: Int
    /// Whether the kernel forwards media that needs no look at its payload.
    public var mediaForwarding: Forwarding = .off
    /// How long calls may go on after SIGTERM; 0 ... 86 400 seconds.
    public var drainSeconds: Int = 30
    public var storeSafety: StoreWriterSettings.Safety = .full
    /// Whether messages are kept for `martinet trace`.
    public var isTracing: Bool = true
    public var trace = TraceSettings()
    /// Events waiting longer than this, for five times as long and without a break, mean overload: new calls are refused; 10 ms ... 10 s.
    public var overloadDelay: Duration = .milliseconds(100)
    /// Beyond this, new registrations are refused too; not below ``overloadDelay``, 60 s at most.
    public var severeOverloadDelay: Duration = .milliseconds(200)
    /// What Server and User-Agent say of us.
    public var serverName: String = "Martinet"
    /// Phones rung for one call at most, redirections included; 1 ... 64.
    public var branches: Int = 32
    public var abuse = AbuseSettings()
    public var dns = DNSConfiguration()
    /// How large messages may be; what is larger is answered 513, 414 or 413.
    public var messageLimits: SIPLimits = .standard
    public var timers: SIPTimers = .standard
    public var logLevel: Logger.Level = .info
    /// Prompts, music and what they may take of the disk.
    public var audio = AudioConfiguration()

    public init(dataFolder: String, sip: [SIPListenerConfiguration], media: [MediaNetworkConfiguration]) {
        (self.dataFolder, self.sip, self.media) = (dataFolder, sip, media)
        mediaThreads = ServerConfiguration.defaultMediaThreads
    }

    /// The listeners as registrations remember them.
    var listenerMap: ListenerMap {
        ListenerMap(
            sip.enumerated().map { index, listener in
                ListenerMap.Listener(
                    id: ListenerID(UInt8(clamping: index)), transport: listener.transport,
                    bound: IPEndpoint(listener.bind, listener.port))
            })
    }

    /// One a core, as far as that many may be set.
    public static var defaultMediaThreads: Int { min(HostFacts.coreCount, 64) }

    /// Where the server keeps its own authority and certificate: `ca.pem`, `server.pem` and their keys.
    public var certificateFolder: String { "\(dataFolder)/tls" }
    /// Where the messages for `martinet trace` are kept.
    public var traceFolder: String { ServerConfiguration.traceFolder(of: dataFolder) }

    /// Where a server with this data folder keeps its traces.
    public static func traceFolder(of dataFolder: String) -> String { "\(dataFolder)/trace" }
}
