extension SIPURI {
    /// Whether both name the same resource (RFC 3261 §19.1.4; for `tel` RFC 3966 §4).
    ///
    /// Not the same as `==`, which compares what is written. Not transitive either, as the RFC notes.
    public func isEquivalent(to other: SIPURI) -> Bool {
        switch (scheme, other.scheme) {
        case (.sip, .sip), (.sips, .sips): isEquivalentSIP(to: other)
        case (.tel, .tel): isEquivalentTel(to: other)
        case (.other(let left), .other(let right)): left == right && opaque == other.opaque
        case (.sip, _), (.sips, _), (.tel, _), (.other, _): false
        }
    }

    private func isEquivalentSIP(to other: SIPURI) -> Bool {
        guard user == other.user, password == other.password, port == other.port, sameHost(as: other) else {
            return false
        }
        return sameParameters(as: other) && sameHeaders(as: other)
    }

    private func sameHost(as other: SIPURI) -> Bool {
        if equalsIgnoringCase(host, other.host) { return true }
        // Two spellings of one IPv6 address (RFC 5954 §4.1).
        guard host.hasPrefix("["), let address = hostAddress else { return false }
        return other.host.hasPrefix("[") && address == other.hostAddress
    }

    /// Parameters of both must match; of one alone they are ignored, but for these. Where a name stands twice, which no
    /// URI may have (§19.1.1), its first value counts.
    private func sameParameters(as other: SIPURI) -> Bool {
        for name in ["user", "ttl", "method", "maddr", "transport"]
        where parameters.contains(name) != other.parameters.contains(name) {
            return false
        }
        for item in parameters.items where other.parameters.contains(item.name) {
            let (left, right) = (parameters[item.name] ?? "", other.parameters[item.name] ?? "")
            guard equalsIgnoringCase(left, right) else { return false }
        }
        return true
    }

    private func sameHeaders(as other: SIPURI) -> Bool {
        guard headers.count == other.headers.count else { return false }
        var rest = other.headers
        for header in headers {
            let name = SIPFieldName(header.name)
            guard let index = rest.firstIndex(where: { SIPFieldName($0.name) == name && $0.value == header.value })
            else {
                return false
            }
            rest.remove(at: index)
        }
        return true
    }

    /// The number without visual separators; nil unless `tel`, or a `sip` URI whose user part is a number.
    public var telephoneDigits: String? {
        guard let user, scheme == .tel || parameters["user"]?.lowercased() == "phone" else { return nil }
        return SIPURI.withoutSeparators(user.split(separator: ";", maxSplits: 1).first.map(String.init) ?? "")
    }

    private static func withoutSeparators(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 where !OctetSet.visualSeparator.contains(byte) { bytes.append(Octet.lowercased(byte)) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func isEquivalentTel(to other: SIPURI) -> Bool {
        guard SIPURI.withoutSeparators(user ?? "") == SIPURI.withoutSeparators(other.user ?? ""),
            parameters.items.count == other.parameters.items.count
        else { return false }
        for item in parameters.items {
            guard other.parameters.contains(item.name) else { return false }
            let (left, right) = (parameters[item.name] ?? "", other.parameters[item.name] ?? "")
            let isNumber = equalsIgnoringCase(item.name, "ext") || left.hasPrefix("+")
            let isSame =
                isNumber
                ? SIPURI.withoutSeparators(left) == SIPURI.withoutSeparators(right) : equalsIgnoringCase(left, right)
            guard isSame else { return false }
        }
        return true
    }
}
