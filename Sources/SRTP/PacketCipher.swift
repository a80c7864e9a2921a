internal import COpenSSL

/// The ciphers of one direction of one session, for RTP or for RTCP. Works in place; nothing is allocated after `init`.
struct PacketCipher: ~Copyable {
    /// Of HMAC-SHA1.
    static let digestLength: Int = 20

    /// AES in ECB mode, which makes the key stream of AES-CM; or AES-GCM.
    private let context: OpaquePointer
    /// The inner and the outer state of the keyed hash; nil for AES-GCM.
    private let hashes: UnsafeMutablePointer<SHA_CTX>?
    /// The session salt in front of what is XORed with source and index: bytes 0 ..< 8, and the rest of 16 or 12.
    private let saltHigh: UInt64
    private let saltLow: UInt64

    init(_ keys: SessionKeys, isAEAD: Bool) throws(SRTPKeyFault) {
        context = try Self.context(keys.cipherKey, isAEAD: isAEAD)
        let salt: [UInt8] = keys.salt + [UInt8](repeating: 0, count: 16 - keys.salt.count)
        (saltHigh, saltLow) = salt.withUnsafeBytes { bytes in
            (
                UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
        guard !isAEAD else {
            hashes = nil
            return
        }
        let states = UnsafeMutablePointer<SHA_CTX>.allocate(capacity: 2)
        hmac_sha1_prepare(states, states + 1, keys.authenticationKey, keys.authenticationKey.count)
        hashes = states
    }

    private static func context(_ key: [UInt8], isAEAD: Bool) throws(SRTPKeyFault) -> OpaquePointer {
        guard let context = EVP_CIPHER_CTX_new() else { throw .noCipher }
        let cipher: OpaquePointer? =
            switch (isAEAD, key.count) {
            case (true, 32): EVP_aes_256_gcm()
            case (true, _): EVP_aes_128_gcm()
            case (false, 32): EVP_aes_256_ecb()
            case (false, _): EVP_aes_128_ecb()
            }
        guard EVP_EncryptInit_ex(context, cipher, nil, key, nil) == 1, EVP_CIPHER_CTX_set_padding(context, 0) == 1
        else {
            EVP_CIPHER_CTX_free(context)
            throw .noCipher
        }
        return context
    }

    deinit {
        EVP_CIPHER_CTX_free(context)
        if let hashes {
            OPENSSL_cleanse(hashes, 2 * MemoryLayout<SHA_CTX>.size)
            hashes.deallocate()
        }
    }

    // MARK: AES-CM with HMAC-SHA1

    /// Encrypts or decrypts by AES in counter mode (RFC 3711 §4.1.1).
    /// - Parameter count: at most 65 535 bytes, for which the counter of 16 bits is enough.
    @inline(__always)
    func crypt(_ data: UnsafeMutableRawPointer, _ count: Int, source: UInt32, index: UInt64) -> Bool {
        let high: UInt64 = (saltHigh ^ UInt64(source)).bigEndian
        let low: UInt64 = saltLow ^ (index << 16)
        var done: Int = 0
        var isGood = true
        // EVP's own counter mode costs three times as much for a packet of voice: setting its IV alone takes 45 ns.
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Self.streamWords) { stream in
            let stream = stream.baseAddress.unsafelyUnwrapped
            while done < count {
                let take: Int = min(count &- done, 8 * Self.streamWords)
                let blocks: Int = (take &+ 15) >> 4
                let first = UInt64(truncatingIfNeeded: done >> 4)
                for block in 0..<blocks {
                    stream[2 &* block] = high
                    stream[2 &* block &+ 1] = (low | (first &+ UInt64(truncatingIfNeeded: block))).bigEndian
                }
                let bytes = UnsafeMutableRawPointer(stream).assumingMemoryBound(to: UInt8.self)
                var made: Int32 = 0
                isGood =
                    isGood
                    && EVP_EncryptUpdate(context, bytes, &made, bytes, Int32(truncatingIfNeeded: blocks << 4)) == 1
                guard isGood else { return }
                Self.xor(data + done, stream, take)
                done &+= take
            }
        }
        return isGood
    }

    /// 64 blocks of key stream at once: as much as stays on the stack.
    private static let streamWords: Int = 128

    @inline(__always)
    private static func xor(_ data: UnsafeMutableRawPointer, _ stream: UnsafeMutablePointer<UInt64>, _ count: Int) {
        let words: Int = count >> 3
        for word in 0..<words {
            let offset: Int = word << 3
            let value: UInt64 = data.loadUnaligned(fromByteOffset: offset, as: UInt64.self) ^ stream[word]
            data.storeBytes(of: value, toByteOffset: offset, as: UInt64.self)
        }
        let rest = UnsafeRawPointer(stream)
        for offset in (words << 3)..<count {
            let value: UInt8 =
                data.load(fromByteOffset: offset, as: UInt8.self) ^ rest.load(fromByteOffset: offset, as: UInt8.self)
            data.storeBytes(of: value, toByteOffset: offset, as: UInt8.self)
        }
    }

    /// HMAC-SHA1 over the first `count` bytes and, for RTP, the roll-over counter (RFC 3711 §4.2).
    @inline(__always)
    func digest(
        _ data: UnsafeMutableRawPointer, _ count: Int, rollOver: UInt32?, into out: UnsafeMutablePointer<UInt8>
    ) {
        guard let hashes else { return }
        if let rollOver {
            var bytes: UInt32 = rollOver.bigEndian
            hmac_sha1(hashes, hashes + 1, data, count, &bytes, 4, out)
        } else {
            hmac_sha1(hashes, hashes + 1, data, count, nil, 0, out)
        }
    }

    /// Compares a tag in constant time.
    @inline(__always)
    func isTag(
        _ tag: UnsafeMutableRawPointer, _ tagLength: Int, of data: UnsafeMutableRawPointer, _ count: Int,
        rollOver: UInt32?
    ) -> Bool {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.digestLength) { sum in
            let sum = sum.baseAddress.unsafelyUnwrapped
            digest(data, count, rollOver: rollOver, into: sum)
            return CRYPTO_memcmp(sum, tag, tagLength) == 0
        }
    }

