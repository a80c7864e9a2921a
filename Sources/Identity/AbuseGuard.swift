public import Basics
public import SIPMessage
internal import Synchronization

/// Slows down and bans those who guess passwords, and drops known attack tools. Safe to use from any thread.
///
/// Two limits work together:
/// - Per account and address: after some free failures a growing back-off. It strikes one account as used from one address, so
///   neither its owner elsewhere nor the neighbours behind the same NAT.
/// - Per address: a ban after many failures. An address that authenticates is exempt for a time longer than a registration, so
///   one wrong phone among a thousand behind one NAT bans nobody; guessing from there is held up by the first limit.
///
/// Only failures with a fresh nonce that was given to the address count (see ``DigestSettings/bindsNonceToAddress``): a forged
/// source bans nobody. There is no limit on requests that fail nothing.
public final class AbuseGuard: Sendable {
    private struct Address: Sendable {
        var failures: Int = 0
        var windowEnd: Moment = .zero
        var trustedUntil: Moment = .zero
        var bannedUntil: Moment = .zero
        var bans: Int = 0
    }
    private struct AccountKey: Hashable, Sendable { let source: IPAddress, account: UInt64 }
    private struct Account: Sendable {
        var failures: Int = 0
        var refusedUntil: Moment = .zero
    }
    private struct State: Sendable {
        var addresses: RecentTable<IPAddress, Address>
        var accounts: RecentTable<AccountKey, Account>
    }
    private final class Stripe: Sendable {
        let state: Mutex<State>
        init(capacity: Int) {
            state = Mutex(State(addresses: RecentTable(capacity: capacity), accounts: RecentTable(capacity: capacity)))
        }
    }

    public let settings: AbuseSettings
    private let stripes: [Stripe]
    private let scanners: [[UInt8]]

    public init(settings: AbuseSettings = AbuseSettings()) {
        self.settings = settings
        stripes = (0..<16).map { _ in Stripe(capacity: max(settings.rememberedAddresses / 16, 2)) }
        scanners = settings.scanners.map { Array($0.lowercased().utf8) }.filter { !$0.isEmpty }
    }

    // MARK: Before the check

    /// When the ban of `source` ends; nil when there is none. What comes from a banned address gets no answer.
    public func banned(_ source: IPAddress, now: Moment) -> Moment? {
        let key = AbuseGuard.network(source)
        return stripe(key).state.withLock { state in
            guard let entry = state.addresses.peek(key), entry.bannedUntil > now, entry.trustedUntil <= now else {
                return nil
            }
            return entry.bannedUntil
        }
    }

    /// How long `account` is still refused from `source`; nil when it may try.
    public func backOff(of account: String, at source: IPAddress, now: Moment) -> Duration? {
        let key = AccountKey(source: AbuseGuard.network(source), account: stableHash(account))
        return stripe(key.source).state.withLock { state in
            guard let entry = state.accounts.peek(key), entry.refusedUntil > now else { return nil }
            return entry.refusedUntil.since(now)
        }
    }

    /// Whether a request comes from a known attack tool.
    public func isScanner(_ request: SIPMessage) -> Bool {
        if let agent = request.userAgent, matches(agent) { return true }
        if let name = request.from.displayName, matches(name) { return true }
        return request.from.uri.user.map(matches) ?? false
    }

    // MARK: After the check

    /// Counts a wrong password, or an unknown user, which is the same.
    /// - Returns: an event when the address is banned by it.
    public func noteFailure(of account: String, at source: IPAddress, now: Moment) -> AbuseEvent? {
        let network = AbuseGuard.network(source)
        let key = AccountKey(source: network, account: stableHash(account))
        return stripe(network).state.withLock { state in
            var entry = state.accounts.peek(key) ?? Account()
            entry.failures = min(entry.failures + 1, 1_000_000)
            if entry.failures > settings.freeFailures {
                let length = AbuseGuard.doubled(
                    settings.firstBackOff, entry.failures - settings.freeFailures - 1, settings.longestBackOff)
                entry.refusedUntil = now.advanced(by: length)
            }
            state.accounts.set(key, entry)
            return countFailure(network, account, in: &state, now: now)
        }
    }

