import Basics
import SIPMessage
import SIPTransaction
import Testing

@Suite("Server transactions")
struct ServerMachineTests {
    typealias Invite = ServerInviteTransaction
    typealias NonInvite = ServerNonInviteTransaction
    let timers = SIPTimers.standard

    private func walk(_ machine: inout Invite) -> [Step<Invite.Effect>] {
        var steps: [Step<Invite.Effect>] = []
        while let deadline = machine.nextDeadline {
            let effect = machine.handle(.deadlineReached, timers: timers, now: deadline)
            if effect != .none { steps.append(Step(at: deadline.sinceStart, effect)) }
        }
        return steps
    }

    @Test("a refusal is sent again by timer G, up to every T2, and given up by timer H")
    func refusalIsRepeated() {
        var machine = Invite(timers: timers, isReliable: false, receivedAt: .zero)
        #expect(machine.handle(.respond(486), timers: timers, now: .zero) == .send)
        let times: [Double] = [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
        #expect(walk(&machine) == times.map { Step($0, .resend) } + [Step(32, .unacknowledged)])
        #expect(machine.isTerminated)
    }

    @Test("over a reliable transport a refusal is sent once, and its ACK still awaited")
    func reliableRefusal() {
        var machine = Invite(timers: timers, isReliable: true, receivedAt: .zero)
        #expect(machine.handle(.respond(486), timers: timers, now: .zero) == .send)
        var silent = machine
        #expect(walk(&silent) == [Step(32, .unacknowledged)])
        #expect(machine.handle(.acknowledged, timers: timers, now: at(1)) == .none)
        #expect(machine.isTerminated)
    }

    @Test("a 100 is due after the time set, unless the user answers", arguments: [0.0, 0.2])
    func tryingIsDue(seconds: Double) {
        var timers = SIPTimers.standard
        timers.tryingAfter = .milliseconds(Int64(seconds * 1000))
        var machine = Invite(timers: timers, isReliable: false, receivedAt: .zero)
        #expect(machine.nextDeadline == at(seconds))
        var answered = machine
        #expect(answered.handle(.respond(180), timers: timers, now: .zero) == .send)
        #expect(answered.nextDeadline == nil)
        #expect(machine.handle(.deadlineReached, timers: timers, now: at(seconds)) == .sendTrying)
        #expect(machine.nextDeadline == nil)
    }

    enum Start: Sendable {
        case fresh, proceeding, completed, confirmed, accepted, terminated
        var path: [Invite.Event] {
            switch self {
            case .fresh: []
            case .proceeding: [.respond(180)]
            case .completed: [.respond(486)]
            case .confirmed: [.respond(486), .acknowledged]
            case .accepted: [.respond(200)]
            case .terminated: [.respond(200), .deadlineReached]
            }
        }
        var machine: Invite {
            var machine = Invite(timers: .standard, isReliable: false, receivedAt: at(1))
            for event in path {
                _ = machine.handle(event, timers: .standard, now: event == .deadlineReached ? at(60) : at(1))
            }
            return machine
        }
    }

    @Test(
        "every state of RFC 6026 figure 2 meets every event",
        arguments: [
            (
                Start.fresh, Invite.Event.copy, Invite.Effect.sendTrying,
                Invite.State.proceeding(tryingAt: nil, hasResponse: true)
            ),
            (.fresh, .respond(100), .send, .proceeding(tryingAt: nil, hasResponse: true)),
            (.fresh, .respond(200), .send, .accepted(until: at(33.25))),
            (.fresh, .acknowledged, .none, .proceeding(tryingAt: at(1), hasResponse: false)),
            (.proceeding, .copy, .resend, .proceeding(tryingAt: nil, hasResponse: true)),
            (.proceeding, .respond(183), .send, .proceeding(tryingAt: nil, hasResponse: true)),
            (.proceeding, .respond(200), .send, .accepted(until: at(33.25))),
            (
                .proceeding, .respond(300), .send,
                .completed(resend: Backoff(interval: .milliseconds(500), from: at(1.25)), giveUpAt: at(33.25))
            ),
            (.proceeding, .acknowledged, .none, .proceeding(tryingAt: nil, hasResponse: true)),
            (.proceeding, .deadlineReached, .none, .proceeding(tryingAt: nil, hasResponse: true)),
            (
                .completed, .copy, .resend,
                .completed(resend: Backoff(interval: .milliseconds(500), from: at(1)), giveUpAt: at(33))
            ),
            (
                .completed, .respond(200), .none,
                .completed(resend: Backoff(interval: .milliseconds(500), from: at(1)), giveUpAt: at(33))
            ),
            (.completed, .acknowledged, .none, .confirmed(until: at(6.25))),
            (.confirmed, .copy, .none, .confirmed(until: at(6))),
            (.confirmed, .respond(486), .none, .confirmed(until: at(6))),
            (.confirmed, .acknowledged, .none, .confirmed(until: at(6))),
            (.accepted, .copy, .none, .accepted(until: at(33))),
            (.accepted, .respond(200), .send, .accepted(until: at(33))),
            (.accepted, .respond(486), .none, .accepted(until: at(33))),
            (.accepted, .respond(180), .none, .accepted(until: at(33))),
            (.accepted, .acknowledged, .deliverAcknowledgement, .accepted(until: at(33))),
            (.terminated, .copy, .none, .terminated),
            (.terminated, .respond(200), .none, .terminated),
            (.terminated, .acknowledged, .none, .terminated),
        ] as [(Start, Invite.Event, Invite.Effect, Invite.State)])
    func inviteTable(start: Start, event: Invite.Event, effect: Invite.Effect, next: Invite.State) {
        var machine = start.machine
        #expect(machine.handle(event, timers: timers, now: at(1.25)) == effect)
        #expect(machine.state == next)
    }

    @Test("timers I and L end quietly", arguments: [(Start.confirmed, 6.0), (.accepted, 33)])
    func inviteEnds(start: Start, seconds: Double) {
        var machine = start.machine
        #expect(walk(&machine).isEmpty)
        #expect(machine.isTerminated)
        #expect(start.machine.nextDeadline == at(seconds))
    }

    // RFC 3261 §17.2.2 with RFC 4320.

    @Test("a request the user leaves open gets a 100 when timer E is T2, and is let go when the client has given up")
    func slowUser() {
        var machine = NonInvite(timers: timers, isReliable: false, receivedAt: .zero)
        var steps: [Step<NonInvite.Effect>] = []
        while let deadline = machine.nextDeadline {
            steps.append(Step(at: deadline.sinceStart, machine.handle(.deadlineReached, now: deadline)))
        }
        #expect(steps == [Step(3.5, .sendTrying), Step(32, .none)])
        #expect(machine.isTerminated)
        #expect(machine.handle(.respond(200), now: at(33)) == .none)
    }

    @Test(
        "what the user answers is sent, but for what RFC 4320 forbids",
        arguments: [
            // status, reliable, seconds, after a 100, effect, completed
            (SIPStatus.ok, false, 1.0, false, NonInvite.Effect.send, true), (.notFound, true, 1, false, .send, true),
            (.requestTimeout, false, 1, false, .none, true), (.requestTimeout, false, 5, true, .none, true),
            (.trying, false, 1, false, .none, false), (.trying, false, 3.5, false, .send, false),
            (.trying, true, 0, false, .send, false),
            (.ringing, true, 1, false, .none, false), (.sessionProgress, false, 5, true, .none, false),
            (.ok, false, 5, true, .send, true),
        ] as [(SIPStatus, Bool, Double, Bool, NonInvite.Effect, Bool)])
    func answers(
        status: SIPStatus, reliable: Bool, seconds: Double, afterTrying: Bool, effect: NonInvite.Effect, completed: Bool
    ) {
        var machine = NonInvite(timers: timers, isReliable: reliable, receivedAt: .zero)
        if afterTrying { #expect(machine.handle(.deadlineReached, now: at(3.5)) == .sendTrying) }
        #expect(machine.handle(.respond(status), now: at(seconds)) == effect)
        #expect(machine.isCompleted == completed)
    }

    @Test("copies of an unanswered request get the last provisional response, or nothing")
    func copies() {
        var machine = NonInvite(timers: timers, isReliable: false, receivedAt: .zero)
        #expect(machine.handle(.copy, now: at(0.5)) == .none)
        #expect(machine.handle(.deadlineReached, now: at(3.5)) == .sendTrying)
        #expect(machine.handle(.copy, now: at(3.6)) == .resend)
        #expect(machine.handle(.respond(200), now: at(4)) == .send)
        #expect(machine.handle(.respond(500), now: at(4)) == .none)
    }
}
