public import Basics

/// One m-line and what belongs to it (RFC 8866 §5.14).
public struct MediaDescription: Hashable, Sendable {
    public var kind: MediaKind
    /// The RTP port; 0 for a stream that is refused or gone (RFC 3264 §6, §8.2).
    public var port: UInt16
    /// How many port pairs follow each other, at least 1.
    public var portCount: UInt32
    /// The `proto`: `RTP/AVP`, `RTP/SAVP`, `udptl`, …
    public var transportProtocol: String
    /// RTP payload type numbers for the RTP protocols; at least one (RFC 8866 §9).
    public var formats: [String]
    /// i=
    public var information: String?
    /// The c= line of this m-line itself.
    public var ownConnection: SDPConnection?
    /// Further c= lines, which only layered multicast has (RFC 8866 §5.7).
    public var furtherConnections: [SDPConnection] = []
    public var bandwidths: [SDPBandwidth] = []
    /// k=, obsolete (RFC 8866 §5.12).
    public var key: String?
    /// In the order they were written, unknown ones included.
    public var attributes: [SDPAttribute] = []
    /// Lines of unknown types.
    public var otherLines: [SDPLine] = []

    /// What the session level says; kept up to date by ``SessionDescription``.
    var inheritedConnection: SDPConnection?
    var inheritedDirection: MediaDirection?
    var inheritsICE = false

    public init(
        kind: MediaKind, port: UInt16, portCount: UInt32 = 1, transportProtocol: String = "RTP/AVP", formats: [String],
        connection: SDPConnection? = nil, attributes: [SDPAttribute] = []
    ) {
        self.kind = kind
        self.port = port
        self.portCount = portCount
        self.transportProtocol = transportProtocol
        self.formats = formats
        ownConnection = connection
        self.attributes = attributes
    }

    /// The c= line that counts: the m-line's, else the session's; nil where there is neither. Setting it writes the m-line's.
    public var connection: SDPConnection? {
        get { ownConnection ?? inheritedConnection }
        set { ownConnection = newValue }
    }

    /// The direction that counts: the m-line's, else the session's, else `sendrecv` (RFC 8866 §6.7). Setting it writes the m-line's.
    public var direction: MediaDirection {
        get { attributes.direction ?? inheritedDirection ?? .sendrecv }
        set { attributes.setDirection(newValue) }
    }

    /// Port 0: refused, or ended (RFC 3264 §6, §8.2).
    public var isRejected: Bool { port == 0 }

    /// The c= line is `0.0.0.0` or `::`: how RFC 2543 put a call on hold, and how an unknown address is written (RFC 3264 §8.4). Where
    /// the author speaks ICE it says that candidates follow, and nothing of hold (RFC 8839 §4.3.1).
    public var hasNoAddress: Bool { !speaksICE && (connection?.address.isUnspecified ?? false) }

    private var speaksICE: Bool { inheritsICE || attributes.contains("ice-ufrag") }

    /// The author wants no media: `sendonly`, `inactive`, or the address `0.0.0.0` (RFC 3264 §8.4).
    public var isOnHold: Bool { !direction.receives || hasNoAddress }

    /// ``direction``, with `0.0.0.0` understood as not receiving: what a new-style description would have said.
    public var meantDirection: MediaDirection {
        MediaDirection(sends: direction.sends, receives: direction.receives && !hasNoAddress)
    }

    /// Where RTP is to be sent; nil when refused, on hold by `0.0.0.0`, or a domain name.
    public var rtpEndpoint: IPEndpoint? {
        guard port != 0, let ip = connection?.ip, !ip.isUnspecified else { return nil }
        return IPEndpoint(ip, port)
    }

    /// Where RTCP is to be sent when it has a port of its own: by a=rtcp (RFC 3605), else the RTP port + 1 (RFC 3550 §11).
    public var rtcpEndpoint: IPEndpoint? {
        guard let rtp = rtpEndpoint else { return nil }
        guard let rtcp, rtcp.port != 0 else {
            return rtp.port == .max ? nil : IPEndpoint(rtp.address, rtp.port + 1)
        }
        return IPEndpoint(rtcp.address?.ip ?? rtp.address, rtcp.port)
    }

    /// The a=rtpmap lines that can be read.
    public var rtpmaps: [SDPRTPMap] {
        attributes.compactMap { $0.isNamed("rtpmap") ? $0.value.flatMap { SDPRTPMap($0) } : nil }
    }

    /// The a=fmtp lines that can be read.
    public var fmtps: [SDPFormatParameters] {
        attributes.compactMap { $0.isNamed("fmtp") ? $0.value.flatMap { SDPFormatParameters($0) } : nil }
    }

    /// The rtpmap of one payload type number.
    public func rtpmap(_ payloadType: UInt8) -> SDPRTPMap? { rtpmaps.first { $0.payloadType == payloadType } }

    /// The parameters of one format.
    public func fmtp(_ format: String) -> String? { fmtps.first { $0.format == format }?.parameters }

    /// a=ptime: milliseconds of media in a packet (RFC 8866 §6.4).
    public var ptimeMs: UInt32? { attributes.value("ptime").flatMap { UInt32($0) } }
    /// a=maxptime: the most milliseconds of media in a packet (RFC 8866 §6.5).
    public var maxptimeMs: UInt32? { attributes.value("maxptime").flatMap { UInt32($0) } }
    /// a=rtcp (RFC 3605).
    public var rtcp: SDPRTCP? { attributes.value("rtcp").flatMap { SDPRTCP($0) } }
    /// a=rtcp-mux: RTCP may share the RTP port (RFC 5761 §5.1.1).
    public var rtcpMux: Bool { attributes.contains("rtcp-mux") }
    /// The a=crypto lines that can be read, in order of preference (RFC 4568 §5.1.1).
    public var crypto: [SDPCrypto] {
        attributes.compactMap { $0.isNamed("crypto") ? $0.value.flatMap { SDPCrypto($0) } : nil }
    }

    /// Why a=crypto lines can't be taken, for people; nothing of a key is in it.
    public var cryptoFaults: [String] {
        attributes.filter { $0.isNamed("crypto") }.enumerated().compactMap { place, attribute in
            guard let line = attribute.value.flatMap({ SDPCrypto($0) }) else {
                return "crypto line at place \(place + 1) is not taken: it can't be read"
            }
            return line.fault.map { "crypto line \(line.tag) is not taken: \($0.words)" }
        }
    }

    /// Writes these a=crypto lines in place of all others.
    public mutating func setCrypto(_ lines: [SDPCrypto]) {
        attributes.removeAll { $0.isNamed("crypto") }
        attributes += lines.map { SDPAttribute("crypto", $0.value) }
    }

    /// Clock rate in Hz of the first format: by its rtpmap, else by the static table (RFC 3551 §6); 8000 where unknown.
    public var clockRate: UInt32 {
        guard let first = formats.first, let payloadType = UInt8(first) else { return 8_000 }
        if let map = rtpmap(payloadType) { return map.clockRate }
        switch payloadType {
        case 6: return 16_000
        case 10, 11: return 44_100
        case 14, 25, 26, 28, 31...34: return 90_000
        case 16: return 11_025
        case 17: return 22_050
        default: return 8_000
        }
    }
}
