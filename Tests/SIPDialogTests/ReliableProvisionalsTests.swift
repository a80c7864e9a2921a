import Basics
import SIPDialog
import SIPMessage
import SIPTransaction
import Testing

private typealias Sender = ReliableProvisionals.Sender
private typealias Item = ReliableProvisionals.Item

@Suite("ReliableProvisionals")
struct ReliableProvisionalsTests {
    private let ringing = Item(status: .ringing)
    private let progress = Item(status: .sessionProgress, sdp: [1, 2, 3])

    private func sender(firstRSeq: UInt32 = 100) -> Sender {
        Sender(timers: .standard, invite: 10, firstRSeq: firstRSeq)
    }
    private func rack(_ rseq: UInt32, invite: UInt32 = 10, method: SIPMethod = .invite) throws -> Sender.Event {
        .prack(RAck(rseq: rseq, cseq: try CSeq(number: invite, method: method)))
    }

    @Test("RFC 3262 §3: without PRACK the response is resent from T1, doubling without bound, and given up after 64×T1")
    func resends() {
        var machine = sender()
        #expect(machine.handle(.provisional(ringing), now: .zero) == [.send(ringing, rseq: 100)])
        var resends: [Duration] = []
        var last: [Sender.Effect] = []
        while let deadline = machine.nextDeadline {
            last = machine.handle(.deadlineReached, now: deadline)
            if last == [.resend(rseq: 100)] { resends.append(deadline.sinceStart) }
        }
        #expect(resends == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5].map { .seconds($0) })
        #expect(last == [.giveUp])
        #expect(machine.state == .abandoned)
        #expect(machine.handle(.final(.serverInternalError), now: .zero) == [.sendFinal(.serverInternalError)])
    }

    @Test("RFC 3262 §3: one response is unacknowledged at a time; the next goes with the next RSeq when PRACK comes")
    func queue() throws {
        var machine = sender()
        _ = machine.handle(.provisional(ringing), now: .zero)
        #expect(machine.handle(.provisional(progress), now: .zero) == [])
        #expect(machine.queued == 1)
        #expect(machine.handle(try rack(100), now: .zero) == [.acceptPrack, .send(progress, rseq: 101)])
        #expect(machine.handle(try rack(101), now: .zero) == [.acceptPrack])
        #expect(machine.state == .idle && machine.nextDeadline == nil)
    }

    @Test("RFC 3262 §3: PRACK that names no unacknowledged response gets 481")
    func wrongPrack() throws {
        var machine = sender()
        #expect(machine.handle(try rack(100), now: .zero) == [.rejectPrack])
        _ = machine.handle(.provisional(ringing), now: .zero)
        for event in [try rack(99), try rack(101), try rack(100, invite: 11), try rack(100, method: .update)] {
            #expect(machine.handle(event, now: .zero) == [.rejectPrack])
        }
        #expect(machine.handle(try rack(100), now: .zero) == [.acceptPrack])
        #expect(machine.handle(try rack(100), now: .zero) == [.rejectPrack])
    }

    @Test("RFC 3262 §3: a 2xx waits for the PRACK of a description")
    func heldSuccess() throws {
        var machine = sender()
        _ = machine.handle(.provisional(progress), now: .zero)
        #expect(machine.handle(.final(.ok), now: .zero) == [])
        #expect(machine.handle(try rack(100), now: .zero) == [.acceptPrack, .sendFinal(.ok)])
        #expect(machine.nextDeadline == nil)
    }

    @Test("RFC 3262 §3: a queued description goes before the 2xx; what else is queued is dropped")
    func queuedDescriptionFirst() throws {
        var machine = sender()
        _ = machine.handle(.provisional(ringing), now: .zero)
        _ = machine.handle(.provisional(progress), now: .zero)
        _ = machine.handle(.provisional(ringing), now: .zero)
        #expect(machine.handle(.final(.ok), now: .zero) == [])
        #expect(machine.handle(.provisional(ringing), now: .zero) == [])
        #expect(machine.handle(try rack(100), now: .zero) == [.acceptPrack, .send(progress, rseq: 101)])
        #expect(machine.handle(try rack(101), now: .zero) == [.acceptPrack, .sendFinal(.ok)])
    }

    @Test(
        "RFC 3262 §3: a 2xx with no description unacknowledged, and any refusal, goes at once; a late PRACK is answered"
    )
    func finalAtOnce() throws {
        for (item, status) in [(ringing, SIPStatus.ok), (progress, .busyHere)] {
            var machine = sender()
            _ = machine.handle(.provisional(item), now: .zero)
            #expect(machine.handle(.final(status), now: .zero) == [.sendFinal(status)])
            #expect(machine.nextDeadline == nil)
            #expect(machine.handle(.deadlineReached, now: .distantFuture) == [])
            #expect(machine.handle(try rack(100), now: .zero) == [.acceptPrack])
            #expect(machine.handle(try rack(100), now: .zero) == [.rejectPrack])
            #expect(machine.handle(.provisional(ringing), now: .zero) == [])
            #expect(machine.handle(.final(.ok), now: .zero) == [])
        }
    }

