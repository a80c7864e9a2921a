internal import Basics
internal import COpenSSL
internal import SRTP

/// One handshake over OpenSSL; ``DTLSEndpoint`` guards it.
struct DTLSMachine: ~Copyable {
    private let ssl: OpaquePointer
    private let exchange: DTLSExchange
    private let role: DTLSPlan.Role
    private let patience: Duration
    /// Nil until the handshake has begun.
    private var giveUpAt: Moment?
    /// A server needs no beginning; a client has sent nothing yet that could be answered.
    private var isStarted: Bool
    /// A server that answers each ClientHello with a cookie and keeps nothing of it, until one comes back.
    private(set) var isListening: Bool
    private var pieces = HelloPieces()
    /// The random of the ClientHello that began the handshake, where a cookie was asked for; empty before.
    private(set) var helloRandom: [UInt8] = []
    private(set) var state: DTLSEndpoint.State = .handshaking
    private(set) var keys: DTLSKeys?
    private(set) var nextDeadline: Moment?

    /// The profiles of RFC 5764 §4.1.2 and RFC 7714 §14.2 by OpenSSL's names and numbers.
    private static let profiles: [(profile: SRTPProfile, name: String, number: UInt)] = [
        (.aeadAES256GCM, "SRTP_AEAD_AES_256_GCM", 8), (.aeadAES128GCM, "SRTP_AEAD_AES_128_GCM", 7),
        (.aesCM128HMACSHA1Tag80, "SRTP_AES128_CM_SHA1_80", 1), (.aesCM128HMACSHA1Tag32, "SRTP_AES128_CM_SHA1_32", 2),
    ]

    init(
        _ certificate: DTLSCertificate, _ plan: DTLSPlan, _ settings: DTLSSettings, now: Moment
    ) throws(DTLSFailure) {
        let fingerprints: [DTLSFingerprint] = DTLSFingerprint.deciding(plan.fingerprints)
        guard !fingerprints.isEmpty else { throw .noUsableFingerprint }
        let names: [String] = settings.profiles.compactMap { wanted in
            Self.profiles.first { $0.profile == wanted }?.name
        }
        guard !names.isEmpty else { throw .noCommonProfile }
        var secret = [UInt8](repeating: 0, count: 16)
        guard RAND_bytes(&secret, 16) == 1, let ssl = SSL_new(certificate.context) else { throw .noCipher }
        let exchange = DTLSExchange(fingerprints: fingerprints, cookieSecret: secret, mtu: settings.mtu)
        // Of all calls this one returns 0 for success.
        guard exchange.attach(to: ssl), SSL_set_tlsext_use_srtp(ssl, names.joined(separator: ":")) == 0 else {
            SSL_free(ssl)
            throw .noCipher
        }
        _ = dtls_set_mtu(ssl, settings.mtu)
        DTLS_set_timer_cb(ssl) { _, last in last == 0 ? 250_000 : min(2 * last, 4_000_000) }
        isListening = plan.role == .server && settings.verifiesAddress
        switch plan.role {
        case .server: SSL_set_accept_state(ssl)
        case .client: SSL_set_connect_state(ssl)
        }
        self.ssl = ssl
        self.exchange = exchange
        role = plan.role
        isStarted = plan.role == .server
        patience = settings.patience
        if !isListening { begin(now: now) }
    }

    /// From here on the peer has the patience of the settings.
    private mutating func begin(now: Moment) {
        giveUpAt = now.advanced(by: patience)
        nextDeadline = giveUpAt
    }

    deinit { SSL_free(ssl) }

    mutating func start(now: Moment) -> [[UInt8]] {
        if !isStarted {
            isStarted = true
            handshake(now: now)
        }
        return takeOutgoing()
    }

    mutating func handle(_ datagram: [UInt8], from source: IPEndpoint?, now: Moment) -> [[UInt8]] {
        // An empty read would be the end of the connection to OpenSSL.
        guard isStarted, !datagram.isEmpty else { return [] }
        if isListening { return listen(datagram, source, now: now) }
        switch state {
        case .handshaking:
            exchange.incoming = datagram
            handshake(now: now)
        case .connected:
            exchange.incoming = datagram
            read()
        case .failed, .closed: break  // Nothing is left that it could change.
        }
        exchange.incoming = nil
        return takeOutgoing()
    }

    /// Looks at one datagram, of which nothing is kept but pieces of a ClientHello for a moment; goes on with the handshake where it
    /// brings back a cookie.
    private mutating func listen(_ datagram: [UInt8], _ source: IPEndpoint?, now: Moment) -> [[UInt8]] {
        guard let piece = HelloPiece(datagram), !piece.isWhole else {
            return hear(datagram, HelloPiece(datagram), source, now: now)
        }
        if piece.showsCookie { return hear(datagram, piece, source, now: now) }
        guard let whole = pieces.add(piece, datagram, from: source, now: now) else { return [] }
        return hear(whole, HelloPiece(whole), source, now: now)
    }

