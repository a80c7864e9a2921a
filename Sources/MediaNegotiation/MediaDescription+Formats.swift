internal import SDP

extension MediaDescription {
    /// Left out of what another leg is told: what belongs to the formats replaced, or to a stream of RTP that is not the author's any
    /// more once its headers are written anew.
    private static let replaced: Set<String> = [
        "rtpmap", "fmtp", "rtcp-fb", "extmap", "extmap-allow-mixed", "ssrc", "ssrc-group", "msid", "rtcp-rsize",
    ]

    /// Names these formats and no others.
    /// - Parameter packetTimeMs: asked for where the other party asks for nothing.
    mutating func write(_ formats: [AudioFormat], packetTimeMs: UInt8) {
        self.formats = formats.map { String($0.number) }
        let lines: [SDPAttribute] = formats.flatMap { format in
            let map = SDPAttribute("rtpmap", "\(format.number) \(format.encoding)")
            guard let parameters = format.parameters else { return [map] }
            return [map, SDPAttribute("fmtp", "\(format.number) \(parameters)")]
        }
        let place: Int = attributes.firstIndex { $0.name.lowercased() == "rtpmap" } ?? 0
        let before: Int = attributes[..<place].count { MediaDescription.replaced.contains($0.name.lowercased()) }
        attributes.removeAll { MediaDescription.replaced.contains($0.name.lowercased()) }
        attributes.insert(contentsOf: lines, at: place - before)
        // A codec that is only relayed comes in the packets its author makes.
        let isKnown: Bool = formats.speech.allSatisfy { $0.codec != nil }
        if ptimeMs == nil, isKnown {
            attributes.insert(SDPAttribute("ptime", String(packetTimeMs)), at: place - before + lines.count)
        }
    }

    mutating func setMux(_ isOn: Bool) {
        let names: Set<String> = ["rtcp-mux", "rtcp-mux-only"]
        let has: Bool = attributes.contains { names.contains($0.name.lowercased()) }
        if isOn == has { return }
        attributes.removeAll { names.contains($0.name.lowercased()) }
        if isOn { attributes.append(SDPAttribute("rtcp-mux")) }
    }

    /// Sends and takes no more than `offer` allows (RFC 3264 §6.1).
    mutating func limit(to offer: MediaDescription) {
        let fitting: MediaDirection = meantDirection.limited(to: offer.meantDirection.reversed)
        if fitting != meantDirection { direction = fitting }
    }

    /// Refused as it was offered (RFC 3264 §6).
    mutating func refuse(like offer: MediaDescription) {
        port = 0
        transportProtocol = offer.transportProtocol
        formats = offer.formats
        attributes = []
    }
}