    /// Writes a tag.
    @inline(__always)
    func putTag(
        _ tag: UnsafeMutableRawPointer, _ tagLength: Int, of data: UnsafeMutableRawPointer, _ count: Int,
        rollOver: UInt32?
    ) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.digestLength) { sum in
            let sum = sum.baseAddress.unsafelyUnwrapped
            digest(data, count, rollOver: rollOver, into: sum)
            tag.copyMemory(from: sum, byteCount: tagLength)
        }
    }
}

// MARK: AES-GCM

/// Where the parts of a packet lie that AES-GCM works on.
struct AEADParts {
    /// What is authenticated alone: the front of the packet, and the RTCP index behind it.
    var header: UnsafeMutableRawPointer
    var headerLength: Int
    var trailer: UnsafeMutableRawPointer?
    var text: UnsafeMutableRawPointer
    var textLength: Int
    var tag: UnsafeMutableRawPointer
}

extension PacketCipher {
    static let aeadTagLength: Int32 = 16

    /// Sets the direction and the initialisation vector (RFC 7714 §8.1, §9.1) and takes in what is only authenticated.
    @inline(__always)
    private func begin(_ parts: AEADParts, source: UInt32, index: UInt64, encrypt: Bool) -> Bool {
        let high: UInt64 = (saltHigh ^ (UInt64(source) << 16 | index >> 32)).bigEndian
        let low: UInt64 = (saltLow ^ (index << 32)).bigEndian
        var vector: (UInt64, UInt64) = (high, low)
        let isSet: Bool = withUnsafeBytes(of: &vector) { bytes in
            EVP_CipherInit_ex(
                context, nil, nil, nil, bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self),
                encrypt ? 1 : 0) == 1
        }
        guard isSet, update(nil, parts.header, parts.headerLength) else { return false }
        if let trailer = parts.trailer { return update(nil, trailer, rtcpIndexLength) }
        return true
    }

    @inline(__always)
    private func update(_ out: UnsafeMutableRawPointer?, _ data: UnsafeMutableRawPointer, _ count: Int) -> Bool {
        if count == 0 { return true }
        var made: Int32 = 0
        return EVP_CipherUpdate(
            context, out?.assumingMemoryBound(to: UInt8.self), &made, data.assumingMemoryBound(to: UInt8.self),
            Int32(truncatingIfNeeded: count)) == 1
    }

    /// Encrypts in place and writes the tag.
    @inline(__always)
    func seal(_ parts: AEADParts, source: UInt32, index: UInt64) -> Bool {
        guard begin(parts, source: source, index: index, encrypt: true),
            update(parts.text, parts.text, parts.textLength)
        else { return false }
        return finish()
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Self.aeadTagLength, parts.tag) == 1
    }

    /// Decrypts in place and checks the tag. Where the tag is wrong the packet is left as it was.
    @inline(__always)
    func open(_ parts: AEADParts, source: UInt32, index: UInt64) -> Bool {
        guard begin(parts, source: source, index: index, encrypt: false),
            update(parts.text, parts.text, parts.textLength)
        else { return false }
        if EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Self.aeadTagLength, parts.tag) == 1, finish() {
            return true
        }
        // The same key stream once more: another index, or an older key, may still fit.
        if begin(parts, source: source, index: index, encrypt: true) {
            _ = update(parts.text, parts.text, parts.textLength)
        }
        return false
    }

    @inline(__always)
    private func finish() -> Bool {
        var spare: UInt64 = 0
        var made: Int32 = 0
        return withUnsafeMutableBytes(of: &spare) { bytes in
            EVP_CipherFinal_ex(
                context, bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self), &made) == 1
        }
    }
}
