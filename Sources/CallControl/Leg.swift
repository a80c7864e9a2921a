internal import Basics
internal import Identity
internal import MediaNegotiation
internal import MediaSession
internal import SDP
internal import SIPDialog
internal import SIPMessage
internal import SIPTransaction

/// One party's side of a call: its dialog, what was agreed on it, and its media.
struct Leg: Sendable {
    /// How far the INVITE between us and the party is.
    enum Stage: Hashable, Sendable {
        /// The address is being looked up.
        case locating
        /// Our INVITE is out (or the caller's is with us) and nothing is decided.
        case calling
        /// A CANCEL of ours is out, or due once a provisional response comes.
        case cancelling
        /// A 2xx has passed.
        case up
        /// Refused, cancelled, hung up: nothing more is asked of this leg.
        case over
    }

    /// Another way to a terminal.
    struct Alternative: Sendable {
        let target: SIPTarget
        let requestURI: SIPURI?
        let path: [String]
        var shownHost = ""
        /// For larger requests only, in bytes (RFC 3261 §18.1.1).
        var onlyAbove: Int?
        /// Found by location, not a registered flow.
        var isLocated = false
    }

    let id: LegID
    /// Who is at the other end; nil for an address outside the tenant.
    var user: UserID?
    var terminal: TerminalID?
    /// The Call-ID field's value on this leg.
    let sipCallID: String
    let localTag: String
    /// The user part of our contact on this leg: whom the peer talks to.
    var localUser: String?
    /// Where our requests to the party go.
    var target: SIPTarget
    /// `target` was found by location (RFC 3263): later requests go where Route and Contact say, by location again.
    var isLocated = false
    /// `target` is only for a larger INVITE than this, in bytes (RFC 3261 §18.1.1).
    var onlyAbove: Int?
    /// Further ways to the same terminal, tried when `target` can't be reached (RFC 3263 §4.3, RFC 5626 §5.3).
    var alternatives: [Alternative] = []
    var stage: Stage = .calling
    /// The dialog in use: the caller's own, or the callee's first (and, once answered, the answering) one.
    var session: Session?
    /// The Request-URI of our INVITE.
    var requestURI: SIPURI?
    /// Routes by the registration's Path (RFC 3327), as field values.
    var path: [String] = []
    /// Whom the INVITE is for, as an address-of-record.
    var destination = ""
    /// CSeq number of our INVITE; raised when it is sent again (RFC 4028 §7.3).
    var inviteSequence: UInt32 = 1
    /// The least session interval the peer asked for by 422.
    var minimumSession: UInt32 = 0
    /// What holds for the party, as it was when the leg was made: later changes are for later calls.
    var settings: TenantSettings
    /// Early dialogs of further branches behind a forking peer.
    var forks: [Session] = []
    /// The dialogs of branches that did not get the call, for those that answer all the same.
    var others: [Session] = []
    /// Further branches behind the peer may answer until the INVITE's transaction is over: it rang with several To tags, or answered
    /// when the call was over.
    var mayAnswerAgain = false
    /// The ACKs to branches that answered after the one in use, by their tag: sent again with their 2xx.
    var dismissed: [String: SIPMessage] = [:]
    /// Our INVITE to a callee; nil on the caller's leg.
    var invite: SIPMessage?
    var inviteExchange: ExchangeID?
    /// One entry an m-line; nil where the stream is refused.
    var streams: [LegStream?] = []
    /// What the party speaks, of the first audio stream whose codecs are agreed; for the record.
    var spoken = SpokenAudio()
    /// What payload types stand for on the leg; one entry an m-line.
    var numbers: [PayloadNumbers] = []
    /// How its last offer was answered, as far as the way of its packets goes.
    var answered: AnsweredOffer?
    /// Why its media can't be protected as the settings want it.
    var insecurity: EncryptionRefusal?
    /// Its audio has no keys: the call ends then, unless they are agreed.
    var insecureUntil: Moment?
    /// What protects its audio, for people.
    var protection: String?
    /// The party said, or showed, that it takes digits by INFO.
    var speaksINFO = false
    /// It answered an INFO with a digit of ours that it knows no such thing.
    var refusesINFO = false
    var digitHabit: DigitHabit = .unknown
    /// Keys that came as events, for a while.
    var eventsHeard: [HeardKey] = []
    /// It was asked to keep to the codecs it shares with the other party.
    var wasNarrowed = false
    /// The party said, or showed, that it takes T.38.
    var speaksT38 = false
    /// It refused T.38 that the server offered it.
    var refusesT38 = false
    /// What it is offered where the caller's offer has a fax in it.
    var faxInvite: FaxInvite = .asOffered
    /// Why the party and the caller can't understand each other.
    var incompatibility: MediaIncompatibility?
    /// The streams on which audio or video both ways is agreed, as bits; see ``Call/noteExpectations(now:)``.
    var expectedStreams: UInt64 = 0
    /// `sess-id` of our descriptions on this leg.
    let sdpSessionID: UInt64
    /// Numbers our descriptions while there is no dialog yet; a dialog starts from it.
    var versions = OfferAnswer()
    /// The peer's last description that counts.
    var remoteDescription: SessionDescription?
    /// The final status of the INVITE when it failed.
    var failure: SIPStatus?
    /// The server itself is the party: there is no dialog, and no stream.
    var isServer = false
    /// What the party hears while the other one has put it on hold.
    var music: HoldMusic?
    /// It took audio at some time of the conversation: one that never did does not hold anybody.
    var hasListened = false
    /// The connection of `target` is gone.
    var isFlowGone = false
    /// When a cancelled INVITE is given up whatever the peer says (RFC 3261 §9.1).
    var cancelUntil: Moment?
    /// Why a BYE that waits for an ACK will be sent.
    var pendingReason: Reason?
    /// What the peer's Allow, Supported and Require say.
    var supports: SupportedExtensions = []
    /// How the call came to be for this party, oldest step first; empty where it was dialled.
    var redirections: [Redirection] = []
    /// The party's extension; nil for an address outside the tenant.
    var shownUser: String?
    /// The host, and port where needed, by which users of the tenant are shown to this party, so that it can call them.
    var shownHost = ""

