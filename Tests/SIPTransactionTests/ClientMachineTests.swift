import Basics
import SIPMessage
import SIPTransaction
import Testing

/// What a machine did, and when, since it started.
struct Step<Effect: Equatable & Sendable>: Equatable, Sendable {
    let at: Duration
    let effect: Effect
    init(_ seconds: Double, _ effect: Effect) { (at, self.effect) = (.milliseconds(Int64(seconds * 1000)), effect) }
    init(at: Duration, _ effect: Effect) { (self.at, self.effect) = (at, effect) }
}

@Suite("Client transactions")
struct ClientMachineTests {
    typealias Invite = ClientInviteTransaction
    typealias NonInvite = ClientNonInviteTransaction
    let timers = SIPTimers.standard

    /// Walks from deadline to deadline until none is left; quiet deadlines are passed over.
    private func walk(_ machine: inout Invite) -> [Step<Invite.Effect>] {
        var steps: [Step<Invite.Effect>] = []
        while let deadline = machine.nextDeadline {
            let effect = machine.handle(.deadlineReached, timers: timers, now: deadline)
            if effect != .none { steps.append(Step(at: deadline.sinceStart, effect)) }
        }
        return steps
    }

    private func walk(_ machine: inout NonInvite, until end: Moment = .distantFuture) -> [Step<NonInvite.Effect>] {
        var steps: [Step<NonInvite.Effect>] = []
        while let deadline = machine.nextDeadline, deadline <= end {
            let effect = machine.handle(.deadlineReached, timers: timers, now: deadline)
            if effect != .none { steps.append(Step(at: deadline.sinceStart, effect)) }
        }
        return steps
    }

