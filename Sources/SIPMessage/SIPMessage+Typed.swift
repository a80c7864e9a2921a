public import Basics

/// Numbers and tokens. nil when absent; each throws ``SIPParseError`` when the value is malformed.
extension SIPMessage {
    /// 0 ... 255 (RFC 3261 §20.22).
    public func maxForwards() throws(SIPParseError) -> Int? {
        try read(.maxForwards) { (cursor) throws(FieldFault) in Int(try cursor.number(upTo: 255, "RFC 3261 §20.22")) }
    }
    /// Seconds; more than 2³²−1 counts as 2³²−1 (RFC 3261 §20.19).
    public func expires() throws(SIPParseError) -> UInt32? { try seconds(.expires, "RFC 3261 §20.19") }
    /// Seconds.
    public func minExpires() throws(SIPParseError) -> UInt32? { try seconds(.minExpires, "RFC 3261 §20.23") }
    /// Seconds.
    public func flowTimer() throws(SIPParseError) -> UInt32? { try seconds(.flowTimer, "RFC 5626 §10") }
    /// Bytes, as written.
    public func contentLength() throws(SIPParseError) -> Int? {
        try read(.contentLength) { (cursor) throws(FieldFault) in try HeaderScan.contentLength(&cursor) }
    }
    /// 1 ... 2³²−1.
    public func rseq() throws(SIPParseError) -> UInt32? {
        try read(.rseq) { (cursor) throws(FieldFault) in try cursor.responseNumber() }
    }
    public func rack() throws(SIPParseError) -> RAck? {
        try read(.rack) { (cursor) throws(FieldFault) in
            let rseq = try cursor.responseNumber()
            let afterNumber = cursor.at
            cursor.skipWhitespace()
            guard cursor.at > afterNumber else { throw FieldFault(at: cursor.at, "RFC 3262 §7.2") }
            return RAck(rseq: rseq, cseq: try cursor.cseq())
        }
    }
    public func sessionExpires() throws(SIPParseError) -> SessionExpires? {
        try read(.sessionExpires) { (cursor) throws(FieldFault) in
            let interval = try cursor.saturatingNumber("RFC 4028 §4")
            let refresher = try cursor.parameters("RFC 4028 §4")["refresher"]?.lowercased()
            return SessionExpires(
                interval: interval, refresher: refresher.flatMap { SessionExpires.Refresher(rawValue: $0) })
        }
    }
    /// Seconds.
    public func minSE() throws(SIPParseError) -> UInt32? {
        try read(.minSE) { (cursor) throws(FieldFault) in
            let seconds = try cursor.saturatingNumber("RFC 4028 §5")
            _ = try cursor.parameters("RFC 4028 §5")
            return seconds
        }
    }
    public func retryAfter() throws(SIPParseError) -> RetryAfter? {
        try read(.retryAfter) { (cursor) throws(FieldFault) in
            let interval = try cursor.saturatingNumber("RFC 3261 §20.33")
            cursor.skipWhitespace()
            var comment: String?
            if cursor.next == Octet.leftParenthesis { comment = try cursor.comment("RFC 3261 §20.33") }
            return RetryAfter(
                interval: interval, comment: comment, parameters: try cursor.parameters("RFC 3261 §20.33"))
        }
    }
    public func timestamp() throws(SIPParseError) -> SIPTimestamp? {
        try read(.timestamp) { (cursor) throws(FieldFault) in
            let value = try cursor.decimal("RFC 3261 §20.38")
            cursor.skipWhitespace()
            return SIPTimestamp(value: value, delay: cursor.isAtEnd ? nil : try cursor.decimal("RFC 3261 §20.38"))
        }
    }
    /// The Date header field; only GMT is legal (RFC 3261 §20.17).
    public func date() throws(SIPParseError) -> WallTime? {
        try read(.date) { (cursor) throws(FieldFault) in try cursor.date() }
    }
}

