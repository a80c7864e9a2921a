internal import Basics
internal import DTLS

/// DTLS on one port of an endpoint: the association in use, and the one that is being made (RFC 5763 §5, RFC 5764 §5.1).
///
/// Each datagram is looked at twice: when it comes, which costs nothing, and in its turn, when it may be computed with.
struct DTLSPort: ~Copyable {
    enum Outcome {
        case nothing
        case agreed(DTLSKeys)
        case failed(DTLSFailure)
        /// The peer bade farewell.
        case ended
    }

    /// Datagrams a second; a handshake through the worst network has a tenth.
    private static let budget: Int = 100
    /// Handshakes that may fail under one plan.
    private static let mostFailures: Int = 5
    /// How long whoever began a handshake may be silent before another may begin one.
    private static let stall: Duration = .seconds(2)
    /// How long after one handshake the next may begin.
    private static let pause: Duration = .seconds(1)
    private static let randomPlace: Range<Int> = 27..<59

    let isRTCP: Bool
    private(set) var plan: DTLSPlan
    private let certificate: DTLSCertificate
    private var settings: DTLSSettings
    /// The association the keys in use come from.
    private var settled: DTLSEndpoint?
    private var making: DTLSEndpoint?
    /// Whom the handshake is, or was, made with; nil before.
    private(set) var peer: IPEndpoint?
    private var heardAt: Moment
    private var nextAttempt: Moment
    private var failures: Int = 0
    /// What tells the last ClientHello from a new one (RFC 5246 §7.4.1.2).
    private var helloRandom: [UInt8] = []
    private var left: Int = Self.budget
    private var leftForOthers: Int = Self.budget
    private var budgetSince: Moment
    /// What is to be sent, in order.
    private(set) var outgoing: [[UInt8]] = []

    /// - Parameter asksForCookies: whether a ClientHello proves nothing about where its sender is.
    init(
        _ certificate: DTLSCertificate, _ plan: DTLSPlan, _ settings: DTLSSettings, asksForCookies: Bool, isRTCP: Bool,
        now: Moment
    ) {
        (self.certificate, self.plan, self.isRTCP) = (certificate, plan, isRTCP)
        self.settings = settings
        self.settings.verifiesAddress = asksForCookies
        (heardAt, nextAttempt, budgetSince) = (now, now, now)
    }

    /// Takes a new plan: another fingerprint or part is a new association (RFC 8842 §4).
    /// - Parameter isRenewed: the peer sent a description, so that what failed may be tried again.
    mutating func update(_ new: DTLSPlan, asksForCookies: Bool, isRenewed: Bool, now: Moment) {
        settings.verifiesAddress = asksForCookies
        if new != plan {
            plan = new
            (settled, making, peer) = (nil, nil, nil)
        } else if !isRenewed {
            return
        }
        failures = 0
        nextAttempt = now
    }

    /// Whether a handshake runs: the peer has shown that it is there, or we began.
    var isBusy: Bool { making.map { !$0.isListening } ?? false }
    var isSettled: Bool { settled != nil }
    var nextDeadline: Moment? { making?.nextDeadline }

    /// Sends a ClientHello where that is our part, and nothing runs.
    mutating func begin(now: Moment) -> Outcome {
        guard plan.role == .client, settled == nil, making == nil, failures < Self.mostFailures, now >= nextAttempt
        else {
            return .nothing
        }
        if let failure = make(now: now) { return .failed(failure) }
        outgoing += making?.start(now: now) ?? []
        return settle(now: now)
    }

    /// Whether a datagram is worth a turn.
    /// - Parameter mayBegin: its source may begin a handshake.
    mutating func admits(
        _ datagram: UnsafeRawBufferPointer, from source: IPEndpoint, mayBegin: Bool, now: Moment
    ) -> Bool {
        guard source == peer || mayBegin else { return false }
        // Checks have shown where the peer is, and it may be in several places.
        if settings.verifiesAddress, source != peer, isBusy, peer != nil {
            guard isHello(datagram), now.since(heardAt) >= Self.stall else { return false }
        }
        if now.since(budgetSince) >= .seconds(1) {
            (left, leftForOthers, budgetSince) = (Self.budget, Self.budget, now)
        }
        // Whoever else may begin takes nothing from the one that has begun.
        if source == peer { left -= 1 } else { leftForOthers -= 1 }
        return (source == peer ? left : leftForOthers) >= 0
    }

