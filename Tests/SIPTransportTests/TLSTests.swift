import Basics
import NIOCore
import NIOPosix
import NIOSSL
import SIPMessage
import SIPTransaction
import SIPTransport
import Testing

/// A folder that is gone when the test ends.
func withFolder(_ body: (String) async throws -> Void) async throws {
    let folder = TestFolder()
    defer { folder.remove() }
    try await body(folder.path)
}

@Suite struct TLSTests {
    private static let now = SystemClock().wallNow
    private static let names = ["sip.example.org"]

    private static func identity(
        _ folder: String, names: [String] = names, policy: TLSPeerPolicy = .full
    ) throws -> TLSIdentity {
        try TLSIdentity(selfMadeIn: folder, names: names, addresses: [.loopbackV4, .loopbackV6], now: now) { _, _ in
            policy
        }
    }

    /// partly: MV-SEC-02
    @Test("the authority and certificate made at first start are kept, their keys for the owner alone")
    func firstStart() async throws {
        try await withFolder { folder in
            let first = try TLSTests.identity(folder)
            let files = ["ca.pem", "server.pem", "ca.key", "server.key"]
            let made = files.map { TestFolder.read(folder + "/" + $0) }
            #expect(made.allSatisfy { $0.contains("-----BEGIN") })
            for key in ["ca.key", "server.key"] { #expect(TestFolder.mode(folder + "/" + key) == 0o600) }
            #expect(first.validUntil.since(TLSTests.now) > .seconds(390 * 86_400))
            _ = try TLSTests.identity(folder)
            #expect(files.map { TestFolder.read(folder + "/" + $0) } == made)
            // Another name needs another certificate, of the same authority.
            _ = try TLSTests.identity(folder, names: ["other.example.org"])
            let renamed = files.map { TestFolder.read(folder + "/" + $0) }
            #expect(renamed[0] == made[0])
            #expect(renamed[1] != made[1])
        }
    }

    @Test(
        "a client that trusts the authority and checks the name gets through, over IPv4 and IPv6",
        arguments: [false, true])
    func handshake(v6: Bool) async throws {
        try await withFolder { folder in
            let identity = try TLSTests.identity(folder)
            let server = try await Node([loopback(.tls, v6: v6)]) { $0.tls = identity }
            try await withNodes(server) {
                var configuration = TLSConfiguration.makeClientConfiguration()
                configuration.trustRoots = .file(folder + "/ca.pem")
                let context = try NIOSSLContext(configuration: configuration)
                let client = try await RawClient(server.group, server.endpoint(), tls: context, name: "sip.example.org")
                try await client.send(options("secret"))
                let (_, flow, _) = try await server.inbox.message("secret")
                #expect(flow.transport == .tls)
                try await server.send(options("answer"), to: .flow(flow))
                #expect(try await client.read() == options("answer"))
            }
        }
    }

    @Test(
        "two servers talk over TLS when the certificate names the peer, by host or by address",
        arguments: ["sip.example.org", "SIP.example.org", "127.0.0.1", nil])
    func peers(name: String?) async throws {
        try await withFolder { folder in
            let identity = try TLSTests.identity(folder)
            let server = try await Node([loopback(.tls)]) { $0.tls = identity }
            let client = try await Node([loopback(.tls)]) { $0.tls = identity }
            try await withNodes(server, client) {
                let target = address(.tls, server.endpoint(), name: name)
                try await client.send(options("one"), to: target)
                try await client.send(options("two"), to: target)
                let flows = [try await server.inbox.message("one").1, try await server.inbox.message("two").1]
                #expect(flows[0] == flows[1])
                try await server.send(options("back"), to: .flow(flows[0]))
                #expect(try await client.inbox.message("back").1.transport == .tls)
            }
        }
    }

    @Test(
        "a peer that is not who it should be gets no message",
        arguments: [
            ("other.example.org", TLSPeerPolicy.full, false), ("127.0.0.9", .full, false),
            ("other.example.org", .chain, true),
            ("other.example.org", .none, true), ("a.wild.example.org", .full, false),
            ("a.wild.example.org", .wildcardNames, true),
        ])
    func wrongName(name: String, policy: TLSPeerPolicy, passes: Bool) async throws {
        try await withFolder { folder in
            let identity = try TLSTests.identity(
                folder, names: ["sip.example.org", "*.wild.example.org"], policy: policy)
            let server = try await Node([loopback(.tls)]) { $0.tls = identity }
            let client = try await Node([loopback(.tls)]) { $0.tls = identity }
            try await withNodes(server, client) {
                try await client.send(options("x"), to: address(.tls, server.endpoint(), name: name))
                if passes {
                    _ = try await server.inbox.message("x")
                } else {
                    let (_, failure) = try await client.inbox.sendFailed()
                    guard case .handshake = failure else {
                        Issue.record("\(failure)")
                        return
                    }
                    #expect(client.transport.connectionCount == 0)
                }
            }
        }
    }

    @Test(
        "a peer whose authority is unknown gets no message, unless its target is relaxed",
        arguments: [TLSPeerPolicy.full, .chain, .none])
    func unknownAuthority(policy: TLSPeerPolicy) async throws {
        try await withFolder { folder in
            let theirs = try TLSTests.identity(folder + "/theirs")
            let ours = try TLSTests.identity(folder + "/ours", policy: policy)
            let server = try await Node([loopback(.tls)]) { $0.tls = theirs }
            let client = try await Node([loopback(.tls)]) { $0.tls = ours }
            try await withNodes(server, client) {
                try await client.send(options("x"), to: address(.tls, server.endpoint(), name: "sip.example.org"))
                if policy == .none {
                    _ = try await server.inbox.message("x")
                } else {
                    guard case .handshake = try await client.inbox.sendFailed().1 else {
                        Issue.record("no handshake failure")
                        return
                    }
                }
            }
        }
    }

    @Test("changed files are used by new connections; broken ones are refused with their name and the old stay")
    func reload() async throws {
        try await withFolder { folder in
            _ = try TLSTests.identity(folder + "/a")
            _ = try TLSTests.identity(folder + "/b", names: ["new.example.org"])
            let (certificate, key) = (folder + "/used.pem", folder + "/used.key")
            TestFolder.write(TestFolder.read(folder + "/a/server.pem"), to: certificate)
            TestFolder.write(TestFolder.read(folder + "/a/server.key"), to: key)
            let identity = try TLSIdentity(certificateFile: certificate, keyFile: key, now: TLSTests.now)
            #expect(identity.reloadIfChanged(now: TLSTests.now) == .unchanged)
            let server = try await Node([loopback(.tls)]) { $0.tls = identity }
            try await withNodes(server) {
                try await expectName("sip.example.org", authority: folder + "/a/ca.pem", server)
                // The certificate without its key, as half way through a copy.
                TestFolder.write(TestFolder.read(folder + "/b/server.pem"), to: certificate)
                guard case .refused(let error) = identity.reloadIfChanged(now: TLSTests.now) else {
                    Issue.record("not refused")
                    return
                }
                #expect(error.file == key)
                #expect(identity.reloadIfChanged(now: TLSTests.now) == .unchanged)
                try await expectName("sip.example.org", authority: folder + "/a/ca.pem", server)
                TestFolder.write(TestFolder.read(folder + "/b/server.key"), to: key)
                #expect(identity.reloadIfChanged(now: TLSTests.now) == .changed)
                try await expectName("new.example.org", authority: folder + "/b/ca.pem", server)
            }
        }
    }

    private func expectName(_ name: String, authority: String, _ server: Node) async throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file(authority)
        let client = try await RawClient(
            server.group, server.endpoint(), tls: try NIOSSLContext(configuration: configuration), name: name)
        try await client.send([13, 10, 13, 10])
        #expect(try await client.read() == [13, 10])
        try await client.channel.close().get()
    }