/// What is in the body, what is understood, and why.
extension SIPMessage {
    public func contentType() throws(SIPParseError) -> MediaType? {
        try read(.contentType) { (cursor) throws(FieldFault) in try cursor.mediaType("RFC 3261 §20.15") }
    }
    public func contentDisposition() throws(SIPParseError) -> ParameterizedToken? {
        try read(.contentDisposition) { (cursor) throws(FieldFault) in try cursor.parameterizedToken("RFC 3261 §20.11")
        }
    }
    /// nil when absent, which means `application/sdp`; empty when present and empty, which means nothing (RFC 3261 §20.1).
    public func accepts() throws(SIPParseError) -> [MediaType]? {
        guard let value = first(.accept) else { return nil }
        if value.isEmpty { return [] }
        return try readList(.accept) { (cursor) throws(FieldFault) in try cursor.mediaType("RFC 3261 §20.1") }
    }
    /// Methods in Allow; nil when absent.
    public func allow() throws(SIPParseError) -> [SIPMethod]? {
        guard let value = first(.allow) else { return nil }
        if value.isEmpty { return [] }
        return try readList(.allow) { (cursor) throws(FieldFault) in
            SIPMethod(checked: try cursor.token("RFC 3261 §20.5"))
        }
    }
    public func reasons() throws(SIPParseError) -> [Reason] {
        try readList(.reason) { (cursor) throws(FieldFault) in try cursor.reason() }
    }
    public func warnings() throws(SIPParseError) -> [SIPWarning] {
        try readList(.warning) { (cursor) throws(FieldFault) in try cursor.warning() }
    }
    /// `id`, `user`, `header`, `session`, `critical`, `history`, `none`, in lower case; nil when absent (RFC 3323 §4.2).
    public func privacy() throws(SIPParseError) -> Set<String>? {
        guard has(.privacy) else { return nil }
        var result: Set<String> = []
        for value in values(.privacy) {
            for part in value.split(whereSeparator: { $0 == ";" || $0 == "," || $0 == " " }) {
                result.insert(part.lowercased())
            }
        }
        return result
    }
    /// The package is `value`; `id` is a parameter.
    public func event() throws(SIPParseError) -> ParameterizedToken? {
        try read(.event) { (cursor) throws(FieldFault) in try cursor.parameterizedToken("RFC 6665 §8.2.1") }
    }
    public func subscriptionState() throws(SIPParseError) -> SubscriptionState? {
        try read(.subscriptionState) { (cursor) throws(FieldFault) in
            let token = try cursor.parameterizedToken("RFC 6665 §8.2.3")
            return SubscriptionState(token.value, parameters: token.parameters)
        }
    }
    public func replaces() throws(SIPParseError) -> DialogReference? {
        try read(.replaces) { (cursor) throws(FieldFault) in try cursor.dialogReference("RFC 3891 §6.1") }
    }
    public func targetDialog() throws(SIPParseError) -> DialogReference? {
        try read(.targetDialog) { (cursor) throws(FieldFault) in try cursor.dialogReference("RFC 4538 §7") }
    }
    /// Namespace and priority, as `wps.0` (RFC 4412 §3.1).
    public func resourcePriorities() throws(SIPParseError) -> [String] {
        try readList(.resourcePriority) { (cursor) throws(FieldFault) in
            let value = try cursor.token("RFC 4412 §3.1")
            guard value.utf8.contains(Octet.dot) else { throw FieldFault(at: cursor.at, "RFC 4412 §3.1") }
            return value
        }
    }
    /// Call-IDs (RFC 3261 §20.21).
    public var inReplyTo: [String] { list(.inReplyTo) }
    /// `emergency`, `urgent`, `normal`, `non-urgent` or another, in lower case.
    public var priority: String? { first(.priority)?.lowercased() }
    public var userAgent: String? { first(.userAgent) }
    public var server: String? { first(.server) }
    public var subject: String? { first(.subject) }
}

extension FieldCursor {
    fileprivate mutating func responseNumber() throws(FieldFault) -> UInt32 {
        let start = at
        let value = try number(upTo: UInt64(UInt32.max), "RFC 3262 §7.1")
        guard value > 0 else { throw FieldFault(.outOfRange, at: start, "RFC 3262 §7.1") }
        return UInt32(value)
    }

    fileprivate mutating func decimal(_ rule: String) throws(FieldFault) -> String {
        let start = at
        while !isAtEnd, Octet.isDigit(next) || next == Octet.dot { move(to: at + 1) }
        guard at > start else { throw FieldFault(at: at, rule) }
        return text(start..<at)
    }

    fileprivate mutating func warning() throws(FieldFault) -> SIPWarning {
        let rule = "RFC 3261 §20.43"
        let start = at
        let code = try number(upTo: 399, rule)
        guard at - start == 3, code >= 300 else { throw FieldFault(.outOfRange, at: start, rule) }
        skipWhitespace()
        let agent = at
        while !isAtEnd, !Octet.isWhitespace(next), next != Octet.quote, next != Octet.comma { move(to: at + 1) }
        let name = text(agent..<at)
        skipWhitespace()
        return SIPWarning(code: Int(code), agent: name, text: try quotedString())
    }

    mutating func dialogReference(_ rule: String) throws(FieldFault) -> DialogReference {
        skipWhitespace()
        let start = at
        while !isAtEnd, next != Octet.semicolon, next != Octet.comma, OctetSet.visible.contains(next) {
            move(to: at + 1)
        }
        guard at > start else { throw FieldFault(at: at, rule) }
        let callID = text(start..<at)
        let reference = DialogReference(callID: callID, parameters: try parameters(rule))
        guard reference.toTag != nil, reference.fromTag != nil else { throw FieldFault(.missingField, at: start, rule) }
        return reference
    }
}
