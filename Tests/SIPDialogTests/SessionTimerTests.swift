import Basics
import SIPDialog
import SIPMessage
import Testing

private func seconds(_ count: Int64) -> Moment { Moment.zero.advanced(by: .seconds(count)) }

@Suite("SessionTimer")
struct SessionTimerTests {
    struct Table2: CustomTestStringConvertible {
        let uacSupports: Bool
        let asked: String?
        let policy: SessionSide?
        let answered: SessionTimerFields.Refresher
        let requires: Bool
        var testDescription: String {
            "supports \(uacSupports), asked \(asked ?? "-"), policy \(policy.map { "\($0)" } ?? "-")"
        }
    }

    static let table2: [Table2] = [
        Table2(uacSupports: false, asked: nil, policy: nil, answered: .uas, requires: false),
        Table2(uacSupports: false, asked: nil, policy: .remote, answered: .uas, requires: false),
        Table2(uacSupports: true, asked: nil, policy: nil, answered: .uac, requires: true),
        Table2(uacSupports: true, asked: nil, policy: .local, answered: .uas, requires: false),
        Table2(uacSupports: true, asked: "uac", policy: .local, answered: .uac, requires: true),
        Table2(uacSupports: true, asked: "uas", policy: .remote, answered: .uas, requires: false),
    ]

    @Test("RFC 4028 §9 table 2: who refreshes", arguments: table2)
    func refresherChoice(row: Table2) throws {
        var timer = SessionTimer(policy: SessionTimerPolicy(refresher: row.policy))
        let sent = try invite(
            (row.uacSupports ? "Supported: timer\n" : "") + "Session-Expires: 600"
                + (row.asked.map { ";refresher=\($0)" } ?? ""))
        let fields = SessionTimerFields(interval: 600, refresher: row.answered, requiresTimer: row.requires)
        #expect(timer.received(sent) == .accept(fields))
        timer.answered(with: fields, now: .zero)
        #expect(timer.refresher == (row.answered == .uas ? .local : .remote))
        #expect(timer.interval == 600)
    }

