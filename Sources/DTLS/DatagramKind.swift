/// What a datagram on a port of media is, by its first byte (RFC 7983 §7, RFC 9443 §4).
public enum DatagramKind: Hashable, Sendable {
    /// 0 ... 3
    case stun
    /// 16 ... 19 (RFC 6189)
    case zrtp
    /// 20 ... 63
    case dtls
    /// 64 ... 79: TURN's channels (RFC 8656 §12.4)
    case turnChannel
    /// 128 ... 191: RTP or RTCP, which the payload type tells apart (RFC 5761 §4)
    case rtp
    /// Any other; dropped.
    case unknown

    @inlinable
    public init(firstByte: UInt8) {
        switch firstByte {
        case 0...3: self = .stun
        case 16...19: self = .zrtp
        case 20...63: self = .dtls
        case 64...79: self = .turnChannel
        case 128...191: self = .rtp
        default: self = .unknown
        }
    }
}
