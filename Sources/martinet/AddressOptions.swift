import ArgumentParser
import Basics
import MediaTransport
import Server

/// The flags that say where a demo listens.
struct AddressOptions: ParsableArguments {
    @Option(
        name: .customLong("bind"),
        help: ArgumentHelp("Address to listen on; may be given again. Default: all.", valueName: "address"),
        transform: { try AddressOptions.address($0) })
    var bind: [IPAddress] = []

    @Option(
        name: .customLong("sip-port"), help: ArgumentHelp("SIP over UDP and TCP; default 5060.", valueName: "port"),
        transform: { try AddressOptions.port($0) })
    var sipPort: UInt16 = 5060

    @Option(
        name: .customLong("second-sip-port"),
        help: ArgumentHelp(
            "A second SIP port, that routers' SIP helpers (SIP ALG) do not know; 0 for none. Default 5072 beside 5060, else none.",
            valueName: "port"),
        transform: { try AddressOptions.port($0, orNone: true) })
    var secondSIPPort: UInt16?

    @Option(
        name: .customLong("tls-port"), help: ArgumentHelp("SIP over TLS, 0 for none; default 5061.", valueName: "port"),
        transform: { try AddressOptions.port($0, orNone: true) })
    var tlsPort: UInt16 = 5061

    @Option(
        name: .customLong("http-port"), help: ArgumentHelp("Health and metrics; default 8080.", valueName: "port"),
        transform: { try AddressOptions.port($0) })
    var httpPort: UInt16 = 8080

    @Option(
        name: .customLong("http-bind"),
        help: ArgumentHelp(
            "Address for health and metrics; default: the first --bind if it is one address, else 127.0.0.1.",
            valueName: "address"),
        transform: { try AddressOptions.address($0) })
    var httpBind: IPAddress?

    @Option(
        name: .customLong("rtp-ports"), help: ArgumentHelp("Media over UDP; default 10000-20000.", valueName: "A-B"),
        transform: { text in
            guard let range = ConfigurationAddresses.portRange(text) else {
                throw ValidationError("must be \(ConfigurationAddresses.portRangeRule)")
            }
            return range
        })
    var rtpPorts: ClosedRange<UInt16> = 10_000...20_000

    @Option(
        name: .customLong("advertise"),
        help: ArgumentHelp(
            "The public address that a router forwards to this machine; may be given again for IPv6.",
            valueName: "address"),
        transform: { try AddressOptions.address($0) })
    var advertise: [IPAddress] = []

    @Option(
        name: .customLong("host-name"),
        help: ArgumentHelp(
            "A name of this server that phones are set up with; may be given again. Default: the machine's own name.",
            valueName: "name"),
        transform: { text in
            guard let name = ConfigurationFile.hostName(text) else {
                throw ValidationError("must be a host name such as pbx.example.com")
            }
            return name
        })
    var hostNames: [String] = []

    @Option(
        name: .customLong("local-net"),
        help: ArgumentHelp(
            "A network whose phones reach this machine directly, whatever is advertised; may be given again.",
            valueName: "network"),
        transform: { text in
            guard let network = IPNetwork(text) else {
                throw ValidationError("must be a network such as 192.168.0.0/16")
            }
            return network
        })
    var localNetworks: [IPNetwork] = []

    @Option(
        name: .customLong("signalling-threads"),
        help: ArgumentHelp("Threads for SIP, 1 to 64; default 1.", valueName: "count"),
        transform: { try AddressOptions.number($0, 1...64) })
    var signallingThreads: Int = 1

    @Option(
        name: .customLong("media-threads"),
        help: ArgumentHelp("Threads for media, 1 to 64; default one a core.", valueName: "count"),
        transform: { try AddressOptions.number($0, 1...64) })
    var mediaThreads: Int?

    @Option(
        name: .customLong("media-forwarding"),
        help: ArgumentHelp(
            "Whether the kernel forwards media: off, auto (where it can) or required; default off.",
            valueName: "off|auto|required"),
        transform: { text in
            guard let value = Forwarding(rawValue: text) else { throw ValidationError("one of off, auto, required") }
            return value
        })
    var mediaForwarding: Forwarding = .off

    /// - Throws: `ValidationError` naming the flag of two that can't be together.
    func configuration(dataFolder: String) throws -> ServerConfiguration {
        var addresses = ConfigurationAddresses()
        (addresses.bind, addresses.sipPort, addresses.secondSIPPort, addresses.tlsPort) = (
            bind, sipPort, secondSIPPort, tlsPort
        )
        (addresses.httpBind, addresses.httpPort, addresses.rtpPorts) = (httpBind, httpPort, rtpPorts)
        (addresses.advertise, addresses.localNetworks) = (advertise, localNetworks)
        do {
            var configuration = try addresses.configuration(dataFolder: dataFolder)
            configuration.signallingThreads = signallingThreads
            if !hostNames.isEmpty { configuration.hostNames = hostNames }
            configuration.mediaThreads = mediaThreads ?? configuration.mediaThreads
            configuration.mediaForwarding = mediaForwarding
            return configuration
        } catch {
            let flag: String =
                switch error.topic {
                case .sip: "--sip-port, --second-sip-port, --tls-port, --bind"
                case .media: "--rtp-ports"
                case .http: "--http-port"
                case .advertise: "--advertise"
                }
            throw ValidationError("\(flag): \(error.rule)")
        }
    }

    static func address(_ text: String) throws -> IPAddress {
        guard let address = IPAddress(text) else {
            throw ValidationError("must be an IP address such as 192.168.1.10, or 0.0.0.0 for all")
        }
        return address
    }

    static func port(_ text: String, orNone: Bool = false) throws -> UInt16 {
        UInt16(try number(text, (orNone ? 0 : 1)...65_535))
    }

    static func number(_ text: String, _ range: ClosedRange<Int>) throws -> Int {
        guard let number = Int(text), range.contains(number) else {
            throw ValidationError("must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
