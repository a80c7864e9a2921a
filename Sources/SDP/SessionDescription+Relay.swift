public import Basics

/// Where one m-line's media arrives at the relay, as the other leg is told.
public struct SDPRelayEndpoint: Hashable, Sendable {
    public var address: IPAddress
    /// 1 ... 65 535.
    public var rtpPort: UInt16
    /// Nil: the RTP port + 1. Equal to `rtpPort` where RTCP shares it.
    public var rtcpPort: UInt16?
    /// Whether a=rtcp-mux is written; nil keeps what the description says.
    public var rtcpMux: Bool?

    public init(address: IPAddress, rtpPort: UInt16, rtcpPort: UInt16? = nil, rtcpMux: Bool? = nil) {
        (self.address, self.rtpPort, self.rtcpPort, self.rtcpMux) = (address, rtpPort, rtcpPort, rtcpMux)
    }
}

extension SessionDescription {
    /// The description as a relay in the middle passes it to the other leg.
    ///
    /// Every m-line keeps its place, its formats with their parameters, direction, bandwidth, crypto lines and unknown
    /// attributes. Replaced are o=, s= (by `-`), each c=, the ports and a=rtcp. Left out is what would name the author or its
    /// network: i=, u=, e=, p=, k=, unknown lines, ICE, BUNDLE groups (the relay gives each stream its own port), the author's
    /// product, and any attribute that holds one of the author's addresses. An address of 0.0.0.0 becomes a direction that does
    /// not receive (RFC 3264 §8.4), as it would be lost with the address.
    /// - Parameters:
    ///   - origin: the o= line of the other leg; its version grows by one with each change (RFC 3264 §8).
    ///   - endpoints: one for each m-line, in order; nil, or missing at the end, refuses the stream with port 0. A stream that has
    ///     port 0 already keeps it whatever is given.
    public func relayed(origin: SDPOrigin, endpoints: [SDPRelayEndpoint?]) -> SessionDescription {
        let secrets = ownAddresses
        var first: IPAddress?
        for (stream, endpoint) in zip(media, endpoints) where first == nil && !stream.isRejected {
            first = endpoint?.address
        }
        let connection: SDPConnection = first.map { SDPConnection($0) } ?? SDPConnection(origin.address)
        var result = SessionDescription(origin: origin, connection: connection)
        result.timings = timings.isEmpty ? [.permanent] : timings
        result.timeZones = timeZones
        result.bandwidths = bandwidths
        result.attributes = attributes.filter { $0.mayPass(secrets) }
        result.media = media.indices.map { index in
            media[index].relayed(
                endpoint: index < endpoints.count ? endpoints[index] : nil, session: connection, secrets: secrets)
        }
        return result
    }

    /// Every address in the description that is the author's, as text; domain names with a dot only.
    private var ownAddresses: Set<String> {
        var found: Set<String> = []
        func add(_ address: SDPAddress?) {
            guard let address, !address.isUnspecified,
                address.ip != nil || address.text.utf8.contains(UInt8(ascii: "."))
            else { return }
            found.insert(address.text)
        }
        add(origin.address)
        add(connection?.address)
        for stream in media {
            add(stream.ownConnection?.address)
            for further in stream.furtherConnections { add(further.address) }
            add(stream.rtcp?.address)
        }
        return found
    }
}

extension MediaDescription {
    fileprivate func relayed(endpoint: SDPRelayEndpoint?, session: SDPConnection, secrets: Set<String>)
        -> MediaDescription
    {
        var result = MediaDescription(kind: kind, port: 0, transportProtocol: transportProtocol, formats: formats)
        result.bandwidths = bandwidths
        result.attributes = attributes.filter { $0.mayPass(secrets) }
        if hasNoAddress { result.attributes.setDirection(meantDirection) }
        guard let endpoint, !isRejected else { return result }
        result.port = endpoint.rtpPort
        let own = SDPConnection(endpoint.address)
        if own != session { result.ownConnection = own }
        if let wanted = endpoint.rtcpMux {
            result.attributes.removeAll { $0.isNamed("rtcp-mux") || $0.isNamed("rtcp-mux-only") }
            if wanted { result.attributes.append(SDPAttribute("rtcp-mux")) }
        }
        if let rtcpPort = endpoint.rtcpPort, UInt32(rtcpPort) != UInt32(endpoint.rtpPort) + 1 {
            result.attributes.append(SDPAttribute("rtcp", String(rtcpPort)))
        }
        return result
    }
}

extension SDPAttribute {
    /// Names a relay never passes on, in lower case.
    private static let stopped: Set<String> = [
        // ICE (RFC 8839 §5, RFC 8840), with the drafts' names.
        "candidate", "remote-candidates", "ice-ufrag", "ice-pwd", "ice-lite", "ice-mismatch", "ice-options",
        "ice-pacing",
        "end-of-candidates", "ice2",
        // Addresses: RFC 3605 (written anew), RFC 6947, RFC 4570, the forms of older relays.
        "rtcp", "altc", "alt", "source-filter", "oldmediaip", "oldcip", "oldoip", "nortpproxy",
        // Streams share a port (RFC 8843, RFC 9143).
        "bundle-only",
        // Names the author's product (RFC 8866 §6.3, T.38 Annex D.2.3).
        "tool", "t38vendorinfo",
    ]

    func mayPass(_ secrets: Set<String>) -> Bool {
        let lower: String = name.lowercased()
        if SDPAttribute.stopped.contains(lower) { return false }
        guard let value else { return true }
        if lower == "group", value.lowercased().hasPrefix("bundle") { return false }
        for secret in secrets where value.mentions(secret) { return false }
        return true
    }
}

extension String {
    /// Whether `address` stands in this text, not as a part of a longer number or name.
    fileprivate func mentions(_ address: String) -> Bool {
        let text = Array(utf8)
        let sought = Array(address.utf8)
        guard !sought.isEmpty, text.count >= sought.count else { return false }
        for start in 0...(text.count - sought.count) where text[start] == sought[0] {
            guard text[start..<(start + sought.count)].elementsEqual(sought) else { continue }
            let before: UInt8? = start > 0 ? text[start - 1] : nil
            let end = start + sought.count
            let after: UInt8? = end < text.count ? text[end] : nil
            if !isInName(before), !isInName(after) { return true }
        }
        return false
    }

    private func isInName(_ byte: UInt8?) -> Bool {
        guard let byte else { return false }
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: return true
        default: return false
        }
    }
}
