import Basics
import SIPDialog
import SIPMessage
import Testing

let threeRoutes = """
    Record-Route: <sip:p3.example;lr>, <sip:p2.example;lr>
    Record-Route: <sip:p1.example;lr>
    """

@Suite("Dialog")
struct DialogTests {
    private func answering(_ extra: String = threeRoutes) throws -> Dialog {
        try Dialog(answering: invite(extra), localTag: "b1", firstSequence: 500)
    }
    private func asking(_ status: Int = 200, _ extra: String = threeRoutes) throws -> Dialog {
        try Dialog(sent: request(), received: response(status, extra))
    }

    @Test("RFC 3261 §12.1.1: the UAS takes ids, addresses, target and the routes in their order from the request")
    func uasState() throws {
        let dialog = try answering()
        #expect(dialog.id == DialogID(callID: "c1@a.example", localTag: "b1", remoteTag: "a1"))
        #expect(dialog.role == .uas && dialog.state == .early && !dialog.isSecure && !dialog.ownsCallID)
        #expect(dialog.routeSet.map(\.uri.host) == ["p3.example", "p2.example", "p1.example"])
        #expect(dialog.remoteTarget.description == "sip:alice@192.0.2.1:5070")
        #expect(dialog.remoteSequence == 10 && dialog.localSequence == nil)
        #expect(dialog.localURI.description == "<sip:bob@b.example>;tag=b1")
        #expect(dialog.remoteURI.description == "\"Alice\" <sip:alice@a.example>;tag=a1")
    }

    @Test("RFC 3261 §12.1.2: the UAC takes them from the response, the routes in reverse order")
    func uacState() throws {
        let dialog = try asking(180)
        #expect(dialog.id == DialogID(callID: "c1@a.example", localTag: "a1", remoteTag: "b1"))
        #expect(dialog.role == .uac && dialog.state == .early && dialog.ownsCallID)
        #expect(dialog.routeSet.map(\.uri.host) == ["p1.example", "p2.example", "p3.example"])
        #expect(dialog.remoteTarget.description == "sip:bob@192.0.2.2:5080")
        #expect(dialog.localSequence == 10 && dialog.remoteSequence == nil)
    }

