import Basics
import SIPDialog
import SIPMessage
import SIPTransaction
import Testing

private typealias Notifier = Subscription.Notifier
private typealias Subscriber = Subscription.Subscriber
private typealias Status = Subscription.Status

private func seconds(_ count: Int64) -> Moment { Moment.zero.advanced(by: .seconds(count)) }
private let key = Subscription.Key(package: "dialog")
private let answered = Notifier.Event.notifyAnswered(status: 200, hasRetryAfter: false)

@Suite("Subscription, its fields")
struct SubscriptionFieldTests {
    static let packages = [
        "dialog": Subscription.Limits(minimum: 60, standard: 3600, maximum: 7200),
        "slow": .init(minimum: 5000, standard: 6000),
    ]

    static let rows: [(String, Subscription.SubscribeVerdict)] = [
        ("Event: dialog", .accept(key, expires: 3600)),
        ("Event: dialog;id=7\nExpires: 600", .accept(Subscription.Key(package: "dialog", id: "7"), expires: 600)),
        ("o: dialog\nExpires: 60", .accept(key, expires: 60)),
        ("Event: dialog\nExpires: 0", .accept(key, expires: 0)),
        ("Event: dialog\nExpires: 99999", .accept(key, expires: 7200)),
        ("Event: dialog\nExpires: 59", .tooBrief(minimum: 60)),
        ("Event: slow\nExpires: 3600", .accept(Subscription.Key(package: "slow"), expires: 3600)),
        ("Event: slow\nExpires: 3599", .tooBrief(minimum: 5000)),
        ("Event: Dialog", .badEvent),
        ("Event: presence", .badEvent),
        ("Subject: x", .badEvent),
        ("Event: dialog\nExpires: soon", .malformed),
        ("Event: \"", .malformed),
    ]

    @Test("RFC 6665 §4.2.1.1: a SUBSCRIBE is accepted, 489, 423 or 400", arguments: rows)
    func verdicts(row: (String, Subscription.SubscribeVerdict)) throws {
        #expect(Subscription.judge(try request("SUBSCRIBE", row.0), packages: Self.packages) == row.1)
    }

    static let states: [(String, Subscription.Status?)] = [
        ("active;expires=60", .active(expires: 60)),
        ("pending", .pending(expires: nil)),
        ("terminated;reason=probation;retry-after=5", .terminated(.probation, retryAfter: 5)),
        ("terminated;reason=strange", .terminated(.other("strange"), retryAfter: nil)),
        ("waiting;expires=3", .pending(expires: 3)),
        ("", nil),
    ]

    @Test("RFC 6665 §8.2.3: Subscription-State is read, and written back", arguments: states)
    func subscriptionState(row: (String, Subscription.Status?)) throws {
        let line: String = row.0.isEmpty ? "" : "Subscription-State: \(row.0)"
        let status = Subscription.Status(of: try requestFromBob("NOTIFY", line))
        #expect(status == row.1)
        if let status, !row.0.hasPrefix("waiting") { #expect(status.fieldValue == row.0) }
    }

    @Test("RFC 3515 §2.4.6: the subscription of a REFER is named by its CSeq, or not at all when it is the first")
    func implicit() throws {
        #expect(Subscription.Key.implicit(refer: 93, isFirstInDialog: false).fieldValue == "refer;id=93")
        #expect(Subscription.Key.implicit(refer: 93, isFirstInDialog: true).fieldValue == "refer")
        #expect(
            Subscription.Key(of: try requestFromBob("NOTIFY", "Event: refer;id=93"))
                == .implicit(refer: 93, isFirstInDialog: false))
    }

    static let reasons: [(String?, Subscription.Resubscription, Subscription.Resubscription)] = [
        ("deactivated", .now, .now), ("timeout", .now, .now), ("probation", .now, .after(.seconds(9))),
        ("giveup", .now, .after(.seconds(9))), ("rejected", .never, .never), ("noresource", .never, .never),
        ("invariant", .never, .never), ("other", .now, .after(.seconds(9))), (nil, .now, .after(.seconds(9))),
    ]

