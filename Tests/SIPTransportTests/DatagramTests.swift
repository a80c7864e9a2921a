import Basics
import NIOCore
import SIPMessage
import SIPTransaction
import SIPTransport
import Testing

@Suite struct DatagramTests {
    @Test("a datagram arrives as a message over its flow, and an answer goes back over it", arguments: [false, true])
    func echo(v6: Bool) async throws {
        let server = try await Node([loopback(.udp, v6: v6)])
        let client = try await Node([loopback(.udp, v6: v6)])
        try await withNodes(server, client) {
            #expect(server.endpoint().port != 0)
            try await client.send(options("there"), to: address(.udp, server.endpoint()))
            let (message, flow, _) = try await server.inbox.message("there")
            #expect(message.method == .options)
            #expect(flow == SIPFlow(listener: ListenerID(0), transport: .udp, remote: client.endpoint()))
            try await server.send(options("back"), to: .flow(flow))
            #expect(try await client.inbox.message("back").1.remote == server.endpoint())
            #expect(server.counters().received == 1)
            #expect(server.counters().sent == 1)
            #expect(server.counters().bytesReceived == options("there").count)
        }
    }

    @Test("with two loops both read the port, and each sends from it")
    func sharedPort() async throws {
        let server = try await Node([loopback(.udp)], loops: 2)
        let client = try await Node([loopback(.udp)])
        try await withNodes(server, client) {
            for loop in 0..<2 {
                try await server.send(options("from\(loop)"), to: address(.udp, client.endpoint()), loop: loop)
                #expect(try await client.inbox.message("from\(loop)").1.remote == server.endpoint())
            }
            try await client.send(options("to"), to: address(.udp, server.endpoint()))
            #expect((0..<2).contains(try await server.inbox.message("to").loop))
        }
    }

    @Test("a burst of datagrams is read whole, in order")
    func burst() async throws {
        let server = try await Node([loopback(.udp)])
        let client = try await Node([loopback(.udp)])
        try await withNodes(server, client) {
            let target = address(.udp, server.endpoint())
            try await client.loops[0].submit { [transport = client.transport] in
                for number in 0..<200 { transport.send(options("burst\(number)"), to: target, loop: 0) }
            }.get()
            _ = try await server.inbox.message("burst199")
            var order: [String] = []
            for item in server.inbox.events.waiting {
                if case .message(let message, _) = item.event { order.append(message.callID) }
            }
            #expect(order == (0..<199).map { "burst\($0)" })
            #expect(server.transport.queueDelay(loop: 0) >= .zero)
        }
    }

    @Test(
        "a STUN Binding request on the SIP port is told its source, up to so many a second", arguments: [false, true])
    func stun(v6: Bool) async throws {
        let server = try await Node([loopback(.udp, v6: v6)]) { $0.limits.stunPerAddress = 3 }
        let client = try await Node([loopback(.udp, v6: v6)])
        try await withNodes(server, client) {
            let request: [UInt8] = [0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42] + Array(repeating: 7, count: 12)
            for _ in 0..<5 { try await client.send(request, to: address(.udp, server.endpoint())) }
            try await client.send(options("after"), to: address(.udp, server.endpoint()))
            _ = try await server.inbox.message("after")
            #expect(server.inbox.events.waiting.isEmpty)
            // The second may turn meanwhile; then each half has a budget of its own.
            #expect((3...5).contains(server.counters().stunAnswered))
            #expect(server.counters().stunAnswered + server.counters().stunDropped == 5)
            try await server.send(options("done"), to: address(.udp, client.endpoint()))
            _ = try await client.inbox.message("done")
            // A response is no request: nobody answers it.
            #expect(client.counters().stunDropped == server.counters().stunAnswered)
        }
    }

    @Test(
        "keep-alives are counted and nothing else",
        arguments: [[13, 10, 13, 10], [13, 10], [0], [0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42], []] as [[UInt8]])
    func keepAlives(bytes: [UInt8]) async throws {
        let server = try await Node([loopback(.udp)])
        let client = try await Node([loopback(.udp)])
        try await withNodes(server, client) {
            try await client.send(bytes, to: address(.udp, server.endpoint()))
            try await client.send(options("after"), to: address(.udp, server.endpoint()))
            _ = try await server.inbox.message("after")
            #expect(server.inbox.events.waiting.isEmpty)
            #expect(server.counters().keepAlives == 1)
            #expect(server.counters().malformed == 0)
        }
    }

