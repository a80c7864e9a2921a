import Basics
import Foundation
import Identity
import Logging
import MediaTransport
import SIPMessage
import SIPTransaction
import Store
import Telemetry
import Yams

/// Reads `martinet serve --config FILE`: YAML, every key checked. See `Examples/martinet.yaml` for all keys.
public enum ConfigurationFile {
    /// Reads and checks a file; relative paths in it are taken from the file's own folder.
    /// - Throws: ``ConfigurationError`` with everything that is wrong.
    public static func read(_ path: String) throws(ConfigurationError) -> ServerConfiguration {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            let rule: String =
                FileManager.default.fileExists(atPath: path)
                ? "can't be read; check its owner and rights, and that it is no folder"
                : "there is no such file; Examples/martinet.yaml is one to begin with"
            throw ConfigurationError(file: path, problems: [ConfigurationProblem(line: 0, key: "", rule: rule)])
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(
                file: path, problems: [ConfigurationProblem(line: 0, key: "", rule: "is not text in UTF-8; save it so")]
            )
        }
        return try parse(text, file: path)
    }

    /// Reads and checks a text; `file` is for messages and for relative paths.
    /// - Throws: ``ConfigurationError`` with everything that is wrong.
    public static func parse(_ text: String, file: String) throws(ConfigurationError) -> ServerConfiguration {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw ConfigurationError(file: file, problems: [problem(error)])
        }
        let problems = ConfigurationProblems()
        let section = ConfigurationSection(root, path: "", problems: problems)
        let configuration = read(section, folder: folder(of: file))
        section.finish()
        if problems.all.isEmpty, let configuration {
            for conflict in configuration.conflicts { section.refuse(key(of: conflict, in: section), conflict.rule) }
            if problems.all.isEmpty { return configuration }
        }
        throw ConfigurationError(file: file, problems: problems.all)
    }

    // MARK: Sections

    /// nil only where a problem was noted.
    private static func read(_ root: ConfigurationSection, folder: String) -> ServerConfiguration? {
        let data: String? = root.string("data").map { path($0, in: folder) }
        if data == nil, !root.has("data") {
            root.refuse(
                "data",
                "is missing; name the folder to keep users, registrations and call records in, such as /var/lib/martinet"
            )
        }
        guard var configuration = addresses(root, dataFolder: data ?? folder) else { return nil }
        configuration.tls = tls(root.section("tls"), folder: folder)
        configuration.hostNames = root.list("host-names", "a host name such as pbx.example.com", hostName)
        threads(root.section("threads"), &configuration)
        let forwarding = root.choice("media-forwarding", of: Forwarding.allCases.map(\.rawValue))
        configuration.mediaForwarding =
            forwarding.flatMap(Forwarding.init(rawValue:)) ?? configuration.mediaForwarding
        configuration.drainSeconds = root.integer("drain-seconds", in: 0...86_400) ?? configuration.drainSeconds
        let name = root.parsed("server-name", "1 to 64 printable ASCII characters") { text in
            (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { (0x20...0x7E).contains($0) } ? text : nil
        }
        if let name { configuration.serverName = name }
        configuration.branches = root.integer("branches", in: 1...64) ?? configuration.branches
        let store = root.section("store")
        if let safety = store.choice("safety", of: ["full", "normal"]).flatMap(
            StoreWriterSettings.Safety.init(rawValue:))
        {
            configuration.storeSafety = safety
        }
        store.finish()
        trace(root.section("trace"), &configuration)
        overload(root.section("overload"), &configuration)
        abuse(root.section("abuse"), &configuration.abuse)
        dns(root.section("dns"), &configuration.dns)
        limits(root.section("limits"), &configuration.messageLimits)
        timers(root.section("timers"), &configuration.timers)
        configuration.audio = AudioSections.read(root) { path($0, in: folder) }
        let levels: [String] = Logger.Level.allCases.map(\.rawValue)
        if let level = root.choice("log-level", of: levels).flatMap(Logger.Level.init(rawValue:)) {
            configuration.logLevel = level
        }
        return data == nil ? nil : configuration
    }

    private static func addresses(_ root: ConfigurationSection, dataFolder: String) -> ServerConfiguration? {
        var short = ConfigurationAddresses()
        short.bind = root.list("bind", "an IP address", { IPAddress($0) }) ?? []
        short.sipPort = root.port("sip-port") ?? short.sipPort
        short.secondSIPPort = root.port("second-sip-port", orNone: true)
        short.tlsPort = root.port("tls-port", orNone: true) ?? short.tlsPort
        short.httpBind = root.parsed("http-bind", "an IP address", { IPAddress($0) })
        short.httpPort = root.port("http-port") ?? short.httpPort
        short.rtpPorts =
            root.parsed("rtp-ports", ConfigurationAddresses.portRangeRule, ConfigurationAddresses.portRange)
            ?? short.rtpPorts
        short.advertise = root.list("advertise", "an IP address", { IPAddress($0) }) ?? []
        short.localNetworks = root.list("local-net", "a network such as 192.168.0.0/16", { IPNetwork($0) }) ?? []
        var configuration: ServerConfiguration
        do {
            configuration = try short.unchecked(dataFolder: dataFolder)
        } catch {
            root.refuse(error.topic.rawValue, error.rule)
            return nil
        }
        if let sections = root.sections("sip") {
            refuse(["sip-port", "second-sip-port", "tls-port"], beside: "sip", in: root)
            configuration.sip = sections.compactMap(listener)
            if sections.count > 256 { root.refuse("sip", "must have at most 256 entries, not \(sections.count)") }
        }
        if let sections = root.sections("media") {
            refuse(["rtp-ports"], beside: "media", in: root)
            configuration.media = sections.compactMap(network)
            if sections.count > 16 { root.refuse("media", "must have at most 16 entries, not \(sections.count)") }
        }
        return configuration
    }

    /// The short keys say the same as a long section: both at once would leave open which counts.
    private static func refuse(_ keys: [String], beside long: String, in root: ConfigurationSection) {
        for key in keys where root.has(key) {
            root.refuse(key, "can't be given together with \"\(long)\"; leave one of them out")
        }
    }

    private static func listener(_ section: ConfigurationSection) -> SIPListenerConfiguration? {
        let transport = section.choice("transport", of: ["udp", "tcp", "tls"]).flatMap {
            SIPTransportKind(rawValue: $0.uppercased())
        }
        let bind: IPAddress? = section.parsed("bind", "an IP address", { IPAddress($0) })
        let port: UInt16? = section.port("port")
        let advertise: IPEndpoint? = section.parsed("advertise", "an IP address, with or without a port") { text in
            IPEndpoint(text) ?? IPAddress(text).map { IPEndpoint($0, 0) }
        }
        for key in ["transport", "bind"] where !section.has(key) {
            section.refuse(key, "is missing; every listener needs it")
        }
        section.finish()
        guard let transport, let bind else { return nil }
        return SIPListenerConfiguration(
            transport: transport, bind: bind, port: port ?? transport.defaultPort, advertise: advertise)
    }

    private static func network(_ section: ConfigurationSection) -> MediaNetworkConfiguration? {
        let bind: IPAddress? = section.parsed("bind", "an IP address", { IPAddress($0) })
        let advertise: IPAddress? = section.parsed("advertise", "an IP address", { IPAddress($0) })
        let ports = section.parsed("ports", ConfigurationAddresses.portRangeRule, ConfigurationAddresses.portRange)
        if !section.has("bind") { section.refuse("bind", "is missing; every media network needs it") }
        section.finish()
        return bind.map { MediaNetworkConfiguration(bind: $0, advertise: advertise, ports: ports ?? 10_000...20_000) }
    }

    /// A name of a server in lower case, by the rules of a tenant's domain; nil for a text that is none.
    public static func hostName(_ text: String) -> String? {
        (try? NewTenant(name: "x", domains: [text]))?.domains.first
    }

    private static func tls(_ section: ConfigurationSection, folder: String) -> TLSFilesConfiguration {
        var tls = TLSFilesConfiguration()
        tls.certificateFile = section.string("certificate").map { path($0, in: folder) }
        tls.keyFile = section.string("key").map { path($0, in: folder) }
        tls.authorityFile = section.string("authority").map { path($0, in: folder) }
        tls.names =
            section.list("names", "a host name such as pbx.example.com", hostName) ?? []
        if section.has("certificate") != section.has("key") {
            let missing: String = section.has("key") ? "certificate" : "key"
            section.refuse(missing, "is missing; \"certificate\" and \"key\" are given together, or neither")
        }
        if section.has("authority"), !section.has("certificate") {
            section.refuse(
                "authority", "needs \"certificate\" and \"key\"; without them the server makes an authority of its own")
        }
        section.finish()
        return tls
    }

    private static func threads(_ section: ConfigurationSection, _ configuration: inout ServerConfiguration) {
        configuration.signallingThreads = section.integer("signalling", in: 1...64) ?? configuration.signallingThreads
        configuration.mediaThreads = section.integer("media", in: 1...64) ?? configuration.mediaThreads
        section.finish()
    }

    private static func trace(_ section: ConfigurationSection, _ configuration: inout ServerConfiguration) {
        configuration.isTracing = section.boolean("enabled") ?? true
        if let size = section.integer("file-megabytes", in: 1...1024) { configuration.trace.segmentBytes = size << 20 }
        configuration.trace.segmentCount = section.integer("files", in: 2...1000) ?? configuration.trace.segmentCount
        section.finish()
    }

    private static func overload(_ section: ConfigurationSection, _ configuration: inout ServerConfiguration) {
        let calls: Int? = section.integer("calls-ms", in: 10...10_000)
        let registrations: Int? = section.integer("registrations-ms", in: 10...60_000)
        if let calls { configuration.overloadDelay = .milliseconds(calls) }
        // Left out, it stays twice the delay that refuses calls.
        configuration.severeOverloadDelay = registrations.map { .milliseconds($0) } ?? configuration.overloadDelay * 2
        if configuration.severeOverloadDelay < configuration.overloadDelay {
            let least: Int64 = configuration.overloadDelay.wholeMilliseconds
            section.refuse(
                "registrations-ms", "must not be below \"calls-ms\" (\(least)): calls are refused before registrations")
        }
        section.finish()
    }

    private static func dns(_ section: ConfigurationSection, _ dns: inout DNSConfiguration) {
        let rule = "an IP address of a name server, with or without a port"
        let servers = section.list("servers", rule) { text in
            IPEndpoint(text) ?? IPAddress(text).map { IPEndpoint($0, 53) }
        }
        dns.servers = servers ?? dns.servers
        if let seconds = section.integer("deny-seconds", in: 1...86_400) { dns.denyTime = .seconds(seconds) }
        if let milliseconds = section.integer("candidate-ms", in: 500...32_000) {
            dns.candidateTimeout = .milliseconds(milliseconds)
        }
        section.finish()
    }

    private static func limits(_ section: ConfigurationSection, _ limits: inout SIPLimits) {
        limits.messageBytes = section.integer("message-bytes", in: 4096...1_048_576) ?? limits.messageBytes
        limits.headerBytes =
            section.integer("header-bytes", in: 2048...1_048_576) ?? min(limits.headerBytes, limits.messageBytes)
        limits.fieldCount = section.integer("header-fields", in: 32...4096) ?? limits.fieldCount
        limits.uriBytes = section.integer("uri-bytes", in: 256...65_536) ?? limits.uriBytes
        if limits.headerBytes > limits.messageBytes {
            section.refuse("header-bytes", "must not be above \"message-bytes\" (\(limits.messageBytes))")
        }
        section.finish()
    }

    private static func abuse(_ section: ConfigurationSection, _ abuse: inout AbuseSettings) {
        func seconds(_ key: String, _ value: inout Duration) {
            if let given = section.integer(key, in: 1...31_536_000) { value = .seconds(given) }
        }
        abuse.freeFailures = section.integer("free-failures", in: 0...1000) ?? abuse.freeFailures
        abuse.banThreshold = section.integer("ban-threshold", in: 1...1_000_000) ?? abuse.banThreshold
        abuse.rememberedAddresses =
            section.integer("remembered-addresses", in: 1024...16_777_216) ?? abuse.rememberedAddresses
        seconds("first-back-off-seconds", &abuse.firstBackOff)
        seconds("longest-back-off-seconds", &abuse.longestBackOff)
        seconds("window-seconds", &abuse.window)
        seconds("first-ban-seconds", &abuse.firstBan)
        seconds("longest-ban-seconds", &abuse.longestBan)
        seconds("trust-seconds", &abuse.trust)
        if let scanners = section.list("scanners", "a text", { $0.isEmpty ? nil : $0.lowercased() }) {
            abuse.scanners = scanners
        }
        if abuse.longestBackOff < abuse.firstBackOff {
            section.refuse("longest-back-off-seconds", "must not be below \"first-back-off-seconds\"")
        }
        if abuse.longestBan < abuse.firstBan {
            section.refuse("longest-ban-seconds", "must not be below \"first-ban-seconds\"")
        }
        section.finish()
    }

    private static func timers(_ section: ConfigurationSection, _ timers: inout SIPTimers) {
        let t1: Duration = section.integer("t1-ms", in: 50...10_000).map { .milliseconds($0) } ?? timers.t1
        let t2: Duration = section.integer("t2-ms", in: 100...60_000).map { .milliseconds($0) } ?? timers.t2
        let t4: Duration = section.integer("t4-ms", in: 100...60_000).map { .milliseconds($0) } ?? timers.t4
        if t2 < t1 {
            section.refuse("t2-ms", "must not be below \"t1-ms\" (\(t1.wholeMilliseconds)) (RFC 3261 §17.1.2.1)")
        }
        timers = SIPTimers(t1: t1, t2: t2, t4: t4, timerD: max(.seconds(32), t1 * 64), tryingAfter: timers.tryingAfter)
        section.finish()
    }

    // MARK: Places

    private static func key(of conflict: ConfigurationConflict, in root: ConfigurationSection) -> String {
        switch conflict.topic {
        case .sip: root.has("sip") ? "sip" : root.has("tls-port") ? "tls-port" : "sip-port"
        case .media: root.has("media") ? "media" : "rtp-ports"
        case .http: "http-port"
        case .advertise: root.has("sip") ? "sip" : "advertise"
        }
    }

    private static func folder(of file: String) -> String {
        guard let slash = file.lastIndex(of: "/") else { return "." }
        return slash == file.startIndex ? "/" : String(file[..<slash])
    }

    private static func path(_ text: String, in folder: String) -> String {
        text.hasPrefix("/") || folder == "." ? text : folder == "/" ? "/" + text : "\(folder)/\(text)"
    }

    private static func problem(_ error: any Error) -> ConfigurationProblem {
        guard let error = error as? YamlError else {
            return ConfigurationProblem(line: 0, key: "", rule: "is not YAML: \(error)")
        }
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return ConfigurationProblem(
                line: mark.line, key: "",
                rule: "is not YAML, at column \(mark.column): \(problem); check indentation, colons and quotes")
        case .duplicatedKeysInMapping(let keys, let context):
            return ConfigurationProblem(
                line: context.mark.line, key: keys.first ?? "", rule: "is given more than once; keep one of them")
        default: return ConfigurationProblem(line: 0, key: "", rule: "is not YAML: \(error)")
        }
    }
}
