import Basics
import SIPDialog
import SIPMessage
import Testing

@Suite("Dialog, receiving")
struct DialogReceivingTests {
    /// Bob's end: made by an INVITE numbered 10, confirmed.
    private func bob() throws -> Dialog {
        var dialog = try Dialog(answering: request(), localTag: "b1", firstSequence: 1)
        dialog.confirm()
        return dialog
    }

    struct Row: CustomTestStringConvertible {
        let method: String
        let cseq: Int
        var contact: String?
        let verdict: DialogVerdict
        var testDescription: String { "\(method) \(cseq) \(contact ?? "")" }
    }

    static let rows: [Row] = [
        Row(method: "BYE", cseq: 11, verdict: .accept),
        Row(method: "BYE", cseq: 1000, verdict: .accept),
        Row(method: "INFO", cseq: 10, verdict: .accept),
        Row(method: "BYE", cseq: 9, verdict: .outOfOrder),
        Row(method: "INVITE", cseq: 9, contact: "<sip:x@y>", verdict: .outOfOrder),
        Row(method: "UPDATE", cseq: 11, contact: "<sip:", verdict: .malformedContact),
        Row(method: "INFO", cseq: 11, contact: "<sip:", verdict: .accept),
        Row(method: "ACK", cseq: 10, verdict: .acknowledgement(invite: 10)),
        Row(method: "ACK", cseq: 11, verdict: .ignore),
        Row(method: "CANCEL", cseq: 10, verdict: .cancellation),
    ]

