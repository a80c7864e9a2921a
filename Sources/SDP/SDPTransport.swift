/// How an m-line's author is reached safely: ICE (RFC 8839) and DTLS (RFC 5763, RFC 8842), as they count for the m-line.
public struct SDPTransport: Hashable, Sendable {
    /// 4 ... 256 letters; nil where there is none, or none that follows the grammar.
    public var iceUfrag: String?
    /// 22 ... 256 letters; never to be logged.
    public var icePassword: String?
    /// The words of a=ice-options: `trickle`, `ice2`, …
    public var iceOptions: [String] = []
    /// a=ice-lite: the author makes no checks (RFC 8839 §5.3).
    public var isICELite = false
    /// a=ice-mismatch: the author's peer was hidden by somebody in the middle (RFC 8839 §5.3).
    public var hasICEMismatch = false
    public var candidates: [SDPCandidate] = []
    /// a=end-of-candidates: no more will follow (RFC 8840 §8.2).
    public var endOfCandidates = false
    public var remoteCandidates: [SDPRemoteCandidate] = []
    public var fingerprints: [SDPFingerprint] = []
    public var setup: SDPSetup?
    /// a=tls-id: another value is another DTLS association (RFC 8842 §4).
    public var tlsID: String?

    public init() {}

    /// Whether the author speaks ICE: credentials are there.
    public var hasICE: Bool { iceUfrag != nil && icePassword != nil }

    /// The attributes' names, which writing replaces.
    private static let names: [StaticString] = [
        "ice-ufrag", "ice-pwd", "ice-options", "ice-lite", "ice-mismatch", "candidate", "end-of-candidates",
        "remote-candidates", "fingerprint", "setup", "tls-id",
    ]

    /// Reads what counts: the m-line's where it can be read, else the session's.
    init(media: [SDPAttribute], session: [SDPAttribute]) {
        func value<T>(_ name: StaticString, _ read: (String) -> T?) -> T? {
            media.value(name).flatMap(read) ?? session.value(name).flatMap(read)
        }
        func fingerprints(_ attributes: [SDPAttribute]) -> [SDPFingerprint] {
            attributes.filter { $0.isNamed("fingerprint") }.compactMap { $0.value.flatMap { SDPFingerprint($0) } }
        }
        func words(_ text: String) -> [String]? {
            let words: [String] = text.split(separator: " ").map(String.init)
            return words.isEmpty ? nil : words
        }
        iceUfrag = value("ice-ufrag") { SDPTransport.isICEText($0, atLeast: 4) ? $0 : nil }
        icePassword = value("ice-pwd") { SDPTransport.isICEText($0, atLeast: 22) ? $0 : nil }
        iceOptions = value("ice-options", words) ?? []
        isICELite = session.contains("ice-lite") || media.contains("ice-lite")
        hasICEMismatch = media.contains("ice-mismatch")
        candidates = media.filter { $0.isNamed("candidate") }.compactMap { $0.value.flatMap { SDPCandidate($0) } }
        endOfCandidates = media.contains("end-of-candidates") || session.contains("end-of-candidates")
        remoteCandidates = media.value("remote-candidates").flatMap { SDPRemoteCandidate.list($0) } ?? []
        let own: [SDPFingerprint] = fingerprints(media)
        self.fingerprints = own.isEmpty ? fingerprints(session) : own
        setup = value("setup") { SDPSetup(rawValue: $0.lowercased()) }
        tlsID = value("tls-id") { $0 }
    }

    /// `ice-char`s alone (RFC 8839 §5.4).
    private static func isICEText(_ text: String, atLeast least: Int) -> Bool {
        guard text.utf8.count >= least, text.utf8.count <= 256 else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "+"), UInt8(ascii: "/"): true
            default: false
            }
        }
    }

    /// The lines of an m-line; a=ice-lite is the session's.
    fileprivate var attributes: [SDPAttribute] {
        var lines: [SDPAttribute] = []
        if let iceUfrag { lines.append(SDPAttribute("ice-ufrag", iceUfrag)) }
        if let icePassword { lines.append(SDPAttribute("ice-pwd", icePassword)) }
        if !iceOptions.isEmpty { lines.append(SDPAttribute("ice-options", iceOptions.joined(separator: " "))) }
        if hasICEMismatch { lines.append(SDPAttribute("ice-mismatch")) }
        lines += fingerprints.map { SDPAttribute("fingerprint", $0.text) }
        if let setup { lines.append(SDPAttribute("setup", setup.rawValue)) }
        if let tlsID { lines.append(SDPAttribute("tls-id", tlsID)) }
        lines += candidates.map { SDPAttribute("candidate", $0.value) }
        if !remoteCandidates.isEmpty {
            lines.append(SDPAttribute("remote-candidates", remoteCandidates.map(\.value).joined(separator: " ")))
        }
        if endOfCandidates { lines.append(SDPAttribute("end-of-candidates")) }
        return lines
    }

    fileprivate static func isOurs(_ attribute: SDPAttribute) -> Bool { names.contains { attribute.isNamed($0) } }
}

extension SessionDescription {
    /// What counts for an m-line; nil where there is no such m-line.
    public func transport(ofMedia index: Int) -> SDPTransport? {
        guard media.indices.contains(index) else { return nil }
        return SDPTransport(media: media[index].attributes, session: attributes)
    }

    /// a=ice-lite of the session (RFC 8839 §5.3).
    public var isICELite: Bool {
        get { attributes.contains("ice-lite") }
        set {
            attributes.removeAll { $0.isNamed("ice-lite") }
            if newValue { attributes.append(SDPAttribute("ice-lite")) }
        }
    }

    /// The a=group lines (RFC 5888 §5): which m-lines belong together, and how.
    public var groups: [SDPGroup] {
        get { attributes.compactMap { $0.isNamed("group") ? $0.value.flatMap { SDPGroup($0) } : nil } }
        set {
            attributes.removeAll { $0.isNamed("group") }
            attributes += newValue.map { SDPAttribute("group", $0.value) }
        }
    }
}

extension MediaDescription {
    /// Writes these in place of all that the m-line said of ICE and DTLS; all but a=ice-lite, which the session says.
    public mutating func setTransport(_ transport: SDPTransport) {
        attributes.removeAll { SDPTransport.isOurs($0) }
        attributes += transport.attributes
    }

    /// a=mid: the m-line's name for groups (RFC 5888 §4).
    public var mid: String? {
        get { attributes.value("mid") }
        set {
            attributes.removeAll { $0.isNamed("mid") }
            if let newValue { attributes.append(SDPAttribute("mid", newValue)) }
        }
    }

    /// a=rtcp-mux-only: RTCP has no port of its own at all (RFC 8858).
    public var isRTCPMuxOnly: Bool { attributes.contains("rtcp-mux-only") }

    /// a=bundle-only: refused unless it shares the port of its group (RFC 9143 §6).
    public var isBundleOnly: Bool { attributes.contains("bundle-only") }

    /// The a=extmap lines that can be read (RFC 8285 §8).
    public var extmaps: [SDPExtmap] {
        attributes.compactMap { $0.isNamed("extmap") ? $0.value.flatMap { SDPExtmap($0) } : nil }
    }

    /// Writes these a=extmap lines in place of all others.
    public mutating func setExtmaps(_ maps: [SDPExtmap]) {
        attributes.removeAll { $0.isNamed("extmap") }
        attributes += maps.map { SDPAttribute("extmap", $0.value) }
    }
}