    @Test("RFC 6665 §4.1.3: each reason says when to subscribe again, without and with retry-after", arguments: reasons)
    func resubscription(row: (String?, Subscription.Resubscription, Subscription.Resubscription)) {
        let reason = Subscription.EndReason(row.0)
        #expect(reason.text == row.0)
        #expect(reason.resubscription(retryAfter: nil) == row.1)
        #expect(reason.resubscription(retryAfter: .seconds(9)) == row.2)
    }

    @Test("limits are brought into order")
    func limits() {
        let limits = Subscription.Limits(minimum: 900, standard: 5, maximum: 600)
        #expect(limits.minimum == 600 && limits.standard == 600 && limits.maximum == 600)
    }
}

@Suite("Subscription.Notifier")
struct NotifierTests {
    private func started(expires: UInt32 = 600, isApproved: Bool = true) -> Notifier {
        var (notifier, _) = Notifier.start(key, expires: expires, isApproved: isApproved, now: .zero)
        _ = notifier.handle(answered, now: .zero)
        return notifier
    }

    @Test("RFC 6665 §4.2.1.2: a NOTIFY follows the SUBSCRIBE at once, with the state and the time left")
    func first() {
        #expect(
            Notifier.start(key, expires: 600, isApproved: true, now: .zero).effects == [.notify(.active(expires: 600))])
        #expect(
            Notifier.start(key, expires: 600, isApproved: false, now: .zero).effects == [
                .notify(.pending(expires: 600))
            ])
    }

    @Test("RFC 6665 §4.4.3: a SUBSCRIBE with Expires 0 fetches: one NOTIFY, and the end")
    func fetch() {
        var (notifier, effects) = Notifier.start(key, expires: 0, isApproved: true, now: .zero)
        #expect(effects == [.notify(.terminated(.timeout, retryAfter: nil))])
        #expect(notifier.nextDeadline == nil)
        #expect(notifier.handle(answered, now: .zero) == [.finished])
        #expect(notifier.handle(answered, now: .zero) == [])
    }

    @Test("RFC 6665 §4.2.2: changes are told to the approved alone; approval itself is told")
    func approval() {
        var notifier = started(isApproved: false)
        #expect(notifier.handle(.changed, now: seconds(1)) == [])
        #expect(notifier.handle(.approved, now: seconds(100)) == [.notify(.active(expires: 500))])
        _ = notifier.handle(answered, now: seconds(100))
        #expect(notifier.handle(.approved, now: seconds(101)) == [])
        #expect(notifier.handle(.changed, now: seconds(101)) == [.notify(.active(expires: 499))])
    }

    @Test("changes while a NOTIFY is under way make one more")
    func coalesced() {
        var notifier = started()
        #expect(notifier.handle(.changed, now: seconds(1)).count == 1)
        #expect(notifier.handle(.changed, now: seconds(2)) == [])
        #expect(notifier.handle(.changed, now: seconds(3)) == [])
        #expect(notifier.handle(answered, now: seconds(4)) == [.notify(.active(expires: 596))])
        #expect(notifier.handle(answered, now: seconds(5)) == [])
    }

    @Test("RFC 6665 §4.2.1.3, §4.2.2: a refresh renews the time and is notified; the end of time is the end")
    func refreshAndExpiry() {
        var notifier = started()
        #expect(notifier.handle(.subscribed(expires: 100), now: seconds(500)) == [.notify(.active(expires: 100))])
        _ = notifier.handle(answered, now: seconds(500))
        #expect(notifier.nextDeadline == seconds(600))
        #expect(notifier.handle(.deadlineReached, now: seconds(599)) == [])
        #expect(
            notifier.handle(.deadlineReached, now: seconds(600)) == [.notify(.terminated(.timeout, retryAfter: nil))])
        #expect(notifier.handle(answered, now: seconds(600)) == [.finished])
    }

    @Test("RFC 6665 §4.1.2.3: unsubscribing while a NOTIFY is under way gives the last NOTIFY after it")
    func unsubscribe() {
        var notifier = started()
        _ = notifier.handle(.changed, now: seconds(1))
        #expect(notifier.handle(.subscribed(expires: 0), now: seconds(2)) == [])
        #expect(notifier.handle(.changed, now: seconds(2)) == [])
        #expect(notifier.handle(answered, now: seconds(3)) == [.notify(.terminated(.timeout, retryAfter: nil))])
        #expect(notifier.handle(answered, now: seconds(3)) == [.finished])
    }

    @Test("the notifier's own end carries reason and retry-after")
    func ended() {
        var notifier = started()
        #expect(
            notifier.handle(.ended(.probation, retryAfter: 30), now: seconds(1))
                == [.notify(.terminated(.probation, retryAfter: 30))])
        #expect(notifier.state == .terminated && notifier.nextDeadline == nil)
    }

    static let answers: [(Int, Bool, Bool)] = [
        (200, false, false), (481, false, true), (408, false, true), (503, true, false), (503, false, true),
        (500, false, false),
        (404, false, true), (401, false, false),
    ]

    @Test("RFC 6665 §4.2.2: which answers to NOTIFY end the subscription", arguments: answers)
    func notifyAnswers(row: (Int, Bool, Bool)) {
        var notifier = started()
        _ = notifier.handle(.changed, now: seconds(1))
        let effects = notifier.handle(.notifyAnswered(status: row.0, hasRetryAfter: row.1), now: seconds(2))
        #expect(effects == (row.2 ? [.finished] : []))
        #expect((notifier.nextDeadline == nil) == row.2)
    }

    @Test("at random: one NOTIFY at a time, one end, no timer after it", arguments: 0..<20)
    func walk(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        var (notifier, effects) = Notifier.start(key, expires: 300, isApproved: seed % 2 == 0, now: .zero)
        var now = Moment.zero
        var (underWay, finished) = (effects.count, 0)
        for _ in 0..<100 {
            now = now.advanced(by: .seconds(Int64.random(in: 0...30, using: &random)))
            var isAnswer = false
            switch Int.random(in: 0..<12, using: &random) {
            case 0: effects = notifier.handle(.subscribed(expires: 200), now: now)
            case 1: effects = notifier.handle(.approved, now: now)
            case 2: effects = notifier.handle(.ended(.noResource, retryAfter: nil), now: now)
            case 3...5: effects = notifier.handle(.changed, now: now)
            case 6: effects = notifier.handle(.deadlineReached, now: now)
            default:
                isAnswer = true
                effects = notifier.handle(answered, now: now)
            }
            if isAnswer { underWay = 0 }
            for effect in effects {
                switch effect {
                case .notify:
                    underWay += 1
                    #expect(finished == 0)
                case .finished: finished += 1
                }
            }
            #expect(underWay <= 1 && finished <= 1)
            #expect((notifier.nextDeadline == nil) == (notifier.state == .terminated))
        }
    }
}

