internal import Basics
internal import COpenSSL

/// What OpenSSL's callbacks of one handshake need: the datagrams, and whom the peer's certificate must belong to.
final class DTLSExchange {
    /// What just came; OpenSSL takes it whole.
    var incoming: [UInt8]?
    /// What is to be sent, in order.
    var outgoing: [[UInt8]] = []
    private let cookieSecret: [UInt8]
    /// Of what is looked at just now: good for its source alone, and only until this exchange ends.
    private(set) var cookie: [UInt8] = []
    let mtu: Int
    private let fingerprints: [DTLSFingerprint]
    private(set) var sawWrongCertificate = false

    init(fingerprints: [DTLSFingerprint], cookieSecret: [UInt8], mtu: Int) {
        (self.fingerprints, self.cookieSecret, self.mtu) = (fingerprints, cookieSecret, mtu)
    }

    /// Gives OpenSSL a datagram to look at, from where it says it comes.
    func look(at datagram: [UInt8], from source: IPEndpoint?) {
        incoming = datagram
        var name: [UInt64] = [0, 0, 0]
        if let source { name = [source.address.high, source.address.low, UInt64(source.port)] }
        cookie = [UInt8](repeating: 0, count: 20)
        var states: [SHA_CTX] = [SHA_CTX(), SHA_CTX()]
        states.withUnsafeMutableBufferPointer { states in
            guard let inner = states.baseAddress else { return }
            hmac_sha1_prepare(inner, inner + 1, cookieSecret, cookieSecret.count)
            name.withUnsafeBytes { hmac_sha1(inner, inner + 1, $0.baseAddress, $0.count, nil, 0, &cookie) }
        }
    }

    static func of(_ ssl: OpaquePointer) -> DTLSExchange? {
        dtls_app_data(ssl).map { Unmanaged<DTLSExchange>.fromOpaque($0).takeUnretainedValue() }
    }

    func isPeer(_ certificate: OpaquePointer) -> Bool {
        for fingerprint in fingerprints {
            let hash: OpaquePointer? =
                switch fingerprint.strength {
                case .sha256: EVP_sha256()
                case .sha384: EVP_sha384()
                case .sha512: EVP_sha512()
                case nil: nil
                }
            if let hash, DTLSCertificate.digest(of: certificate, hash) == fingerprint.value { return true }
        }
        sawWrongCertificate = true
        return false
    }

    // MARK: The datagrams as OpenSSL sees them

    private static func of(bio: OpaquePointer) -> DTLSExchange? {
        BIO_get_data(bio).map { Unmanaged<DTLSExchange>.fromOpaque($0).takeUnretainedValue() }
    }

    /// One read or write is one datagram. Made once and never changed.
    nonisolated(unsafe) private static let method: OpaquePointer? = {
        guard let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams in memory") else {
            return nil
        }
        BIO_meth_set_create(method) { bio in
            BIO_set_init(bio, 1)
            return 1
        }
        BIO_meth_set_write(method) { bio, bytes, count in
            guard let bio, let bytes, count > 0, let exchange = DTLSExchange.of(bio: bio) else { return -1 }
            let start = UnsafeRawPointer(bytes)
            exchange.outgoing.append(Array(UnsafeRawBufferPointer(start: start, count: Int(count))))
            return count
        }
        BIO_meth_set_read(method) { bio, bytes, count in
            guard let bio, let bytes, count > 0, let exchange = DTLSExchange.of(bio: bio) else { return -1 }
            BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_IO_SPECIAL | BIO_FLAGS_SHOULD_RETRY)
            guard let datagram = exchange.incoming else {
                BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
                return -1
            }
            exchange.incoming = nil
            // What does not fit is cut off, as a socket does it.
            let length: Int = min(datagram.count, Int(count))
            UnsafeMutableRawBufferPointer(start: bytes, count: Int(count)).copyBytes(from: datagram[..<length])
            return Int32(length)
        }
        BIO_meth_set_ctrl(method) { bio, command, _, _ in
            guard let bio, let exchange = DTLSExchange.of(bio: bio) else { return 0 }
            switch command {
            case BIO_CTRL_FLUSH: return 1
            case BIO_CTRL_DGRAM_QUERY_MTU, BIO_CTRL_DGRAM_GET_FALLBACK_MTU: return exchange.mtu
            // IPv6 and UDP.
            case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD: return 48
            case BIO_CTRL_PENDING: return exchange.incoming?.count ?? 0
            default: return 0
            }
        }
        return method
    }()

    /// Joins this exchange to a connection, which must not outlive it.
    func attach(to ssl: OpaquePointer) -> Bool {
        guard let method = Self.method, let bio = BIO_new(method) else { return false }
        let place: UnsafeMutableRawPointer = Unmanaged.passUnretained(self).toOpaque()
        BIO_set_data(bio, place)
        // The connection owns the BIO from here on, for both directions.
        SSL_set_bio(ssl, bio, bio)
        return dtls_set_app_data(ssl, place) == 1
    }
}
