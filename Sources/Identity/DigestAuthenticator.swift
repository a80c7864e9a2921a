public import Basics
internal import Crypto
public import SIPMessage
internal import Synchronization

/// Challenges and checks digest credentials (RFC 7616, RFC 8760; RFC 2069 by a setting).
///
/// Nonces are signed and carry their time, so none is stored until it was used with the right password; then the `nc` seen are
/// kept, with a window of 64 as UDP reorders. Safe to use from any thread.
public final class DigestAuthenticator: Sendable {
    private final class Stripe: Sendable {
        let table: Mutex<NonceTable>
        init(_ table: NonceTable) { self.table = Mutex(table) }
    }

    private let key: SymmetricKey
    private let sourceKey: UInt64
    private let run: UInt32
    private let lifetime: UInt64
    private let bindsNonceToAddress: Bool
    private let stripes: [Stripe]
    private let lastNumber = Atomic<UInt32>(0)
    /// Stands in for the secret of users that do not exist.
    private let dummySecret: String

    /// - Parameters:
    ///   - key: signs nonces; at least 32 random bytes. When it is the same after a restart, phones that come with a nonce of
    ///     before are told so (`stale=true`) instead of being asked anew.
    ///   - random: names this run of the process.
    public init(key: [UInt8], settings: DigestSettings = DigestSettings(), random: inout AnyRandom) {
        self.key = SymmetricKey(data: key)
        let derived = HMAC<SHA256>.authenticationCode(for: Array("source".utf8), using: self.key)
        sourceKey = derived.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        run = UInt32(truncatingIfNeeded: random.next())
        let lifetime = UInt64(max(settings.nonceLifetime.wholeMilliseconds, 1000))
        self.lifetime = lifetime
        bindsNonceToAddress = settings.bindsNonceToAddress
        let share = max(settings.rememberedNonces / 16, 1)
        stripes = (0..<16).map { _ in Stripe(NonceTable(capacity: share, lifetime: lifetime)) }
        dummySecret = String(repeating: "0", count: 32)
    }

    /// Nonces remembered at the moment; for metrics and tests.
    public var rememberedNonces: Int { stripes.reduce(0) { $0 + $1.table.withLock { $0.count } } }

    // MARK: Challenging

    /// The values of the challenge fields, one for each algorithm in order (RFC 8760 §2.3).
    /// - Parameter source: where the challenge goes.
    public func challenges(
        realm: String, algorithms: [DigestAlgorithm], stale: Bool, to source: IPAddress, now: Moment
    ) -> [String] {
        let number = lastNumber.wrappingAdd(1, ordering: .relaxed).newValue
        let nonce = Nonce(run: run, number: number, issuedAt: milliseconds(now), source: mark(source)).text(key: key)
        var quoted = ""
        for character in realm.unicodeScalars where character.value >= 0x20 && character.value != 0x7F {
            if character == "\"" || character == "\\" { quoted.unicodeScalars.append("\\") }
            quoted.unicodeScalars.append(character)
        }
        let known = algorithms.filter { DigestAlgorithm.known.contains($0) }
        return (known.isEmpty ? [.md5] : known).map { algorithm in
            "Digest realm=\"\(quoted)\", nonce=\"\(nonce)\", algorithm=\(algorithm), qop=\"auth\""
                + (stale ? ", stale=true" : "")
        }
    }

    // MARK: Checking

    /// Judges the Authorization of a request against the terminals of its tenant.
    /// - Parameters:
    ///   - field: `.authorization` for 401, `.proxyAuthorization` for 407.
    ///   - source: where the request came from.
    ///   - isOurs: whether a host names the tenant or the server, however it is spelt.
    public func check(
        _ request: SIPMessage, in field: SIPFieldName = .authorization, tenant: Tenant, directory: Directory,
        from source: IPAddress, now: Moment, isOurs: (String) -> Bool = { _ in false }
    ) -> DigestVerdict {
        check(
            DigestAnswer.all(in: request, field: field), of: request, tenant: tenant, directory: directory,
            from: source, now: now, isOurs: isOurs)
    }

    func check(
        _ answers: [DigestAnswer], of request: SIPMessage, tenant: Tenant, directory: Directory, from source: IPAddress,
        now: Moment, isOurs: (String) -> Bool
    ) -> DigestVerdict {
        guard let uri = request.requestURI else { return .challenge(stale: false) }
        for credentials in answers where credentials.realm == tenant.realm {
            let terminal = directory.terminal(in: tenant.id, authUsername: credentials.username)
            let offered = directory.digestAlgorithms(of: terminal, in: tenant)
            guard
                offered.contains(credentials.algorithm)
                    || tenant.settings.digestAlgorithms.contains(credentials.algorithm)
            else { continue }
            guard credentials.qop != nil || tenant.settings.acceptsDigestWithoutQop else { continue }
            // An answer made for another request says nothing about the password.
            guard credentials.matches(uri, isOurs: isOurs) else { return .challenge(stale: false) }
            return judge(credentials, of: request, terminal: terminal, from: source, now: now)
        }
        return .challenge(stale: false)
    }

    /// Whether the request answers a fresh nonce of ours that was given to its source, rightly or not: its source is not forged.
    func isProven(_ answers: [DigestAnswer], realm: String, from source: IPAddress, now: Moment) -> Bool {
        answers.contains { answer in
            guard answer.realm == realm, let nonce = Nonce(answer.nonce, key: key), nonce.run == run else {
                return false
            }
            let time = milliseconds(now)
            return nonce.issuedAt <= time && time - nonce.issuedAt <= lifetime
                && (!bindsNonceToAddress || nonce.source == mark(source))
        }
    }

    private func judge(
        _ answer: DigestAnswer, of request: SIPMessage, terminal: Terminal?, from source: IPAddress, now: Moment
    ) -> DigestVerdict {
        // A nonce that is not ours says nothing about the password (and nothing about the source).
        guard let nonce = Nonce(answer.nonce, key: key), answer.isComplete else {
            return .challenge(stale: false)
        }
        let time = milliseconds(now)
        guard nonce.run == run, nonce.issuedAt <= time, time - nonce.issuedAt <= lifetime else {
            return .challenge(stale: true)
        }
        guard !bindsNonceToAddress || nonce.source == mark(source) else { return .challenge(stale: true) }
        let stripe = stripes[Int(nonce.number % 16)]
        guard stripe.table.withLock({ $0.isFresh(nonce, count: answer.useCount) }) else {
            return .challenge(stale: true)
        }
        let secret = terminal?.secrets[answer.algorithm]
        let expected = answer.expected(secret: secret ?? dummySecret, method: request.method, body: request.body)
        let isRight = equalInConstantTime(expected, Array(answer.given.utf8)[...])
        guard let terminal, secret != nil else { return .unknownUser }
        guard isRight else { return .wrongPassword(terminal.id) }
        guard stripe.table.withLock({ $0.use(nonce, count: answer.useCount, now: time) }) else {
            return .challenge(stale: true)
        }
        return .accepted(terminal.id)
    }

    private func milliseconds(_ now: Moment) -> UInt64 { UInt64(max(now.nanoseconds / 1_000_000, 0)) }

    /// A mark of an address (IPv6: its /64 network) that others cannot make up without the key.
    private func mark(_ source: IPAddress) -> UInt32 {
        var first = SeededRandom(seed: source.high ^ sourceKey)
        var second = SeededRandom(seed: first.next() ^ (source.isV4 ? source.low : 0))
        return UInt32(truncatingIfNeeded: second.next() >> 32)
    }
}
