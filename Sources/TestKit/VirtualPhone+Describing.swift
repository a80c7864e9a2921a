internal import Basics
internal import SDP
internal import SIPDialog
internal import SIPMessage

/// Session descriptions of a phone, written by hand.
extension VirtualPhone {
    /// An offer of what the call has now.
    func offer(_ call: PhoneCall) -> [UInt8] {
        let known: SessionDescription? = call.offers.agreed.flatMap { try? SessionDescription.parse($0.local) }
        let count: Int = max(
            known?.media.count ?? 1, call.hasVideo ? 2 : 1, (call.faxStream ?? 0) + 1, call.offersFax ? 2 : 1)
        var lines: [String] = []
        for position in 0..<count {
            if let fax = call.faxStream {
                lines +=
                    position == fax ? image(call, position) : ["m=\(position == 0 ? "audio" : "image") 0 RTP/AVP 0"]
                continue
            }
            if call.offersFax, position == 1 {
                lines += image(call, position)
                continue
            }
            if let known, position > 0, position < known.media.count, known.media[position].kind == .image {
                lines.append("m=image 0 udptl t38")
                continue
            }
            let isAudio: Bool = position == 0
            lines += stream(
                isAudio ? "audio" : "video", isOpen: isAudio || call.hasVideo, call, direction: call.direction,
                answering: nil, position)
        }
        return text(lines, call)
    }

    /// The answer to an offer; streams that are not audio may be refused.
    func answer(_ bytes: [UInt8], _ call: PhoneCall) -> [UInt8] {
        guard let offer = try? SessionDescription.parse(bytes) else {
            fault("an offer that can't be read", call)
            return text([], call)
        }
        var lines: [String] = []
        for (position, media) in offer.media.enumerated() {
            let isAudio: Bool = media.kind == .audio
            if media.isT38 {
                let isTaken: Bool = fax == .speaks && !media.isRejected
                if isTaken { call.faxStream = position }
                lines += isTaken ? image(call, position) : ["m=image 0 udptl t38"]
                continue
            }
            if isAudio, !media.isRejected { call.faxStream = nil }
            checkOffer(media, position, call)
            let takesVideo: Bool = call.hasVideo || !(call.calleePlan?.refusesVideo ?? true)
            if !isAudio, takesVideo, !media.isRejected { call.hasVideo = true }
            let isOpen: Bool =
                !media.isRejected && accepts(media) && (isAudio ? !speech(for: media).isEmpty : takesVideo)
            let direction: String = VirtualPhone.answer(to: media.direction, ours: call.direction)
            lines += stream(
                isAudio ? "audio" : "video", isOpen: isOpen, call, direction: direction, answering: media, position)
        }
        let own: [UInt8] = text(lines, call)
        noteSecurity(own: own, remote: bytes, call)
        return own
    }

    private func image(_ call: PhoneCall, _ position: Int) -> [String] {
        [
            "m=image \(Int(call.rtpPort) + 2 * position) udptl t38", "a=T38FaxVersion:0", "a=T38MaxBitRate:14400",
            "a=T38FaxRateManagement:transferredTCF", "a=T38FaxMaxDatagram:400", "a=T38FaxUdpEC:t38UDPRedundancy",
        ]
    }

    /// Whether the phone understands something of an offer.
    func understands(_ bytes: [UInt8]) -> Bool {
        guard let offer = try? SessionDescription.parse(bytes) else { return true }
        if fax == .none, offer.media.contains(where: { $0.isT38 && !$0.isRejected }) { return false }
        let audio = offer.media.filter { $0.kind == .audio && !$0.isRejected }
        return audio.isEmpty || audio.contains { !speech(for: $0).isEmpty && accepts($0) }
    }

    /// What the phone answers an offered stream with.
    private func speech(for offer: MediaDescription) -> [PhoneCodec] {
        let known: [(number: Int, codec: PhoneCodec)] = codecs.compactMap { codec in
            codec.number(in: offer).map { ($0, codec) }
        }
        if isStubborn { return known.map(\.codec) }
        let place: (Int) -> Int = { offer.formats.firstIndex(of: String($0)) ?? 0 }
        return known.sorted { place($0.number) < place($1.number) }.map { PhoneCodec($0.number, $0.codec.encoding) }
    }

    private func audioFormats(answering offer: MediaDescription?) -> [PhoneCodec] {
        guard let offer else { return codecs + (hasEvents ? [.events] : []) }
        guard hasEvents, let number = PhoneCodec.events.number(in: offer) else { return speech(for: offer) }
        return speech(for: offer) + [isStubborn ? .events : PhoneCodec(number, PhoneCodec.events.encoding)]
    }

