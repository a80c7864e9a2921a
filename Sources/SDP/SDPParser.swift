internal import Basics

/// Reads one description line by line; leniency is listed at ``SessionDescription/parse(_:limits:)``.
struct SDPParser {
    private let limits: SDPLimits
    private var line = 0
    private var sawVersion = false
    private var origin: SDPOrigin?
    private var sessionName: String?
    private var timings: [SDPTiming] = []
    /// What needs no check at the end goes straight into the result.
    private var session = SessionDescription(
        origin: SDPOrigin(username: "-", sessionID: "0", version: "0", address: SDPAddress(.anyV4)))
    private var sessionConnection: SDPConnection?
    private var sessionAttributes: [SDPAttribute] = []
    private var media: [MediaDescription] = []

    init(limits: SDPLimits) { self.limits = limits }

    mutating func parse(_ bytes: ArraySlice<UInt8>) throws(SDPError) -> SessionDescription {
        guard bytes.count <= limits.bytes else {
            throw SDPError(.tooLarge, line: nil, field: "v", rule: "limit of \(limits.bytes) bytes")
        }
        var start = bytes.startIndex
        while start < bytes.endIndex {
            let newline = bytes[start...].firstIndex(of: 0x0A) ?? bytes.endIndex
            var end = newline
            if end > start, bytes[end - 1] == 0x0D { end -= 1 }
            line += 1
            guard line <= limits.lines else { throw error(.tooLarge, "v", "limit of \(limits.lines) lines") }
            try take(bytes[start..<end])
            start = newline + 1
        }
        return try result()
    }

    private func result() throws(SDPError) -> SessionDescription {
        guard sawVersion else { throw SDPError(.missing, line: nil, field: "v", rule: "RFC 8866 §5.1") }
        guard let origin else { throw SDPError(.missing, line: nil, field: "o", rule: "RFC 8866 §5.2") }
        var session = session
        session.origin = origin
        session.sessionName = sessionName ?? "-"
        session.timings = timings.isEmpty ? [.permanent] : timings
        session.connection = sessionConnection
        session.attributes = sessionAttributes
        session.media = media
        return session
    }

    private func error(_ kind: SDPError.Kind, _ field: String, _ rule: String) -> SDPError {
        SDPError(kind, line: line, field: field, rule: rule)
    }

    private mutating func take(_ text: ArraySlice<UInt8>) throws(SDPError) {
        for byte in text where byte == 0 || byte == 0x0D {
            throw error(.illegalByte, String(decoding: text.prefix(1), as: UTF8.self), "RFC 8866 §9")
        }
        guard let type = text.first, !text.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else { return }
        let isLetter: Bool = (type | 0x20) >= 0x61 && (type | 0x20) <= 0x7A
        guard isLetter, text.count > 1, text[text.startIndex + 1] == UInt8(ascii: "=") else {
            throw error(.notALine, String(decoding: text.prefix(1), as: UTF8.self), "RFC 8866 §5")
        }
        var value = text.dropFirst(2)
        while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
        guard sawVersion || type == UInt8(ascii: "v") else { throw error(.missing, "v", "RFC 8866 §5.1") }
        if media.isEmpty { try takeSession(type, value) } else { try takeMedia(type, value) }
    }

