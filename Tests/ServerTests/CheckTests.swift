import Basics
import Foundation
import Server
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("check")
struct CheckTests {
    private let folder = TestFolder()
    private let now = WallTime(secondsSinceEpoch: 1_790_000_000)

    /// On ports the system has just given: nobody else has them.
    private func configuration(_ ports: [UInt16], _ more: String = "") throws -> ServerConfiguration {
        let yaml =
            "data: \(folder.path)/data\nbind: 127.0.0.1\nsip-port: \(ports[0])\ntls-port: 0\nhttp-port: \(ports[1])\nrtp-ports: 2000-2100\n\(more)"
        return try ConfigurationFile.parse(yaml, file: "martinet.yaml")
    }

    private func texts(_ findings: [CheckFinding], _ subject: String, _ verdict: CheckFinding.Verdict) -> String {
        findings.filter { $0.subject == subject && $0.verdict == verdict }.map(\.text).joined(separator: "\n")
    }

    @Test(
        "a busy port is named with the program that has it and the flag to change; a free one is free; nothing is made")
    func namesBusyPort() throws {
        let held = try HeldPort()
        let free = try HeldPort().port
        let it = try configuration([held.port, free])
        let complaints = ServerCheck.portComplaints(it, usesFlags: true)
        #expect(complaints.count == 1)
        let complaint = try #require(complaints.first)
        #expect(
            complaint.contains("UDP 127.0.0.1:\(held.port)") && complaint.contains("in use by")
                && complaint.contains("--sip-port"))
        #expect(complaint.contains("(process \(getpid()))"))
        let findings = ServerCheck.run(it, now: now, usesFlags: false)
        #expect(texts(findings, "port", .fail).contains("key sip-port"))
        #expect(texts(findings, "port", .ok).contains("HTTP 127.0.0.1:\(free): free"))
        #expect(texts(findings, "data", .ok).contains("will be made"))
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/data"))
    }

    @Test("an address the machine does not have is named")
    func namesForeignAddress() throws {
        let yaml = "data: \(folder.path)\nbind: 192.0.2.77\n"
        let findings = ServerCheck.run(try ConfigurationFile.parse(yaml, file: "f"), now: now, usesFlags: false)
        #expect(texts(findings, "port", .fail).contains("does not have that address"))
        #expect(texts(findings, "media", .fail).contains("does not have that address"))
    }

    @Test("a data folder that is a file fails, a certificate that is not there too")
    func namesMissingFiles() throws {
        try Data().write(to: URL(fileURLWithPath: "\(folder.path)/data"))
        let port = try HeldPort().port
        let yaml =
            "data: \(folder.path)/data\nbind: 127.0.0.1\nsip-port: \(port)\nrtp-ports: 2000-2100\ntls: {certificate: /none/c.pem, key: /none/k.pem}\n"
        let findings = ServerCheck.run(try ConfigurationFile.parse(yaml, file: "f"), now: now, usesFlags: false)
        #expect(texts(findings, "data", .fail).contains("is a file"))
        #expect(texts(findings, "certificate", .fail).contains("/none/c.pem"))
    }

    struct NAT: Sendable, CustomTestStringConvertible {
        let label: String, yaml: String, verdict: CheckFinding.Verdict, says: String
        var testDescription: String { label }
    }

    @Test(
        "what phones are told is judged",
        arguments: [
            NAT(label: "loopback", yaml: "bind: 127.0.0.1", verdict: .ok, says: "only programs on this machine"),
            NAT(label: "private", yaml: "bind: 192.168.1.10", verdict: .warn, says: "advertise"),
            NAT(label: "public", yaml: "bind: 198.51.100.1", verdict: .ok, says: "phones anywhere"),
            NAT(
                label: "advertised alone", yaml: "bind: 192.168.1.10\nadvertise: 198.51.100.1", verdict: .warn,
                says: "local-net"),
            NAT(
                label: "advertised private", yaml: "bind: 192.168.1.10\nadvertise: 10.0.0.1", verdict: .warn,
                says: "private address"),
            NAT(
                label: "complete", yaml: "bind: 192.168.1.10\nadvertise: 198.51.100.1\nlocal-net: 192.168.0.0/16",
                verdict: .ok, says: "192.168.0.0/16"),
        ])
    func judgesNAT(_ row: NAT) throws {
        let it = try ConfigurationFile.parse("data: \(folder.path)\n\(row.yaml)\n", file: "f")
        let findings = ServerCheck.run(it, now: now, usesFlags: false)
        #expect(texts(findings, "NAT", row.verdict).contains(row.says), "\(findings)")
    }

    @Test("a folder is in use while the lock is held, and no longer")
    func seesLock() throws {
        #expect(!DataFolderState.isInUse(folder.path))
        let descriptor = open("\(folder.path)/martinet.lock", O_CREAT | O_RDWR, 0o600)
        #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        #expect(DataFolderState.isInUse(folder.path))
        close(descriptor)
        #expect(!DataFolderState.isInUse(folder.path))
    }

    @Test(
        "times are read in UTC, and ages counted back",
        arguments: [
            ("2026-11-21", "2026-11-21T00:00:00.000000Z"), ("2026-11-21T12:05", "2026-11-21T12:05:00.000000Z"),
            ("2026-11-21T12:05:07Z", "2026-11-21T12:05:07.000000Z"), ("2024-02-29", "2024-02-29T00:00:00.000000Z"),
            ("2025-02-29", nil), ("2026-13-01", nil), ("2026-1-1", nil), ("2026-11-21T24:00", nil), ("yesterday", nil),
            ("", nil), ("d", nil),
            ("90s", "1970-01-01T23:58:30.000000Z"), ("1d", "1970-01-01T00:00:00.000000Z"),
            ("12h", "1970-01-01T12:00:00.000000Z"),
        ] as [(String, String?)])
    func readsTimes(_ text: String, _ expected: String?) {
        #expect(TimeText.parse(text, now: WallTime(secondsSinceEpoch: 86_400))?.iso8601 == expected)
    }
}

/// A UDP port of the loopback, held until the value goes.
private final class HeldPort {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isBound: Bool = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                bind(descriptor, raw, length) == 0 && getsockname(descriptor, raw, &length) == 0
            }
        }
        try #require(isBound)
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }
}