    @Test("RFC 4028 §9: without Session-Expires the UAS starts a timer of its own, or none, as its policy says")
    func uasAlone() throws {
        var insisting = SessionTimer(policy: .standard)
        #expect(insisting.received(try request()) == .accept(SessionTimerFields(interval: 1800, refresher: .uas)))
        #expect(
            insisting.received(try invite("Supported: timer"))
                == .accept(SessionTimerFields(interval: 1800, refresher: .uac, requiresTimer: true)))
        var idle = SessionTimer(policy: SessionTimerPolicy(insists: false))
        #expect(idle.received(try invite("Supported: timer")) == .accept(SessionTimerFields()))
        idle.answered(with: SessionTimerFields(), now: .zero)
        #expect(idle.state == .inactive && idle.nextDeadline == nil)
    }

    @Test("RFC 4028 §9: the interval may be lowered to the policy's, never under the path's Min-SE, never raised")
    func intervalChoice() throws {
        var timer = SessionTimer(policy: SessionTimerPolicy(preferred: 900))
        func granted(_ fields: String) throws -> UInt32? {
            guard case .accept(let fields) = timer.received(try invite("Supported: timer\n" + fields)) else {
                return nil
            }
            return fields.interval
        }
        #expect(try granted("Session-Expires: 3600") == 900)
        #expect(try granted("Session-Expires: 300") == 300)
        #expect(try granted("Session-Expires: 3600\nMin-SE: 1200") == 1200)
    }

    @Test("RFC 4028 §6, §9: too small an interval gets 422, from a peer that knows what that means")
    func tooSmall() throws {
        var timer = SessionTimer(policy: SessionTimerPolicy(minimum: 300))
        #expect(timer.received(try invite("Supported: timer\nSession-Expires: 299")) == .tooSmall(minimum: 300))
        #expect(
            timer.received(try invite("Session-Expires: 299"))
                == .accept(SessionTimerFields(interval: 299, refresher: .uas)))
        #expect(timer.received(try invite("Supported: timer\nSession-Expires: soon")) == .malformed)
        #expect(timer.state == .inactive)
    }

    @Test("RFC 4028 §7.1: an INVITE of ours offers the policy's interval, and leaves the refresher open unless told")
    func requestFields() {
        #expect(SessionTimer(policy: .standard).requestFields() == SessionTimerFields(interval: 1800))
        #expect(
            SessionTimer(policy: SessionTimerPolicy(preferred: 1000, minimum: 100, refresher: .local)).requestFields()
                == SessionTimerFields(interval: 1000, refresher: .uac, minimum: 100))
    }

    @Test("the fields as they are written")
    func written() throws {
        var builder = SIPMessageBuilder(request: .update, uri: try SIPURI("sip:b@x"))
        builder.add(try via())
        builder.add(.from, "<sip:a@x>;tag=1")
        builder.add(.to, "<sip:b@x>;tag=2")
        builder.add(.callID, "c")
        builder.add(.cseq, "1 UPDATE")
        builder.add(.maxForwards, "70")
        SessionTimerFields(interval: 600, refresher: .uas, minimum: 120, requiresTimer: true).add(to: &builder)
        let message = try builder.finish()
        #expect(message.first(.sessionExpires) == "600;refresher=uas")
        #expect(message.first(.minSE) == "120" && message.first(.require) == "timer")
    }

    @Test("RFC 4028 §7.3: after 422 the request is tried again with its Min-SE, while that rises and is sane")
    func retryAfter422() throws {
        var timer = SessionTimer(policy: .standard)
        #expect(
            timer.refused(with: try response(422, "Min-SE: 3600"))
                == .retry(SessionTimerFields(interval: 3600, minimum: 3600)))
        #expect(timer.refused(with: try response(422, "Min-SE: 3600")) == .giveUp)
        #expect(timer.refused(with: try response(422, "Min-SE: 86401")) == .giveUp)
        #expect(timer.refused(with: try response(422)) == .giveUp)
        #expect(timer.refused(with: try response(488, "Min-SE: 7200")) == .giveUp)
    }

    struct Answer: CustomTestStringConvertible {
        let sessionExpires: String?
        let insists: Bool
        let state: SessionTimer.State
        var testDescription: String { "\(sessionExpires ?? "-") \(insists)" }
    }

    static let answers: [Answer] = [
        Answer(
            sessionExpires: "600;refresher=uac", insists: false,
            state: .running(interval: 600, refresher: .local, refreshAt: seconds(300), byeAt: seconds(568))),
        Answer(
            sessionExpires: "600;refresher=uas", insists: false,
            state: .running(interval: 600, refresher: .remote, refreshAt: nil, byeAt: seconds(568))),
        Answer(
            sessionExpires: "600", insists: false,
            state: .running(interval: 600, refresher: .local, refreshAt: seconds(300), byeAt: seconds(568))),
        Answer(
            sessionExpires: "90;refresher=uas", insists: false,
            state: .running(interval: 90, refresher: .remote, refreshAt: nil, byeAt: seconds(60))),
        Answer(
            sessionExpires: nil, insists: true,
            state: .running(interval: 1800, refresher: .local, refreshAt: seconds(900), byeAt: seconds(1768))),
        Answer(sessionExpires: nil, insists: false, state: .inactive),
    ]

    @Test(
        "RFC 4028 §7.2, §10: the 2xx starts the timer; refresh at half, BYE 32 s or a third before the end",
        arguments: answers)
    func confirmed(row: Answer) throws {
        var timer = SessionTimer(policy: SessionTimerPolicy(insists: row.insists))
        timer.confirmed(by: try response(200, row.sessionExpires.map { "Session-Expires: \($0)" } ?? ""), now: .zero)
        #expect(timer.state == row.state)
    }

    @Test(
        "RFC 4028 §7.4: the refresher refreshes by UPDATE where the peer allows it, else by INVITE",
        arguments: [true, false])
    func refreshes(allowsUpdate: Bool) throws {
        var timer = SessionTimer(policy: .standard)
        let allow: String = allowsUpdate ? "INVITE, ACK, UPDATE" : "INVITE, ACK"
        let ok = try response(200, "Allow: \(allow)\nSession-Expires: 100;refresher=uac")
        timer.confirmed(by: ok, now: .zero)
        #expect(timer.handle(.deadlineReached, now: seconds(49)) == [])
        #expect(timer.handle(.deadlineReached, now: seconds(50)) == [.refresh(allowsUpdate ? .update : .invite)])
        #expect(timer.requestFields() == SessionTimerFields(interval: 100, refresher: .uac))
        timer.confirmed(by: ok, now: seconds(51))
        #expect(timer.nextDeadline == seconds(101))
    }

    @Test(
        "RFC 4028 §10: a refresh nobody answers, and one that never comes, ends the session", arguments: ["uac", "uas"])
    func expires(refresher: String) throws {
        var timer = SessionTimer(policy: .standard)
        timer.confirmed(by: try response(200, "Session-Expires: 1800;refresher=\(refresher)"), now: .zero)
        var effects: [SessionTimer.Effect] = []
        var last = Moment.zero
        while let deadline = timer.nextDeadline {
            effects += timer.handle(.deadlineReached, now: deadline)
            last = deadline
        }
        #expect(effects == (refresher == "uac" ? [.refresh(.invite), .expired] : [.expired]))
        #expect(last == seconds(1768))
        #expect(timer.state == .ended)
    }

    @Test("a refresh refused for now is tried again, and still ends at the session's end")
    func refreshAgain() throws {
        var timer = SessionTimer(policy: .standard)
        timer.confirmed(by: try response(200, "Session-Expires: 100;refresher=uac"), now: .zero)
        _ = timer.handle(.deadlineReached, now: seconds(50))
        #expect(timer.handle(.refreshFailed(retryAfter: .seconds(3)), now: seconds(51)) == [])
        #expect(timer.nextDeadline == seconds(54))
        #expect(timer.handle(.deadlineReached, now: seconds(54)) == [.refresh(.invite)])
        _ = timer.handle(.refreshFailed(retryAfter: .seconds(60)), now: seconds(55))
        #expect(timer.nextDeadline == seconds(68))
        #expect(timer.handle(.deadlineReached, now: seconds(68)) == [.expired])
    }

    @Test("RFC 4028 §7.4: a request of ours for another purpose keeps the roles")
    func rolesKept() throws {
        var timer = SessionTimer(policy: .standard)
        timer.confirmed(by: try response(200, "Session-Expires: 600;refresher=uas"), now: .zero)
        #expect(timer.requestFields() == SessionTimerFields(interval: 600, refresher: .uas))
        #expect(
            timer.received(try invite("Supported: timer\nSession-Expires: 600"))
                == .accept(SessionTimerFields(interval: 600, refresher: .uac, requiresTimer: true)))
    }

    @Test("policies are brought into their ranges")
    func policyRanges() {
        let low = SessionTimerPolicy(preferred: 1, minimum: 1)
        #expect(low.preferred == 90 && low.minimum == 90)
        let odd = SessionTimerPolicy(preferred: 100_000, minimum: 90_000)
        #expect(odd.preferred == 86_400 && odd.minimum == 86_400)
    }

    @Test("at random, a deadline exists exactly while a timer runs, and nothing comes after the end", arguments: 0..<20)
    func walk(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        var timer = SessionTimer(policy: .standard)
        var now = Moment.zero
        var hasEnded = false
        let answers =
            try ["uac", "uas"].map { try response(200, "Session-Expires: 120;refresher=\($0)") } + [response(200)]
        let sent = try invite("Supported: timer\nSession-Expires: 90;refresher=uac")
        for _ in 0..<200 {
            now = now.advanced(by: .seconds(Int64.random(in: 0...40, using: &random)))
            var effects: [SessionTimer.Effect] = []
            switch Int.random(in: 0..<8, using: &random) {
            case 0: timer.confirmed(by: answers[Int.random(in: 0..<3, using: &random)], now: now)
            case 1:
                if case .accept(let fields) = timer.received(sent) { timer.answered(with: fields, now: now) }
            case 2: effects = timer.handle(.refreshFailed(retryAfter: .seconds(2)), now: now)
            default: effects = timer.handle(.deadlineReached, now: now)
            }
            if hasEnded { #expect(effects == [] && timer.state == .ended) }
            if effects == [.expired] { hasEnded = true }
            if case .running = timer.state {
                #expect(timer.nextDeadline != nil)
            } else {
                #expect(timer.nextDeadline == nil)
            }
        }
    }
}
