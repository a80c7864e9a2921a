public import Basics
internal import COpenSSL

/// The certificate our ends of handshakes show, with its key: self-signed on P-256, made at start and never written anywhere. What a
/// peer trusts is its fingerprint in the session description (RFC 5763 §5, RFC 8122).
///
/// Never changes after `init`, and OpenSSL counts its references atomically, so that all threads may share one.
public final class DTLSCertificate: @unchecked Sendable {
    /// By SHA-256.
    public let fingerprint: DTLSFingerprint
    /// What all handshakes have in common: certificate, ciphers, callbacks.
    let context: OpaquePointer

    /// How long it is valid: longer than any server runs. Nobody checks it, as the fingerprint is what counts.
    private static let validity: Duration = .seconds(10 * 365 * 86_400)

    /// - Parameter now: the certificate is valid from a day before.
    /// - Throws: ``DTLSFailure/noCipher``. Takes some 3 ms in a fresh process, 0.1 ms later; the key comes from OpenSSL's own random source.
    public init(now: WallTime) throws(DTLSFailure) {
        guard let key = p256_generate() else { throw .noCipher }
        defer { EVP_PKEY_free(key) }
        guard let certificate = X509_new() else { throw .noCipher }
        defer { X509_free(certificate) }
        try Self.fill(certificate, key, now: now)
        guard let context = SSL_CTX_new(DTLS_method()) else { throw .noCipher }
        do {
            fingerprint = try Self.fingerprint(of: certificate)
            try Self.prepare(context, certificate, key)
        } catch {
            SSL_CTX_free(context)
            throw error
        }
        self.context = context
    }

    deinit { SSL_CTX_free(context) }

    /// The fingerprint by another hash, for peers that ask for one: `sha-256`, `sha-384` or `sha-512`; nil for others.
    public func fingerprint(by hash: String) -> DTLSFingerprint? {
        let name: String = hash.lowercased()
        let digest: OpaquePointer? =
            switch name {
            case "sha-256": EVP_sha256()
            case "sha-384": EVP_sha384()
            case "sha-512": EVP_sha512()
            default: nil
            }
        guard let digest, let certificate = SSL_CTX_get0_certificate(context),
            let value = Self.digest(of: certificate, digest)
        else { return nil }
        return DTLSFingerprint(hash: name, value: value)
    }

    private static func fill(_ certificate: OpaquePointer, _ key: OpaquePointer, now: WallTime) throws(DTLSFailure) {
        var serial = [UInt8](repeating: 0, count: 8)
        guard RAND_bytes(&serial, 8) == 1 else { throw .noCipher }
        let number: UInt64 = serial.reduce(0) { $0 << 8 | UInt64($1) } >> 1
        guard X509_set_version(certificate, 2) == 1,
            ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), max(number, 1)) == 1,
            ASN1_TIME_set(X509_getm_notBefore(certificate), Int(now.secondsSinceEpoch - 86_400)) != nil,
            ASN1_TIME_set(X509_getm_notAfter(certificate), Int(now.advanced(by: validity).secondsSinceEpoch)) != nil,
            X509_set_pubkey(certificate, key) == 1, let name = X509_get_subject_name(certificate),
            X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, "martinet", -1, -1, 0) == 1,
            X509_set_issuer_name(certificate, name) == 1, X509_sign(certificate, key, EVP_sha256()) > 0
        else { throw .noCipher }
    }

    private static func fingerprint(of certificate: OpaquePointer) throws(DTLSFailure) -> DTLSFingerprint {
        guard let value = digest(of: certificate, EVP_sha256()) else { throw .noCipher }
        return DTLSFingerprint(hash: "sha-256", value: value)
    }

    /// The hash of a certificate in DER.
    static func digest(of certificate: OpaquePointer, _ hash: OpaquePointer?) -> [UInt8]? {
        var value = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        guard X509_digest(certificate, hash, &value, &length) == 1 else { return nil }
        return Array(value[..<Int(length)])
    }

    private static func prepare(_ context: OpaquePointer, _ certificate: OpaquePointer, _ key: OpaquePointer)
        throws(DTLSFailure)
    {
        dtls_keep_no_sessions(context)
        dtls_release_buffers(context)
        guard dtls_allow_only_1_2(context) == 1, SSL_CTX_use_certificate(context, certificate) == 1,
            SSL_CTX_use_PrivateKey(context, key) == 1,
            SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1
        else { throw .noCipher }
        // Both ends show a certificate (RFC 5763 §6.1); whether it is the peer's, the fingerprint tells.
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        SSL_CTX_set_cert_verify_callback(
            context,
            { store, _ in
                guard let store, let exchange = dtls_verified_connection(store).flatMap({ DTLSExchange.of($0) }),
                    let certificate = X509_STORE_CTX_get0_cert(store), exchange.isPeer(certificate)
                else {
                    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED)
                    return 0
                }
                return 1
            }, nil)
        SSL_CTX_set_cookie_generate_cb(context) { ssl, cookie, length in
            guard let ssl, let cookie, let length, let exchange = DTLSExchange.of(ssl) else { return 0 }
            for (index, byte) in exchange.cookie.enumerated() { cookie[index] = byte }
            length.pointee = UInt32(exchange.cookie.count)
            return 1
        }
        SSL_CTX_set_cookie_verify_cb(context) { ssl, cookie, length in
            guard let ssl, let cookie, let exchange = DTLSExchange.of(ssl), !exchange.cookie.isEmpty,
                Int(length) == exchange.cookie.count
            else { return 0 }
            return CRYPTO_memcmp(cookie, exchange.cookie, exchange.cookie.count) == 0 ? 1 : 0
        }
    }
}
