/// Writes descriptions in the order of RFC 8866 §9, lines ending with CRLF.
struct SDPWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ session: SessionDescription) throws(SDPError) {
        bytes.reserveCapacity(512 + 256 * session.media.count)
        try line("v", "0")
        let origin = session.origin
        for part in [origin.username, origin.sessionID, origin.version, origin.address.text] {
            try token(part, field: "o", rule: "RFC 8866 §5.2")
        }
        try line("o", origin.value)
        try line("s", session.sessionName.isEmpty ? "-" : session.sessionName)
        try line("i", session.information)
        try line("u", session.uri)
        for email in session.emails { try line("e", email) }
        for phone in session.phones { try line("p", phone) }
        if let connection = session.connection { try write(connection) }
        try write(session.bandwidths)
        for timing in session.timings.isEmpty ? [.permanent] : session.timings {
            try line("t", "\(timing.start) \(timing.stop)")
            for rule in timing.repeats { try line("r", rule) }
        }
        try line("z", session.timeZones)
        try line("k", session.key)
        try write(session.otherLines)
        try write(session.attributes)
        for media in session.media { try write(media) }
    }

    private mutating func write(_ media: MediaDescription) throws(SDPError) {
        guard !media.formats.isEmpty, media.portCount > 0 else {
            throw SDPError(.malformed, line: nil, field: "m", rule: "RFC 8866 §9")
        }
        try token(media.kind.rawValue, field: "m", rule: "RFC 8866 §5.14")
        try token(media.transportProtocol, field: "m", rule: "RFC 8866 §5.14")
        var value: String = "\(media.kind.rawValue) \(media.port)"
        if media.portCount > 1 { value += "/\(media.portCount)" }
        value += " \(media.transportProtocol)"
        for format in media.formats {
            try token(format, field: "m", rule: "RFC 8866 §5.14")
            value += " "
            value += format
        }
        try line("m", value)
        try line("i", media.information)
        if let connection = media.ownConnection { try write(connection) }
        for connection in media.furtherConnections { try write(connection) }
        try write(media.bandwidths)
        try line("k", media.key)
        try write(media.otherLines)
        try write(media.attributes)
    }

    private mutating func write(_ connection: SDPConnection) throws(SDPError) {
        try token(connection.address.text, field: "c", rule: "RFC 8866 §5.7")
        try line("c", connection.value)
    }

    private mutating func write(_ bandwidths: [SDPBandwidth]) throws(SDPError) {
        for bandwidth in bandwidths {
            try token(bandwidth.type, field: "b", rule: "RFC 8866 §5.8")
            try line("b", "\(bandwidth.type):\(bandwidth.value)")
        }
    }

    private mutating func write(_ lines: [SDPLine]) throws(SDPError) {
        for other in lines {
            guard (other.type | 0x20) >= 0x61, (other.type | 0x20) <= 0x7A else {
                throw SDPError(.malformed, line: nil, field: "other line", rule: "RFC 8866 §5")
            }
            try put(other.type, other.value)
        }
    }

    private mutating func write(_ attributes: [SDPAttribute]) throws(SDPError) {
        for attribute in attributes {
            guard !attribute.name.isEmpty, !attribute.name.utf8.contains(UInt8(ascii: ":")) else {
                throw SDPError(.malformed, line: nil, field: "a", rule: "RFC 8866 §5.13")
            }
            try put(UInt8(ascii: "a"), attribute.name, attribute.value)
        }
    }

    private mutating func line(_ type: Unicode.Scalar, _ value: String?) throws(SDPError) {
        if let value { try put(UInt8(ascii: type), value) }
    }

    private mutating func put(_ type: UInt8, _ value: String, _ more: String? = nil) throws(SDPError) {
        bytes.append(type)
        bytes.append(UInt8(ascii: "="))
        let start = bytes.count
        bytes.append(contentsOf: value.utf8)
        if let more {
            bytes.append(UInt8(ascii: ":"))
            bytes.append(contentsOf: more.utf8)
        }
        for byte in bytes[start...] where byte == 0x0D || byte == 0x0A || byte == 0 {
            throw SDPError(.illegalByte, line: nil, field: String(decoding: [type], as: UTF8.self), rule: "RFC 8866 §9")
        }
        bytes.append(0x0D)
        bytes.append(0x0A)
    }

    /// Checks one blank-separated part of a line.
    private func token(_ text: String, field: String, rule: String) throws(SDPError) {
        guard !text.isEmpty, !text.utf8.contains(0x20), !text.utf8.contains(0x09) else {
            throw SDPError(.malformed, line: nil, field: field, rule: rule)
        }
    }
}