    private mutating func takeSession(_ type: UInt8, _ value: ArraySlice<UInt8>) throws(SDPError) {
        switch type {
        case UInt8(ascii: "v"):
            guard !sawVersion else { throw error(.misplaced, "v", "RFC 8866 §5.1") }
            guard value.elementsEqual(CollectionOfOne(UInt8(ascii: "0"))) else {
                throw error(.unsupportedVersion, "v", "RFC 8866 §5.1")
            }
            sawVersion = true
        case UInt8(ascii: "o"):
            guard origin == nil else { throw error(.misplaced, "o", "RFC 8866 §5.2") }
            origin = try readOrigin(value)
        case UInt8(ascii: "s"):
            guard sessionName == nil else { throw error(.misplaced, "s", "RFC 8866 §5.3") }
            sessionName = value.isEmpty ? "-" : string(value)
        case UInt8(ascii: "c"):
            guard sessionConnection == nil else { throw error(.misplaced, "c", "RFC 8866 §5.7") }
            sessionConnection = try readConnection(value)
        case UInt8(ascii: "i"): session.information = session.information ?? string(value)
        case UInt8(ascii: "u"): session.uri = session.uri ?? string(value)
        case UInt8(ascii: "e"): session.emails.append(string(value))
        case UInt8(ascii: "p"): session.phones.append(string(value))
        case UInt8(ascii: "b"): if let bandwidth = readBandwidth(value) { session.bandwidths.append(bandwidth) }
        case UInt8(ascii: "t"): timings.append(try readTiming(value))
        case UInt8(ascii: "r"):
            guard !timings.isEmpty else { throw error(.misplaced, "r", "RFC 8866 §5.10") }
            timings[timings.count - 1].repeats.append(string(value))
        case UInt8(ascii: "z"): session.timeZones = session.timeZones ?? string(value)
        case UInt8(ascii: "k"): session.key = session.key ?? string(value)
        case UInt8(ascii: "a"): if let attribute = readAttribute(value) { sessionAttributes.append(attribute) }
        case UInt8(ascii: "m"): try startMedia(value)
        default: session.otherLines.append(SDPLine(type: type, value: string(value)))
        }
    }

    private mutating func takeMedia(_ type: UInt8, _ value: ArraySlice<UInt8>) throws(SDPError) {
        let last = media.count - 1
        switch type {
        case UInt8(ascii: "m"): try startMedia(value)
        case UInt8(ascii: "a"): if let attribute = readAttribute(value) { media[last].attributes.append(attribute) }
        case UInt8(ascii: "c"):
            let connection = try readConnection(value)
            if media[last].ownConnection == nil {
                media[last].ownConnection = connection
            } else {
                media[last].furtherConnections.append(connection)
            }
        case UInt8(ascii: "b"): if let bandwidth = readBandwidth(value) { media[last].bandwidths.append(bandwidth) }
        case UInt8(ascii: "i"): media[last].information = media[last].information ?? string(value)
        case UInt8(ascii: "k"): media[last].key = media[last].key ?? string(value)
        case UInt8(ascii: "v"), UInt8(ascii: "o"), UInt8(ascii: "s"):
            // A second description glued to the first: which one is meant nobody can tell.
            throw error(.misplaced, String(decoding: [type], as: UTF8.self), "RFC 8866 §9")
        case UInt8(ascii: "t"): if timings.isEmpty { timings.append(try readTiming(value)) }
        case UInt8(ascii: "u"), UInt8(ascii: "e"), UInt8(ascii: "p"), UInt8(ascii: "r"), UInt8(ascii: "z"):
            break  // Says nothing about a stream, and the session's part is over.
        default: media[last].otherLines.append(SDPLine(type: type, value: string(value)))
        }
    }

    private mutating func startMedia(_ value: ArraySlice<UInt8>) throws(SDPError) {
        guard media.count < limits.media else { throw error(.tooLarge, "m", "limit of \(limits.media) m-lines") }
        let tokens = words(value)
        guard tokens.count >= 3 else { throw error(.malformed, "m", "RFC 8866 §5.14") }
        let slash = tokens[1].firstIndex(of: UInt8(ascii: "/"))
        guard let port = number(tokens[1][..<(slash ?? tokens[1].endIndex)]).flatMap({ UInt16(exactly: $0) }) else {
            throw error(.malformed, "m", "RFC 8866 §5.14")
        }
        var count: UInt32 = 1
        if let slash {
            guard let parsed = number(tokens[1][(slash + 1)...]).flatMap({ UInt32(exactly: $0) }), parsed > 0 else {
                throw error(.malformed, "m", "RFC 8866 §5.14")
            }
            count = parsed
        }
        var formats = tokens.dropFirst(3).map { string($0) }
        if formats.isEmpty {
            guard port == 0 else { throw error(.malformed, "m", "RFC 8866 §5.14") }
            formats = ["0"]
        }
        media.append(
            MediaDescription(
                kind: MediaKind(string(tokens[0])), port: port, portCount: count, transportProtocol: string(tokens[2]),
                formats: formats))
    }

