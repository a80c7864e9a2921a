import Basics
import Foundation
import Identity
import SIPTransaction
import Server
import Telemetry
import Testing

@Suite("configuration file")
struct ConfigurationFileTests {
    struct Mistake: Sendable, CustomTestStringConvertible {
        let label: String
        let yaml: String
        let line: Int
        let key: String
        /// Parts of the rule.
        let says: [String]
        var testDescription: String { label }

        init(_ label: String, _ yaml: String, line: Int, key: String, says: String...) {
            (self.label, self.yaml, self.line, self.key, self.says) = (label, yaml, line, key, says)
        }
    }

    static let mistakes: [Mistake] = [
        Mistake(
            "unknown key", "data: d\nsipp-port: 5060\n", line: 2, key: "sipp-port", says: "unknown key",
            "did you mean \"sip-port\"", "rtp-ports"),
        Mistake(
            "unknown key, nothing near", "data: d\nfrobnicate: 1\n", line: 2, key: "frobnicate",
            says: "unknown key; Keys here are"),
        Mistake(
            "unknown key in a section", "data: d\ntrace:\n  enabled: true\n  flies: 3\n", line: 4, key: "trace.flies",
            says: "\"files\""),
        Mistake(
            "unknown key in a list", "data: d\nsip:\n  - {transport: udp, bind: 0.0.0.0, prot: 1}\n", line: 3,
            key: "sip[0].prot", says: "\"port\""),
        Mistake(
            "text for a number", "data: d\nsip-port: abc\n", line: 2, key: "sip-port",
            says: "whole number from 1 to 65535", "\"abc\""),
        Mistake("quoted number", "data: d\nsip-port: \"5060\"\n", line: 2, key: "sip-port", says: "whole number"),
        Mistake("fraction", "data: d\ndrain-seconds: 1.5\n", line: 2, key: "drain-seconds", says: "whole number"),
        Mistake(
            "port too large", "data: d\nsip-port: 70000\n", line: 2, key: "sip-port", says: "from 1 to 65535", "70000"),
        Mistake("port zero", "data: d\nhttp-port: 0\n", line: 2, key: "http-port", says: "from 1"),
        Mistake("list for a number", "data: d\nsip-port: [1]\n", line: 2, key: "sip-port", says: "not a list"),
        Mistake("number for a section", "data: d\ntrace: 1\n", line: 2, key: "trace", says: "keys with values"),
        Mistake("section for a list", "data: d\nsip: {}\n", line: 2, key: "sip", says: "must be a list"),
        Mistake(
            "not an address", "data: d\nbind: pbx.example.com\n", line: 2, key: "bind", says: "IP address",
            "pbx.example.com"),
        Mistake(
            "not an address in a list", "data: d\nbind: [127.0.0.1, x]\n", line: 2, key: "bind[1]", says: "IP address"),
        Mistake(
            "not a host name", "data: d\nhost-names: [pbx.example.com, -x]\n", line: 2, key: "host-names[1]",
            says: "host name", "-x"),
        Mistake(
            "name for a name server", "data: d\ndns:\n  servers: [ns.example.com]\n", line: 3, key: "dns.servers",
            says: "IP address of a name server", "ns.example.com"),
        Mistake(
            "impatience", "data: d\ndns:\n  candidate-ms: 100\n", line: 3, key: "dns.candidate-ms", says: "from 500"),
        Mistake(
            "header longer than message", "data: d\nlimits:\n  message-bytes: 8192\n  header-bytes: 9000\n", line: 4,
            key: "limits.header-bytes", says: "must not be above", "8192"),
        Mistake("not a network", "data: d\nlocal-net: 10.0.0.0/33\n", line: 2, key: "local-net", says: "network"),
        Mistake(
            "falling range", "data: d\nrtp-ports: 20000-10000\n", line: 2, key: "rtp-ports", says: "A below B",
            "20000-10000"),
        Mistake("range without a pair", "data: d\nrtp-ports: 10001-10002\n", line: 2, key: "rtp-ports", says: "range"),
        Mistake("range below 1024", "data: d\nrtp-ports: 1000-2000\n", line: 2, key: "rtp-ports", says: "1024"),
        Mistake(
            "not a boolean", "data: d\ntrace:\n  enabled: maybe\n", line: 3, key: "trace.enabled", says: "true or false"
        ),
        Mistake(
            "not a choice", "data: d\nstore:\n  safety: high\n", line: 3, key: "store.safety", says: "full, normal"),
        Mistake("not a level", "data: d\nlog-level: loud\n", line: 2, key: "log-level", says: "warning"),
        Mistake("no data", "sip-port: 5060\n", line: 1, key: "data", says: "is missing"),
        Mistake("empty data", "data: \"\"\n", line: 1, key: "data", says: "must not be empty"),
        Mistake("empty file", "", line: 0, key: "data", says: "is missing"),
        Mistake("a list for a file", "- data\n", line: 1, key: "", says: "keys with values"),
        Mistake("a key twice", "data: d\nsip-port: 1\nsip-port: 2\n", line: 2, key: "sip-port", says: "more than once"),
        Mistake("not YAML", "data: d\nbind: [1\n", line: 3, key: "", says: "is not YAML"),
        Mistake(
            "key without certificate", "data: d\ntls:\n  key: k.pem\n", line: 3, key: "tls.certificate",
            says: "is missing"),
        Mistake(
            "certificate without key", "data: d\ntls:\n  certificate: c.pem\n", line: 3, key: "tls.key",
            says: "is missing"),
        Mistake("authority alone", "data: d\ntls:\n  authority: a.pem\n", line: 3, key: "tls.authority", says: "needs"),
        Mistake("not a host name", "data: d\ntls:\n  names: [a_b]\n", line: 3, key: "tls.names", says: "host name"),
        Mistake("no threads", "data: d\nthreads:\n  media: 0\n", line: 3, key: "threads.media", says: "from 1 to 64"),
        Mistake(
            "listener without address", "data: d\nsip:\n  - transport: udp\n", line: 3, key: "sip[0].bind",
            says: "is missing"),
        Mistake(
            "unknown transport", "data: d\nsip:\n  - transport: sctp\n    bind: 0.0.0.0\n", line: 3,
            key: "sip[0].transport", says: "udp, tcp, tls"),
        Mistake(
            "short and long form", "data: d\nsip-port: 5060\nsip:\n  - {transport: udp, bind: 0.0.0.0}\n", line: 2,
            key: "sip-port", says: "together"),
        Mistake("one port twice", "data: d\nsip-port: 5061\n", line: 2, key: "sip-port", says: "same port"),
        Mistake(
            "HTTP on a SIP port", "data: d\nbind: 127.0.0.1\nhttp-port: 5061\n", line: 3, key: "http-port", says: "5061"
        ),
        Mistake("SIP among the media", "data: d\nsip-port: 15060\n", line: 1, key: "rtp-ports", says: "15060"),
        Mistake(
            "two addresses advertised", "data: d\nadvertise: [192.0.2.1, 192.0.2.2]\n", line: 2, key: "advertise",
            says: "192.0.2.2"),
        Mistake(
            "advertised without a bind", "data: d\nbind: 0.0.0.0\nadvertise: 2001:db8::1\n", line: 3, key: "advertise",
            says: "family"),
        Mistake(
            "overload the wrong way round", "data: d\noverload:\n  calls-ms: 300\n  registrations-ms: 200\n", line: 4,
            key: "overload.registrations-ms", says: "300"),
        Mistake("T2 below T1", "data: d\ntimers:\n  t1-ms: 5000\n", line: 3, key: "timers.t2-ms", says: "5000"),
        Mistake(
            "bans that shrink", "data: d\nabuse:\n  longest-ban-seconds: 10\n", line: 3,
            key: "abuse.longest-ban-seconds", says: "first-ban-seconds"),
    ]

