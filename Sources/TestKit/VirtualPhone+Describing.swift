internal import Basics
internal import SDP
internal import SIPDialog
internal import SIPMessage

/// Session descriptions of a phone, written by hand.
extension VirtualPhone {
    /// An offer of what the call has now.
    func offer(_ call: PhoneCall) -> [UInt8] {
        let known: SessionDescription? = call.offers.agreed.flatMap { try? SessionDescription.parse($0.local) }
        let count: Int = max(known?.media.count ?? 1, call.hasVideo ? 2 : 1)
        var lines: [String] = []
        for position in 0..<count {
            let isAudio: Bool = position == 0
            lines += stream(
                isAudio ? "audio" : "video", isOpen: isAudio || call.hasVideo, call, direction: call.direction,
                formats: nil, position)
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
            let takesVideo: Bool = call.hasVideo || !(call.calleePlan?.refusesVideo ?? true)
            if !isAudio, takesVideo, !media.isRejected { call.hasVideo = true }
            let isOpen: Bool = !media.isRejected && (isAudio || takesVideo)
            let direction: String = VirtualPhone.answer(to: media.direction, ours: call.direction)
            lines += stream(
                isAudio ? "audio" : "video", isOpen: isOpen, call, direction: direction, formats: media.formats,
                position)
        }
        return text(lines, call)
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
        _ kind: String, isOpen: Bool, _ call: PhoneCall, direction: String, formats: [String]?, _ position: Int
    ) -> [String] {
        let port: Int = isOpen ? Int(call.rtpPort) + 2 * position : 0
        let own: [String] = kind == "audio" ? ["8", "0", "101"] : ["96"]
        let list: [String] = formats.map { offered in own.filter { offered.contains($0) } } ?? own
        var lines: [String] = [
            "m=\(kind) \(port) RTP/AVP \((list.isEmpty ? formats ?? own : list).joined(separator: " "))"
        ]
        guard isOpen else { return lines }
        if kind == "video" { lines.append("a=rtpmap:96 H264/90000") }
        if kind == "audio", list.contains("101") { lines += ["a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16"] }
        lines.append("a=\(direction)")
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
                ] + streams
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
        guard offer.media.count == answer.media.count else {
            return fault("an answer with \(answer.media.count) streams to an offer of \(offer.media.count)", call)
        }
        for (asked, given) in zip(offer.media, answer.media) {
            if asked.isRejected, !given.isRejected { fault("a refused stream comes back open in the answer", call) }
            if given.isRejected { continue }
            if given.direction.sends, !asked.direction.receives {
                fault("the answer sends where the offer takes nothing", call)
            }
            if given.direction.receives, !asked.direction.sends {
                fault("the answer takes where the offer sends nothing", call)
            }
            if !asked.formats.contains(where: { given.formats.contains($0) }) {
                fault("the answer has none of the offered formats", call)
            }
        }
    }
}
