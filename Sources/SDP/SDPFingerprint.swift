/// An a=fingerprint line: a hash of the author's certificate (RFC 8122 §5).
public struct SDPFingerprint: Hashable, Sendable {
    /// `sha-256`, …; in lower case.
    public let hash: String
    public let value: [UInt8]

    public init(hash: String, value: [UInt8]) { (self.hash, self.value) = (hash.lowercased(), value) }

    /// Reads `sha-256 12:DF:3E:…`; nil where it does not follow the grammar. Small letters are taken.
    public init?(_ text: String) {
        let words = text.split(omittingEmptySubsequences: true) { $0 == " " || $0 == "\t" }
        guard words.count == 2 else { return nil }
        var bytes: [UInt8] = []
        for digits in words[1].split(separator: ":", omittingEmptySubsequences: false) {
            guard digits.utf8.count == 2, digits.utf8.allSatisfy(SDPFingerprint.isHex),
                let byte = UInt8(digits, radix: 16)
            else { return nil }
            bytes.append(byte)
        }
        self.init(hash: String(words[0]), value: bytes)
    }

    /// The value of the line.
    public var text: String {
        let pairs: [String] = value.map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
        return "\(hash) \(pairs.joined(separator: ":"))"
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte & 0xDF)
    }
}

/// The a=setup line: who begins the handshake (RFC 4145 §4, RFC 5763 §5).
public enum SDPSetup: String, Hashable, Sendable, CaseIterable {
    /// The author sends the ClientHello.
    case active
    /// The author waits for it.
    case passive
    /// The author does either, as the answer wants it.
    case actpass
    /// No handshake for now.
    case holdconn

    /// The answer to this offer: as wanted where the offer leaves the choice. RFC 5763 §5 likes `active` better, as the first packet
    /// then opens a NAT; one that is reached from anywhere, as a lite agent is, may wait.
    public func answer(preferring wanted: SDPSetup = .active) -> SDPSetup {
        switch self {
        case .active: .passive
        case .passive: .active
        case .actpass: wanted == .passive ? .passive : .active
        case .holdconn: .holdconn
        }
    }
}