@Suite("Subscription.Subscriber")
struct SubscriberTests {
    private func waiting() -> Subscriber { Subscriber(key, wanted: 600, timers: .standard, now: .zero) }
    private func active() -> Subscriber {
        var subscriber = waiting()
        _ = subscriber.handle(.accepted(expires: 600), now: .zero)
        _ = subscriber.handle(.notified(.active(expires: 600)), now: .zero)
        return subscriber
    }

    @Test("RFC 6665 §4.1.2: without a NOTIFY within timer N the subscription failed")
    func timerN() {
        var subscriber = waiting()
        #expect(subscriber.handle(.accepted(expires: 600), now: .zero) == [])
        #expect(subscriber.nextDeadline == seconds(32))
        #expect(subscriber.handle(.deadlineReached, now: seconds(32)) == [.ended(nil, .now)])
        #expect(!subscriber.acceptsNotify && subscriber.nextDeadline == nil)
    }

    @Test("RFC 6665 §4.1.2.4: the NOTIFY may come before the 2xx; pending becomes active by the next")
    func notifyFirst() {
        var subscriber = waiting()
        _ = subscriber.handle(.notified(.pending(expires: 300)), now: .zero)
        #expect(subscriber.state == .pending(refreshAt: seconds(240), expiresAt: seconds(300)))
        _ = subscriber.handle(.notified(.active(expires: nil)), now: seconds(5))
        #expect(subscriber.state == .active(refreshAt: seconds(240), expiresAt: seconds(300)))
    }

