import Basics
import DTLS
import Foundation
import Glibc
import SRTP
import Testing

/// The `openssl` command as the other end, over loopback and in real time.
@Suite("DTLS-SRTP: with openssl as the peer", .serialized)
struct OpenSSLPeerTests {
    @Test(
        "openssl s_client comes to the same keys",
        arguments: [
            (["SRTP_AES128_CM_SHA1_80"], SRTPProfile.aesCM128HMACSHA1Tag80),
            (["SRTP_AEAD_AES_256_GCM", "SRTP_AEAD_AES_128_GCM", "SRTP_AES128_CM_SHA1_32"], .aeadAES128GCM),
        ])
    func client(profiles: [String], agreed: SRTPProfile) throws {
        let peer = try OpenSSLPeer()
        let ours = try DTLSEndpoint(
            try Certificates.now(), plan: DTLSPlan(role: .server, fingerprints: [peer.fingerprint]), now: peer.now)
        try peer.run("s_client", ["-connect", "127.0.0.1:\(peer.ourPort)"], profiles, agreed)
        peer.drive(ours)
        #expect(ours.keys?.profile == agreed)
        #expect(
            try peer.exportedKeys() == ours.keys.map { $0.remote.key + $0.local.key + $0.remote.salt + $0.local.salt })
    }

    @Test(
        "openssl s_client with a small MTU, whose ClientHello comes in pieces, brings a cookie back and comes to the same keys",
        arguments: [256, 300])
    func pieces(mtu: Int) throws {
        let peer = try OpenSSLPeer()
        var settings = DTLSSettings()
        settings.verifiesAddress = true
        let ours = try DTLSEndpoint(
            try Certificates.now(), plan: DTLSPlan(role: .server, fingerprints: [peer.fingerprint]),
            settings: settings, now: peer.now)
        // As many names as make it longer than a datagram, as a post-quantum key share would.
        let names: String = (0..<60).map { "protocol-number-\($0)" }.joined(separator: ",")
        try peer.run(
            "s_client", ["-connect", "127.0.0.1:\(peer.ourPort)", "-mtu", "\(mtu)", "-alpn", names],
            ["SRTP_AEAD_AES_128_GCM"], .aeadAES128GCM)
        peer.drive(ours)
        #expect(ours.keys?.profile == .aeadAES128GCM)
        #expect(peer.pieces >= 6, "the hello came whole")
        #expect(
            try peer.exportedKeys() == ours.keys.map { $0.remote.key + $0.local.key + $0.remote.salt + $0.local.salt })
    }

    @Test("openssl s_server comes to the same keys, and asks for a certificate")
    func server() throws {
        let peer = try OpenSSLPeer()
        let ours = try DTLSEndpoint(
            try Certificates.now(), plan: DTLSPlan(role: .client, fingerprints: [peer.fingerprint]), now: peer.now)
        let port = try peer.freePort()
        try peer.run(
            "s_server", ["-accept", "127.0.0.1:\(port)", "-verify", "1"], ["SRTP_AEAD_AES_128_GCM"], .aeadAES128GCM)
        peer.peerPort = port
        peer.drive(ours)
        #expect(ours.keys?.profile == .aeadAES128GCM)
        #expect(
            try peer.exportedKeys() == ours.keys.map { $0.local.key + $0.remote.key + $0.local.salt + $0.remote.salt })
    }

    @Test("openssl with another certificate than the description's is sent away")
    func stranger() throws {
        let peer = try OpenSSLPeer()
        let other = try Certificates.now()
        let ours = try DTLSEndpoint(
            try Certificates.now(), plan: DTLSPlan(role: .server, fingerprints: [other.fingerprint]), now: peer.now)
        try peer.run(
            "s_client", ["-connect", "127.0.0.1:\(peer.ourPort)"], ["SRTP_AES128_CM_SHA1_80"], .aesCM128HMACSHA1Tag80)
        peer.drive(ours)
        #expect(ours.state == .failed(.wrongFingerprint))
        #expect(try peer.output().contains("alert"))
    }

    @Test("DTLS 1.0 is refused")
    func oldVersion() throws {
        let peer = try OpenSSLPeer()
        let ours = try DTLSEndpoint(
            try Certificates.now(), plan: DTLSPlan(role: .server, fingerprints: [peer.fingerprint]), now: peer.now)
        try peer.run(
            "s_client", ["-connect", "127.0.0.1:\(peer.ourPort)", "-cipher", "ALL@SECLEVEL=0"],
            ["SRTP_AES128_CM_SHA1_80"],
            .aesCM128HMACSHA1Tag80, version: "-dtls1")
        peer.drive(ours)
        guard case .failed(.broken(let reason)) = ours.state else {
            Issue.record("\(ours.state)")
            return
        }
        #expect(reason.contains("protocol"))
    }
}

