import Basics
import NIOCore
import SIPMessage
import SIPTransaction
import SIPTransport
import Testing

@Suite struct StreamTests {
    @Test("a message cut into single bytes is put together", arguments: [false, true])
    func singleBytes(v6: Bool) async throws {
        let server = try await Node([loopback(.tcp, v6: v6)])
        try await withNodes(server) {
            let client = try await RawClient(server.group, server.endpoint())
            for byte in options("bytes", body: "hello") { try await client.send([byte]) }
            let (message, flow, _) = try await server.inbox.message("bytes")
            #expect(Array(message.body) == Array("hello".utf8))
            #expect(flow.transport == .tcp)
            #expect(flow.connection != 0)
            try await server.send(options("answer"), to: .flow(flow))
            #expect(try await client.read() == options("answer"))
        }
    }

    @Test("several messages in one segment are told apart")
    func segments() async throws {
        let server = try await Node([loopback(.tcp)])
        try await withNodes(server) {
            let client = try await RawClient(server.group, server.endpoint())
            try await client.send(options("one", body: "x") + [13, 10] + options("two") + options("three"))
            for callID in ["one", "two", "three"] { _ = try await server.inbox.message(callID) }
            #expect(server.counters().received == 3)
        }
    }

    @Test("a double CRLF is answered with CRLF (RFC 5626 §3.5.1)")
    func ping() async throws {
        let server = try await Node([loopback(.tcp)])
        try await withNodes(server) {
            let client = try await RawClient(server.group, server.endpoint())
            try await client.send([13, 10, 13, 10])
            #expect(try await client.read() == [13, 10])
            #expect(server.counters().keepAlives == 1)
        }
    }

    @Test("the answer to our ping is told")
    func pong() async throws {
        let (server, client) = (try await Node([loopback(.tcp)]), try await Node([loopback(.tcp)]))
        try await withNodes(server, client) {
            try await client.send(options("hello"), to: address(.tcp, server.endpoint()))
            _ = try await server.inbox.message("hello")
            let flow = try await client.inbox.opened()
            try await client.loops[0].submit { [transport = client.transport] in transport.ping(flow, loop: 0) }.get()
            try await client.inbox.pong()
        }
    }

    @Test("one connection serves all messages to an address, from either end and from every loop")
    func reuse() async throws {
        let server = try await Node([loopback(.tcp)], loops: 2)
        let client = try await Node([loopback(.tcp)], loops: 2)
        try await withNodes(server, client) {
            let target = address(.tcp, server.endpoint())
            for number in 0..<6 { try await client.send(options("m\(number)"), to: target, loop: number % 2) }
            var flows: Set<SIPFlow> = []
            for number in 0..<6 { flows.insert(try await server.inbox.message("m\(number)").1) }
            #expect(flows.count == 1)
            #expect(client.transport.connectionCount == 1)
            let flow = try #require(flows.first)
            // Back to the address the connection came from, from a loop that may not own it.
            for loop in 0..<2 {
                try await server.send(options("back\(loop)"), to: address(.tcp, flow.remote), loop: loop)
                _ = try await client.inbox.message("back\(loop)")
            }
            #expect(server.transport.connectionCount == 1)
        }
    }

    @Test("the end of a connection is told on every loop, and its flow can't be sent over")
    func closedFlow() async throws {
        let server = try await Node([loopback(.tcp)], loops: 2)
        try await withNodes(server) {
            let client = try await RawClient(server.group, server.endpoint())
            try await client.send(options("x"))
            let (_, flow, _) = try await server.inbox.message("x")
            try await client.channel.close().get()
            for loop in 0..<2 {
                let (closed, reason) = try await server.inbox.closed(loop: loop)
                #expect(closed == flow)
                #expect(reason == .peer)
            }
            #expect(server.transport.connectionCount == 0)
            try await server.send(options("late"), to: .flow(flow), loop: 1)
            #expect(try await server.inbox.sendFailed().1 == .flowClosed)
        }
    }

