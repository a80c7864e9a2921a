import SRTP
import Testing

@Suite("SRTP: the answers of the RFCs")
struct KnownAnswerTests {
    struct Derivation: Sendable, CustomTestStringConvertible {
        var name: String
        var testDescription: String { name }
        var key: String
        var salt: String
        var label: SessionKeys.Label
        var expected: String
    }
    static let key128 = "E1F97A0D3E018BE0D64FA32C06DE4139"
    static let salt128 = "0EC675AD498AFEEBB6960B3AABE6"
    static let key256 = "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6"
    static let salt256 = "3b04803de51ee7c96423ab5b78d2"

    @Test(
        "session keys are derived as in RFC 3711 B.3 and RFC 6188 §7.2",
        arguments: [
            Derivation(
                name: "cipher key", key: key128, salt: salt128, label: .rtpEncryption,
                expected: "C61E7A93744F39EE10734AFE3FF7A087"),
            Derivation(
                name: "cipher salt", key: key128, salt: salt128, label: .rtpSalt,
                expected: "30CBBC08863D8C85D49DB34A9AE1"),
            Derivation(
                name: "authentication key, six blocks of it", key: key128, salt: salt128, label: .rtpAuthentication,
                expected: """
                    CEBE321F6FF7716B6FD4AB49AF256A156D38BAA48F0A0ACF3C34E2359E6CDBCEE049646C43D9327AD175578EF722709863
                    71C10C9A369AC2F94A8C5FBCDDDC256D6E919A48B610EF17C2041E474035766B68642C59BBFC2F34DB60DBDFB2
                    """),
            Derivation(
                name: "cipher key of 256 bits", key: key256, salt: salt256, label: .rtpEncryption,
                expected: "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4"),
            Derivation(
                name: "cipher salt under 256 bits", key: key256, salt: salt256, label: .rtpSalt,
                expected: "fa31791685ca444a9e07c6c64e93"),
            Derivation(
                name: "authentication key under 256 bits", key: key256, salt: salt256, label: .rtpAuthentication,
                expected: "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05"),
        ])
    func derivation(row: Derivation) throws {
        let expected = hex(row.expected)
        let derived = try SessionKeys.derived(row.label, count: expected.count, key: hex(row.key), salt: hex(row.salt))
        #expect(derived == expected, "\(row.name)")
    }

    @Test(
        "the key stream is that of RFC 3711 B.2 and RFC 6188 §7.1",
        arguments: [
            (
                SRTPProfile.aesCM128HMACSHA1Tag80, "2B7E151628AED2A6ABF7158809CF4F3C",
                "E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB41E95B3BB0A2E8DD477901E4FCA894C0"
            ),
            (
                .aesCM256HMACSHA1Tag80, "57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98",
                "92bdd28a93c3f52511c677d08b5515a49da71b2378a854f67050756ded165bac63c4868b7096d88421b563b8c94c9a31"
            ),
        ])
    func keyStream(profile: SRTPProfile, key: String, expected: String) throws {
        let keys = SessionKeys(
            cipherKey: hex(key), authenticationKey: Array(repeating: 0, count: 20),
            salt: hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD"))
        let sender = try Sender(profile.key(1), session: keys)
        let expected = hex(expected)
        let packet = rtp(0, ssrc: 0, payload: Array(repeating: 0, count: expected.count))
        let protected = try #require(sender.protect(packet))
        #expect(Array(protected[12..<(12 + expected.count)]) == expected)
    }

    struct AEAD: Sendable {
        var profile: SRTPProfile
        var plain: String
        var protected: String
        var isRTCP: Bool
    }
    static let caesar =
        "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573"
    static let report =
        "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef"
    /// Session keys, not master keys, of RFC 7714 §16 and §17.
    private static func keys(_ profile: SRTPProfile) -> SessionKeys {
        SessionKeys(
            cipherKey: (0..<UInt8(profile.keyLength)).map { $0 }, authenticationKey: [],
            salt: hex("517569642070726f2071756f"))
    }

    @Test(
        "AES-GCM protects and takes the packets of RFC 7714 §16 and §17",
        arguments: [
            AEAD(
                profile: .aeadAES128GCM, plain: caesar,
                protected: """
                    8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf88
                    33899d7f27beb16a9152cf765ee4390cce
                    """, isRTCP: false),
            AEAD(
                profile: .aeadAES256GCM, plain: caesar,
                protected: """
                    8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b8
                    7b7aa3db36dfffd6b0f9bb7878d7a76c13
                    """, isRTCP: false),
            AEAD(
                profile: .aeadAES128GCM, plain: report,
                protected: """
                    81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0b
                    b9275bc84aa45896cf4d2fc5abf87245d9eade800005d4
                    """, isRTCP: true),
            AEAD(
                profile: .aeadAES256GCM, plain: report,
                protected: """
                    81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f
                    1b6fad1d1eb30c4446839f57ff6f6cb26ac3be800005d4
                    """, isRTCP: true),
        ])
    func aead(row: AEAD) throws {
        let keys = Self.keys(row.profile)
        let (plain, protected) = (hex(row.plain), hex(row.protected))
        let sender = try Sender(row.profile.key(1), session: keys)
        // The vectors' RTCP index is 0x5d4, and a sender's first is 1.
        if row.isRTCP { for _ in 1..<0x5D4 { _ = sender.protect(plain, rtcp: true) } }
        #expect(sender.protect(plain, rtcp: row.isRTCP) == protected)
        let receiver = try Receiver(row.profile.key(1), session: keys)
        #expect(receiver.take(protected, rtcp: row.isRTCP) == .success(plain))
    }

    @Test("an RTCP packet that is only authenticated is taken (RFC 7714 §17.3)")
    func authenticatedOnly() throws {
        let keys = Self.keys(.aeadAES128GCM)
        let receiver = try Receiver(SRTPProfile.aeadAES128GCM.key(1), session: keys)
        let tagged = hex(Self.report + "841dd9683dd78ec92ae58790125f62b3000005d4")
        #expect(receiver.take(tagged, rtcp: true) == .success(hex(Self.report)))
        var spoilt = tagged
        spoilt[20] ^= 1
        spoilt[tagged.count - 1] ^= 1
        #expect(receiver.take(spoilt, rtcp: true) == .failure(.authenticationFailed))
    }
}
