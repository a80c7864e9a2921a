public import Basics
public import SIPMessage

extension SessionTimer {
    /// What the UAS does with a session request (RFC 4028 §9).
    public enum RequestVerdict: Hashable, Sendable {
        /// Put these fields on the 2xx, then call ``answered(with:now:)``.
        case accept(SessionTimerFields)
        /// Answer 422 with this Min-SE.
        case tooSmall(minimum: UInt32)
        /// Session-Expires or Min-SE can't be read: answer 400.
        case malformed
    }

    /// What the UAC does after a 422 (RFC 4028 §7.3).
    public enum RetryVerdict: Hashable, Sendable {
        /// Send the request again with these fields and the next CSeq number.
        case retry(SessionTimerFields)
        /// The peer asks for what it was given, or for more than a day: the request has failed.
        case giveUp
    }

    /// The fields of an INVITE or UPDATE of ours (RFC 4028 §7.1, §7.4).
    ///
    /// While a timer runs the request keeps its interval and its refresher, so that a hold does not swap roles.
    public func requestFields() -> SessionTimerFields {
        let raised: UInt32? = minimum > 90 ? minimum : nil
        switch state {
        case .running(let interval, let refresher, _, _):
            return SessionTimerFields(
                interval: max(interval, minimum), refresher: refresher == .local ? .uac : .uas, minimum: raised)
        case .inactive, .ended:
            guard policy.proposes else { return SessionTimerFields() }
            let wish: SessionTimerFields.Refresher? = policy.refresher.map { $0 == .local ? .uac : .uas }
            return SessionTimerFields(interval: max(policy.preferred, minimum), refresher: wish, minimum: raised)
        }
    }

    /// A 422 came to our request.
    public mutating func refused(with response: SIPMessage) -> RetryVerdict {
        guard response.status?.code == 422, let asked = try? response.minSE() else { return .giveUp }
        // Each round must raise the bar, or two ends could send each other round for ever.
        guard asked > requestFields().interval ?? 0, asked <= 86_400 else { return .giveUp }
        minimum = asked
        return .retry(requestFields())
    }

    /// A 2xx came to our INVITE or UPDATE: the timer starts, starts anew, or is off (RFC 4028 §7.2).
    public mutating func confirmed(by response: SIPMessage, now: Moment) {
        noteAllowedMethods(in: response)
        guard let answer = try? response.sessionExpires(), answer.interval > 0 else {
            // Nobody on the path runs one. Refreshing it alone still finds out whether the peer lives.
            if policy.insists {
                start(interval: max(policy.preferred, minimum), refresher: .local, now: now)
            } else if state != .ended {
                state = .inactive
            }
            return
        }
        // Without the parameter, which the RFC demands here, the UAC must refresh: nobody else was told to.
        start(interval: max(answer.interval, 90), refresher: answer.refresher == .uas ? .remote : .local, now: now)
    }

    /// Judges the timer fields of a received INVITE or UPDATE (RFC 4028 §9, table 2).
    public mutating func received(_ request: SIPMessage) -> RequestVerdict {
        noteAllowedMethods(in: request)
        let offered: SessionExpires?
        let floor: UInt32
        do {
            offered = try request.sessionExpires()
            floor = max(try request.minSE() ?? 90, 90)
        } catch { return .malformed }
        minimum = max(minimum, min(floor, 86_400))
        let supported: Bool = request.hasOption("timer", in: .supported) || request.hasOption("timer", in: .require)
        if let offered, offered.interval < policy.minimum {
            // A UAC without support was not asked; a proxy put the field there (RFC 4028 §9).
            if supported { return .tooSmall(minimum: policy.minimum) }
        }
        guard offered != nil || policy.insists else { return .accept(SessionTimerFields()) }
        // May be lowered, never below the Min-SE on the path; never raised.
        var interval: UInt32 = max(policy.preferred, floor)
        if let offered { interval = min(interval, max(offered.interval, 90)) }
        let refresher: SessionTimerFields.Refresher
        if !supported {
            refresher = .uas
        } else if let asked = offered?.refresher {
            refresher = asked
        } else {
            refresher = chosenRefresher()
        }
        return .accept(
            SessionTimerFields(interval: interval, refresher: refresher, requiresTimer: refresher == .uac && supported))
    }

    /// We sent a 2xx with `fields` to a received INVITE or UPDATE.
    public mutating func answered(with fields: SessionTimerFields, now: Moment) {
        guard let interval = fields.interval else {
            if state != .ended { state = .inactive }
            return
        }
        start(interval: interval, refresher: fields.refresher == .uac ? .remote : .local, now: now)
    }

    /// The UAS's free choice: who refreshes already, else as the policy says, else the UAC, which spares us the work.
    private func chosenRefresher() -> SessionTimerFields.Refresher {
        (refresher ?? policy.refresher ?? .remote) == .local ? .uas : .uac
    }

    private mutating func noteAllowedMethods(in message: SIPMessage) {
        guard message.has(.allow) else { return }
        let allowsUpdate: Bool = message.list(.allow).contains { $0 == SIPMethod.update.name }
        refreshMethod = allowsUpdate ? .update : .invite
    }
}
