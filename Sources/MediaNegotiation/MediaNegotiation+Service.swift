internal import Codecs
internal import MediaSession
public import SDP

/// Where the other party is the server itself.
extension MediaNegotiation {
    /// What the server says of its own audio to a party's offer: of the offer's codecs the one the party's policy likes best and the
    /// server speaks, and keys as events. Streams that are no audio are refused, as is audio beyond the first.
    /// - Throws: ``MediaIncompatibility`` where the server speaks nothing of what is offered.
    public static func served(
        _ offer: SessionDescription, to policy: CodecPolicy
    ) throws(MediaIncompatibility) -> SessionDescription {
        var result = SessionDescription(origin: offer.origin)
        var failure: MediaIncompatibility?
        var isOpen = false
        for asked in offer.media {
            var media = MediaDescription(
                kind: asked.kind, port: 0, transportProtocol: asked.transportProtocol, formats: asked.formats)
            if !isOpen, !asked.isRejected, negotiates(asked) {
                do throws(MediaIncompatibility) {
                    let formats: [AudioFormat] = try served(AudioFormat.read(asked), policy)
                    (media.port, media.transportProtocol) = (9, "RTP/AVP")
                    media.write(formats, packetTimeMs: policy.packetTimeMs)
                    isOpen = true
                } catch { failure = failure ?? error }
            }
            result.media.append(media)
        }
        if let failure, !isOpen { throw failure }
        return result
    }

    private static func served(
        _ offered: [AudioFormat], _ policy: CodecPolicy
    ) throws(MediaIncompatibility) -> [AudioFormat] {
        var best: (rank: Int, format: AudioFormat)?
        for format in offered where format.codec != nil {
            guard let rank = policy.rank(of: format) else { continue }
            if let known = best, known.rank <= rank { continue }
            best = (rank, format)
        }
        guard let best else {
            throw MediaIncompatibility(
                offered.contains { $0.codec != nil } ? .forbidden : .unknownCodecs, offered: offered.labels,
                taken: policy.codecs.map(\.rawValue))
        }
        let events: [AudioFormat] = offered.filter { format in
            if case .telephoneEvent = format.content { true } else { false }
        }
        return [best.format] + events
    }

    /// What the server offers to a party that asks for an offer: every codec of the policy that the server speaks.
    public static func serverOffer(to policy: CodecPolicy, origin: SDPOrigin) -> SessionDescription {
        var formats: [AudioFormat] = []
        for name in policy.codecs {
            guard let codec = name.codec(upTo: 48_000) else { continue }
            formats.append(AudioFormat(number: UInt8(clamping: 96 + formats.count), codec))
        }
        var media = MediaDescription(kind: .audio, port: 9, formats: [])
        media.write(formats, packetTimeMs: policy.packetTimeMs)
        return SessionDescription(origin: origin, media: [media])
    }
}