    @Test("a held 2xx gives way to a refusal, as when the caller cancels meanwhile")
    func heldThenRefused() throws {
        var machine = sender()
        _ = machine.handle(.provisional(progress), now: .zero)
        _ = machine.handle(.final(.ok), now: .zero)
        #expect(machine.handle(.final(.requestTerminated), now: .zero) == [.sendFinal(.requestTerminated)])
        #expect(machine.handle(try rack(100), now: .zero) == [.acceptPrack])
    }

    @Test(
        "RFC 3262 §3: RSeq starts at 1 ... 2³¹-1",
        arguments: [(0, 1), (1, 1), (0x7FFF_FFFF, 0x7FFF_FFFF), (0x8000_0000, 1)])
    func firstRSeq(row: (UInt32, UInt32)) {
        var machine = sender(firstRSeq: row.0)
        #expect(machine.handle(.provisional(ringing), now: .zero) == [.send(ringing, rseq: row.1)])
    }

    @Test("RFC 3262 §4: the UAC takes responses in order of RSeq, each once")
    func receiver() throws {
        var receiver = ReliableProvisionals.Receiver()
        let invite = try CSeq(number: 10, method: .invite)
        let verdicts = ([7, 7, 9, 8, 9, 8, 10] as [UInt32]).map { receiver.receive(rseq: $0, cseq: invite) }
        func taken(_ rseq: UInt32) -> ReliableProvisionals.Receiver.Verdict {
            .acknowledge(RAck(rseq: rseq, cseq: invite))
        }
        #expect(verdicts == [taken(7), .duplicate, .outOfOrder, taken(8), taken(9), .duplicate, taken(10)])
        var highest = ReliableProvisionals.Receiver()
        _ = highest.receive(rseq: .max, cseq: invite)
        #expect(highest.receive(rseq: .max, cseq: invite) == .duplicate)
    }

    @Test("RFC 3262: at random, RSeq grows by one, the final goes once, and no timer outlives it", arguments: 0..<30)
    func walk(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        var machine = sender(firstRSeq: 1)
        var now = Moment.zero
        var (sent, finals) = (UInt32(0), 0)
        for _ in 0..<60 {
            now = now.advanced(by: .milliseconds(Int.random(in: 0...900, using: &random)))
            let event: Sender.Event =
                switch Int.random(in: 0..<10, using: &random) {
                case 0...3: .provisional(Bool.random(using: &random) ? ringing : progress)
                case 4...6: try rack(UInt32.random(in: max(sent, 1) - 1...sent + 1, using: &random))
                case 7: .final(Bool.random(using: &random) ? .ok : .busyHere)
                default: .deadlineReached
                }
            for effect in machine.handle(event, now: now) {
                switch effect {
                case .send(_, let rseq):
                    #expect(rseq == sent + 1 && finals == 0)
                    sent = rseq
                case .sendFinal: finals += 1
                case .resend(let rseq): #expect(rseq == sent && finals == 0)
                case .acceptPrack, .rejectPrack, .giveUp: break
                }
            }
            if case .unacknowledged = machine.state {
                #expect(machine.nextDeadline != nil)
            } else {
                #expect(machine.nextDeadline == nil)
            }
        }
        #expect(finals <= 1)
    }
}

@Suite("AnswerRetransmitter")
struct AnswerRetransmitterTests {
    @Test("RFC 3261 §13.3.1.4: without an ACK the 2xx is resent from T1 up to every T2, and abandoned after 64×T1")
    func resendsWithBackoffThenGivesUp() {
        var machine = AnswerRetransmitter(timers: .standard, sentAt: .zero)
        var resends: [Duration] = []
        var last: [AnswerRetransmitter.Effect] = []
        while let deadline = machine.nextDeadline {
            last = machine.handle(.deadlineReached, now: deadline)
            if last == [.resend] { resends.append(deadline.sinceStart) }
        }
        #expect(resends == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5].map { .seconds($0) })
        #expect(last == [.giveUp])
        #expect(machine.state == .abandoned)
    }

    @Test("RFC 3261 §13.3.1.4: the ACK ends it; a second ACK and a late timer are noise")
    func acknowledged() {
        var machine = AnswerRetransmitter(timers: .standard, sentAt: .zero)
        #expect(machine.handle(.ackReceived, now: .zero) == [])
        #expect(machine.nextDeadline == nil)
        #expect(machine.handle(.ackReceived, now: .zero) == [])
        #expect(machine.handle(.deadlineReached, now: .distantFuture) == [])
    }

    @Test("a driver that wakes early resends nothing")
    func early() {
        var machine = AnswerRetransmitter(timers: .standard, sentAt: .zero)
        #expect(machine.handle(.deadlineReached, now: Moment(nanoseconds: 499_999_999)) == [])
        #expect(machine.nextDeadline == Moment(nanoseconds: 500_000_000))
    }
}
