import Basics
import SIPTransaction
import SIPTransport
import Testing

private func at(_ seconds: Int64) -> Moment { Moment(nanoseconds: seconds * 1_000_000_000) }

@Suite struct DNSCacheTests {
    private let question = DNSQuestion("a.org", .a)
    private let answer = DNSAnswer.records([.address(.loopbackV4)])

    @Test("an answer lives as long as its TTL")
    func life() {
        var cache = DNSCache()
        cache.store(answer, for: question, ttl: 60, now: at(0))
        #expect(cache.answer(to: question, now: at(59)) == answer)
        #expect(cache.answer(to: question, now: at(60)) == nil)
        #expect(cache.answer(to: DNSQuestion("A.ORG.", .a), now: at(1)) == answer)
        #expect(cache.answer(to: DNSQuestion("a.org", .aaaa), now: at(1)) == nil)
    }

    @Test(
        "a negative answer lives as long as its zone says, within bounds (RFC 2308)",
        arguments: [
            (nil, 60), (30, 30), (100_000, 900), (0, 1),
        ] as [(UInt32?, Int64)])
    func negative(ttl: UInt32?, seconds: Int64) {
        var cache = DNSCache()
        cache.store(.absent, for: question, ttl: ttl, now: at(0))
        #expect(cache.answer(to: question, now: at(seconds).advanced(by: .milliseconds(-1))) == .absent)
        #expect(cache.answer(to: question, now: at(seconds)) == nil)
    }

    @Test("while DNS is out the last answer is used, up to its bound, and DNS is asked again now and then (RFC 8767)")
    func stale() {
        var cache = DNSCache()
        cache.store(answer, for: question, ttl: 60, now: at(0))
        cache.storeFailure(of: question, now: at(100))
        #expect(cache.answer(to: question, now: at(129)) == answer)
        #expect(cache.answer(to: question, now: at(130)) == nil)
        cache.storeFailure(of: question, now: at(3 * 86_400 + 60))
        #expect(cache.answer(to: question, now: at(3 * 86_400 + 61)) == .failed)
        cache.store(answer, for: question, ttl: 60, now: at(3 * 86_400 + 70))
        #expect(cache.answer(to: question, now: at(3 * 86_400 + 71)) == answer)
    }

    @Test("a failure without an older answer is remembered for a while")
    func failure() {
        var cache = DNSCache()
        cache.storeFailure(of: question, now: at(0))
        #expect(cache.answer(to: question, now: at(29)) == .failed)
        #expect(cache.answer(to: question, now: at(30)) == nil)
    }

    @Test("the cache is bounded")
    func bounded() {
        var settings = DNSCache.Settings()
        settings.capacity = 100
        var cache = DNSCache(settings)
        for number in 0..<1000 { cache.store(answer, for: DNSQuestion("\(number).org", .a), ttl: 60, now: at(0)) }
        for number in 0..<1000 { cache.storeFailure(of: DNSQuestion("\(number).net", .a), now: at(0)) }
        #expect(cache.count <= 100)
    }

    @Test("a dead target is put last until its deny time is over or it answers")
    func deadTargets() {
        let places = (1...3).map { LocationCandidate(transport: .udp, endpoint: IPEndpoint(.loopbackV4, $0)) }
        let plan = LocationPlan(candidates: places, foundByDNS: true, streams: false)
        var dead = DeadTargets(denyTime: .seconds(60))
        dead.markDead(places[0], now: at(0))
        #expect(dead.order(plan, now: at(59)).candidates == [places[1], places[2], places[0]])
        #expect(dead.order(plan, now: at(60)).candidates == places)
        dead.markDead(places[1], now: at(60), for: .seconds(5))
        #expect(dead.isDead(places[1], now: at(64)))
        dead.markAlive(places[1])
        #expect(dead.order(plan, now: at(64)).candidates == places)
        for place in places { dead.markDead(place, now: at(70)) }
        #expect(dead.order(plan, now: at(71)).candidates == places)
        let overTCP = LocationCandidate(transport: .tcp, endpoint: places[0].endpoint)
        #expect(!dead.isDead(overTCP, now: at(71)))
    }

    @Test("a dead TCP place comes last too, so that the next large request goes over UDP at once")
    func deadStream() {
        let udp = LocationCandidate(transport: .udp, endpoint: IPEndpoint(.loopbackV4, 1))
        let tcp = LocationCandidate(transport: .tcp, endpoint: udp.endpoint)
        let plan = LocationPlan(candidates: [udp], foundByDNS: true)
        var dead = DeadTargets()
        #expect(dead.order(plan, now: at(0)).candidates(size: 1301) == [tcp, udp])
        dead.markDead(tcp, now: at(0))
        #expect(dead.order(plan, now: at(1)).candidates(size: 1301) == [udp, tcp])
    }
}
