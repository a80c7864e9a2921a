import Basics
import SDP
import Testing

@Suite("SDP: keys in a=crypto (RFC 4568)")
struct CryptoTests {
    /// 30 bytes: 0, 1, 2, …
    static let key30 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"
    static let bytes30: [UInt8] = (0..<30).map { $0 }

    @Test(
        "lines of all forms are read, and written back the same",
        arguments: [
            (
                "1 AES_CM_128_HMAC_SHA1_80 inline:\(key30)",
                SDPCrypto(tag: 1, suite: "AES_CM_128_HMAC_SHA1_80", keys: [SDPCryptoKey(keyAndSalt: bytes30)])
            ),
            (
                "999999999 AES_CM_128_HMAC_SHA1_32 inline:\(key30)|2^20",
                SDPCrypto(
                    tag: 999_999_999, suite: "AES_CM_128_HMAC_SHA1_32",
                    keys: [SDPCryptoKey(keyAndSalt: bytes30, lifetime: 1 << 20)])
            ),
            (
                "2 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|1000000|1:4",
                SDPCrypto(
                    tag: 2, suite: "AES_CM_128_HMAC_SHA1_80",
                    keys: [SDPCryptoKey(keyAndSalt: bytes30, lifetime: 1_000_000, mki: [0, 0, 0, 1])])
            ),
            (
                "2 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|66051:3",
                SDPCrypto(
                    tag: 2, suite: "AES_CM_128_HMAC_SHA1_80",
                    keys: [SDPCryptoKey(keyAndSalt: bytes30, mki: [1, 2, 3])])
            ),
            (
                "3 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|2^48|1:1;inline:\(key30)|2^48|2:1",
                SDPCrypto(
                    tag: 3, suite: "AES_CM_128_HMAC_SHA1_80",
                    keys: [
                        SDPCryptoKey(keyAndSalt: bytes30, lifetime: 1 << 48, mki: [1]),
                        SDPCryptoKey(keyAndSalt: bytes30, lifetime: 1 << 48, mki: [2]),
                    ])
            ),
            (
                "1 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|340282366920938463463374607431768211455:16",
                SDPCrypto(
                    tag: 1, suite: "AES_CM_128_HMAC_SHA1_80",
                    keys: [SDPCryptoKey(keyAndSalt: bytes30, mki: Array(repeating: 255, count: 16))])
            ),
            (
                """
                0 F8_128_HMAC_SHA1_80 inline:\(key30) KDR=4 UNENCRYPTED_SRTP UNENCRYPTED_SRTCP UNAUTHENTICATED_SRTP \
                FEC_ORDER=SRTP_FEC FEC_KEY=inline:abcd WSH=128 -X=1 Y
                """,
                SDPCrypto(
                    tag: 0, suite: "F8_128_HMAC_SHA1_80", keys: [SDPCryptoKey(keyAndSalt: bytes30)],
                    parameters: [
                        .keyDerivationRate(4), .unencryptedSRTP, .unencryptedSRTCP, .unauthenticatedSRTP,
                        .fecOrder("SRTP_FEC"), .fecKey("inline:abcd"), .windowSizeHint(128), .other("-X=1"),
                        .other("Y"),
                    ])
            ),
        ] as [(String, SDPCrypto)])
    func roundTrip(value: String, line: SDPCrypto) throws {
        #expect(SDPCrypto(value) == line)
        #expect(line.value == value)
    }

