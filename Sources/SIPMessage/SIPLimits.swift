/// How large a message may be before it is refused.
public struct SIPLimits: Hashable, Sendable {
    /// Longest message, body included, in bytes.
    public var messageBytes: Int
    /// Longest start-line and header fields together, in bytes.
    public var headerBytes: Int
    /// Most header field lines.
    public var fieldCount: Int
    /// Longest Request-URI, in bytes; a longer one is answered 414.
    public var uriBytes: Int

    public init(messageBytes: Int = 65_536, headerBytes: Int = 65_536, fieldCount: Int = 256, uriBytes: Int = 4096) {
        self.messageBytes = messageBytes
        self.headerBytes = headerBytes
        self.fieldCount = fieldCount
        self.uriBytes = uriBytes
    }

    /// 64 KiB a message, 256 header fields, 4 KiB a Request-URI.
    public static let standard = SIPLimits()
}
