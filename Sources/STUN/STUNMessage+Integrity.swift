internal import COpenSSL

extension STUNMessage {
    /// HMAC-SHA1 of `bytes`, whose length field is set already (RFC 8489 §14.5).
    static func signature(of bytes: ArraySlice<UInt8>, key: [UInt8]) -> [UInt8] {
        var states: [SHA_CTX] = [SHA_CTX(), SHA_CTX()]
        return states.withUnsafeMutableBufferPointer { states in
            guard let inner = states.baseAddress else { return [] }
            hmac_sha1_prepare(inner, inner + 1, key, key.count)
            defer { OPENSSL_cleanse(inner, 2 * MemoryLayout<SHA_CTX>.size) }
            return bytes.withUnsafeBytes { data in
                [UInt8](unsafeUninitializedCapacity: 20) { out, count in
                    hmac_sha1(inner, inner + 1, data.baseAddress, data.count, nil, 0, out.baseAddress)
                    count = 20
                }
            }
        }
    }

    /// Whether `bytes`, which this message was read from, have a MESSAGE-INTEGRITY by `key` (RFC 8489 §9.1: the password of short-term
    /// credentials).
    public func isSigned(with key: [UInt8], in bytes: [UInt8]) -> Bool {
        guard let offset = STUNMessage.integrityOffset(in: bytes) else { return false }
        var signed = Array(bytes[..<offset])
        STUNMessage.setLength(&signed, offset + 24)
        let expected = STUNMessage.signature(of: signed[...], key: key)
        return bytes[(offset + 4)...].withUnsafeBytes { CRYPTO_memcmp($0.baseAddress, expected, 20) == 0 }
    }

    /// Where the first MESSAGE-INTEGRITY starts; nil without one of 20 bytes.
    private static func integrityOffset(in bytes: [UInt8]) -> Int? {
        var position: Int = 20
        while position + 4 <= bytes.count {
            let type = UInt16(bytes[position]) << 8 | UInt16(bytes[position + 1])
            let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
            if type == Attribute.messageIntegrity {
                return length == 20 && position + 24 <= bytes.count ? position : nil
            }
            position += 4 + (length + 3) & ~3
        }
        return nil
    }
}