    /// Computes with a datagram.
    mutating func take(_ datagram: [UInt8], from source: IPEndpoint, now: Moment) -> Outcome {
        if source == peer || peer == nil { heardAt = now }
        let opens: Bool = plan.role == .server && datagram.withUnsafeBytes { isHello($0) }
        // Pieces may overtake the first one; only where a cookie is asked for do they begin nothing.
        let continues: Bool =
            plan.role == .server && settings.verifiesAddress && datagram.withUnsafeBytes { isPiece($0) }
        if isBusy, settings.verifiesAddress, let known = peer, known != source, opens {
            // Whoever began went silent.
            (making, peer) = (nil, nil)
        }
        if making == nil, opens || continues {
            guard !opens || isNew(datagram), failures < Self.mostFailures, now >= nextAttempt else { return .nothing }
            if let failure = make(now: now) { return .failed(failure) }
        }
        guard let making, opens || continues || !making.isListening else { return pass(datagram, now: now) }
        outgoing += making.handle(datagram, from: source, now: now)
        guard !making.isListening else { return .nothing }
        if opens {
            helloRandom = Array(datagram[Self.randomPlace])
        } else if continues, !making.helloRandom.isEmpty {
            helloRandom = making.helloRandom
        }
        let outcome: Outcome = settle(now: now)
        // Of a client's peer nothing is known until its certificate is.
        if plan.role == .server || isSettled { (peer, heardAt) = (source, now) }
        return outcome
    }

    mutating func deadlineReached(now: Moment) -> Outcome {
        guard let making else { return .nothing }
        outgoing += making.deadlineReached(now: now)
        return settle(now: now)
    }

    /// Bids the peer farewell.
    mutating func close() { outgoing += (settled ?? making)?.close() ?? [] }

    mutating func takeOutgoing() -> [[UInt8]] {
        defer { outgoing = [] }
        return outgoing
    }

    /// After the handshake: the peer asks for the last flight again, or bids farewell.
    private mutating func pass(_ datagram: [UInt8], now: Moment) -> Outcome {
        guard let settled else { return .nothing }
        outgoing += settled.handle(datagram, now: now)
        guard settled.state == .closed else { return .nothing }
        self.settled = nil
        return .ended
    }

    private mutating func make(now: Moment) -> DTLSFailure? {
        do {
            making = try DTLSEndpoint(certificate, plan: plan, settings: settings, now: now)
            return nil
        } catch {
            failures += 1
            return error
        }
    }

    /// What the handshake has come to.
    private mutating func settle(now: Moment) -> Outcome {
        guard let making else { return .nothing }
        switch making.state {
        case .handshaking: return .nothing
        case .connected(let keys):
            (settled, self.making, failures) = (making, nil, 0)
            nextAttempt = now.advanced(by: Self.pause)
            return .agreed(keys)
        case .failed(let failure):
            self.making = nil
            if settled == nil { peer = nil }
            failures += 1
            nextAttempt = now.advanced(by: Self.pause)
            return .failed(failure)
        case .closed:
            self.making = nil
            failures += 1
            return .failed(.broken("the peer gave it up"))
        }
    }

    /// Whether a datagram is any piece of a ClientHello before any encryption.
    private func isPiece(_ datagram: UnsafeRawBufferPointer) -> Bool {
        datagram.count > 25 && datagram[0] == 22 && datagram[3] == 0 && datagram[4] == 0 && datagram[13] == 1
    }

    private func isNew(_ hello: [UInt8]) -> Bool { !hello[Self.randomPlace].elementsEqual(helloRandom) }

    /// Whether a datagram begins a handshake: a ClientHello, or the first piece of one, before any encryption (RFC 6347 §4.2.2).
    private func isHello(_ datagram: UnsafeRawBufferPointer) -> Bool {
        datagram.count >= Self.randomPlace.upperBound && datagram[0] == 22 && datagram[3] == 0 && datagram[4] == 0
            && datagram[13] == 1 && datagram[19] == 0 && datagram[20] == 0 && datagram[21] == 0
    }
}