    @Test("a mistake is refused with its line, its key and the rule", arguments: mistakes)
    func refusesMistakes(_ mistake: Mistake) throws {
        let error = try #require(throws: ConfigurationError.self) {
            try ConfigurationFile.parse(mistake.yaml, file: "martinet.yaml")
        }
        #expect(error.file == "martinet.yaml")
        let problem = try #require(error.problems.first { $0.key == mistake.key }, "\(error)")
        #expect(problem.line == mistake.line, "\(error)")
        for part in mistake.says { #expect(problem.rule.contains(part), "\(error)") }
    }

    @Test("all mistakes are told at once, by line")
    func tellsAllMistakes() throws {
        let yaml = "data: d\nsip-port: 0\nbind: x\nfoo: 1\n"
        let error = try #require(throws: ConfigurationError.self) { try ConfigurationFile.parse(yaml, file: "f.yaml") }
        #expect(error.problems.map(\.line) == [2, 3, 4])
        #expect(
            error.description.split(separator: "\n").map { String($0.prefix(14)) }
                == ["f.yaml: line 2:", "f.yaml: line 3:", "f.yaml: line 4:"].map { String($0.prefix(14)) })
    }

    @Test("the short form listens on every address, over UDP, TCP and TLS")
    func readsShortForm() throws {
        let yaml = "data: /d\nbind: [192.0.2.1, 2001:db8::1]\nadvertise: 203.0.113.5\nlocal-net: 192.0.2.0/24\n"
        let it = try ConfigurationFile.parse(yaml, file: "martinet.yaml")
        #expect(
            it.sip.map(\.place) == [
                "UDP 192.0.2.1:5060", "TCP 192.0.2.1:5060", "UDP [2001:db8::1]:5060", "TCP [2001:db8::1]:5060",
                "UDP 192.0.2.1:5072", "TCP 192.0.2.1:5072", "UDP [2001:db8::1]:5072", "TCP [2001:db8::1]:5072",
                "TLS 192.0.2.1:5061", "TLS [2001:db8::1]:5061",
            ])
        #expect(it.sip.map { $0.advertise?.address.description } == it.sip.map { $0.bind.isV4 ? "203.0.113.5" : nil })
        #expect(
            it.media.map { "\($0.bind) \($0.advertise?.description ?? "-") \($0.ports)" } == [
                "192.0.2.1 203.0.113.5 10000...20000", "2001:db8::1 - 10000...20000",
            ])
        #expect(it.http.description == "192.0.2.1:8080")
        #expect(it.localNetworks.map(\.description) == ["192.0.2.0/24"])
        #expect(it.dataFolder == "/d" && it.signallingThreads == 1 && it.drainSeconds == 30)
    }

    @Test(
        "another SIP port than 5060 has no second port beside it unless one is given",
        arguments: [
            ("sip-port: 5080\ntls-port: 0\n", [5080, 5080]),
            ("sip-port: 5080\nsecond-sip-port: 5090\ntls-port: 0\n", [5080, 5080, 5090, 5090]),
            ("second-sip-port: 0\ntls-port: 0\n", [5060, 5060]), ("tls-port: 0\n", [5060, 5060, 5072, 5072]),
        ])
    func choosesSecondPort(_ yaml: String, _ ports: [UInt16]) throws {
        #expect(try ConfigurationFile.parse("data: d\nbind: 127.0.0.1\n" + yaml, file: "f").sip.map(\.port) == ports)
    }

    @Test("the long form lists listeners and media networks one by one")
    func readsLongForm() throws {
        let yaml = """
            data: data
            sip:
              - {transport: udp, bind: 0.0.0.0, port: 5070, advertise: "203.0.113.5:15060"}
              - {transport: tls, bind: 0.0.0.0}
            media:
              - {bind: 0.0.0.0, advertise: 203.0.113.5, ports: 30000-30100}
            tls: {certificate: c.pem, key: /k.pem}
            """
        let it = try ConfigurationFile.parse(yaml, file: "/etc/martinet/martinet.yaml")
        #expect(it.sip.map(\.place) == ["UDP 0.0.0.0:5070", "TLS 0.0.0.0:5061"])
        #expect(it.sip.map(\.advertise) == [IPEndpoint("203.0.113.5:15060"), nil])
        #expect(
            it.media == [
                MediaNetworkConfiguration(bind: .anyV4, advertise: IPAddress("203.0.113.5"), ports: 30_000...30_100)
            ])
        #expect(it.dataFolder == "/etc/martinet/data")
        #expect(it.tls.certificateFile == "/etc/martinet/c.pem" && it.tls.keyFile == "/k.pem")
    }

    @Test("the example is legal, and its values are the defaults")
    func readsExample() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let example = try ConfigurationFile.read(root.appendingPathComponent("Examples/martinet.yaml").path)
        let plain = try ConfigurationFile.parse("data: /var/lib/martinet\nbind: 0.0.0.0\n", file: "f")
        #expect(
            example.sip == plain.sip && example.media == plain.media && example.http == plain.http
                && example.tls == plain.tls)
        #expect(example.dataFolder == plain.dataFolder && example.signallingThreads == plain.signallingThreads)
        #expect(example.drainSeconds == plain.drainSeconds && example.storeSafety == plain.storeSafety)
        #expect(
            example.isTracing && example.trace.segmentBytes == plain.trace.segmentBytes
                && example.trace.segmentCount == plain.trace.segmentCount)
        #expect(
            example.overloadDelay == plain.overloadDelay && example.severeOverloadDelay == plain.severeOverloadDelay)
        #expect(
            example.abuse == AbuseSettings() && example.timers == SIPTimers.standard
                && example.logLevel == plain.logLevel)
        #expect(example.audio == plain.audio && example.audio == AudioConfiguration())
    }

    @Test("every key that the reader knows is in the example")
    func exampleNamesEveryKey() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent("Examples/martinet.yaml"), encoding: .utf8)
        let unknown =
            "data: d\nx: 1\n"
            + ["tls", "threads", "store", "trace", "overload", "abuse", "timers"].map { "\($0): {x: 1}\n" }.joined()
            + "sip: [{transport: udp, bind: 127.0.0.1, x: 1}]\nmedia: [{bind: 127.0.0.1, x: 1}]\n"
            + "prompts: {x: 1, replace: [{prompt: goodbye, language: fr, file: /etc/passwd, x: 1}]}\n"
            + "music: [{file: /etc/passwd, x: 1}]\nstorage: {x: 1}\n"
        let error = try #require(throws: ConfigurationError.self) { try ConfigurationFile.parse(unknown, file: "f") }
        var keys: Set<String> = []
        for problem in error.problems {
            let list = try #require(problem.rule.components(separatedBy: "Keys here are: ").last)
            keys.formUnion(list.components(separatedBy: ", "))
        }
        #expect(error.problems.count == 14 && keys.count > 40, "\(error)")
        for key in keys { #expect(text.contains("\(key):"), "\(key) is not explained") }
    }
}
