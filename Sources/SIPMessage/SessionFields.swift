/// The RAck header field (RFC 3262 §7.2).
public struct RAck: Hashable, Sendable, CustomStringConvertible {
    /// 1 ... 2³²−1.
    public let rseq: UInt32
    public let cseq: CSeq
    public init(rseq: UInt32, cseq: CSeq) { (self.rseq, self.cseq) = (rseq, cseq) }
    public var description: String { "\(rseq) \(cseq)" }
}

/// The Session-Expires header field (RFC 4028 §4).
public struct SessionExpires: Hashable, Sendable, CustomStringConvertible {
    public enum Refresher: String, Hashable, Sendable { case uac, uas }
    /// Seconds.
    public let interval: UInt32
    public let refresher: Refresher?
    public init(interval: UInt32, refresher: Refresher? = nil) {
        (self.interval, self.refresher) = (interval, refresher)
    }
    public var description: String { refresher.map { "\(interval);refresher=\($0.rawValue)" } ?? String(interval) }
}

/// The Subscription-State header field (RFC 6665 §8.2.3).
public struct SubscriptionState: Hashable, Sendable, CustomStringConvertible {
    /// `active`, `pending`, `terminated`, or an extension, in lower case.
    public let state: String
    public var parameters: SIPParameters

    public init(_ state: String, parameters: SIPParameters = SIPParameters()) {
        (self.state, self.parameters) = (state.lowercased(), parameters)
    }

    public var isTerminated: Bool { state == "terminated" }
    /// Seconds.
    public var expires: UInt32? { parameters["expires"].flatMap(saturatingSeconds) }
    /// `deactivated`, `probation`, `rejected`, `timeout`, `giveup`, `noresource`, `invariant`.
    public var reason: String? { parameters["reason"]?.lowercased() }
    /// Seconds.
    public var retryAfter: UInt32? { parameters["retry-after"].flatMap(saturatingSeconds) }
    public var description: String { state + parameters.description }
}

/// The Replaces, Join or Target-Dialog header field: a dialog by its parts (RFC 3891 §6.1, RFC 3911 §7, RFC 4538 §7).
public struct DialogReference: Hashable, Sendable, CustomStringConvertible {
    public let callID: String
    public let parameters: SIPParameters

    init(callID: String, parameters: SIPParameters) { (self.callID, self.parameters) = (callID, parameters) }

    public init(callID: String, toTag: String, fromTag: String, earlyOnly: Bool = false) {
        var parameters: SIPParameters = ["to-tag": toTag, "from-tag": fromTag]
        if earlyOnly { parameters.setFlag("early-only") }
        self.init(callID: callID, parameters: parameters)
    }

    /// Reads one, as it stands in the headers of a Refer-To URI too.
    public init(_ text: String) throws(MalformedField) {
        var cursor = FieldCursor(text)
        do throws(FieldFault) {
            self = try cursor.dialogReference("RFC 3891 §6.1")
            try cursor.expectEnd()
        } catch {
            throw MalformedField("Replaces", error)
        }
    }

    public var toTag: String? { parameters["to-tag"] ?? parameters["remote-tag"] }
    public var fromTag: String? { parameters["from-tag"] ?? parameters["local-tag"] }
    public var isEarlyOnly: Bool { parameters.contains("early-only") }
    public var description: String { callID + parameters.description }
}

/// The Retry-After header field (RFC 3261 §20.33).
public struct RetryAfter: Hashable, Sendable, CustomStringConvertible {
    /// Seconds.
    public let interval: UInt32
    public let comment: String?
    public let parameters: SIPParameters

    public init(interval: UInt32, comment: String? = nil, parameters: SIPParameters = SIPParameters()) {
        (self.interval, self.comment, self.parameters) = (interval, comment, parameters)
    }

    /// Seconds the callee stays reachable after that.
    public var duration: UInt32? { parameters["duration"].flatMap(saturatingSeconds) }
    public var description: String { "\(interval)" + parameters.description }
}

/// The Timestamp header field (RFC 3261 §20.38).
public struct SIPTimestamp: Hashable, Sendable {
    /// As written by the client, which alone knows its meaning: digits with an optional fraction.
    public let value: String
    /// Of the server, in seconds, as written; nil when absent.
    public let delay: String?
}

/// One value of the Warning header field (RFC 3261 §20.43).
public struct SIPWarning: Hashable, Sendable, CustomStringConvertible {
    /// 300 ... 399.
    public let code: Int
    public let agent: String
    public let text: String

    public init(code: Int, agent: String, text: String) { (self.code, self.agent, self.text) = (code, agent, text) }

    public var description: String {
        var out: [UInt8] = []
        appendQuoted(text, to: &out)
        return "\(code) \(agent) " + String(decoding: out, as: UTF8.self)
    }
}
