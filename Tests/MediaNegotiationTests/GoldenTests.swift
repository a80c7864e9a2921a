import Foundation
import MediaNegotiation
import SDP
import Testing

/// Descriptions in the shape real phones send them: `NAME.sdp`, and `NAME.expected` with what the callee is offered after it and what a
/// fixed caller is answered where the phone is the callee. Rewritten with `MARTINET_WRITE_GOLDEN=1`.
@Suite("Descriptions of real phones")
struct GoldenTests {
    static let folder: URL = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Golden")
    static let names: [String] = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
        .filter { $0.hasSuffix(".sdp") }.map { String($0.dropLast(4)) }.sorted()

    /// What a softphone with every usual codec offers.
    private func fixedOffer() throws -> SessionDescription {
        try audio(
            "96 8 101 110", "rtpmap:96 opus/48000/2", "fmtp:96 useinbandfec=1", "rtpmap:8 PCMA/8000",
            "rtpmap:101 telephone-event/8000", "fmtp:101 0-15", "rtpmap:110 telephone-event/48000", "fmtp:110 0-15",
            "ptime:20", "sendrecv")
    }

    private func report(_ phone: SessionDescription) throws -> String {
        var numbers: [PayloadNumbers] = []
        let offer = try MediaNegotiation.offer(phone, from: .standard, to: .standard, numbers: &numbers)
        var lines: [String] = ["offered to the callee:"] + offer.mediaText.map { "  " + $0 }
        // As callee the phone answers with all it has that it was offered, in its own order and with its own numbers.
        let told = try MediaNegotiation.offer(fixedOffer(), from: .standard, to: .standard, numbers: &numbers)
        var answered: SessionDescription = phone
        answered.media = Array(phone.media.prefix(1))
        var callerNumbers: [PayloadNumbers] = []
        let answer = try MediaNegotiation.answer(
            to: fixedOffer(), of: .standard, after: answered, own: told, of: .standard, numbers: &callerNumbers)
        lines += ["answered to a caller with opus and PCMA:"] + answer.mediaText.map { "  " + $0 }
        let choice = try MediaChoice(
            .init("caller", agreed(answer, fixedOffer()), offered: true),
            .init("callee", agreed(told, answered), offered: false), transcoding: true)
        lines.append("history: \(choice?.explanation ?? "nothing in common")")
        return lines.joined(separator: "\n") + "\n"
    }

    @Test("golden: what others are told of it, as caller and as callee", arguments: names)
    func matches(_ name: String) throws {
        let bytes = try Data(contentsOf: GoldenTests.folder.appendingPathComponent(name + ".sdp"))
        let text: String = try report(SessionDescription.parse(Array(bytes)))
        let file = GoldenTests.folder.appendingPathComponent(name + ".expected")
        if ProcessInfo.processInfo.environment["MARTINET_WRITE_GOLDEN"] != nil {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try text == String(contentsOf: file, encoding: .utf8))
    }

    @Test("the folder is read") func isThere() { #expect(GoldenTests.names.count >= 13) }
}