    /// Counts a try that was refused unheard because of ``backOff(of:at:now:)``.
    public func noteRefused(of account: String, at source: IPAddress, now: Moment) -> AbuseEvent? {
        let network = AbuseGuard.network(source)
        return stripe(network).state.withLock { countFailure(network, account, in: &$0, now: now) }
    }

    /// Notes right credentials: the account starts anew, the address is trusted.
    public func noteSuccess(of account: String, at source: IPAddress, now: Moment) {
        let network = AbuseGuard.network(source)
        let key = AccountKey(source: network, account: stableHash(account))
        stripe(network).state.withLock { state in
            if state.accounts.peek(key) != nil { state.accounts.remove(key) }
            trust(network, until: now.advanced(by: settings.trust), in: &state)
        }
    }

    /// Trusts an address that has registered phones, as after a restart.
    public func trust(_ source: IPAddress, until: Moment) {
        let network = AbuseGuard.network(source)
        stripe(network).state.withLock { trust(network, until: until, in: &$0) }
    }

    // MARK: For the operator

    /// The bans in force and when they end.
    public func bans(now: Moment) -> [(source: IPAddress, until: Moment)] {
        stripes.flatMap { stripe in
            stripe.state.withLock { state in
                var found: [(source: IPAddress, until: Moment)] = []
                state.addresses.forEach { source, entry in
                    if entry.bannedUntil > now, entry.trustedUntil <= now { found.append((source, entry.bannedUntil)) }
                }
                return found
            }
        }
    }

    /// Forgets all failures and bans of an address.
    public func lift(_ source: IPAddress) {
        let network = AbuseGuard.network(source)
        stripe(network).state.withLock { $0.addresses.remove(network) }
    }

    /// Addresses remembered at the moment; for metrics and tests.
    public var rememberedAddresses: Int { stripes.reduce(0) { $0 + $1.state.withLock { $0.addresses.count } } }

    // MARK: Inside

    private func countFailure(_ network: IPAddress, _ account: String, in state: inout State, now: Moment)
        -> AbuseEvent?
    {
        var entry = state.addresses.peek(network) ?? Address()
        defer { state.addresses.set(network, entry) }
        if entry.windowEnd <= now { (entry.failures, entry.windowEnd) = (0, now.advanced(by: settings.window)) }
        entry.failures += 1
        guard entry.failures >= settings.banThreshold, entry.trustedUntil <= now, entry.bannedUntil <= now else {
            return nil
        }
        let length = AbuseGuard.doubled(settings.firstBan, entry.bans, settings.longestBan)
        let failures = entry.failures
        entry.bannedUntil = now.advanced(by: length)
        entry.bans = min(entry.bans + 1, 1000)
        (entry.failures, entry.windowEnd) = (0, .zero)
        let name = String(decoding: account.utf8.prefix(64), as: UTF8.self)
        return AbuseEvent(source: network, failures: failures, length: length, lastAccount: name)
    }

    private func trust(_ network: IPAddress, until: Moment, in state: inout State) {
        var entry = state.addresses.peek(network) ?? Address()
        entry.trustedUntil = max(entry.trustedUntil, until)
        state.addresses.set(network, entry)
    }

    private func stripe(_ network: IPAddress) -> Stripe {
        let mixed: UInt64 = (network.high ^ network.low) &* 0x9E37_79B9_7F4A_7C15
        return stripes[Int(mixed >> 60)]
    }

    private func matches(_ text: String) -> Bool {
        let bytes: [UInt8] = text.utf8.map { (0x41...0x5A).contains($0) ? $0 + 32 : $0 }
        return scanners.contains { pattern in
            guard bytes.count >= pattern.count else { return false }
            return (0...(bytes.count - pattern.count)).contains { bytes[$0...].starts(with: pattern) }
        }
    }

    /// An IPv4 address, or the /64 network of an IPv6 one, since a site has all of it.
    private static func network(_ source: IPAddress) -> IPAddress {
        source.isV4 ? source : IPAddress(v6: source.high, 0)
    }

    /// `first` × 2^`times`, at most `longest`.
    private static func doubled(_ first: Duration, _ times: Int, _ longest: Duration) -> Duration {
        min(first * (1 << min(times, 30)), longest)
    }
}
