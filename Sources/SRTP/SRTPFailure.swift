/// Why a packet was not protected, or not taken.
public enum SRTPFailure: Error, Hashable, Sendable {
    /// The tag is wrong: forged, damaged, or of another key.
    case authenticationFailed
    /// Its index was taken before or is too old to tell (RFC 3711 §3.3.2); when protecting: the index was used before.
    case replayed
    /// Too short for its header, index, identifier and tag.
    case tooShort
    /// Not version 2, or a header that does not fit its packet.
    case malformed
    /// The master key identifier names no key of ours.
    case unknownMKI
    /// The key has protected all it may (RFC 3711 §9.2), or the index is used up.
    case keyExhausted
    /// Another source when the table of sources is full.
    case tooManySources
    /// The buffer has no room for what the packet grows by, or the packet is longer than 65 535 bytes.
    case noRoom
    /// The cipher itself failed.
    case cipherFailed
}

/// What a context did, by kind, since it was made.
public struct SRTPCounters: Hashable, Sendable {
    /// Packets protected, or found good.
    public var packets: UInt64 = 0
    public var authenticationFailed: UInt64 = 0
    public var replayed: UInt64 = 0
    public var tooShort: UInt64 = 0
    public var malformed: UInt64 = 0
    public var unknownMKI: UInt64 = 0
    public var keyExhausted: UInt64 = 0
    public var tooManySources: UInt64 = 0
    public var noRoom: UInt64 = 0
    public var cipherFailed: UInt64 = 0

    public init() {}

    /// All packets that were refused.
    public var refused: UInt64 {
        authenticationFailed &+ replayed &+ tooShort &+ malformed &+ unknownMKI &+ keyExhausted &+ tooManySources
            &+ noRoom &+ cipherFailed
    }

    mutating func count(_ outcome: Result<Int, SRTPFailure>) {
        switch outcome {
        case .success: packets &+= 1
        case .failure(.authenticationFailed): authenticationFailed &+= 1
        case .failure(.replayed): replayed &+= 1
        case .failure(.tooShort): tooShort &+= 1
        case .failure(.malformed): malformed &+= 1
        case .failure(.unknownMKI): unknownMKI &+= 1
        case .failure(.keyExhausted): keyExhausted &+= 1
        case .failure(.tooManySources): tooManySources &+= 1
        case .failure(.noRoom): noRoom &+= 1
        case .failure(.cipherFailed): cipherFailed &+= 1
        }
    }
}
