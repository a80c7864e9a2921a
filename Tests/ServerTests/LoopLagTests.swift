import Basics
import Server
import Testing

@Suite("How late a loop is")
struct LoopLagTests {
    private func at(_ milliseconds: Int) -> Moment { Moment.zero.advanced(by: .milliseconds(milliseconds)) }

    @Test("a timer on time is no lag; a late one is, until it is on time again")
    func lag() {
        var lag = LoopLag(now: at(0))
        #expect(lag.delay(now: at(40)) <= .zero)
        lag.ran(now: at(50))
        #expect(lag.delay(now: at(60)) == .zero)
        lag.ran(now: at(220))
        #expect(lag.delay(now: at(230)) == .milliseconds(120))
        lag.ran(now: at(270))
        #expect(lag.delay(now: at(280)) == .zero)
    }

    @Test("a round that goes on counts before its timer ran")
    func during() {
        let lag = LoopLag(now: at(0))
        #expect(lag.delay(now: at(200)) == .milliseconds(150))
    }

    @Test("the peak is that of the last 10 to 20 s")
    func peak() {
        var peak = RecentPeak(now: at(0))
        peak.note(.milliseconds(70), now: at(1_000))
        peak.note(.milliseconds(20), now: at(2_000))
        #expect(peak.value(now: at(9_000)) == .milliseconds(70))
        peak.note(.milliseconds(30), now: at(12_000))
        #expect(peak.value(now: at(15_000)) == .milliseconds(70))
        #expect(peak.value(now: at(22_500)) == .milliseconds(30))
        #expect(peak.value(now: at(60_000)) == .zero)
    }
}