    private func readOrigin(_ value: ArraySlice<UInt8>) throws(SDPError) -> SDPOrigin {
        let tokens = words(value)
        let count = tokens.count
        guard count >= 6 else { throw error(.malformed, "o", "RFC 8866 §5.2") }
        let address = try readAddress(
            tokens[count - 3], tokens[count - 2], tokens[count - 1], field: "o", rule: "RFC 8866 §5.2")
        // Some peers write a name of several words, which the grammar has no room for.
        let username = tokens[...(count - 6)].map { string($0) }.joined(separator: "_")
        return SDPOrigin(
            username: username, sessionID: string(tokens[count - 5]), version: string(tokens[count - 4]),
            address: address)
    }

    private func readConnection(_ value: ArraySlice<UInt8>) throws(SDPError) -> SDPConnection {
        let tokens = words(value)
        guard tokens.count == 3 else { throw error(.malformed, "c", "RFC 8866 §5.7") }
        let parts = tokens[2].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let address = try readAddress(tokens[0], tokens[1], parts[0], field: "c", rule: "RFC 8866 §5.7")
        var connection = SDPConnection(address)
        let numbers = parts.dropFirst().map { number($0).flatMap { UInt32(exactly: $0) } }
        switch (address.family, numbers.count) {
        case (_, 0): return connection
        case (.ip4, 1), (.ip4, 2):
            guard let ttl = numbers[0].flatMap({ UInt8(exactly: $0) }) else { break }
            connection.ttl = ttl
            guard numbers.count == 2 else { return connection }
            guard let count = numbers[1], count > 0 else { break }
            connection.addressCount = count
            return connection
        case (.ip6, 1):
            guard let count = numbers[0], count > 0 else { break }
            connection.addressCount = count
            return connection
        case (.ip4, _), (.ip6, _): break
        }
        throw error(.malformed, "c", "RFC 8866 §5.7")
    }

    private func readAddress(
        _ network: ArraySlice<UInt8>, _ type: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>, field: String, rule: String
    ) throws(SDPError) -> SDPAddress {
        guard string(network).uppercased() == "IN", let family = SDPAddress.Family(rawValue: string(type).uppercased()),
            !text.isEmpty
        else { throw error(.malformed, field, rule) }
        return SDPAddress(family: family, text: string(text))
    }

    private func readTiming(_ value: ArraySlice<UInt8>) throws(SDPError) -> SDPTiming {
        let tokens = words(value)
        guard tokens.count == 2, let start = number(tokens[0]), let stop = number(tokens[1]) else {
            throw error(.malformed, "t", "RFC 8866 §5.9")
        }
        return SDPTiming(start: start, stop: stop)
    }

    /// Nil for what cannot be read: a bandwidth is advice, and no call fails for it.
    private func readBandwidth(_ value: ArraySlice<UInt8>) -> SDPBandwidth? {
        guard let colon = value.firstIndex(of: UInt8(ascii: ":")), colon > value.startIndex,
            let kilobits = number(value[(colon + 1)...]), !value[..<colon].contains(0x20),
            !value[..<colon].contains(0x09)
        else { return nil }
        return SDPBandwidth(type: string(value[..<colon]), value: kilobits)
    }

    /// Nil for an attribute without a name.
    private func readAttribute(_ value: ArraySlice<UInt8>) -> SDPAttribute? {
        guard let colon = value.firstIndex(of: UInt8(ascii: ":")) else {
            return value.isEmpty ? nil : SDPAttribute(string(value))
        }
        guard colon > value.startIndex else { return nil }
        return SDPAttribute(string(value[..<colon]), string(value[(colon + 1)...]))
    }
}

private func string(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

private func words(_ value: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    value.split(omittingEmptySubsequences: true) { $0 == 0x20 || $0 == 0x09 }
}

/// Digits only; nil for anything else and for more than 64 bits.
private func number(_ bytes: ArraySlice<UInt8>) -> UInt64? {
    guard !bytes.isEmpty else { return nil }
    var value: UInt64 = 0
    for byte in bytes {
        guard byte >= 0x30, byte <= 0x39 else { return nil }
        let (product, overflow) = value.multipliedReportingOverflow(by: 10)
        let (sum, overflowSum) = product.addingReportingOverflow(UInt64(byte - 0x30))
        guard !overflow, !overflowSum else { return nil }
        value = sum
    }
    return value
}