    @Test("RFC 6665 §4.1.2.2: it is refreshed before the end; unanswered, it ends in time and may begin anew")
    func refresh() {
        var subscriber = active()
        var effects: [Subscriber.Effect] = []
        var moments: [Moment] = []
        while let deadline = subscriber.nextDeadline {
            effects += subscriber.handle(.deadlineReached, now: deadline)
            moments.append(deadline)
        }
        #expect(effects == [.subscribe(expires: 600), .ended(.timeout, .now)])
        #expect(moments == [seconds(540), seconds(600)])
    }

    @Test("RFC 6665 §4.1.2.2: a 2xx to the refresh prolongs; the notifier may shorten, not lengthen")
    func prolonged() {
        var subscriber = active()
        _ = subscriber.handle(.deadlineReached, now: seconds(540))
        _ = subscriber.handle(.accepted(expires: 300), now: seconds(541))
        #expect(subscriber.state == .active(refreshAt: seconds(781), expiresAt: seconds(841)))
        _ = subscriber.handle(.accepted(expires: 99_999), now: seconds(600))
        #expect(subscriber.state == .active(refreshAt: seconds(1140), expiresAt: seconds(1200)))
    }

    @Test("RFC 6665 §4.1.2.3: unsubscribing waits for the last NOTIFY, at most timer N, and does not come back")
    func unsubscribe() {
        for last in [
            Subscriber.Event.notified(.terminated(.timeout, retryAfter: nil)), .deadlineReached,
            .refused(status: 481, minExpires: nil, retryAfter: nil),
        ] {
            var subscriber = active()
            #expect(subscriber.handle(.unsubscribe, now: seconds(10)) == [.subscribe(expires: 0)])
            #expect(subscriber.handle(.unsubscribe, now: seconds(10)) == [])
            #expect(subscriber.handle(.notified(.active(expires: 500)), now: seconds(11)) == [])
            let effects = subscriber.handle(last, now: seconds(42))
            guard case .ended(_, .never)? = effects.first else {
                Issue.record("\(effects)")
                continue
            }
            #expect(subscriber.nextDeadline == nil)
        }
    }

    @Test("RFC 6665 §4.1.2.1: 423 raises the interval, once")
    func tooBrief() {
        var subscriber = waiting()
        let refused = Subscriber.Event.refused(status: 423, minExpires: 1200, retryAfter: nil)
        #expect(subscriber.handle(refused, now: seconds(1)) == [.subscribe(expires: 1200)])
        #expect(subscriber.nextDeadline == seconds(33))
        let again = Subscriber.Event.refused(status: 423, minExpires: 2400, retryAfter: nil)
        #expect(subscriber.handle(again, now: seconds(2)) == [.ended(nil, .never)])
    }

    @Test("RFC 6665 §4.1.2.2: a refresh refused for now keeps the subscription; 481 ends it and begins anew")
    func refusedRefresh() {
        var subscriber = active()
        _ = subscriber.handle(.deadlineReached, now: seconds(540))
        #expect(
            subscriber.handle(.refused(status: 503, minExpires: nil, retryAfter: .seconds(20)), now: seconds(541)) == []
        )
        #expect(subscriber.nextDeadline == seconds(561))
        #expect(subscriber.handle(.deadlineReached, now: seconds(561)) == [.subscribe(expires: 600)])
        #expect(
            subscriber.handle(.refused(status: 481, minExpires: nil, retryAfter: nil), now: seconds(562)) == [
                .ended(nil, .now)
            ])
    }

    @Test("RFC 6665 §4.1.3: the NOTIFY that ends it says whether to come back")
    func terminated() {
        var rejected = active()
        #expect(
            rejected.handle(.notified(.terminated(.rejected, retryAfter: nil)), now: seconds(1)) == [
                .ended(.rejected, .never)
            ])
        var probation = active()
        #expect(
            probation.handle(.notified(.terminated(.probation, retryAfter: 60)), now: seconds(1))
                == [.ended(.probation, .after(.seconds(60)))])
        #expect(probation.handle(.notified(.active(expires: 5)), now: seconds(2)) == [])
    }
}
