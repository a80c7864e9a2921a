import Basics
import CallControl
import Identity
import SIPMessage
import TestKit
import Testing

@Suite("Reliable responses and what waits for them")
struct ReliableTests {
    /// Bob's 183 with the answer is reliable on both legs, and Alice is slow to acknowledge it.
    private func plans(prackDelay: Duration) -> (caller: CallerPlan, callee: CalleePlan) {
        var caller = CallerPlan()
        (caller.reliability, caller.prackDelay) = (.supported, prackDelay)
        var callee = CalleePlan()
        (callee.isReliable, callee.earlyMediaAfter, callee.ringsAfter) = (true, .milliseconds(500), nil)
        callee.earlyUpdateAfter = .milliseconds(300)
        callee.decision = .answer(.seconds(10))
        return (caller, callee)
    }

    @Test("an UPDATE of the callee waits until the caller has acknowledged the answer by PRACK (RFC 3311 §5.1)")
    func updateWaitsForPrack() {
        let office = Office()
        let (caller, callee) = plans(prackDelay: .seconds(3))
        office.bob.plan = callee
        let call = office.alice.call("1002", caller)
        office.run(3)
        #expect(office.bob.sent.contains { $0.method == .update })
        #expect(office.alice.requests(.update).isEmpty)
        office.run(2)
        #expect(office.alice.requests(.update).count == 1)
        #expect(office.bob.responses(200, to: .update).count == 1)
        #expect(office.alice.lastDescription.contains("a=sendonly"))
        office.run(8)
        #expect(call.state == .up)
        office.close()
    }

    @Test("an UPDATE that waits is answered when the call ends before the PRACK", arguments: [true, false])
    func waitingUpdateEnds(byCaller: Bool) {
        let office = Office()
        var (caller, callee) = plans(prackDelay: .seconds(20))
        if byCaller { caller.cancelAfter = .seconds(2) } else { callee.decision = .reject(.busyHere, .seconds(2)) }
        office.bob.plan = callee
        let call = office.alice.call("1002", caller)
        office.run(5)
        #expect(call.isOver)
        #expect(office.bob.responses(487, to: .update).count == 1)
        office.close()
    }

    @Test(
        "a PRACK that a callee refuses for now is sent again under a new number, and the call goes on (RFC 3262 §4)",
        arguments: [1, 3])
    func prackRepeated(times: Int) {
        let office = Office()
        office.bob.manners.pracksRefused = times
        var (caller, callee) = plans(prackDelay: .zero)
        (caller.reliability, callee.earlyUpdateAfter) = (.none, nil)
        office.bob.plan = callee
        let call = office.alice.call("1002", caller)
        office.run(15)
        let numbers: [UInt32] = office.bob.requests(.prack).map(\.cseq.number)
        #expect(numbers.count == times + 1)
        #expect(Set(numbers).count == times + 1)
        #expect(Set(office.bob.requests(.prack).map { $0.first(.rack) }).count == 1)
        #expect(call.state == .up)
        office.close()
    }

    @Test("a callee that refuses every PRACK is given up")
    func prackNeverTaken() {
        let office = Office()
        office.bob.manners.pracksRefused = 100
        var (caller, callee) = plans(prackDelay: .zero)
        (caller.reliability, callee.earlyUpdateAfter) = (.none, nil)
        office.bob.plan = callee
        let call = office.alice.call("1002", caller)
        office.run(15)
        #expect(call.isOver)
        #expect(office.bob.requests(.prack).count == 4)
        office.close()
    }
}
