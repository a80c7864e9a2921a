public import MediaSession
public import SDP

/// One leg's audio stream as both ends have described it.
public struct AgreedAudio: Hashable, Sendable {
    /// What we said.
    public let local: [AudioFormat]
    /// What the party said.
    public let remote: [AudioFormat]

    /// - Parameters:
    ///   - local: the m-line we sent.
    ///   - remote: the party's.
    public init(local: MediaDescription, remote: MediaDescription) {
        let own: [AudioFormat] = AudioFormat.read(local)
        (self.local, self.remote) = (own, AudioFormat.read(remote, answering: own))
    }

    /// The same without events: those of a party whose digits come in another way.
    public var incomingWithoutEvents: [MediaFormat] {
        incoming.filter { format in
            if case .telephoneEvent = format.content { false } else { true }
        }
    }

    /// What may be sent to the party: what it named of what we named, with its numbers; what it likes best first.
    public var taken: [AudioFormat] { remote.filter { local.holds($0) } }

    /// ``MediaEndpointPlan/incoming``: what both named, with our numbers (RFC 3264 §6.1). Events and noise may come though the party
    /// did not name them: phones do that, and it costs nothing.
    public var incoming: [MediaFormat] {
        local.filter { !$0.isSpeech || remote.holds($0) }.map(\.mediaFormat)
    }

    /// ``MediaEndpointPlan/outgoing``, while nothing is known of the other party.
    public var outgoing: [MediaFormat] { taken.map(\.mediaFormat) }

    /// ``MediaEndpointPlan/outgoing``, with the codecs of `chosen` first, in that order.
    func outgoing(_ chosen: [AudioFormat]) -> [MediaFormat] {
        let all: [AudioFormat] = taken
        let first: [AudioFormat] = chosen.compactMap { all.same(as: $0) }
        return (first + all.filter { !first.holds($0) }).map(\.mediaFormat)
    }

    var takesEvents: Bool {
        taken.contains {
            if case .telephoneEvent = $0.content { true } else { false }
        }
    }

    /// How digits come and go.
    /// - Parameter speaksINFO: the party said, or showed, that it takes them by INFO.
    public func digits(_ preference: DigitPreference, speaksINFO: Bool) -> (
        incoming: DigitTransport, outgoing: DigitTransport
    ) {
        switch preference {
        case .info: return (.info, .info)
        case .automatic, .events:
            if takesEvents { return (.events, .events) }
            if speaksINFO, preference == .automatic { return (.info, .info) }
        case .inBand: break
        }
        // Tones are made and found where the audio is understood.
        let hasTones: Bool = taken.contains { $0.codec != nil }
        return hasTones ? (.inBand, .inBand) : (.info, .info)
    }
}