    @Test(
        "lines outside the grammar are not read",
        arguments: [
            "", "1", "1 AES_CM_128_HMAC_SHA1_80", "x AES_CM_128_HMAC_SHA1_80 inline:\(key30)",
            "-1 AES_CM_128_HMAC_SHA1_80 inline:\(key30)", "1234567890 AES_CM_128_HMAC_SHA1_80 inline:\(key30)",
            "1 AES_CM_128_HMAC_SHA1_80 uri:\(key30)", "1 AES_CM_128_HMAC_SHA1_80 inline:",
            "1 AES_CM_128_HMAC_SHA1_80 inline:a", "1 AES_CM_128_HMAC_SHA1_80 inline:ab=c",
            "1 AES_CM_128_HMAC_SHA1_80 inline:AAE$", "1 AES_CM_128_HMAC_SHA1_80 inline:AB==",
            "1 AES_CM_128_HMAC_SHA1_80 inline:AA===", "1 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|0",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|", "1 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|2^49",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|2^", "1 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|281474976710657",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|2^20|1", "1 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|2^20|1:0",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|2^20|256:1",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|2^20|1:129",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|2^20|x:1", "1 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|2^20|:1",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|1:1|2^20",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|2^20|1:1|1", "1 AES_CM_128_HMAC_SHA1_80 inline:\(key30);",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(key30) KDR=25", "1 AES_CM_128_HMAC_SHA1_80 inline:\(key30) KDR=x",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(key30) WSH=63",
        ])
    func refused(value: String) { #expect(SDPCrypto(value) == nil) }

    @Test(
        "a line is usable when its keys fit its suite and nothing asks for more",
        arguments: [
            ("1 AES_CM_128_HMAC_SHA1_80 inline:\(key30)", true),
            ("1 aes_cm_128_hmac_sha1_80 INLINE:\(key30) WSH=1024 -FUTURE=1", true),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|1:1;inline:\(key30)|2:1", true),
            // 46 bytes, with and without the padding that some leave out.
            ("1 AES_256_CM_HMAC_SHA1_80 inline:\(String(repeating: "A", count: 62))==", true),
            ("1 AES_256_CM_HMAC_SHA1_80 inline:\(String(repeating: "A", count: 62))", true),
            ("1 AEAD_AES_128_GCM inline:\(String(repeating: "A", count: 38))==", true),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:\(String(repeating: "A", count: 38))", false),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:\(key30);inline:\(key30)", false),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|1:1;inline:\(key30)|1:1", false),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|1:1;inline:\(key30)|2:2", false),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:\(key30) UNENCRYPTED_SRTP", false),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:\(key30) UNENCRYPTED_SRTCP", false),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:\(key30) UNAUTHENTICATED_SRTP", false),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:\(key30) KDR=1", false),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:\(key30) FEC_ORDER=FEC_SRTP", false),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:\(key30) FUTURE=1", false),
            ("1 FUTURE_SUITE inline:\(key30)", false),
        ])
    func usable(value: String, isUsable: Bool) throws {
        let line = try #require(SDPCrypto(value))
        #expect(line.isUsable == isUsable)
    }

    @Test(
        "suites are offered in order of preference with keys of their own, and the first that can be taken is answered")
    func offerAndAnswer() throws {
        var random = SeededRandom(seed: 1)
        let suites = ["AEAD_AES_256_GCM", "NOT_KNOWN", "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"]
        let offer = SDPCrypto.offer(suites: suites, using: &random)
        #expect(offer.map(\.tag) == [1, 2, 3])
        #expect(offer.map(\.suite) == [suites[0], suites[2], suites[3]])
        #expect(Set(offer.flatMap(\.keys)).count == 3)
        let allUsable: Bool = offer.allSatisfy(\.isUsable)
        #expect(allUsable)

        let spoken = ["AES_CM_128_HMAC_SHA1_32", "aes_cm_128_hmac_sha1_80"]
        let chosen = try #require(SDPCrypto.choose(from: offer, suites: spoken))
        #expect(chosen == offer[1])
        let answer = try #require(chosen.answer(using: &random))
        #expect(answer.tag == 2 && answer.suite == chosen.suite && answer.keys != chosen.keys && answer.isUsable)
        #expect(answer.accepted(of: offer) == offer[1])
        #expect(SDPCrypto.choose(from: offer, suites: ["AES_192_CM_HMAC_SHA1_80"]) == nil)
        var spoilt = offer
        spoilt[1].parameters = [.unencryptedSRTP]
        #expect(SDPCrypto.choose(from: spoilt, suites: spoken) == offer[2])
        spoilt[2].tag = 1
        #expect(SDPCrypto.choose(from: spoilt, suites: spoken) == nil)
    }

    @Test(
        "an answer that is none is not taken",
        arguments: [
            "4 AES_CM_128_HMAC_SHA1_80 inline:\(key30)", "1 AES_CM_128_HMAC_SHA1_32 inline:\(key30)",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(key30) UNENCRYPTED_SRTP",
        ])
    func wrongAnswer(value: String) throws {
        let offer = try #require(SDPCrypto("1 AES_CM_128_HMAC_SHA1_80 inline:\(Self.key30)"))
        #expect(try #require(SDPCrypto(value)).accepted(of: [offer]) == nil)
    }

    @Test("no text of a line shows a key")
    func keysAreNotShown() throws {
        let line = try #require(
            SDPCrypto("1 AES_CM_128_HMAC_SHA1_80 inline:\(Self.key30)|2^20 FEC_KEY=inline:\(Self.key30)"))
        var dumped = ""
        dump([line], to: &dumped)
        dump(line.keys, to: &dumped)
        dump(line.parameters, to: &dumped)
        for text in ["\(line)", String(reflecting: [line]), "\(line.keys) \(line.parameters)", dumped] {
            #expect(!text.contains("AAEC") && !text.contains("1, 2, 3") && !text.contains("- 2\n"))
        }
        #expect(line.description == "1 AES_CM_128_HMAC_SHA1_80 (key not shown)")
    }

    @Test("an m-line's crypto lines are read in order, replaced as a whole, and unreadable ones passed over")
    func onTheMediaLine() throws {
        var parsed = try session(
            "m=audio 4000 RTP/SAVP 0", "a=crypto:1 AEAD_AES_128_GCM inline:\(String(repeating: "A", count: 38))==",
            "a=crypto:nonsense", "a=Crypto:2 AES_CM_128_HMAC_SHA1_80 inline:\(Self.key30)", "a=ptime:20")
        #expect(parsed.media[0].crypto.map(\.tag) == [1, 2])
        let second = parsed.media[0].crypto[1]
        parsed.media[0].setCrypto([second])
        #expect(parsed.media[0].attributes.map(\.name) == ["ptime", "crypto"])
        #expect(try text(parsed).contains("a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:\(Self.key30)\r\n"))
    }

    @Test(
        "why a line is not taken is said, without its keys",
        arguments: [
            ("1 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|1:1;inline:\(key30)|2:1", nil),
            ("3 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|1:1;inline:\(key30)", "of which one has no identifier"),
            ("3 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|1:1;inline:\(key30)|1:1", "same identifier"),
            ("3 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|1:1;inline:\(key30)|1:4", "differ in length"),
            ("3 AES_CM_128_HMAC_SHA1_80 inline:AAAA|1:1;inline:\(key30)|2:1", "not of its suite's length"),
            ("3 AES_CM_128_HMAC_SHA1_80 inline:\(key30) KDR=1", "session parameter"),
            ("3 AES_999 inline:\(key30)", "suite is not known"),
            ("3 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|1:0", "can't be read"),
            ("3 AES_CM_128_HMAC_SHA1_80 inline:\(key30)|256:1;inline:\(key30)|2:1", "can't be read"),
            (
                "3 AES_CM_128_HMAC_SHA1_80 " + (0..<9).map { "inline:\(key30)|\($0):1" }.joined(separator: ";"),
                "more than 8 keys"
            ),
        ] as [(String, String?)])
    func faults(_ row: (String, String?)) throws {
        let media = MediaDescription(
            kind: .audio, port: 4000, transportProtocol: "RTP/SAVP", formats: ["0"],
            attributes: [SDPAttribute("crypto", row.0)])
        #expect(media.cryptoFaults.count == (row.1 == nil ? 0 : 1))
        for text in media.cryptoFaults {
            #expect(text.hasPrefix("crypto line ") && !text.contains(Self.key30))
            #expect(text.contains(row.1 ?? ""))
        }
    }
}
