import Fax
import MediaNegotiation
import SDP
import Testing

@Suite("Fax relay negotiated")
struct FaxRelayTests {
    @Test(
        "an answer offers no more than was offered",
        arguments: [
            (SDPT38(), SDPT38(maxBuffer: 1800, maxDatagram: 400)),
            (
                SDPT38(
                    version: 7, maxBitRate: 33_600, fillBitRemoval: true, transcodingMMR: true, transcodingJBIG: true,
                    rateManagement: .local, maxDatagram: 1400, errorCorrection: [.parity, .redundancy]),
                SDPT38(
                    version: 3, fillBitRemoval: true, maxBuffer: 1800, maxDatagram: 400, errorCorrection: [.parity])
            ),
            (
                SDPT38(version: 1, maxBitRate: 9600, errorCorrection: [.none]),
                SDPT38(version: 1, maxBitRate: 9600, maxBuffer: 1800, maxDatagram: 400, errorCorrection: [.none])
            ),
            (SDPT38(maxBitRate: 0, errorCorrection: []), SDPT38(maxBuffer: 1800, maxDatagram: 400)),
        ])
    func answers(_ row: (SDPT38, SDPT38)) { #expect(FaxRelay.answer(to: row.0) == row.1) }

    @Test(
        "what is used is what both can",
        arguments: [
            (
                SDPT38(
                    version: 3, maxBitRate: 9600, fillBitRemoval: true, maxDatagram: 512, errorCorrection: [.parity]),
                T38Settings(maxBitRate: 9600, correction: .standardParity, maxDatagram: 512)
            ),
            (SDPT38(maxDatagram: 72, errorCorrection: [.none]), T38Settings(correction: .none)),
            (SDPT38(maxBitRate: nil, maxDatagram: 9000, errorCorrection: []), T38Settings(maxDatagram: 1472)),
        ])
    func settings(_ row: (SDPT38, T38Settings)) {
        #expect(FaxRelay.settings(local: FaxRelay.offer, remote: row.0) == row.1)
    }
}