    @Test("files that can't be used are named", arguments: ["missing", "garbage", "expired"])
    func unusable(kind: String) async throws {
        try await withFolder { folder in
            _ = try TLSTests.identity(folder)
            let certificate = folder + "/" + (kind == "expired" ? "server.pem" : "\(kind).pem")
            if kind == "garbage" { TestFolder.write("no certificate\n", to: certificate) }
            let now = kind == "expired" ? TLSTests.now.advanced(by: .seconds(400 * 86_400)) : TLSTests.now
            let error = #expect(throws: TLSIdentityError.self) {
                try TLSIdentity(certificateFile: certificate, keyFile: folder + "/server.key", now: now)
            }
            #expect(error?.file == certificate)
        }
    }

    @Test("the server's own certificate is made anew before it ends")
    func renewal() async throws {
        try await withFolder { folder in
            let identity = try TLSTests.identity(folder)
            let first = identity.validUntil
            #expect(identity.reloadIfChanged(now: TLSTests.now.advanced(by: .seconds(366 * 86_400))) == .unchanged)
            #expect(identity.reloadIfChanged(now: TLSTests.now.advanced(by: .seconds(368 * 86_400))) == .changed)
            #expect(identity.validUntil > first)
        }
    }

    @Test("an authority that can't be read is not replaced")
    func brokenAuthority() async throws {
        try await withFolder { folder in
            _ = try TLSTests.identity(folder)
            TestFolder.write("", to: folder + "/ca.key")
            #expect(throws: TLSIdentityError.self) { try TLSTests.identity(folder) }
        }
    }

    @Test("bytes that are no TLS are cut, and the server goes on")
    func noTLS() async throws {
        try await withFolder { folder in
            let identity = try TLSTests.identity(folder)
            let server = try await Node([loopback(.tls)]) { $0.tls = identity }
            try await withNodes(server) {
                let client = try await RawClient(server.group, server.endpoint())
                try await client.send(options("plain"))
                try await client.closedByPeer()
                #expect(server.transport.connectionCount == 0)
                #expect(server.counters().received == 0)
            }
        }
    }

    @Test("a handshake that never comes is cut")
    func silentHandshake() async throws {
        try await withFolder { folder in
            let identity = try TLSTests.identity(folder)
            let server = try await Node([loopback(.tls)]) { options in
                options.tls = identity
                options.limits.connectTimeout = .milliseconds(50)
                options.limits.sweepInterval = .milliseconds(10)
            }
            try await withNodes(server) {
                let client = try await RawClient(server.group, server.endpoint())
                try await client.closedByPeer()
                #expect(server.transport.connectionCount == 0)
            }
        }
    }

    @Test(
        "a certificate names a peer by RFC 5922",
        arguments: [
            (["a.org"], [], nil, "a.org", false, true), (["a.org"], ["b.org"], nil, "b.org", false, false),
            ([], ["a.org"], nil, "A.ORG", false, true), ([], ["a.org"], "b.org", "b.org", false, false),
            ([], [], "b.org", "b.org", false, true),
            ([], ["*.a.org"], nil, "x.a.org", false, false), ([], ["*.a.org"], nil, "x.a.org", true, true),
            ([], ["*.a.org"], nil, "a.org", true, false), ([], ["*.a.org"], nil, "x.y.a.org", true, false),
            ([], ["*.org"], nil, "a.org", true, false), ([], ["192.0.2.1"], nil, "192.0.2.1", false, false),
        ] as [([String], [String], String?, String, Bool, Bool)])
    func names(sip: [String], dns: [String], common: String?, wanted: String, wildcards: Bool, expected: Bool) {
        var names = PeerNames()
        (names.sip, names.dns, names.commonName) = (sip, dns, common)
        #expect(names.match(wanted, wildcards: wildcards) == expected)
    }
}