    @Test("RFC 3261 §12.1: what makes no dialog, and what is missing or illegible, is refused")
    func faults() throws {
        #expect(throws: DialogFault.missingContact) {
            try Dialog(answering: request(contact: nil), localTag: "b", firstSequence: 1)
        }
        #expect(throws: DialogFault.missingContact) {
            try Dialog(answering: request(contact: "<sip:a@x>, <sip:b@x>"), localTag: "b", firstSequence: 1)
        }
        #expect(throws: DialogFault.malformedField) {
            try Dialog(answering: invite("Record-Route: <sip:>"), localTag: "b", firstSequence: 1)
        }
        #expect(throws: DialogFault.notDialogForming) {
            try Dialog(answering: request("OPTIONS"), localTag: "b", firstSequence: 1)
        }
        #expect(throws: DialogFault.notDialogForming) {
            try Dialog(sent: request(), received: response(180, toTag: nil))
        }
        #expect(throws: DialogFault.notDialogForming) { try Dialog(sent: request(), received: response(100)) }
        #expect(throws: DialogFault.notDialogForming) { try Dialog(sent: request(), received: response(302)) }
    }

    @Test("a 180 without Contact still makes a dialog; the Request-URI serves until the 2xx names the target")
    func lenientEarlyDialog() throws {
        var dialog = try Dialog(sent: request(), received: response(180, contact: nil))
        #expect(dialog.remoteTarget.description == "sip:bob@b.example")
        try dialog.confirm(with: response(200))
        #expect(dialog.remoteTarget.description == "sip:bob@192.0.2.2:5080")
    }

    @Test("RFC 3261 §12.1.1: a peer without From tag, as of RFC 2543, has the empty tag and gets no tag back")
    func peerWithoutTag() throws {
        var dialog = try Dialog(answering: request(fromTag: nil), localTag: "b1", firstSequence: 1)
        #expect(dialog.id.remoteTag == "")
        var builder = dialog.request(.bye, via: try via())
        #expect(try builder.finish().toTag == nil)
    }

    @Test("RFC 3261 §13.2.2.4: the 2xx replaces route set and target of an early dialog; later ones only the target")
    func confirmation() throws {
        var dialog = try asking(183, "Record-Route: <sip:old.example;lr>")
        try dialog.confirm(with: response(200, contact: "<sip:bob@192.0.2.9>", "Record-Route: <sip:new.example;lr>"))
        #expect(dialog.state == .confirmed)
        #expect(dialog.routeSet.map(\.uri.host) == ["new.example"])
        #expect(dialog.remoteTarget.host == "192.0.2.9")
        try dialog.confirm(with: response(200, contact: "<sip:bob@192.0.2.8>", "Record-Route: <sip:other.example;lr>"))
        #expect(dialog.routeSet.map(\.uri.host) == ["new.example"])
        #expect(dialog.remoteTarget.host == "192.0.2.8")
    }

    @Test("RFC 3261 §12.1.2: each To tag of a forked INVITE is a dialog of its own, with its own sequence")
    func forks() throws {
        var first = try Dialog(sent: request(), received: response(180, toTag: "b1"))
        let second = try Dialog(sent: request(), received: response(180, toTag: "b2"))
        #expect(first.id != second.id)
        _ = first.request(.prack, via: try via())
        #expect(first.localSequence == 11 && second.localSequence == 10)
    }

    @Test("RFC 3261 §12.1.1: a SIPS Request-URI makes a secure dialog")
    func secure() throws {
        let secured = try request(uri: "sips:bob@b.example", contact: "<sips:alice@192.0.2.1>")
        #expect(try Dialog(answering: secured, localTag: "b", firstSequence: 1).isSecure)
        #expect(try Dialog(sent: secured, received: response(200)).isSecure)
    }

    @Test("the ids a received request and a received response name are those of the dialog")
    func ids() throws {
        let dialog = try asking()
        #expect(DialogID(ofReceivedRequest: try requestFromBob("BYE")) == dialog.id)
        #expect(DialogID(ofReceivedResponse: try response(200)) == dialog.id)
        #expect(DialogID(ofReceivedRequest: try request()) == nil)
    }

    @Test("RFC 6665 §4.4.1: a NOTIFY that comes before the 2xx makes the subscriber's dialog and is its first request")
    func notifyMakesDialog() throws {
        let subscribe = try request("SUBSCRIBE", "Event: message-summary")
        let notify = try requestFromBob(
            "NOTIFY", cseq: 77, contact: "<sip:bob@192.0.2.2>", "Record-Route: <sip:p.example;lr>")
        var dialog = try Dialog(sent: subscribe, notified: notify)
        #expect(dialog.id.remoteTag == "b1" && dialog.routeSet.map(\.uri.host) == ["p.example"])
        #expect(dialog.receive(notify) == .accept)
        #expect(dialog.remoteSequence == 77)
    }

    // MARK: Requests of ours

    @Test("RFC 3261 §12.2.1.1: a loose route leaves the target in the Request-URI, and goes to the first route")
    func looseRouting() throws {
        var dialog = try asking()
        var builder = dialog.request(.bye, via: try via())
        let bye = try builder.finish()
        #expect(bye.requestURI?.description == "sip:bob@192.0.2.2:5080")
        #expect(try bye.routes().map(\.uri.host) == ["p1.example", "p2.example", "p3.example"])
        #expect(dialog.nextHop.host == "p1.example")
        #expect(bye.from == dialog.localURI && bye.to == dialog.remoteURI && bye.callID == "c1@a.example")
        #expect(bye.cseq.number == 11 && bye.method == .bye)
        #expect(bye.topVia.branch == "z9hG4bKnew" && bye.first(.maxForwards) == "70")
    }

    @Test("RFC 3261 §12.2.1.1: a strict route comes into the Request-URI, and the target at the end of the routes")
    func strictRouting() throws {
        var dialog = try asking(200, "Record-Route: <sip:p2.example;lr>, <sip:p1.example;method=INVITE?Subject=x>")
        var builder = dialog.request(.update, via: try via())
        let update = try builder.finish()
        #expect(update.requestURI?.description == "sip:p1.example")
        #expect(try update.routes().map(\.uri.description) == ["sip:p2.example;lr", "sip:bob@192.0.2.2:5080"])
        #expect(dialog.nextHop.host == "p1.example")
    }

    @Test("RFC 3261 §12.2.1.1: without routes the request goes to the target; a contact is added when given")
    func noRoutes() throws {
        var dialog = try asking(200, "")
        let contact = try NameAddress("<sip:alice@198.51.100.1>")
        var builder = dialog.request(.invite, via: try via(), contact: contact, maxForwards: 20)
        let invite = try builder.finish()
        #expect(dialog.nextHop.description == "sip:bob@192.0.2.2:5080")
        #expect(!invite.has(.route))
        #expect(invite.first(.contact) == "<sip:alice@198.51.100.1>" && invite.first(.maxForwards) == "20")
    }

    @Test("RFC 3261 §13.2.2.4: ACK repeats the INVITE's number, whatever was sent since")
    func ackNumber() throws {
        var dialog = try asking(183)
        _ = dialog.request(.prack, via: try via())
        _ = dialog.request(.update, via: try via())
        var ack = dialog.request(.ack, via: try via())
        #expect(try ack.finish().cseq == CSeq(number: 10, method: .ack))
        _ = dialog.request(.invite, via: try via())
        _ = dialog.request(.info, via: try via())
        var second = dialog.request(.ack, via: try via())
        #expect(try second.finish().cseq.number == 13)
    }

    @Test("RFC 3261 §12.2.1.1: the UAS's own numbers start where it was told, below 2³¹")
    func firstSequence() throws {
        var dialog = try Dialog(answering: request(), localTag: "b", firstSequence: .max)
        var builder = dialog.request(.bye, via: try via())
        #expect(try builder.finish().cseq.number == 0x3FFF_FFFF)
        var zero = try Dialog(answering: request(), localTag: "b", firstSequence: 0)
        _ = zero.request(.bye, via: try via())
        #expect(zero.localSequence == 1)
    }

    @Test("a dialog whose number has come to 2³¹-1 still makes legal requests")
    func lastSequence() throws {
        var dialog = try Dialog(sent: request(cseq: 2_147_483_647), received: response(200, cseq: 2_147_483_647))
        var builder = dialog.request(.bye, via: try via())
        #expect(try builder.finish().cseq.number == 2_147_483_647)
    }
}
