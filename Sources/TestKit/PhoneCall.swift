package import Basics
package import SIPDialog
package import SIPMessage
internal import SIPTransaction

/// One INVITE dialog as a virtual phone knows it.
package final class PhoneCall {
    package enum State: Hashable, Sendable {
        /// No final response yet.
        case setup
        /// A CANCEL is out, or came in.
        case cancelling
        case up
        case ended
    }

    package let isCaller: Bool
    package let callID: String
    package let localTag: String
    package let startedAt: Moment
    package internal(set) var state: State = .setup
    package internal(set) var dialog: Dialog?
    package internal(set) var offers = OfferAnswer()
    var timer: SessionTimer?
    /// The INVITE that made the call, as sent last or as received.
    package internal(set) var invite: SIPMessage?
    var inviteClient: ClientTransactionID?
    var inviteServer: ServerTransactionID?
    var sequence: UInt32
    var isAuthorised = false
    let callerPlan: CallerPlan?
    let calleePlan: CalleePlan?
    /// The final status of the INVITE, as sent or received; nil while there is none.
    package internal(set) var finalStatus: SIPStatus?
    package internal(set) var endedAt: Moment?
    /// Why it ended, in words.
    package internal(set) var ending = ""
    /// A 2xx that waits for its ACK.
    var answer: AnswerRetransmitter?
    var answerMessage: SIPMessage?
    var sender: ReliableProvisionals.Sender?
    var receiver = ReliableProvisionals.Receiver()
    var sentReliable: [UInt32: SIPMessage] = [:]
    /// The 2xx that waits for a PRACK.
    var heldAnswer: (() -> Void)?
    var acknowledgements: [UInt32: SIPMessage] = [:]
    /// What we send and take now.
    var direction = "sendrecv"
    var hasZeroAddress = false
    package var hasVideo = false
    /// It is a fax now: the position of its stream of T.38.
    package var faxStream: Int?
    /// It offers a stream of T.38 beside its speech.
    var offersFax = false
    var secrets = PhoneSecrets()
    let sdpSession: UInt64
    let rtpPort: UInt16
    /// A change of ours is under way.
    var isChanging = false
    /// The server broke an expectation that only a BYE soon makes good.
    var mustEndBy: (Moment, String)?
    /// The phone was away while the call was up: nobody can be blamed for what it believes.
    package internal(set) var isExcused = false
    /// Tags of early dialogs the server opened towards us.
    package internal(set) var remoteTags: Set<String> = []
    /// Every status the server gave to our INVITE, in order, copies included.
    package internal(set) var statuses: [SIPStatus] = []
    var serverAllowsUpdate = false

    init(
        isCaller: Bool, callID: String, localTag: String, startedAt: Moment, sequence: UInt32, sdpSession: UInt64,
        rtpPort: UInt16,
        callerPlan: CallerPlan? = nil, calleePlan: CalleePlan? = nil
    ) {
        (self.isCaller, self.callID, self.localTag, self.startedAt, self.sequence) = (
            isCaller, callID, localTag, startedAt, sequence
        )
        (self.sdpSession, self.rtpPort, self.callerPlan, self.calleePlan) = (
            sdpSession, rtpPort, callerPlan, calleePlan
        )
        hasVideo = callerPlan?.hasVideo ?? false
        switch callerPlan?.fax {
        case .alone: (faxStream, hasVideo) = (0, false)
        case .beside: (offersFax, hasVideo) = (true, false)
        case nil: break
        }
    }

    package var isOver: Bool { state == .ended }

    var timerPlan: TimerPlan { callerPlan?.timer ?? calleePlan?.timer ?? .none }

    var actions: [TimedAction] { callerPlan?.actions ?? calleePlan?.actions ?? [] }

    var allowsUpdate: Bool { callerPlan?.allowsUpdate ?? calleePlan?.allowsUpdate ?? false }

    /// When the phone has something to do for this call.
    var nextDeadline: Moment? {
        var next: Moment = .distantFuture
        for due in [answer?.nextDeadline, sender?.nextDeadline, state == .up ? timer?.nextDeadline : nil] {
            if let due, due < next { next = due }
        }
        return next == .distantFuture ? nil : next
    }
}