    private mutating func hear(
        _ datagram: [UInt8], _ piece: HelloPiece?, _ source: IPEndpoint?, now: Moment
    ) -> [[UInt8]] {
        ERR_clear_error()
        exchange.look(at: datagram, from: source)
        guard let address = BIO_ADDR_new() else { return [] }
        defer { BIO_ADDR_free(address) }
        let held: [[UInt8]] = piece.map { pieces.take(from: source, message: $0.message) } ?? []
        guard DTLSv1_listen(ssl, address) == 1 else {
            ERR_clear_error()
            exchange.incoming = nil
            return takeOutgoing()
        }
        isListening = false
        begin(now: now)
        if let piece, piece.offset == 0, piece.body.count >= 34 {
            helloRandom = Array(piece.body.dropFirst(2).prefix(32))
        }
        // It was only looked at.
        if exchange.incoming == nil { exchange.incoming = datagram }
        handshake(now: now)
        // Pieces that overtook the one with the cookie.
        if piece?.isWhole == false {
            for other in held {
                exchange.incoming = other
                handshake(now: now)
            }
        }
        exchange.incoming = nil
        pieces.removeAll()
        return takeOutgoing()
    }

    mutating func deadlineReached(now: Moment) -> [[UInt8]] {
        guard case .handshaking = state, let deadline = nextDeadline, now >= deadline else { return [] }
        if now >= giveUpAt ?? now {
            fail(.timedOut)
        } else {
            ERR_clear_error()
            if dtls_handle_timeout(ssl) < 0 { fail(.timedOut) } else { arm(now: now) }
        }
        return takeOutgoing()
    }

    /// Tells the peer that the association ends (RFC 5764 §4.1).
    mutating func close() -> [[UInt8]] {
        switch state {
        case .handshaking, .connected:
            ERR_clear_error()
            if SSL_is_init_finished(ssl) == 1 { _ = SSL_shutdown(ssl) }
            state = .closed
            nextDeadline = nil
        case .failed, .closed: break  // Said already, or not to be said.
        }
        return takeOutgoing()
    }

    private func takeOutgoing() -> [[UInt8]] {
        let datagrams = exchange.outgoing
        exchange.outgoing = []
        return datagrams
    }

    private mutating func handshake(now: Moment) {
        ERR_clear_error()
        let result: Int32 = SSL_do_handshake(ssl)
        guard result != 1 else { return connect() }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: arm(now: now)
        default: fail(exchange.sawWrongCertificate ? .wrongFingerprint : .broken(Self.reason()))
        }
    }

    /// OpenSSL keeps the time to the next retransmission by the clock of the system; here it is taken as from `now`.
    private mutating func arm(now: Moment) {
        var left = timeval()
        guard dtls_get_timeout(ssl, &left) == 1 else {
            nextDeadline = giveUpAt
            return
        }
        let wait: Duration = .seconds(left.tv_sec) + .microseconds(left.tv_usec)
        let next: Moment = now.advanced(by: wait)
        nextDeadline = giveUpAt.map { min(next, $0) } ?? next
    }

    private mutating func connect() {
        nextDeadline = nil
        guard let number = SSL_get_selected_srtp_profile(ssl)?.pointee.id,
            let profile = Self.profiles.first(where: { $0.number == number })?.profile
        else {
            _ = SSL_shutdown(ssl)
            return fail(.noCommonProfile)
        }
        guard let keys = exportKeys(profile) else { return fail(.broken(Self.reason())) }
        self.keys = keys
        state = .connected(keys)
    }

    /// Both keys, then both salts, the client's first (RFC 5764 §4.2).
    private func exportKeys(_ profile: SRTPProfile) -> DTLSKeys? {
        let (keyLength, saltLength) = (profile.keyLength, profile.saltLength)
        var material = [UInt8](repeating: 0, count: 2 * (keyLength + saltLength))
        let label = "EXTRACTOR-dtls_srtp"
        guard SSL_export_keying_material(ssl, &material, material.count, label, label.utf8.count, nil, 0, 0) == 1 else {
            return nil
        }
        let salts: Int = 2 * keyLength
        let client = SRTPKey(
            profile: profile, key: Array(material[..<keyLength]), salt: Array(material[salts..<(salts + saltLength)]))
        let server = SRTPKey(
            profile: profile, key: Array(material[keyLength..<salts]), salt: Array(material[(salts + saltLength)...]))
        OPENSSL_cleanse(&material, material.count)
        switch role {
        case .client: return DTLSKeys(local: client, remote: server)
        case .server: return DTLSKeys(local: server, remote: client)
        }
    }

    /// After the handshake: what is left is the peer's retransmitted Finished, which OpenSSL answers, and its farewell.
    private mutating func read() {
        ERR_clear_error()
        var buffer = [UInt8](repeating: 0, count: 2048)
        var result: Int32 = 1
        while result > 0 { result = SSL_read(ssl, &buffer, Int32(buffer.count)) }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: break
        default: state = .closed
        }
    }

    private mutating func fail(_ failure: DTLSFailure) {
        state = .failed(failure)
        nextDeadline = nil
    }

    private static func reason() -> String {
        let code: UInt = ERR_get_error()
        guard code != 0, let text = ERR_reason_error_string(code) else { return "no reason given" }
        return String(cString: text)
    }
}
