import Basics
import Logging
import NIOCore
import NIOPosix
import SIPTransaction
import SIPTransport
import Synchronization
import Testing

/// A clock that stands until it is moved.
final class ManualClock: MartinetClock {
    private let moment = Mutex(Moment.zero)
    var now: Moment { moment.withLock { $0 } }
    var wallNow: WallTime { WallTime(secondsSinceEpoch: 1_800_000_000).advanced(by: now.sinceStart) }
    func advance(_ duration: Duration) { moment.withLock { $0 = $0.advanced(by: duration) } }
}

@Suite struct ResolverTests {
    private static let zone = Zone([
        "example.org NAPTR 10 10 s SIP+D2U _sip._udp.example.org", "_sip._udp.example.org SRV 1 0 5070 one.example.org",
        "_sip._udp.example.org SRV 2 0 5071 two.example.org", "one.example.org A 192.0.2.1",
        "one.example.org AAAA 2001:db8::1",
        "two.example.org A 192.0.2.2",
    ])
    private let query = LocationQuery(host: "example.org")

    private func with(
        _ configure: (inout SIPResolver.Options) -> Void = { _ in },
        body: (SIPResolver, DNSServer, ManualClock) async throws -> Void
    ) async throws {
        let server = try await DNSServer(ResolverTests.zone)
        let clock = ManualClock()
        var options = SIPResolver.Options()
        options.servers = server.address
        options.timeout = .milliseconds(150)
        options.patience = .milliseconds(20)
        options.hostsFile = nil
        configure(&options)
        let resolver = try SIPResolver(
            options, clock: clock, random: AnyRandom(SeededRandom(seed: 1)), logger: Logger(label: "test"))
        try await body(resolver, server, clock)
        resolver.stop()
        try await server.stop()
    }

    private func endpoints(_ result: Result<LocationPlan, LocationError>?) -> [String]? {
        guard case .success(let plan)? = result else { return nil }
        return plan.candidates.map(\.endpoint.description)
    }

    @Test("a domain is located over real DNS by NAPTR, SRV and addresses, and then known without asking")
    func located() async throws {
        try await with({ $0.policy.families = [.v4, .v6] }) { resolver, server, _ in
            #expect(resolver.known(query) == nil)
            let expected = ["192.0.2.1:5070", "[2001:db8::1]:5070", "192.0.2.2:5071"]
            #expect(endpoints(await resolver.locate(query)) == expected)
            #expect(endpoints(resolver.known(query)) == expected)
            #expect(endpoints(await resolver.locate(query)) == expected)
            #expect(server.asked.count == 6)
            #expect(resolver.questionCount == 6)
        }
    }

    @Test("many that ask the same at once cost one question each")
    func shared() async throws {
        try await with { resolver, server, _ in
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let loop = group.any()
            let done = Collector<Bool>()
            for _ in 0..<50 {
                resolver.locate(query, on: loop) { result in
                    loop.preconditionInEventLoop()
                    done.add((try? result.get()) != nil)
                }
            }
            for _ in 0..<50 { #expect(try await done.take("result") { _ in true }) }
            #expect(server.asked.count == 4)
            try await group.shutdownGracefully()
        }
    }

    @Test("TTLs are kept: after their end DNS is asked again")
    func expiry() async throws {
        try await with { resolver, server, clock in
            server.setTTL(30)
            _ = await resolver.locate(query)
            clock.advance(.seconds(29))
            _ = await resolver.locate(query)
            #expect(server.asked.count == 4)
            clock.advance(.seconds(1))
            _ = await resolver.locate(query)
            #expect(server.asked.count == 8)
        }
    }

    @Test("while DNS is out the last answer is used, at once after the first time, and fresh ones when it is back")
    func stale() async throws {
        try await with { resolver, server, clock in
            let first = endpoints(await resolver.locate(query))
            clock.advance(.seconds(301))
            server.setSilent(true)
            #expect(endpoints(await resolver.locate(query)) == first)
            #expect(endpoints(resolver.known(query)) == first)
            server.setSilent(false)
            // What was still asked when patience ended may be answered yet; then the question is not quiet any more.
            clock.advance(.seconds(31))
            let before = server.asked.count
            #expect(endpoints(await resolver.locate(query)) == first)
            #expect(server.asked.count > before)
        }
    }

    @Test("without an older answer an outage is told as such, and a name that is not there as not there")
    func failures() async throws {
        try await with { resolver, server, _ in
            #expect(await resolver.locate(LocationQuery(host: "nowhere.org")) == .failure(.notFound))
            server.setSilent(true)
            #expect(await resolver.locate(query) == .failure(.noAnswer))
            #expect(resolver.known(query) == .failure(.noAnswer))
        }
    }

    @Test("a target that failed is put last for the deny time")
    func denied() async throws {
        try await with({ $0.denyTime = .seconds(10) }) { resolver, _, clock in
            guard case .success(let plan) = await resolver.locate(query) else { throw Overdue(what: "plan") }
            #expect(plan.foundByDNS)
            resolver.markDead(plan.candidates[0])
            #expect(endpoints(resolver.known(query)) == ["192.0.2.2:5071", "192.0.2.1:5070"])
            clock.advance(.seconds(10))
            #expect(endpoints(resolver.known(query)) == ["192.0.2.1:5070", "192.0.2.2:5071"])
            resolver.markDead(plan.candidates[0])
            resolver.markAlive(plan.candidates[0])
            #expect(endpoints(resolver.known(query)) == ["192.0.2.1:5070", "192.0.2.2:5071"])
        }
    }

    @Test("the machine's hosts file comes before DNS")
    func hostsFile() async throws {
        try await with({ $0.hostsFile = "/etc/hosts" }) { resolver, server, _ in
            let result = await resolver.locate(LocationQuery(host: "localhost", port: 5060))
            #expect(endpoints(result)?.first == "127.0.0.1:5060")
            #expect(server.asked.isEmpty)
        }
    }

    @Test("after stop nobody waits for ever")
    func stopped() async throws {
        try await with { resolver, server, _ in
            server.setSilent(true)
            resolver.stop()
            #expect(await resolver.locate(query) == .failure(.noAnswer))
        }
    }

    @Test("servers that can't be read are refused at start")
    func badServers() {
        var options = SIPResolver.Options()
        options.servers = "not an address"
        #expect(throws: ResolverStartError.self) {
            try SIPResolver(options, clock: ManualClock(), random: .system, logger: Logger(label: "test"))
        }
    }
}
