import Basics
import Registration
import Testing

@Suite("Qualify")
struct QualifyTests {
    private let ref = BindingRef(aor: AddressOfRecord(tenant: TenantID(1), user: UserID(1)), key: "a")
    private var random = AnyRandom(SeededRandom(seed: 3))

    @Test("the first probe comes within the interval, later ones 90 to 100 % of it apart")
    mutating func spreadsProbes() throws {
        var qualify = Qualify()
        qualify.watch(ref, probe: .crlf, every: .seconds(30), now: .zero, random: &random)
        var last = try #require(qualify.nextDeadline)
        #expect(last.sinceStart <= .seconds(30))
        for _ in 0..<50 {
            #expect(qualify.due(now: last, random: &random).map(\.probe) == [.crlf])
            let next = try #require(qualify.nextDeadline)
            #expect((Duration.seconds(27)...Duration.seconds(30)).contains(next.since(last)))
            last = next
        }
    }

    @Test("an answer gives the round trip; a change is told once")
    mutating func measures() throws {
        var qualify = Qualify()
        qualify.watch(ref, probe: .options, every: .seconds(30), now: .zero, random: &random)
        for changed in [true, false] {
            let at = try #require(qualify.nextDeadline)
            #expect(qualify.due(now: at, random: &random).count == 1)
            let verdict = qualify.answered(ref, now: at.advanced(by: .milliseconds(25)))
            #expect(verdict == .reachable(roundTrip: .milliseconds(25), changed: changed))
        }
        #expect(qualify.answered(ref, now: .zero) == .undecided)
    }

    @Test(
        "the third silence in a row makes a phone unreachable, an answer reachable again; probes in flight are not doubled"
    )
    mutating func tellsUnreachable() throws {
        var qualify = Qualify(failureLimit: 3)
        qualify.watch(ref, probe: .options, every: .seconds(30), now: .zero, random: &random)
        var verdicts: [Qualify.Verdict] = []
        for _ in 0..<4 {
            #expect(qualify.due(now: try #require(qualify.nextDeadline), random: &random).count == 1)
            #expect(qualify.due(now: try #require(qualify.nextDeadline), random: &random).isEmpty)
            verdicts.append(qualify.failed(ref))
        }
        #expect(verdicts == [.undecided, .undecided, .unreachable(changed: true), .unreachable(changed: false)])
        let at = try #require(qualify.nextDeadline)
        _ = qualify.due(now: at, random: &random)
        #expect(qualify.answered(ref, now: at) == .reachable(roundTrip: .zero, changed: true))
    }

    @Test("what is forgotten is not probed, and a limit leaves the rest for the next call")
    mutating func forgetsAndLimits() {
        var qualify = Qualify()
        let refs = (0..<10).map { BindingRef(aor: ref.aor, key: String($0)) }
        for ref in refs { qualify.watch(ref, probe: .crlf, every: .seconds(10), now: .zero, random: &random) }
        qualify.forget(refs[0])
        let late = Moment.zero.advanced(by: .seconds(10))
        let first = qualify.due(now: late, limit: 4, random: &random)
        let second = qualify.due(now: late, limit: 100, random: &random)
        #expect(first.count == 4)
        #expect(Set((first + second).map(\.ref)) == Set(refs.dropFirst()))
        for ref in refs { qualify.forget(ref) }
        #expect(qualify.nextDeadline == nil)
        #expect(qualify.count == 0)
    }
}