    @Test("an INVITE without an answer is sent again by timer A, doubling, and given up by timer B")
    func inviteTimesOut() {
        var machine = Invite(timers: timers, isReliable: false, sentAt: .zero)
        #expect(
            walk(&machine) == [
                Step(0.5, .resend), Step(1.5, .resend), Step(3.5, .resend), Step(7.5, .resend), Step(15.5, .resend),
                Step(31.5, .resend), Step(32, .timedOut),
            ])
        #expect(machine.state == .terminated)
    }

    @Test("over a reliable transport only timer B runs")
    func reliableInviteTimesOut() {
        var machine = Invite(timers: timers, isReliable: true, sentAt: .zero)
        #expect(walk(&machine) == [Step(32, .timedOut)])
    }

    @Test("a driver that wakes late sends one copy, not all it missed")
    func lateDriver() {
        var machine = Invite(timers: timers, isReliable: false, sentAt: .zero)
        #expect(machine.handle(.deadlineReached, timers: timers, now: at(10)) == .resend)
        #expect(machine.nextDeadline == at(11))
        #expect(machine.handle(.deadlineReached, timers: timers, now: at(10.5)) == .none)
    }

    enum InviteStart: Sendable {
        case calling, proceeding, cancelled, completed, accepted, terminated
        /// Each is reached by a response at 1 s; the event comes at 2 s.
        var path: [Invite.Event] {
            switch self {
            case .calling: []
            case .proceeding: [.response(180)]
            case .cancelled: [.response(180), .cancelSent]
            case .completed: [.response(486)]
            case .accepted: [.response(200)]
            case .terminated: [.transportFailed]
            }
        }
        func machine(_ reliable: Bool) -> Invite {
            var machine = Invite(timers: .standard, isReliable: reliable, sentAt: .zero)
            for event in path { _ = machine.handle(event, timers: .standard, now: at(1)) }
            return machine
        }
    }

    static let calling = Invite.State.calling(
        resend: Backoff(interval: .milliseconds(500), from: .zero), giveUpAt: at(32))

    @Test(
        "every state of RFC 6026 figure 3 meets every event",
        arguments: [
            (
                InviteStart.calling, Invite.Event.response(100), false, Invite.Effect.deliver,
                Invite.State.proceeding(giveUpAt: nil)
            ),
            (.calling, .response(183), true, .deliver, .proceeding(giveUpAt: nil)),
            (.calling, .response(200), false, .deliver, .accepted(until: at(34))),
            (.calling, .response(200), true, .deliver, .accepted(until: at(34))),
            (.calling, .response(302), false, .deliverAndAcknowledge, .completed(until: at(34))),
            (.calling, .response(486), true, .deliverAndAcknowledge, .terminated),
            (.calling, .transportFailed, false, .transportFailed, .terminated),
            (.calling, .cancelSent, false, .none, calling),
            (.proceeding, .response(180), false, .deliver, .proceeding(giveUpAt: nil)),
            (.proceeding, .response(299), false, .deliver, .accepted(until: at(34))),
            (.proceeding, .response(300), false, .deliverAndAcknowledge, .completed(until: at(34))),
            (.proceeding, .response(699), true, .deliverAndAcknowledge, .terminated),
            (.proceeding, .transportFailed, false, .none, .proceeding(giveUpAt: nil)),
            (.proceeding, .cancelSent, false, .none, .proceeding(giveUpAt: at(34))),
            (.proceeding, .deadlineReached, false, .none, .proceeding(giveUpAt: nil)),
            (.cancelled, .response(180), false, .deliver, .proceeding(giveUpAt: at(33))),
            (.cancelled, .response(487), false, .deliverAndAcknowledge, .completed(until: at(34))),
            (.cancelled, .response(200), false, .deliver, .accepted(until: at(34))),
            (.completed, .response(180), false, .none, .completed(until: at(33))),
            (.completed, .response(486), false, .acknowledge, .completed(until: at(33))),
            (.completed, .response(200), false, .deliverStray, .completed(until: at(33))),
            (.completed, .transportFailed, false, .transportFailed, .terminated),
            (.completed, .cancelSent, false, .none, .completed(until: at(33))),
            (.accepted, .response(200), false, .deliver, .accepted(until: at(33))),
            (.accepted, .response(180), false, .none, .accepted(until: at(33))),
            (.accepted, .response(486), false, .none, .accepted(until: at(33))),
            (.accepted, .transportFailed, false, .none, .accepted(until: at(33))),
            (.terminated, .response(200), false, .deliverStray, .terminated),
            (.terminated, .response(486), false, .none, .terminated),
            (.terminated, .deadlineReached, false, .none, .terminated),
        ] as [(InviteStart, Invite.Event, Bool, Invite.Effect, Invite.State)])
    func inviteTable(start: InviteStart, event: Invite.Event, reliable: Bool, effect: Invite.Effect, next: Invite.State)
    {
        var machine = start.machine(reliable)
        #expect(machine.handle(event, timers: timers, now: at(2)) == effect)
        #expect(machine.state == next)
    }

    @Test(
        "timers D and M end an answered INVITE, and 64×T1 a cancelled one",
        arguments: [
            (InviteStart.completed, 33.0, Invite.Effect.none), (.accepted, 33, .none), (.cancelled, 33, .timedOut),
        ])
    func inviteEnds(start: InviteStart, seconds: Double, effect: Invite.Effect) {
        var machine = start.machine(false)
        #expect(machine.nextDeadline == at(seconds))
        #expect(machine.handle(.deadlineReached, timers: timers, now: at(seconds)) == effect)
        #expect(machine.isTerminated)
        #expect(machine.nextDeadline == nil)
    }

    @Test("a request without an answer is sent again by timer E, up to every T2, and given up by timer F")
    func nonInviteTimesOut() {
        var machine = NonInvite(timers: timers, isReliable: false, sentAt: .zero)
        let times: [Double] = [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
        #expect(walk(&machine) == times.map { Step($0, .resend) } + [Step(32, .timedOut)])
    }

    @Test("after a provisional response it is sent again every T2, and timer F still runs")
    func nonInviteProceeds() {
        var machine = NonInvite(timers: timers, isReliable: false, sentAt: .zero)
        #expect(walk(&machine, until: at(0.6)) == [Step(0.5, .resend)])
        #expect(machine.handle(.response(100), timers: timers, now: at(0.7)) == .deliver)
        let times: [Double] = [1.5, 5.5, 9.5, 13.5, 17.5, 21.5, 25.5, 29.5]
        #expect(walk(&machine) == times.map { Step($0, .resend) } + [Step(32, .timedOut)])
    }

    @Test("over a reliable transport only timer F runs, and an answer ends it at once", arguments: [false, true])
    func reliableNonInvite(proceeding: Bool) {
        var machine = NonInvite(timers: timers, isReliable: true, sentAt: .zero)
        if proceeding { #expect(machine.handle(.response(100), timers: timers, now: at(1)) == .deliver) }
        var silent = machine
        #expect(walk(&silent) == [Step(32, .timedOut)])
        #expect(machine.handle(.response(404), timers: timers, now: at(2)) == .deliver)
        #expect(machine.state == .terminated)
    }

    @Test("copies of the final response are absorbed until timer K")
    func nonInviteCompletes() {
        var machine = NonInvite(timers: timers, isReliable: false, sentAt: .zero)
        #expect(machine.handle(.response(200), timers: timers, now: at(1)) == .deliver)
        #expect(machine.state == .completed(until: at(6)))
        #expect(machine.handle(.response(200), timers: timers, now: at(2)) == .none)
        #expect(machine.handle(.transportFailed, timers: timers, now: at(2)) == .none)
        #expect(walk(&machine).isEmpty)
        #expect(machine.state == .terminated)
    }

    @Test("an error of the transport ends a request that waits", arguments: [false, true])
    func nonInviteTransportFails(proceeding: Bool) {
        var machine = NonInvite(timers: timers, isReliable: false, sentAt: .zero)
        if proceeding { _ = machine.handle(.response(100), timers: timers, now: at(1)) }
        #expect(machine.handle(.transportFailed, timers: timers, now: at(2)) == .transportFailed)
        #expect(machine.state == .terminated)
        #expect(machine.handle(.response(200), timers: timers, now: at(3)) == .none)
    }
}
