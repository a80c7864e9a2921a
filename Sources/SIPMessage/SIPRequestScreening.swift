/// What a server supports, and what it answers to a request that asks for more: the checks of RFC 3261 §8.2.1 to §8.2.3
/// and §16.3 that need the message alone.
public struct SIPRequestScreening: Sendable {
    public struct Verdict: Hashable, Sendable {
        public let status: SIPStatus
        /// What the response must say besides: Allow, Unsupported, Accept, Accept-Encoding.
        public let fields: [SIPParameters.Item]
        /// The section that asks for it.
        public let rule: String

        init(_ status: SIPStatus, _ rule: String, _ name: String = "", _ value: String = "") {
            (self.status, self.rule) = (status, rule)
            fields = name.isEmpty ? [] : [SIPParameters.Item(name: name, value: value)]
        }
    }

    /// Methods served; another registered one is answered 405, an unknown one 501.
    public var methods: [SIPMethod]
    public var schemes: [SIPURI.Scheme]
    /// Option tags understood in Require and Proxy-Require.
    public var extensions: [String]
    /// Media types understood in bodies, as `application/sdp`.
    public var contentTypes: [String]
    /// Types our answers to an INVITE or OPTIONS can have; one of them must be in Accept.
    public var producedTypes: [String]
    /// False for a server that never forwards, which may take a request of no hops left (RFC 3261 §16.3 step 3).
    public var forwards: Bool

    public init(
        methods: [SIPMethod], schemes: [SIPURI.Scheme] = [.sip, .sips, .tel], extensions: [String],
        contentTypes: [String] = ["application/sdp"], producedTypes: [String] = ["application/sdp"],
        forwards: Bool = true
    ) {
        (self.methods, self.schemes, self.extensions) = (methods, schemes, extensions)
        (self.contentTypes, self.producedTypes, self.forwards) = (contentTypes, producedTypes, forwards)
    }

    /// The Allow header field's value.
    public var allow: String { methods.map(\.name).joined(separator: ", ") }

    /// The final answer the request must have, or nil where it may go on. ACK and CANCEL are never refused here.
    public func verdict(for request: SIPMessage) -> Verdict? {
        guard let uri = request.requestURI, request.method != .ack, request.method != .cancel else { return nil }
        if !methods.contains(request.method) { return methodVerdict(request.method) }
        if !schemes.contains(uri.scheme) { return Verdict(.unsupportedURIScheme, "RFC 3261 §8.2.2.1") }
        if let verdict = hopVerdict(request) { return verdict }
        if let verdict = extensionVerdict(request) { return verdict }
        if let verdict = bodyVerdict(request) { return verdict }
        return acceptVerdict(request)
    }

    private func methodVerdict(_ method: SIPMethod) -> Verdict {
        SIPMethod.registered.contains(method)
            ? Verdict(.methodNotAllowed, "RFC 3261 §8.2.1", "Allow", allow)
            : Verdict(.notImplemented, "RFC 3261 §21.5.2", "Allow", allow)
    }

    private func hopVerdict(_ request: SIPMessage) -> Verdict? {
        guard forwards, let hops = try? request.maxForwards(), hops == 0 else { return nil }
        // OPTIONS at its last hop asks this very server (RFC 3261 §11.2).
        return request.method == .options ? nil : Verdict(.tooManyHops, "RFC 3261 §16.3")
    }

    private func extensionVerdict(_ request: SIPMessage) -> Verdict? {
        let asked = request.list(.require) + request.list(.proxyRequire)
        let unknown = asked.filter { tag in !extensions.contains { equalsIgnoringCase($0, tag) } }
        guard !unknown.isEmpty else { return nil }
        return Verdict(.badExtension, "RFC 3261 §8.2.2.3", "Unsupported", unknown.joined(separator: ", "))
    }

    private func bodyVerdict(_ request: SIPMessage) -> Verdict? {
        guard !request.body.isEmpty, isRequired(request) else { return nil }
        let codings = request.list(.contentEncoding).filter { !equalsIgnoringCase($0, "identity") }
        if !codings.isEmpty { return Verdict(.unsupportedMediaType, "RFC 3261 §8.2.3", "Accept-Encoding", "identity") }
        guard let type = try? request.contentType() else {
            // RFC 3261 §20.15: a body must be named, and a name must be legible.
            return Verdict(.badRequest, "RFC 3261 §20.15")
        }
        if contentTypes.contains(type.essence) || (type.isMultipart && contentTypes.contains("multipart/*")) {
            return nil
        }
        return Verdict(.unsupportedMediaType, "RFC 3261 §8.2.3", "Accept", contentTypes.joined(separator: ", "))
    }

    /// A body whose handling is optional is ignored instead (RFC 3261 §20.11).
    private func isRequired(_ request: SIPMessage) -> Bool {
        guard let disposition = try? request.contentDisposition() else { return true }
        return disposition.parameters["handling"].map { !equalsIgnoringCase($0, "optional") } ?? true
    }

    private func acceptVerdict(_ request: SIPMessage) -> Verdict? {
        guard request.method == .invite || request.method == .options, request.has(.accept),
            let ranges = try? request.accepts()
        else { return nil }
        let produced = producedTypes.compactMap { try? MediaType($0) }
        let isServed = produced.contains { type in ranges.contains { $0.accepts(type) } }
        return isServed ? nil : Verdict(.notAcceptable, "RFC 3261 §8.2.3")
    }
}
