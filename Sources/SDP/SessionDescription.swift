/// A session description (RFC 8866; RFC 4566 is the same on the wire).
public struct SessionDescription: Hashable, Sendable {
    public var origin: SDPOrigin
    /// s=; `-` for a session without a name (RFC 8866 §5.3).
    public var sessionName: String
    /// i=
    public var information: String?
    /// u=
    public var uri: String?
    /// e=
    public var emails: [String] = []
    /// p=
    public var phones: [String] = []
    /// The c= line of the session, which counts for m-lines without their own.
    public var connection: SDPConnection? { didSet { foldDefaults() } }
    public var bandwidths: [SDPBandwidth] = []
    /// t= with r=; at least one.
    public var timings: [SDPTiming]
    /// z=
    public var timeZones: String?
    /// k=, obsolete (RFC 8866 §5.12).
    public var key: String?
    /// In the order they were written, unknown ones included.
    public var attributes: [SDPAttribute] = [] { didSet { foldDefaults() } }
    /// Lines of unknown types.
    public var otherLines: [SDPLine] = []
    public var media: [MediaDescription] { didSet { foldDefaults() } }

    public init(
        origin: SDPOrigin, sessionName: String = "-", connection: SDPConnection? = nil, timing: SDPTiming = .permanent,
        attributes: [SDPAttribute] = [], media: [MediaDescription] = []
    ) {
        self.origin = origin
        self.sessionName = sessionName
        self.connection = connection
        timings = [timing]
        self.attributes = attributes
        self.media = media
        foldDefaults()
    }

    /// The first t= line.
    public var timing: SDPTiming {
        get { timings.first ?? .permanent }
        set { if timings.isEmpty { timings = [newValue] } else { timings[0] = newValue } }
    }

    /// Hands the session's defaults to the m-lines.
    private mutating func foldDefaults() {
        let direction = attributes.direction
        let speaksICE: Bool = attributes.contains("ice-ufrag")
        for index in media.indices {
            if media[index].inheritedConnection != connection { media[index].inheritedConnection = connection }
            if media[index].inheritedDirection != direction { media[index].inheritedDirection = direction }
            if media[index].inheritsICE != speaksICE { media[index].inheritsICE = speaksICE }
        }
    }

    /// Whether the author wants no media at all: every stream that is not refused is on hold, and there is one.
    public var isOnHold: Bool {
        var found = false
        for stream in media where !stream.isRejected {
            guard stream.isOnHold else { return false }
            found = true
        }
        return found
    }

    /// The description as it goes over the wire, in the order of the RFC's grammar.
    /// - Throws: ``SDPError`` when a value holds CR, LF or NUL, or a token is empty or holds a blank; never for what was parsed
    ///   and not changed.
    public func serialised() throws(SDPError) -> [UInt8] {
        var writer = SDPWriter()
        try writer.write(self)
        return writer.bytes
    }

    /// Reads a description. Lines end with CRLF or LF; unknown lines are kept.
    ///
    /// Tolerated, as phones do it: session lines out of order, a missing s=, t= or c=, an empty s=, blanks at the end of a line,
    /// blank lines, upper-case attribute names, text that is not UTF-8 (replaced by U+FFFD), an m-line with port 0 and no format.
    /// - Throws: ``SDPError`` with the line and the rule.
    public static func parse(_ bytes: ArraySlice<UInt8>, limits: SDPLimits = .standard) throws(SDPError)
        -> SessionDescription
    {
        var parser = SDPParser(limits: limits)
        return try parser.parse(bytes)
    }

    public static func parse(_ bytes: [UInt8], limits: SDPLimits = .standard) throws(SDPError) -> SessionDescription {
        try parse(bytes[...], limits: limits)
    }
}