extension Certificates {
    static func now() throws -> DTLSCertificate {
        try DTLSCertificate(now: WallTime(secondsSinceEpoch: Int64(Date().timeIntervalSince1970)))
    }
}

private final class OpenSSLPeer {
    let fingerprint: DTLSFingerprint
    let ourPort: UInt16
    var peerPort: UInt16?
    private let socket: Int32
    private let folder: URL
    private let start = ContinuousClock.now
    private var process: Process?
    private var (said, saying) = ("", Pipe())
    private let typed = Pipe()
    /// Datagrams with a piece of a ClientHello.
    private(set) var pieces: Int = 0

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let at = { [folder] (name: String) in folder.appendingPathComponent(name).path }
        _ = try OpenSSLPeer.openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", at("key"),
            "-out",
            at("cert"), "-subj", "/CN=peer", "-days", "2",
        ])
        let text = try OpenSSLPeer.openssl(["x509", "-in", at("cert"), "-noout", "-fingerprint", "-sha256"])
        let digits = text.split(separator: "=").last?.split(whereSeparator: { $0 == ":" || $0.isNewline }) ?? []
        fingerprint = DTLSFingerprint(hash: "sha-256", value: digits.compactMap { UInt8($0, radix: 16) })
        (socket, ourPort) = try OpenSSLPeer.bound()
    }

    deinit {
        process?.terminate()
        close(socket)
        try? FileManager.default.removeItem(at: folder)
    }

    var now: Moment { Moment(nanoseconds: (ContinuousClock.now - start).wholeNanoseconds) }

    func freePort() throws -> UInt16 {
        let (socket, port) = try OpenSSLPeer.bound()
        close(socket)
        return port
    }

    func run(
        _ command: String, _ arguments: [String], _ profiles: [String], _ agreed: SRTPProfile,
        version: String = "-dtls1_2"
    ) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments =
            [command, version, "-use_srtp", profiles.joined(separator: ":"), "-keymatexport", "EXTRACTOR-dtls_srtp"] + [
                "-keymatexportlen", "\(2 * (agreed.keyLength + agreed.saltLength))",
                "-cert", folder.appendingPathComponent("cert").path, "-key", folder.appendingPathComponent("key").path,
            ] + arguments
        process.standardInput = typed
        process.standardOutput = saying
        process.standardError = saying
        try process.run()
        self.process = process
    }

    /// Carries datagrams until the handshake is over, for 10 s at most.
    func drive(_ endpoint: DTLSEndpoint) {
        // s_server needs a moment to open its port; what is sent before is lost and sent again.
        send(endpoint.start(now: now))
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case .handshaking = endpoint.state, now.sinceStart < .seconds(10) {
            let wait: Duration = endpoint.nextDeadline.map { $0.since(now) } ?? .seconds(1)
            var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            _ = poll(&waiting, 1, Int32(max(1, min(1000, wait.wholeMilliseconds + 1))))
            var from = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let count = withUnsafeMutablePointer(to: &from) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT), $0, &length)
                }
            }
            if count > 0 {
                if count > 25, buffer[13] == 1, buffer[14...16] != buffer[22...24] { pieces += 1 }
                peerPort = UInt16(bigEndian: from.sin_port)
                send(
                    endpoint.handle(
                        Array(buffer[..<count]), from: IPEndpoint(IPAddress(v4: 0x7F00_0001), peerPort ?? 0), now: now))
            } else {
                send(endpoint.deadlineReached(now: now))
            }
        }
    }

    private func send(_ datagrams: [[UInt8]]) {
        guard let peerPort else { return }
        var to = OpenSSLPeer.loopback(peerPort)
        for datagram in datagrams {
            _ = withUnsafePointer(to: &to) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(socket, datagram, datagram.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
    }

    /// What the program printed, after the end of its input ended it.
    func output() throws -> String {
        try typed.fileHandleForWriting.close()
        said += String(decoding: saying.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        return said
    }

    func exportedKeys() throws -> [UInt8]? {
        let marker = "Keying material: "
        guard let line = try output().split(whereSeparator: \.isNewline).first(where: { $0.contains(marker) }),
            let digits = line.components(separatedBy: marker).last
        else { return nil }
        let characters = Array(digits)
        return stride(from: 0, to: characters.count - 1, by: 2).compactMap {
            UInt8(String(characters[$0...($0 + 1)]), radix: 16)
        }
    }

    private static func openssl(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = Pipe()
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self)
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func bound() throws -> (Int32, UInt16) {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        var address = loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 ? getsockname(socket, $0, &length) : -1
            }
        }
        try #require(socket >= 0 && status == 0)
        return (socket, UInt16(bigEndian: address.sin_port))
    }
}
