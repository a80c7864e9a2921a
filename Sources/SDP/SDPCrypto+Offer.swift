extension SDPCrypto {
    /// One line a suite, with tags from 1 in order of preference and a new key each (RFC 4568 §5.1.1); suites whose key length is not
    /// known are left out.
    /// - Parameter source: must be cryptographically strong in production.
    public static func offer(suites: [String], using source: inout some RandomNumberGenerator) -> [SDPCrypto] {
        var lines: [SDPCrypto] = []
        for suite in suites {
            guard let key = SDPCryptoKey.random(forSuite: suite, using: &source) else { continue }
            lines.append(SDPCrypto(tag: UInt32(lines.count + 1), suite: suite, keys: [key]))
        }
        return lines
    }

    /// The line of an offer to take: the offerer's first that is usable and of a suite that is spoken here (RFC 4568 §5.1.2).
    public static func choose(from offered: [SDPCrypto], suites: [String]) -> SDPCrypto? {
        let tags: [UInt32] = offered.map(\.tag)
        return offered.first { line in
            // Two lines of one tag: an answer could not tell which it means.
            line.isUsable && suites.contains { line.isSuite($0) } && tags.count { $0 == line.tag } == 1
        }
    }

    /// The answer to this line: its tag and suite, and a key of ours; nil for a suite whose key length is not known.
    public func answer(using source: inout some RandomNumberGenerator) -> SDPCrypto? {
        SDPCryptoKey.random(forSuite: suite, using: &source).map { answer(with: $0) }
    }

    /// The answer to this line with a key in use already, as when the same line is offered again.
    public func answer(with key: SDPCryptoKey) -> SDPCrypto { SDPCrypto(tag: tag, suite: suite, keys: [key]) }

    /// The line of ours that an answer takes: by its tag, and of the same suite (RFC 4568 §5.1.3); nil where the answer is no answer
    /// to these lines.
    public func accepted(of offered: [SDPCrypto]) -> SDPCrypto? {
        offered.first { $0.tag == tag && $0.isSuite(suite) && isUsable }
    }
}