    init(
        id: LegID, sipCallID: String, localTag: String, target: SIPTarget, sdpSessionID: UInt64,
        settings: TenantSettings
    ) {
        (self.id, self.sipCallID, self.localTag, self.target) = (id, sipCallID, localTag, target)
        (self.sdpSessionID, self.settings) = (sdpSessionID, settings)
    }

    var index: UInt16 { id.index }

    /// The session timer of this leg; nil where it may have none, unless the peer requires one.
    func sessionTimer(isRequired: Bool = false) -> SessionTimer? {
        let use: SessionTimerUse = settings.sessionTimer
        guard use != .off || isRequired else { return nil }
        let minimum: UInt32 = max(UInt32(clamping: settings.minimumSessionSeconds), minimumSession)
        return SessionTimer(
            policy: SessionTimerPolicy(
                preferred: max(UInt32(clamping: settings.sessionExpiresSeconds), minimum), minimum: minimum,
                insists: use == .on, proposes: use == .on))
    }

    /// Notes what the peer can do; a message that says nothing of it changes nothing.
    mutating func learn(from message: SIPMessage) {
        if !speaksINFO { speaksINFO = Leg.takesDigits(message) }
        if !speaksT38 { speaksT38 = Leg.takesFax(message) }
        guard message.has(.allow) || message.has(.supported) || message.has(.require) else { return }
        var known = SupportedExtensions(of: message)
        // A response may leave out what an earlier message said.
        if !message.has(.allow) { known.formUnion(supports.intersection([.update, .prack])) }
        if !message.has(.supported) { known.formUnion(supports.subtracting([.update, .prack])) }
        supports = known
    }

    /// Whether a message says that its author takes digits by INFO: as a content, or as a package (RFC 6086 §4.2).
    private static func takesDigits(_ message: SIPMessage) -> Bool {
        message.list(.accept).contains { $0.lowercased().hasPrefix("application/dtmf") }
            || message.list(.recvInfo).contains { $0.lowercased().contains("dtmf") }
    }
}

/// What a party speaks.
struct SpokenAudio: Hashable, Sendable {
    /// As people name it; empty while nothing is agreed.
    var codec: String = ""
    var isTranscoded = false
    var encryption: MediaEncryption?
}

/// One m-line of a leg.
struct LegStream: Sendable {
    /// What SDP on this leg names.
    let localAddress: IPAddress
    var plan: MediaEndpointPlan
    /// As the media plane has it.
    var told: MediaEndpointPlan
    /// What both ends said of it; nil where it is relayed as it is, and before both have spoken.
    var audio: AgreedAudio?
}

/// One dialog of a leg, and all that hangs on it.
struct Session: Sendable {
    var dialog: Dialog
    var offers: OfferAnswer
    var timer: SessionTimer?
    /// Our reliable provisional responses (caller's leg).
    var provisionals: ReliableProvisionals.Sender?
    /// The peer's reliable provisional responses (callee's leg).
    var received: ReliableProvisionals.Receiver?
    /// A 2xx of ours that waits for its ACK.
    var answer: PendingAnswer?
    /// The ACK we sent last, sent again whenever its 2xx comes again.
    var acknowledgement: SIPMessage?

    init(dialog: Dialog, offers: OfferAnswer) { (self.dialog, self.offers) = (dialog, offers) }

    struct PendingAnswer: Sendable {
        var retransmitter: AnswerRetransmitter
        let message: SIPMessage
    }
}