    @Test("a refused connection fails all messages that waited for it")
    func refused() async throws {
        // Nobody listens on tcpmux.
        let endpoint = IPEndpoint(.loopbackV4, 1)
        let client = try await Node([loopback(.tcp)])
        try await withNodes(client) {
            try await client.loops[0].submit { [transport = client.transport] in
                for number in 0..<3 { transport.send(options("r\(number)"), to: address(.tcp, endpoint), loop: 0) }
            }.get()
            for _ in 0..<3 { #expect(try await client.inbox.sendFailed().1 == .refused) }
            #expect(client.transport.connectionCount == 0)
        }
    }

    @Test("a body over the limit is refused with its answer, then the connection is cut")
    func oversize() async throws {
        let server = try await Node([loopback(.tcp)])
        try await withNodes(server) {
            let client = try await RawClient(server.group, server.endpoint())
            let head = String(decoding: options("big"), as: UTF8.self).replacing(
                "Content-Length: 0", with: "Content-Length: 70000")
            try await client.send(Array(head.utf8))
            #expect(try await server.inbox.malformed().0.status == .requestEntityTooLarge)
            #expect(try await server.inbox.closed().1 == .malformed)
            try await client.closedByPeer()
        }
    }

    @Test("an endless header is cut")
    func endlessHeader() async throws {
        let server = try await Node([loopback(.tcp)])
        try await withNodes(server) {
            let client = try await RawClient(server.group, server.endpoint())
            try await client.send(Array("OPTIONS sip:x@y SIP/2.0\r\n".utf8))
            let line = Array("X-Padding: \(String(repeating: "a", count: 1000))\r\n".utf8)
            for _ in 0..<80 { try? await client.send(line) }
            #expect(try await server.inbox.malformed().0.kind == .messageTooLarge)
            try await client.closedByPeer()
        }
    }

    @Test(
        "a connection that keeps a limit of time too long is closed",
        arguments: [
            ("OPTIONS sip:x@y SIP/2.0\r\n", CloseReason.slowMessage), ("", .noData), ("\r\n\r\n", .idle),
        ])
    func timeouts(first: String, reason: CloseReason) async throws {
        let server = try await Node([loopback(.tcp)]) { options in
            options.limits.sweepInterval = .milliseconds(10)
            options.limits.messageTimeout = reason == .slowMessage ? .milliseconds(50) : .seconds(60)
            options.limits.firstDataTimeout = reason == .noData ? .milliseconds(50) : .seconds(60)
            options.limits.idleTimeout = reason == .idle ? .milliseconds(50) : .seconds(60)
        }
        try await withNodes(server) {
            let client = try await RawClient(server.group, server.endpoint())
            // The connection may already be cut, where the machine is slow.
            if !first.isEmpty { try? await client.send(Array(first.utf8)) }
            #expect(try await server.inbox.closed().1 == reason)
            try await client.closedByPeer()
        }
    }

    @Test("connections over a limit are closed at once; room made is used again", arguments: [true, false])
    func connectionLimit(perAddress: Bool) async throws {
        let server = try await Node([loopback(.tcp)]) { options in
            if perAddress { options.limits.connectionsPerAddress = 2 } else { options.limits.connections = 2 }
        }
        try await withNodes(server) {
            let first = try await RawClient(server.group, server.endpoint())
            _ = try await server.inbox.opened()
            let second = try await RawClient(server.group, server.endpoint())
            _ = try await server.inbox.opened()
            let third = try await RawClient(server.group, server.endpoint())
            try await third.closedByPeer()
            #expect(server.counters().connectionsRefused == 1)
            try await first.channel.close().get()
            _ = try await server.inbox.closed()
            let fourth = try await RawClient(server.group, server.endpoint())
            try await fourth.send(options("in"))
            _ = try await server.inbox.message("in")
            try await second.send(options("still"))
            _ = try await server.inbox.message("still")
        }
    }

    @Test("connections of banned addresses are closed unseen")
    func banned() async throws {
        let server = try await Node([loopback(.tcp)]) { $0.shouldAccept = { _ in false } }
        try await withNodes(server) {
            let client = try await RawClient(server.group, server.endpoint())
            try await client.closedByPeer()
            #expect(server.counters().banned == 1)
            #expect(server.inbox.events.waiting.isEmpty)
        }
    }

    @Test("a peer that does not read is cut at the high-water limit")
    func unreadingPeer() async throws {
        let server = try await Node([loopback(.tcp)]) { $0.limits.unsentBytes = 200_000 }
        try await withNodes(server) {
            let client = try await RawClient(server.group, server.endpoint())
            try await client.channel.setOption(.autoRead, value: false).get()
            try await client.send(options("hello"))
            let (_, flow, _) = try await server.inbox.message("hello")
            let large = options("large", body: String(repeating: "x", count: 50_000))
            // The kernel's buffers of both ends are filled before ours.
            try await server.loops[0].submit { [transport = server.transport] in
                for _ in 0..<1000 { transport.send(large, to: .flow(flow), loop: 0) }
            }.get()
            #expect(try await server.inbox.closed().1 == .unsentBytes)
            #expect(try await server.inbox.sendFailed().1 == .congestion)
        }
    }

    @Test("after stopAccepting open connections go on and new ones are refused")
    func draining() async throws {
        let server = try await Node([loopback(.tcp)])
        try await withNodes(server) {
            let client = try await RawClient(server.group, server.endpoint())
            try await client.send(options("before"))
            _ = try await server.inbox.message("before")
            await server.transport.stopAccepting()
            try await client.send(options("during"))
            _ = try await server.inbox.message("during")
            await #expect(throws: (any Error).self) { try await RawClient(server.group, server.endpoint()) }
        }
    }
}
