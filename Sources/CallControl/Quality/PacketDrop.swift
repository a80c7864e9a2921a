public import MediaSession

/// Why packets were dropped.
public enum PacketDrop: String, CaseIterable, Sendable {
    case source, ssrc, malformed, undeliverable, type, unauthentic, check, handshake, other

    /// As a call's trace names them, after their number.
    var words: String {
        switch self {
        case .source: "from another source"
        case .ssrc: "with another SSRC"
        case .malformed: "cut short or not RTP"
        case .undeliverable: "with nobody to send them to"
        case .type: "of a payload type that was not agreed"
        case .unauthentic: "forged, replayed or not of the agreed keys"
        case .check: "of ICE checks that are not to be answered"
        case .handshake: "of DTLS that is not to be answered"
        case .other: "for other reasons"
        }
    }
}

extension MediaStatistics {
    public func dropped(_ kind: PacketDrop) -> UInt64 {
        switch kind {
        case .source: droppedWrongSource
        case .ssrc: droppedWrongSSRC
        case .malformed: droppedMalformed
        case .undeliverable: droppedUndeliverable
        case .type: droppedPayloadType
        case .unauthentic: droppedUnauthenticated
        case .check: droppedChecks
        case .handshake: droppedHandshakes
        case .other: otherwiseDropped
        }
    }

    private var otherwiseDropped: UInt64 {
        var named: UInt64 = 0
        for kind in PacketDrop.allCases where kind != .other { named &+= dropped(kind) }
        return packetsDropped > named ? packetsDropped - named : 0
    }

    /// `12 dropped (10 from another source, 2 cut short or not RTP)`; empty where none was.
    var droppedInWords: String {
        guard packetsDropped > 0 else { return "" }
        let kinds: [String] = PacketDrop.allCases.compactMap { kind in
            let count: UInt64 = dropped(kind)
            return count > 0 ? "\(count) \(kind.words)" : nil
        }
        return "\(packetsDropped) dropped (\(kinds.joined(separator: ", ")))"
    }
}
