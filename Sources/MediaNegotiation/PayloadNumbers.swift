internal import Codecs
internal import MediaSession
public import SDP

/// What each payload type number stands for on one stream of one leg, for as long as the leg lives: a number that was given to one
/// coding is never given to another one (RFC 3264 §8.3.2).
public struct PayloadNumbers: Hashable, Sendable {
    /// What any number was ever said to stand for.
    private var identities: [UInt8: String] = [:]
    /// What we gave, and keep.
    private var given: [String: UInt8] = [:]

    public init() {}

    /// Takes in what the party itself says.
    public mutating func learn(_ media: MediaDescription) { learn(AudioFormat.read(media)) }

    mutating func learn(_ formats: [AudioFormat]) {
        for format in formats { identities[format.number] = format.identity }
    }

    /// The number a coding has, or gets now.
    /// - Parameter wish: what it has elsewhere; taken where it is free.
    mutating func number(of format: AudioFormat, wish: UInt8?) -> UInt8 {
        if let known = given[format.identity] { return known }
        if let known = identities.filter({ $0.value == format.identity }).keys.min() { return known }
        let usual: [UInt8] = [format.codec?.staticPayloadType, wish, format.usualNumber].compactMap { $0 }
        let chosen: UInt8 =
            usual.first { isFree($0, for: format) } ?? PayloadNumbers.range.first { identities[$0] == nil }
            // 61 codings on one stream: nobody has them, and nothing breaks where two share a number.
            ?? 127
        (identities[chosen], given[format.identity]) = (format.identity, chosen)
        return chosen
    }

    private func isFree(_ number: UInt8, for format: AudioFormat) -> Bool {
        guard identities[number] == nil else { return false }
        guard number < 35 else { return PayloadNumbers.isDynamic(number) }
        // 2 and others without a meaning of their own are used by old phones with one that they say.
        return AudioFormat.standard(number).map { $0.identity == format.identity } ?? true
    }

    /// Those of RFC 3551 §6, then those that RFC 3551 §3 leaves unassigned; 64 ... 95 are RTCP's where it shares the port.
    private static let range: [UInt8] = Array(96...127) + Array(35...63)

    private static func isDynamic(_ number: UInt8) -> Bool { (96...127).contains(number) || (35...63).contains(number) }
}

extension AudioFormat {
    /// The number most phones give it.
    fileprivate var usualNumber: UInt8? {
        switch content {
        case .audio(.opus(_)): 107
        case .audio(.l16(_, _)): 112
        case .audio: nil
        case .telephoneEvent(8000): 101
        case .telephoneEvent(16_000): 102
        case .telephoneEvent(48_000): 110
        case .telephoneEvent: nil
        case .comfortNoise(8000): 13
        case .comfortNoise, .other: nil
        }
    }
}