    @Test("RFC 3261 §12.2.2: a request is in order from the last number on; ACK and CANCEL are apart", arguments: rows)
    func verdicts(row: Row) throws {
        var dialog = try bob()
        let before = dialog
        #expect(
            dialog.receive(try request(row.method, cseq: row.cseq, toTag: "b1", contact: row.contact)) == row.verdict)
        if row.verdict == .accept {
            #expect(dialog.remoteSequence == UInt32(row.cseq))
        } else {
            #expect(dialog == before)
        }
    }

    @Test("RFC 3261 §12.2.2: the first request of the peer sets the number on the asking side")
    func firstRequest() throws {
        var dialog = try Dialog(sent: request(), received: response(200))
        #expect(dialog.receive(try requestFromBob("INFO", cseq: 0)) == .accept)
        #expect(dialog.receive(try requestFromBob("INFO", cseq: 7)) == .accept)
        #expect(dialog.receive(try requestFromBob("INFO", cseq: 6)) == .outOfOrder)
    }

    @Test("RFC 3261 §12: a dialog that is over answers 481 to all but ACK and CANCEL")
    func terminated() throws {
        var dialog = try bob()
        dialog.terminate()
        #expect(dialog.receive(try request("INFO", cseq: 11, toTag: "b1")) == .terminated)
        #expect(dialog.receive(try request("ACK", cseq: 10, toTag: "b1")) == .ignore)
        #expect(dialog.receive(try request("CANCEL", cseq: 10, toTag: "b1")) == .cancellation)
        dialog.confirm()
        try dialog.confirm(with: response(200))
        #expect(dialog.state == .terminated)
    }

    static let refreshing: [(String, Bool)] = [
        ("INVITE", true), ("UPDATE", true), ("SUBSCRIBE", true), ("NOTIFY", true), ("REFER", true), ("INFO", false),
        ("OPTIONS", false), ("PRACK", false), ("BYE", false), ("MESSAGE", false),
    ]

    @Test("RFC 3261 §12.2, RFC 3311 §5.1, RFC 6665 §3: which requests move the target", arguments: refreshing)
    func targetRefresh(row: (String, Bool)) throws {
        var dialog = try bob()
        _ = dialog.receive(try request(row.0, cseq: 11, toTag: "b1", contact: "<sip:new@192.0.2.77>"))
        #expect((dialog.remoteTarget.host == "192.0.2.77") == row.1)
    }

    @Test("RFC 3261 §12.2.1.2: a 2xx to a target refresh request moves the target; others, or a bad Contact, don't")
    func responses() throws {
        var dialog = try Dialog(sent: request(), received: response(200))
        _ = dialog.request(.update, via: try via())
        #expect(dialog.receive(response: try response(100, to: "UPDATE", cseq: 11)) == .provisional)
        #expect(
            dialog.receive(response: try response(200, to: "UPDATE", cseq: 11, contact: "<sip:bob@192.0.2.50>"))
                == .success)
        #expect(dialog.remoteTarget.host == "192.0.2.50")
        _ = dialog.request(.info, via: try via())
        _ = dialog.receive(response: try response(200, to: "INFO", cseq: 12, contact: "<sip:bob@192.0.2.51>"))
        #expect(dialog.remoteTarget.host == "192.0.2.50")
        _ = dialog.request(.update, via: try via())
        #expect(dialog.receive(response: try response(200, to: "UPDATE", cseq: 13, contact: "<sip:")) == .success)
        #expect(dialog.remoteTarget.host == "192.0.2.50")
        #expect(dialog.receive(response: try response(200, to: "UPDATE", cseq: 14)) == .stray)
    }

    static let failures: [(Int, String, FailureScope)] = [
        (302, "INVITE", .transaction), (401, "BYE", .transaction), (404, "INFO", .dialog), (405, "INFO", .transaction),
        (405, "INVITE", .usage), (408, "UPDATE", .usage), (410, "INFO", .dialog), (416, "INVITE", .dialog),
        (420, "INVITE", .transaction), (422, "INVITE", .transaction), (480, "INVITE", .usage), (481, "INFO", .usage),
        (482, "INFO", .dialog), (483, "INFO", .dialog), (484, "INFO", .dialog), (485, "INFO", .dialog),
        (486, "INVITE", .transaction), (488, "INVITE", .transaction), (489, "SUBSCRIBE", .usage),
        (491, "INVITE", .transaction),
        (500, "INVITE", .transaction), (501, "MESSAGE", .transaction), (502, "INFO", .dialog),
        (503, "INVITE", .transaction),
        (603, "INVITE", .transaction), (604, "INFO", .dialog),
    ]

    @Test("RFC 5057 §5.1: how far a failure reaches", arguments: failures)
    func failureScopes(row: (Int, String, FailureScope)) throws {
        var dialog = try Dialog(sent: request(), received: response(200))
        _ = dialog.request(try SIPMethod(row.1), via: try via())
        #expect(dialog.receive(response: try response(row.0, to: row.1, cseq: 11)) == .failure(row.2))
        #expect((dialog.state == .terminated) == (row.2 == .dialog))
    }

    @Test(
        "RFC 3261 §12.2.1.1: whatever is sent and received, our numbers only grow and ACK never takes one",
        arguments: 0..<10)
    func numbersGrow(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        var ours = try bob()
        let methods: [SIPMethod] = [.invite, .ack, .update, .info, .bye, .prack, .options]
        var last: UInt32 = 0
        var lastInvite: UInt32?
        var lastHeard: UInt32 = 10
        for _ in 0..<200 {
            if Bool.random(using: &random) {
                let method = methods[Int.random(in: 0..<methods.count, using: &random)]
                var builder = ours.request(method, via: try via())
                let number = try builder.finish().cseq.number
                if method == .ack {
                    if let lastInvite { #expect(number == lastInvite) }
                    continue
                }
                #expect(number > last)
                last = number
                if method == .invite { lastInvite = number }
            } else {
                let number = UInt32.random(in: 0...60, using: &random)
                let verdict = ours.receive(try request("INFO", cseq: Int(number), toTag: "b1"))
                #expect(verdict == (number < lastHeard ? .outOfOrder : .accept))
                lastHeard = max(lastHeard, number)
                #expect(ours.remoteSequence == lastHeard)
            }
        }
    }
}
