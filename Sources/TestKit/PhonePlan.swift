internal import Basics
package import SIPMessage

/// What a phone does in a call that is up.
package enum MidCallAction: Hashable, Sendable {
    package enum Hold: Hashable, Sendable { case sendonly, inactive, zeroAddress }
    case hold(Hold)
    case resume
    /// A re-INVITE without a description.
    case offerless
    /// A re-INVITE that changes nothing.
    case refresh
    case update(withOffer: Bool)
    case info, message, options
    /// A key, as an event or a tone in the media.
    case key
    /// A re-INVITE with other keys, another certificate, and ICE begun anew.
    case rekey
    /// Adds a video stream.
    case addVideo
    /// Turns to T.38, in place of its speech or, `beside` it, as another stream; and back.
    case fax(beside: Bool)
    case speech
    case bye
    /// Loses power: sends and takes nothing any more.
    case die
    /// Forgets all its calls, but answers what comes.
    case reboot
    /// Its connection is cut (TCP only).
    case cutConnection
}

package struct TimedAction: Hashable, Sendable {
    /// Since the call was answered.
    package var after: Duration
    package var action: MidCallAction
    package init(_ after: Duration, _ action: MidCallAction) { (self.after, self.action) = (after, action) }
}

/// What a phone does with an offer of T.38.
package enum FaxAbility: Hashable, Sendable {
    /// 488.
    case none
    /// Answers it and refuses the stream.
    case refusesStream
    case speaks
}

/// How a call begins as a fax.
package enum FaxStart: Hashable, Sendable {
    /// T.38 and nothing else.
    case alone
    /// Speech, and T.38 as another stream.
    case beside
}

/// How a phone uses session timers (RFC 4028).
package enum TimerPlan: Hashable, Sendable {
    /// Knows no timers.
    case none
    /// Supports them and leaves the rest to the other side.
    case supported
    /// Asks for this interval and for whom to refresh.
    case asks(UInt32, refresherIsSelf: Bool)
}

/// How a phone places a call.
package struct CallerPlan: Hashable, Sendable {
    package enum Reliability: Hashable, Sendable { case none, supported, required }
    package var hasOffer = true
    package var reliability: Reliability = .none
    package var timer: TimerPlan = .none
    package var hasVideo = false
    /// Offers T.38 in its INVITE.
    package var fax: FaxStart?
    package var allowsUpdate = true
    /// CANCELs so long after the INVITE if there is no final response.
    package var cancelAfter: Duration?
    /// Sends an UPDATE with an offer so long after an early agreement.
    package var earlyUpdateAfter: Duration?
    package var actions: [TimedAction] = []
    package var maxForwards: Int = 70
    package var wantsPrivacy = false
    /// The whole URI that is called, where it is not the number in the phone's own domain.
    package var target: String?
    /// Further fields of the INVITE, `Name: value`.
    package var fields: [String] = []
    /// A body that is no session description, in place of the offer: its type, and its Content-Disposition.
    package var strangeBody: [String]?
    /// Acknowledges a reliable response only so long after it came.
    package var prackDelay: Duration = .zero
    package init() {}
}

/// How a phone takes a call.
package struct CalleePlan: Hashable, Sendable {
    package enum Decision: Hashable, Sendable {
        /// After ringing for so long.
        case answer(Duration)
        case reject(SIPStatus, Duration)
        /// 302 to this user of the tenant.
        case redirect(String, Duration)
        /// 302 to this URI.
        case redirectOutside(String, Duration)
        /// Rings for ever.
        case none
        /// Gives no sign of life at all.
        case silence
    }
    package var decision: Decision = .answer(.seconds(3))
    /// 180 so long after the INVITE; nil sends none.
    package var ringsAfter: Duration? = .milliseconds(100)
    /// 183 with a description so long after the INVITE.
    package var earlyMediaAfter: Duration?
    /// Provisional responses are reliable where the server can.
    package var isReliable = false
    package var timer: TimerPlan = .none
    package var allowsUpdate = true
    package var refusesVideo = true
    /// Answers 200 to an INVITE that is being cancelled.
    package var answersOnCancel = false
    /// Rings with a second To tag too, and with `answersTwice` both answer.
    package var forks = false
    package var answersTwice = false
    /// Leaves out the description in the 2xx where a 183 had one.
    package var describesInProvisionalOnly = false
    /// Sends an UPDATE with an offer so long after its early description.
    package var earlyUpdateAfter: Duration?
    /// Says by Diversion, in its 302, why it redirects.
    package var diversion: String?
    package var actions: [TimedAction] = []
    package init() {}
}

/// How a phone answers requests within its calls.
package struct Manners: Hashable, Sendable {
    /// Refuses re-INVITE and UPDATE with this status.
    package var refusesChanges: SIPStatus?
    /// Answers so many PRACKs with 500.
    package var pracksRefused: Int = 0
    /// Text of the Reason in its BYE and CANCEL.
    package var reason: String?
    /// Knows no INFO.
    package var refusesINFO = false
    /// Takes so long to answer a re-INVITE.
    package var changeDelay: Duration = .zero
    /// Sends this in its 2xx to a re-INVITE or UPDATE, instead of the description; nothing where it is empty.
    package var answersChangesWith: String?
    package init() {}
}