    @Test("bytes that are no message are told with the error and its answer")
    func malformed() async throws {
        let server = try await Node([loopback(.udp)])
        let client = try await Node([loopback(.udp)])
        try await withNodes(server, client) {
            let text = String(decoding: options("bad"), as: UTF8.self).replacing(
                "CSeq: 1 OPTIONS", with: "CSeq: one OPTIONS")
            try await client.send(Array(text.utf8), to: address(.udp, server.endpoint()))
            let (error, flow) = try await server.inbox.malformed()
            #expect(error.status == .badRequest)
            #expect(flow.remote == client.endpoint())
            #expect(server.counters().malformed == 1)
        }
    }

    @Test("datagrams of banned addresses are dropped unseen")
    func banned() async throws {
        let server = try await Node([loopback(.udp)]) { $0.shouldAccept = { !$0.isLoopback } }
        let client = try await Node([loopback(.udp)])
        let witness = try await Node([loopback(.udp)])
        try await withNodes(server, client, witness) {
            try await client.send(options("banned"), to: address(.udp, server.endpoint()))
            while server.counters().banned == 0 { await Task.yield() }
            #expect(server.inbox.events.waiting.isEmpty)
            #expect(server.counters().received == 1)
        }
    }

    @Test(
        "what can't be sent is told to the sender",
        arguments: [
            (
                SIPTarget.address(.udp, IPEndpoint(.loopbackV4, 9), listener: ListenerID(0), serverName: nil), 70_000,
                SendFailure.tooLarge
            ),
            (.address(.udp, IPEndpoint(.loopbackV4, 9), listener: ListenerID(7), serverName: nil), 10, .noSuchListener),
            (.address(.tcp, IPEndpoint(.loopbackV4, 9), listener: ListenerID(7), serverName: nil), 10, .noSuchListener),
            (.address(.ws, IPEndpoint(.loopbackV4, 9), listener: ListenerID(0), serverName: nil), 10, .noSuchListener),
            (
                .flow(
                    SIPFlow(
                        listener: ListenerID(0), transport: .tcp, remote: IPEndpoint(.loopbackV4, 9),
                        connection: 77 << 8)), 10, .flowClosed
            ),
            (
                .flow(
                    SIPFlow(
                        listener: ListenerID(0), transport: .tcp, remote: IPEndpoint(.loopbackV4, 9),
                        connection: 77 << 8 | 9)), 10, .flowClosed
            ),
        ])
    func sendFailures(target: SIPTarget, size: Int, expected: SendFailure) async throws {
        let node = try await Node([loopback(.udp)])
        try await withNodes(node) {
            try await node.send(Array(repeating: 65, count: size), to: target)
            let (failed, failure) = try await node.inbox.sendFailed()
            #expect(failed == target)
            #expect(failure == expected)
        }
    }

    @Test(
        "a port in use is told with its place, also where loops share a port", arguments: [1, 2],
        [SIPTransportKind.udp, .tcp])
    func busyPort(loops: Int, transport: SIPTransportKind) async throws {
        let first = try await Node([loopback(transport)], loops: loops)
        try await withNodes(first) {
            let again = loopback(transport, port: first.endpoint().port)
            do {
                let second = try await Node([loopback(.udp, id: 1), again], loops: loops)
                try await second.stop()
                Issue.record("a second server took the same port")
            } catch let error as TransportStartError {
                #expect(error.reason == .addressInUse)
                #expect(error.description.contains(first.endpoint().description))
            }
        }
    }

    @Test(
        "listeners that can't be are refused by name",
        arguments: [
            (
                [
                    ListenerConfiguration(
                        id: ListenerID(0), transport: .udp, bind: IPEndpoint(IPAddress(v4: 0xC000_0201), 0))
                ], TransportStartError.Reason.addressNotHere
            ),
            ([loopback(.tls)], .noCertificate), ([loopback(.ws)], .unsupportedTransport),
            ([loopback(.udp), loopback(.tcp)], .duplicateListener),
        ])
    func refusedListeners(listeners: [ListenerConfiguration], reason: TransportStartError.Reason) async throws {
        let error = await #expect(throws: TransportStartError.self) { try await Node(listeners) }
        #expect(error?.reason == reason)
    }
}
