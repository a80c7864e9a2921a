/// An a= line: a property, or a name and a value (RFC 8866 §5.13).
public struct SDPAttribute: Hashable, Sendable {
    public let name: String
    /// What follows the colon; nil for a property.
    public let value: String?

    public init(_ name: String, _ value: String? = nil) { (self.name, self.value) = (name, value) }

    /// Compares names without regard to ASCII case: peers write `a=SendRecv`.
    @inline(__always)
    func isNamed(_ other: StaticString) -> Bool {
        let utf8 = name.utf8
        guard utf8.count == other.utf8CodeUnitCount else { return false }
        var index = 0
        for byte in utf8 {
            let lower: UInt8 = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
            guard lower == other.utf8Start[index] else { return false }
            index += 1
        }
        return true
    }
}

/// A b= line (RFC 8866 §5.8).
public struct SDPBandwidth: Hashable, Sendable {
    /// `AS` and `CT` are in kilobits a second, `TIAS`, `RS` and `RR` in bits a second.
    public let type: String
    public let value: UInt64

    public init(type: String, value: UInt64) { (self.type, self.value) = (type, value) }
}

/// A t= line with its r= lines (RFC 8866 §5.9, §5.10).
public struct SDPTiming: Hashable, Sendable {
    /// Seconds since 1900 (NTP); 0 for no bound.
    public let start: UInt64
    public let stop: UInt64
    /// The r= lines, as written.
    public var repeats: [String]

    public init(start: UInt64, stop: UInt64, repeats: [String] = []) {
        (self.start, self.stop, self.repeats) = (start, stop, repeats)
    }

    /// `t=0 0`: what every session made by SIP has (RFC 3264 §5).
    public static let permanent = SDPTiming(start: 0, stop: 0)
}

/// A line whose type letter this module does not know, or does not interpret where it stands.
public struct SDPLine: Hashable, Sendable {
    /// One ASCII letter.
    public let type: UInt8
    public let value: String

    public init(type: UInt8, value: String) { (self.type, self.value) = (type, value) }
}

/// An a=rtpmap line: what a payload type number stands for (RFC 8866 §6.6).
public struct SDPRTPMap: Hashable, Sendable {
    /// 0 ... 127.
    public let payloadType: UInt8
    /// As written; compare without regard to case.
    public let encoding: String
    /// Hertz.
    public let clockRate: UInt32
    /// For audio the number of channels; nil when not written, which means 1.
    public let parameters: String?

    public init(payloadType: UInt8, encoding: String, clockRate: UInt32, parameters: String? = nil) {
        (self.payloadType, self.encoding, self.clockRate, self.parameters) = (
            payloadType, encoding, clockRate, parameters
        )
    }

    /// Audio channels, 1 where none are written.
    public var channels: Int { parameters.flatMap { Int($0) } ?? 1 }

    /// Reads `96 L8/8000/2`.
    public init?(_ value: String) {
        let parts = value.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard parts.count == 2, let payloadType = UInt8(parts[0]), payloadType < 128 else { return nil }
        let codec = parts[1].split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard codec.count >= 2, !codec[0].isEmpty, let clockRate = UInt32(trimmed(codec[1])) else { return nil }
        self.init(
            payloadType: payloadType, encoding: trimmed(codec[0]), clockRate: clockRate,
            parameters: codec.count == 3 ? trimmed(codec[2]) : nil)
    }

    /// The value of the line, `96 L8/8000/2`.
    public var value: String {
        "\(payloadType) \(encoding)/\(clockRate)" + (parameters.map { "/" + $0 } ?? "")
    }
}

/// An a=fmtp line: the parameters of one format (RFC 8866 §6.15).
public struct SDPFormatParameters: Hashable, Sendable {
    public let format: String
    public let parameters: String

    public init(format: String, parameters: String) { (self.format, self.parameters) = (format, parameters) }

    init?(_ value: String) {
        let parts = value.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard parts.count == 2 else { return nil }
        self.init(format: String(parts[0]), parameters: trimmed(parts[1]))
    }
}

/// An a=rtcp line: where RTCP goes when not to the RTP port + 1 (RFC 3605).
public struct SDPRTCP: Hashable, Sendable {
    public let port: UInt16
    /// Nil: the address of the c= line.
    public let address: SDPAddress?

    public init(port: UInt16, address: SDPAddress? = nil) { (self.port, self.address) = (port, address) }

    init?(_ value: String) {
        let parts = value.split(separator: " ", omittingEmptySubsequences: true)
        guard let first = parts.first, let port = UInt16(first) else { return nil }
        guard parts.count > 1 else {
            self.init(port: port)
            return
        }
        guard parts.count == 4, let family = SDPAddress.Family(rawValue: parts[2].uppercased()) else { return nil }
        self.init(port: port, address: SDPAddress(family: family, text: String(parts[3])))
    }
}

/// `text` without blanks at either end.
func trimmed(_ text: Substring) -> String {
    var rest = text.utf8
    while let first = rest.first, first == 0x20 || first == 0x09 { rest.removeFirst() }
    while let last = rest.last, last == 0x20 || last == 0x09 { rest.removeLast() }
    return String(Substring(rest))
}
