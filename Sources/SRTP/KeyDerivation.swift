internal import COpenSSL

/// The keys of a session (RFC 3711 §4.3), with a key derivation rate of 0.
package struct SessionKeys {
    package enum Label: UInt8 {
        case rtpEncryption, rtpAuthentication, rtpSalt, rtcpEncryption, rtcpAuthentication, rtcpSalt
    }

    package var cipherKey: [UInt8]
    /// Empty for AES-GCM.
    package var authenticationKey: [UInt8]
    package var salt: [UInt8]

    package init(cipherKey: [UInt8], authenticationKey: [UInt8], salt: [UInt8]) {
        (self.cipherKey, self.authenticationKey, self.salt) = (cipherKey, authenticationKey, salt)
    }

    package init(_ key: SRTPKey, forRTCP: Bool) throws(SRTPKeyFault) {
        let derive = { (label: Label, count: Int) throws(SRTPKeyFault) -> [UInt8] in
            try SessionKeys.derived(label, count: count, key: key.key, salt: key.salt)
        }
        let profile = key.profile
        cipherKey = try derive(forRTCP ? .rtcpEncryption : .rtpEncryption, profile.keyLength)
        authenticationKey =
            profile.isAEAD ? [] : try derive(forRTCP ? .rtcpAuthentication : .rtpAuthentication, 20)
        salt = try derive(forRTCP ? .rtcpSalt : .rtpSalt, profile.saltLength)
    }

    /// The pseudo-random function: AES in counter mode under the master key (RFC 3711 §4.3.3, RFC 6188 §3.1.1, RFC 7714 §11).
    package static func derived(_ label: Label, count: Int, key: [UInt8], salt: [UInt8]) throws(SRTPKeyFault) -> [UInt8]
    {
        guard let context = EVP_CIPHER_CTX_new() else { throw .noCipher }
        defer { EVP_CIPHER_CTX_free(context) }
        let cipher: OpaquePointer? = key.count == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr()
        // A salt of 12 bytes counts as one of 14 with zeros at its end.
        var counter: [UInt8] = salt + [UInt8](repeating: 0, count: 16 - salt.count)
        counter[7] ^= label.rawValue
        let zeros = [UInt8](repeating: 0, count: count)
        var out = zeros
        var written: Int32 = 0
        guard EVP_EncryptInit_ex(context, cipher, nil, key, counter) == 1,
            EVP_EncryptUpdate(context, &out, &written, zeros, Int32(count)) == 1, Int(written) == count
        else { throw .noCipher }
        return out
    }
}
