internal import Codecs
internal import MediaSession
public import SDP

/// What one party is told after another one spoke, so that they understand each other.
///
/// The formats of audio streams are negotiated. Those of every other stream pass as they are, under the same numbers, relayed. How the
/// packets of a stream travel, and what protects them, is each leg's own: ``StreamTransport``.
public enum MediaNegotiation {
    /// Whether the formats of a stream are negotiated.
    public static func negotiates(_ media: MediaDescription) -> Bool {
        media.kind == .audio && StreamTransport.isRTP(media)
    }

    /// The codecs of the audio streams that a description names, for people.
    public static func codecs(in description: SessionDescription) -> [String] {
        var found: [String] = []
        for media in description.media where media.kind == .audio {
            for label in AudioFormat.read(media).labels where !found.contains(label) { found.append(label) }
        }
        return found
    }

    // MARK: Offers

    /// What `target` is offered after `source` described its media: what both may use, in the order of `target`'s policy, then what
    /// can be made of it.
    /// - Parameters:
    ///   - description: of the other party; an offer, or what it last held to.
    ///   - numbers: of the target's leg, one an m-line; grown as needed.
    /// - Throws: ``MediaIncompatibility`` where no audio stream is left.
    public static func offer(
        _ description: SessionDescription, from source: CodecPolicy, to target: CodecPolicy,
        numbers: inout [PayloadNumbers]
    ) throws(MediaIncompatibility) -> SessionDescription {
        var result: SessionDescription = description
        var failure: MediaIncompatibility?
        var isOpen = false
        while numbers.count < result.media.count { numbers.append(PayloadNumbers()) }
        for index in result.media.indices where !result.media[index].isRejected && negotiates(result.media[index]) {
            let offered: [AudioFormat] = AudioFormat.read(result.media[index])
            do throws(MediaIncompatibility) {
                let formats = try formats(of: offered, from: source, to: target, numbers: &numbers[index])
                result.media[index].write(formats, packetTimeMs: target.packetTimeMs)
                isOpen = true
            } catch {
                failure = failure ?? error
                result.media[index].port = 0
            }
        }
        if let failure, !isOpen { throw failure }
        return result
    }

    private static func formats(
        of offered: [AudioFormat], from source: CodecPolicy, to target: CodecPolicy, numbers: inout PayloadNumbers
    ) throws(MediaIncompatibility) -> [AudioFormat] {
        let usable: [AudioFormat] = offered.filter { source.rank(of: $0) != nil }
        let speech: [AudioFormat] = speech(of: usable, from: source, to: target)
        guard !speech.isEmpty else {
            let isForbidden: Bool = usable.isEmpty || (source.transcoding && target.transcoding)
            throw MediaIncompatibility(
                isForbidden ? .forbidden : .transcodingForbidden, offered: offered.labels,
                taken: (usable.isEmpty ? source : target).codecs.map(\.rawValue))
        }
        let clocks: [UInt32] = speech.clockRates
        var formats: [AudioFormat] = speech + offered.filter { isNoise($0) && clocks.contains($0.clockRate) }
        if target.takesEvents { formats += events(for: clocks, known: offered) }
        for index in formats.indices {
            let wish: UInt8? = offered.holds(formats[index]) ? formats[index].number : nil
            formats[index].number = numbers.number(of: formats[index], wish: wish)
        }
        return formats
    }

    /// What both may use, in the target's order, then what the target may use and we can make into something of the source's.
    private static func speech(of usable: [AudioFormat], from source: CodecPolicy, to target: CodecPolicy)
        -> [AudioFormat]
    {
        var ranked: [(rank: Int, place: Int, format: AudioFormat)] = []
        for (place, format) in usable.enumerated() {
            if let rank = target.rank(of: format) { ranked.append((rank, place, format)) }
        }
        ranked.sort { ($0.rank, $0.place) < ($1.rank, $1.place) }
        var speech: [AudioFormat] = ranked.map(\.format)
        let best: UInt32? = usable.compactMap { $0.codec?.sampleRate }.max()
        guard source.transcoding, target.transcoding, let best else { return speech }
        let known: [PolicyCodec] = speech.compactMap { $0.codec.map { PolicyCodec($0) } }
        for name in target.codecs where !known.contains(name) {
            if let codec = name.codec(upTo: best) { speech.append(AudioFormat(number: 0, codec)) }
        }
        return speech
    }

    private static func position(_ format: AudioFormat, _ list: [AudioFormat]) -> Int {
        list.firstIndex { $0.identity == format.identity } ?? list.count
    }

    private static func isNoise(_ format: AudioFormat) -> Bool {
        if case .comfortNoise = format.content { return true }
        return false
    }

    private static func isEvent(_ format: AudioFormat) -> Bool {
        if case .telephoneEvent = format.content { return true }
        return false
    }

    /// Events for each clock: those that are known, and others where phones have them (RFC 4733 §2.1, RFC 7587 §7).
    private static func events(for clocks: [UInt32], known: [AudioFormat]) -> [AudioFormat] {
        clocks.compactMap { clock in
            if let own = known.first(where: { isEvent($0) && $0.clockRate == clock }) { return own }
            guard [8000, 16_000, 48_000].contains(clock) else { return nil }
            return AudioFormat(
                number: 0, content: .telephoneEvent(clockRate: clock), encoding: "telephone-event/\(clock)",
                parameters: "0-16")
        }
    }

    // MARK: Answers

