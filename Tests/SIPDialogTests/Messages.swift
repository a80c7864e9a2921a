import SIPDialog
import SIPMessage

/// Parses a message written with plain line ends; Content-Length and the blank line are added.
func parsed(_ text: String) throws -> SIPMessage {
    var wire: [UInt8] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
        wire += Array(line.utf8) + [13, 10]
    }
    wire += Array("Content-Length: 0\r\n\r\n".utf8)
    return try SIPMessage.parse(wire)
}

/// An INVITE, or another request, from Alice to Bob; `extra` are more lines.
func request(
    _ method: String = "INVITE", uri: String = "sip:bob@b.example", cseq: Int = 10, toTag: String? = nil,
    fromTag: String? = "a1",
    contact: String? = "<sip:alice@192.0.2.1:5070>", _ extra: String = ""
) throws -> SIPMessage {
    try parsed(
        """
        \(method) \(uri) SIP/2.0
        Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKabc\(cseq)
        Max-Forwards: 70
        From: "Alice" <sip:alice@a.example>\(fromTag.map { ";tag=\($0)" } ?? "")
        To: <sip:bob@b.example>\(toTag.map { ";tag=\($0)" } ?? "")
        Call-ID: c1@a.example
        CSeq: \(cseq) \(method)
        \(contact.map { "Contact: \($0)\n" } ?? "")\(extra)
        """)
}

/// The INVITE from Alice to Bob with more lines.
func invite(_ extra: String) throws -> SIPMessage { try request("INVITE", extra) }

/// A request from Bob to Alice within the dialog `a1`, `b1`.
func requestFromBob(
    _ method: String, cseq: Int = 1, contact: String? = nil, _ extra: String = ""
) throws -> SIPMessage {
    try parsed(
        """
        \(method) sip:alice@192.0.2.1:5070 SIP/2.0
        Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKbob\(cseq)
        Max-Forwards: 70
        From: <sip:bob@b.example>;tag=b1
        To: "Alice" <sip:alice@a.example>;tag=a1
        Call-ID: c1@a.example
        CSeq: \(cseq) \(method)
        \(contact.map { "Contact: \($0)\n" } ?? "")\(extra)
        """)
}

/// A response to a request of ``request(_:uri:cseq:toTag:fromTag:contact:_:)``.
func response(
    _ status: Int, to method: String = "INVITE", cseq: Int = 10, toTag: String? = "b1",
    contact: String? = "<sip:bob@192.0.2.2:5080>", _ extra: String = ""
) throws -> SIPMessage {
    try parsed(
        """
        SIP/2.0 \(status) Phrase
        Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKabc\(cseq)
        From: "Alice" <sip:alice@a.example>;tag=a1
        To: <sip:bob@b.example>\(toTag.map { ";tag=\($0)" } ?? "")
        Call-ID: c1@a.example
        CSeq: \(cseq) \(method)
        \(contact.map { "Contact: \($0)\n" } ?? "")\(extra)
        """)
}

func via(_ branch: String = "z9hG4bKnew") throws -> Via { try Via("SIP/2.0/UDP 198.51.100.1;branch=\(branch)") }