    private static func answer(to offered: MediaDirection, ours: String) -> String {
        let weSend: Bool = ours == "sendrecv" || ours == "sendonly"
        let weTake: Bool = ours == "sendrecv" || ours == "recvonly"
        switch (weSend && offered.receives, weTake && offered.sends) {
        case (true, true): return "sendrecv"
        case (true, false): return "sendonly"
        case (false, true): return "recvonly"
        case (false, false): return "inactive"
        }
    }

    private func stream(
        _ kind: String, isOpen: Bool, _ call: PhoneCall, direction: String, answering offer: MediaDescription?,
        _ position: Int
    ) -> [String] {
        let port: Int = isOpen ? Int(call.rtpPort) + 2 * position : 0
        let profile: String = profile(position, call, answering: offer)
        let codecs: [PhoneCodec] = kind == "audio" ? audioFormats(answering: offer) : [PhoneCodec(96, "H264/90000")]
        let formats: [String] = isOpen || offer == nil ? codecs.map { String($0.number) } : offer?.formats ?? []
        var lines: [String] = ["m=\(kind) \(port) \(profile) \(formats.joined(separator: " "))"]
        guard isOpen else { return lines }
        for codec in codecs where codec.number >= 35 { lines.append("a=rtpmap:\(codec.number) \(codec.encoding)") }
        if let events = codecs.first(where: { $0.encoding == PhoneCodec.events.encoding }) {
            lines.append("a=fmtp:\(events.number) 0-16")
        }
        lines.append("a=\(direction)")
        lines += securityLines(position, port, call, answering: offer)
        return lines
    }

    private func text(_ streams: [String], _ call: PhoneCall) -> [UInt8] {
        let host: String = ownAddress.address.description
        let network: String = ownAddress.address.isV4 ? "IP4" : "IP6"
        let zero: String = ownAddress.address.isV4 ? "0.0.0.0" : "::"
        let connection: String = call.hasZeroAddress ? zero : host
        func write(_ version: UInt64) -> [UInt8] {
            let lines: [String] =
                [
                    "v=0", "o=\(mark) \(call.sdpSession) \(version) IN \(network) \(host)", "s=-",
                    "c=IN \(network) \(connection)",
                    "t=0 0",
                ] + (encryption == .browser ? ["a=group:BUNDLE 0"] : []) + streams
            return Array((lines.joined(separator: "\r\n") + "\r\n").utf8)
        }
        return write(call.offers.version(of: write(0)))
    }

    /// The body of a message, where it is a session description.
    func sdp(of message: SIPMessage, _ call: PhoneCall) -> [UInt8]? {
        guard !message.body.isEmpty, let type = try? message.contentType(), type.subtype == "sdp" else { return nil }
        let bytes: [UInt8] = Array(message.body)
        guard let parsed = try? SessionDescription.parse(bytes) else {
            fault("a session description that can't be read", call)
            return bytes
        }
        // A copy of a reliable 1xx says what was true when it was sent first.
        if message.status?.isProvisional != true, let agreed = call.offers.agreed,
            let before = try? SessionDescription.parse(agreed.remote),
            parsed.media.count < before.media.count
        {
            fault("\(before.media.count) streams became \(parsed.media.count)", call)
        }
        return bytes
    }

    /// Judges an answer by the offer it answers (RFC 3264 §6).
    func checkAnswer(_ bytes: [UInt8], _ call: PhoneCall) {
        guard let agreed = call.offers.agreed, let offer = try? SessionDescription.parse(agreed.local),
            let answer = try? SessionDescription.parse(bytes)
        else { return }
        // What was offered beside the speech is offered once.
        call.offersFax = false
        guard offer.media.count == answer.media.count else {
            return fault("an answer with \(answer.media.count) streams to an offer of \(offer.media.count)", call)
        }
        noteSecurity(own: agreed.local, remote: bytes, call)
        for (asked, given) in zip(offer.media, answer.media) {
            if asked.isRejected, !given.isRejected { fault("a refused stream comes back open in the answer", call) }
            if given.isRejected { continue }
            checkSecurity(asked: asked, given: given, call)
            if given.direction.sends, !asked.direction.receives {
                fault("the answer sends where the offer takes nothing", call)
            }
            if given.direction.receives, !asked.direction.sends {
                fault("the answer takes where the offer sends nothing", call)
            }
            if given.kind == .audio, given.formats.contains(where: { !asked.formats.contains($0) }) {
                fault("the answer has formats that were not offered: \(given.formats) of \(asked.formats)", call)
            }
            if !asked.formats.contains(where: { given.formats.contains($0) }) {
                fault("the answer has none of the offered formats", call)
            }
        }
    }
}