    /// The answer to a party's offer, after the other party said what it takes.
    /// - Parameters:
    ///   - offer: the party's.
    ///   - source: the party's policy.
    ///   - answer: the other party's last description.
    ///   - own: what the other party was told, to which its description belongs.
    ///   - target: the other party's policy.
    ///   - numbers: of the party's leg, one an m-line; grown as needed.
    /// - Throws: ``MediaIncompatibility`` where no audio stream is left.
    public static func answer(
        to offer: SessionDescription, of source: CodecPolicy, after answer: SessionDescription,
        own: SessionDescription, of target: CodecPolicy, numbers: inout [PayloadNumbers]
    ) throws(MediaIncompatibility) -> SessionDescription {
        var result: SessionDescription = answer
        var failure: MediaIncompatibility?
        var isOpen = false
        while numbers.count < result.media.count { numbers.append(PayloadNumbers()) }
        for index in result.media.indices where index < offer.media.count {
            let asked: MediaDescription = offer.media[index]
            result.media[index].limit(to: asked)
            let given: MediaDescription = result.media[index]
            if asked.isRejected || given.isRejected || negotiates(asked) != negotiates(given) {
                result.media[index].refuse(like: asked)
                continue
            }
            guard negotiates(asked) else { continue }
            result.media[index].transportProtocol = asked.transportProtocol
            let offered: [AudioFormat] = AudioFormat.read(asked)
            numbers[index].learn(offered)
            let told: MediaDescription = index < own.media.count ? own.media[index] : given
            let taken = AgreedAudio(local: told, remote: given).taken
            do throws(MediaIncompatibility) {
                let formats = try answered(offered, of: source, taken: taken, by: target)
                result.media[index].write(formats, packetTimeMs: source.packetTimeMs)
                result.media[index].setMux(asked.rtcpMux)
                isOpen = true
            } catch {
                failure = failure ?? error
                result.media[index].refuse(like: asked)
            }
        }
        if let failure, !isOpen { throw failure }
        return result
    }

    /// - Parameter taken: what the other party takes, what it likes best first.
    private static func answered(
        _ offered: [AudioFormat], of source: CodecPolicy, taken: [AudioFormat], by target: CodecPolicy
    ) throws(MediaIncompatibility) -> [AudioFormat] {
        let usable: [AudioFormat] = offered.filter { source.rank(of: $0) != nil }
        var formats: [AudioFormat] = taken.speech.compactMap { format in
            usable.same(as: format).map { own in
                var shared: AudioFormat = own
                shared.parameters = format.parameters
                return shared
            }
        }
        let isRelayed: Bool = !formats.isEmpty
        if !isRelayed {
            guard source.transcoding, target.transcoding else {
                throw MediaIncompatibility(.transcodingForbidden, offered: offered.labels, taken: taken.labels)
            }
            guard let pair = MediaChoice.bestPair(usable, taken), let heard = pair.second.codec else {
                let reason: MediaIncompatibility.Reason =
                    taken.speech.isEmpty ? .nothingTaken : usable.isEmpty ? .forbidden : .unknownCodecs
                throw MediaIncompatibility(reason, offered: offered.labels, taken: taken.labels)
            }
            formats = [pair.first.answered(upTo: heard.sampleRate)]
        }
        let clocks: [UInt32] = formats.clockRates
        // Between packets that are made, noise is made and described too; what is relayed goes to who has it.
        formats += offered.filter {
            isNoise($0) && clocks.contains($0.clockRate) && (!isRelayed || taken.holds($0))
        }
        return formats + (source.takesEvents ? answeredEvents(offered, clocks) : [])
    }

    /// Whether a party's new offer can be answered without the other party: they still share a codec, and the other one has been asked
    /// about every codec in it that both may use.
    /// - Parameter audio: the other party's.
    public static func canAbsorb(
        _ offer: MediaDescription, of source: CodecPolicy, with audio: AgreedAudio, of target: CodecPolicy
    ) -> Bool {
        let usable: [AudioFormat] = AudioFormat.read(offer).filter {
            source.rank(of: $0) != nil && target.rank(of: $0) != nil
        }
        return usable.contains { audio.taken.holds($0) }
            && usable.allSatisfy { audio.local.holds($0) || audio.remote.holds($0) }
    }

    /// Says again what a stream was said to be last, as the answer to another offer: what of it is offered, by the offer's numbers.
    public static func `repeat`(_ own: inout MediaDescription, answering offer: MediaDescription) {
        let said: [AudioFormat] = AudioFormat.read(own)
        var formats: [AudioFormat] = []
        for asked in AudioFormat.read(offer) {
            guard let known = said.same(as: asked) else { continue }
            var format: AudioFormat = asked
            format.parameters = known.parameters
            formats.append(format)
        }
        guard !own.isRejected, !formats.speech.isEmpty else { return own.refuse(like: offer) }
        own.write(formats, packetTimeMs: UInt8(clamping: own.ptimeMs ?? 20))
    }

    /// The events of an offer that go with these clocks. A phone that has none of a clock sends those of another one.
    private static func answeredEvents(_ offered: [AudioFormat], _ clocks: [UInt32]) -> [AudioFormat] {
        let all: [AudioFormat] = offered.filter(isEvent)
        let fitting: [AudioFormat] = all.filter { clocks.contains($0.clockRate) }
        return (fitting.isEmpty ? Array(all.prefix(1)) : fitting).map { format in
            var answered: AudioFormat = format
            answered.parameters = (format.parameters ?? "").contains("16") ? "0-16" : "0-15"
            return answered
        }
    }
}

extension AudioFormat {
    /// The format as we answer it where its bytes are ours to make and to read.
    fileprivate func answered(upTo sampleRate: UInt32) -> AudioFormat {
        var result: AudioFormat = self
        if let codec { result.parameters = PolicyCodec(codec).codec(upTo: sampleRate)?.formatParameters }
        return result
    }
}
