import SDP
import Testing

@Suite("SDP of T.38")
struct T38Tests {
    static func media(_ lines: [String]) throws -> MediaDescription {
        let text: [String] = ["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0"] + lines
        return try SessionDescription.parse(Array((text.joined(separator: "\r\n") + "\r\n").utf8)).media[0]
    }

    @Test(
        "what peers write is read",
        arguments: [
            (
                "all of it",
                [
                    "T38FaxVersion:3", "T38MaxBitRate:9600", "T38FaxFillBitRemoval", "T38FaxTranscodingMMR",
                    "T38FaxRateManagement:transferredTCF", "T38FaxMaxBuffer:2000", "T38FaxMaxDatagram:512",
                    "T38FaxUdpEC:t38UDPFEC",
                ],
                SDPT38(
                    version: 3, maxBitRate: 9600, fillBitRemoval: true, transcodingMMR: true, maxBuffer: 2000,
                    maxDatagram: 512, errorCorrection: [.parity])
            ),
            (
                "other cases, blanks and values of flags",
                [
                    "t38faxversion: 0", "T38maxBitRate:14400", "T38FaxFillBitRemoval:0", "T38FaxTranscodingMMR:0",
                    "T38FaxTranscodingJBIG:1", "T38FaxRateManagement:TransferredTCF", "T38faxUDPEC:T38UDPRedundancy",
                ],
                SDPT38(transcodingJBIG: true)
            ),
            (
                "several corrections", ["T38FaxUdpEC:t38UDPRedundancy", "T38FaxUdpEC:t38UDPFEC t38UDPNoEC"],
                SDPT38(maxBitRate: nil, rateManagement: nil, errorCorrection: [.redundancy, .parity, .none])
            ),
            ("nothing", [], SDPT38(maxBitRate: nil, rateManagement: nil, errorCorrection: [])),
            (
                "nonsense",
                [
                    "T38FaxVersion:x", "T38MaxBitRate:99999999999", "T38FaxMaxDatagram:-1", "T38FaxUdpEC:yes",
                    "T38FaxUdpEC",
                    "T38FaxRateManagement:both", "T38FaxMaxBuffer:", "T38FaxVersionX:4",
                ],
                SDPT38(maxBitRate: nil, rateManagement: nil, errorCorrection: [])
            ),
            (
                "names of older peers",
                [
                    "T38FaxMaxBufferSize:72", "T38FaxMaxDatagramSize:316", "T38FaxMaxBitRate:14400",
                    "T38FaxRateManagement:localTCF", "T38VendorInfo:0 0 0",
                ],
                SDPT38(rateManagement: .local, maxBuffer: 72, maxDatagram: 316, errorCorrection: [])
            ),
        ] as [(String, [String], SDPT38)])
    func reads(_ row: (String, [String], SDPT38)) throws {
        let media: MediaDescription = try Self.media(["m=image 4000 udptl t38"] + row.1.map { "a=" + $0 })
        #expect(media.t38 == row.2 && media.isT38)
    }

    @Test("what is written is read the same, and other attributes stay")
    func writes() throws {
        let said = SDPT38(
            version: 2, maxBitRate: 12_000, fillBitRemoval: true, transcodingJBIG: true, maxBuffer: 1800,
            maxDatagram: 400, errorCorrection: [.parity, .none])
        var media = MediaDescription(t38: said, port: 4002)
        #expect(media.t38 == said && media.transportProtocol == "udptl" && media.formats == ["t38"])
        media.attributes.append(SDPAttribute("sendrecv"))
        media.t38 = SDPT38(maxDatagram: 100)
        #expect(media.attributes.count == 6)
        #expect(media.attributes.first?.name == "sendrecv" && media.t38 == SDPT38(maxDatagram: 100))
        #expect(media.attributes.allSatisfy { $0.name != "T38FaxFillBitRemoval" })
    }

    @Test(
        "other streams are none of T.38",
        arguments: [
            "m=image 4000 TCP t38", "m=image 4000 udptl g3", "m=audio 4000 RTP/AVP 0", "m=audio 4000 udptl t38",
            "m=image 4000 TCP/TLS/UDPTL t38",
        ])
    func others(_ line: String) throws {
        #expect(try Self.media([line, "a=T38FaxVersion:0"]).t38 == nil)
    }

    @Test("capitals in the m-line are taken")
    func capitals() throws { #expect(try Self.media(["m=image 4000 UDPTL T38"]).isT38) }
}
