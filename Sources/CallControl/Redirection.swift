internal import Basics
internal import SIPMessage

/// One step by which a call came to be for somebody else: who redirected it, and why.
struct Redirection: Hashable, Sendable {
    /// Why, as Diversion's `reason` (RFC 5806 §4) and History-Info's `cause` (RFC 4458 §2, RFC 7544 §6.2) tell it.
    enum Why: String, Hashable, Sendable {
        case unknown, unavailable, unconditional, deflection
        case userBusy = "user-busy"
        case noAnswer = "no-answer"
        case timeOfDay = "time-of-day"
        case doNotDisturb = "do-not-disturb"
        case followMe = "follow-me"
        case outOfService = "out-of-service"
        case away

        /// The `cause` URI parameter (RFC 7544 §6.2, table 1).
        /// - Parameter hadRung: tells the two causes of deflection apart.
        func cause(hadRung: Bool) -> Int {
            switch self {
            case .unconditional: 302
            case .userBusy: 486
            case .noAnswer: 408
            case .deflection: hadRung ? 487 : 480
            case .unavailable: 503
            case .unknown, .timeOfDay, .doNotDisturb, .followMe, .outOfService, .away: 404
            }
        }

        init(cause: Int) {
            switch cause {
            case 302: self = .unconditional
            case 486: self = .userBusy
            case 408: self = .noAnswer
            case 480, 487: self = .deflection
            case 503: self = .unavailable
            default: self = .unknown
            }
        }
    }

    /// The extension that redirected.
    let user: String
    let why: Why
    /// It had rung before.
    var hadRung = false
    /// The status by which it did (RFC 7044 §10.2); 300 ... 699.
    var status: Int = 302
    /// It does not want to be known (RFC 7044 §10.1, RFC 5806 §6.5).
    var isPrivate = false

    /// Steps kept and passed on; a chain longer than any that makes sense is a loop.
    static let limit: Int = 10
}

extension Redirection {
    /// The steps a phone tells of in its INVITE, oldest first: of History-Info where it has any (RFC 7044), else of Diversion.
    ///
    /// What can't be read, or is beyond ``limit``, is left out.
    /// - Parameter user: the tenant's extension a URI names; nil for anybody else, who is left out.
    static func told(by message: SIPMessage, user: (SIPURI) -> String?) -> [Redirection] {
        if let entries = try? message.historyInfo(), !entries.isEmpty {
            return told(by: entries.suffix(4 * limit), user)
        }
        guard let diversions = try? message.diversions() else { return [] }
        return diversions.prefix(limit).reversed().compactMap { entry in
            guard let name = user(entry.uri) else { return nil }
            let why = entry.diversionReason.flatMap { Why(rawValue: $0.lowercased()) } ?? .unknown
            let privacy: String = entry.parameters["privacy"]?.lowercased() ?? "off"
            return Redirection(user: name, why: why, isPrivate: privacy != "off")
        }
    }

    /// An entry with `mp` names by it the entry it was redirected from; without such tags (RFC 4244) the entry with a Reason was.
    private static func told(by entries: ArraySlice<HistoryEntry>, _ user: (SIPURI) -> String?) -> [Redirection] {
        var steps: [Redirection] = []
        let isTagged: Bool = entries.contains { $0.address.parameters.contains("mp") }
        for (position, entry) in zip(entries.indices, entries) {
            let from: HistoryEntry?
            if isTagged {
                guard let index = entry.address.parameters["mp"] else { continue }
                from = entries[..<position].last { $0.index == index }
            } else {
                from = position > entries.startIndex ? entries[position - 1] : nil
                if from?.reason == nil { continue }
            }
            guard let from, let name = user(from.address.uri) else { continue }
            let cause: Int? = entry.address.uri.parameters["cause"].flatMap { Int($0) }
            let status: Int = from.reason?.protocolName.uppercased() == "SIP" ? from.reason?.cause ?? 302 : 302
            let privacy: String = from.privacy?.lowercased() ?? ""
            steps.append(
                Redirection(
                    user: name, why: cause.map(Why.init(cause:)) ?? (status == 302 ? .unknown : Why(cause: status)),
                    hadRung: cause == 487, status: (300...699).contains(status) ? status : 302,
                    isPrivate: privacy.contains("history") || privacy.contains("session") || privacy.contains("header"))
            )
        }
        return Array(steps.suffix(limit))
    }

    /// The step a phone made by a 3xx: what its own Diversion says of the reason is taken over.
    init(by user: String, _ response: SIPMessage, status: SIPStatus, hadRung: Bool) {
        let own = ((try? response.diversions()) ?? []).first
        let privacy: Set<String> = ((try? response.privacy()) ?? nil) ?? []
        let hides: Bool = own?.parameters["privacy"].map { $0.lowercased() != "off" } ?? false
        self.init(
            user: user, why: own?.diversionReason.flatMap { Why(rawValue: $0.lowercased()) } ?? .deflection,
            hadRung: hadRung,
            status: status.code, isPrivate: hides || !privacy.isDisjoint(with: ["history", "header", "user", "id"]))
    }
}

extension [Redirection] {
    /// History-Info of a call that went along these steps and is now for `target` (RFC 7044 §10): entries by rising index, each
    /// derived from the one before it.
    ///
    /// - Parameters:
    ///   - hidesAll: the caller asked for privacy of the history.
    ///   - uri: a user as the receiver may call it.
    func historyInfo(to target: SIPURI, hidesAll: Bool, uri: (String) -> SIPURI) -> [String] {
        var entries: [String] = []
        var index = "1"
        for position in 0...count {
            var address = NameAddress(uri: position < count ? uri(self[position].user) : target)
            let step: Redirection? = position < count ? self[position] : nil
            if step?.isPrivate ?? false || (hidesAll && step != nil) {
                address.uri = Call.anonymous ?? address.uri
                address.uri.headers.append(SIPURI.Header(name: "Privacy", value: "history"))
            }
            if let step {
                address.uri.headers.insert(SIPURI.Header(name: "Reason", value: "SIP;cause=\(step.status)"), at: 0)
            }
            if position > 0 {
                let last: Redirection = self[position - 1]
                address.uri.parameters["cause"] = String(last.why.cause(hadRung: last.hadRung))
            }
            address.parameters["index"] = position == 0 ? index : index + ".1"
            if position > 0 { address.parameters["mp"] = index }
            index = position == 0 ? index : index + ".1"
            entries.append(address.description)
        }
        return entries
    }

    /// Diversion of the same steps, the last one first (RFC 5806 §4).
    func diversion(hidesAll: Bool, uri: (String) -> SIPURI) -> [String] {
        reversed().map { step in
            let isHidden: Bool = step.isPrivate || hidesAll
            var address = NameAddress(uri: isHidden ? Call.anonymous ?? uri("anonymous") : uri(step.user))
            address.parameters["reason"] = step.why.rawValue
            address.parameters["counter"] = "1"
            if isHidden { address.parameters["privacy"] = "full" }
            return address.description
        }
    }
}
