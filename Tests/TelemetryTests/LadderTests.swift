import Basics
import SIPTransaction
import Telemetry
import Testing

@Suite struct LadderTests {
    private static let offer: String = """
        Content-Type: application/sdp

        v=0
        c=IN IP4 192.0.2.10
        m=audio 4000 RTP/AVP 8 0 101
        a=rtpmap:101 telephone-event/8000

        """

    @Test("a call with one callee is drawn as three columns with media, repetitions and remarks")
    func oneCallee() throws {
        let (caller, callee) = ("192.0.2.10:5062", "192.0.2.20:5060")
        let invite = "INVITE sip:101@a.example;transport=udp SIP/2.0\nCSeq: 1 INVITE\n" + LadderTests.offer
        let records: [TraceRecord] = [
            try Story.sip(.received, leg: 0, at: 0, caller, invite),
            try Story.sip(.received, leg: 0, at: 500, caller, invite),
            Story.note("routed to user 101 (2 terminals)", at: 501),
            try Story.sip(.sent, leg: 1, at: 502, callee, "INVITE sip:101@192.0.2.20 SIP/2.0\nCSeq: 1 INVITE\n\n"),
            try Story.sip(.received, leg: 1, at: 620, callee, "SIP/2.0 180 Ringing\nCSeq: 1 INVITE\n\n"),
            try Story.sip(.sent, leg: 0, at: 621, caller, "SIP/2.0 180 Ringing\nCSeq: 1 INVITE\n\n"),
            try Story.sip(.received, leg: 1, at: 61_620, callee, "BYE sip:x SIP/2.0\nCSeq: 2 BYE\n\n"),
            try Story.sip(.received, leg: nil, at: 61_700, "[2001:db8::9]:5060", "\u{1B}[2J bad\n\n", .tcp),
        ]
        let text = Ladder(records).text
        #expect(text == LadderTests.golden)
    }

    private static let golden: String = """
        Call 5f3a01-2-42, traced from 2026-11-21T12:38:22.000000Z

                caller                                              Martinet                                              callee
          192.0.2.10:5062 UDP                                                                                192.0.2.20:5060 UDP
                   |                                                    |                                                    |
           +0.000  |--- INVITE sip:101@a.example ---------------------->|                                                    |
                   |    audio 192.0.2.10:4000 PCMA PCMU events sendrecv |                                                    |
           +0.500  |--- INVITE again ---------------------------------->|                                                    |
           +0.501  * routed to user 101 (2 terminals)
           +0.502  |                                                    |--- INVITE sip:101@192.0.2.20 --------------------->|
           +0.620  |                                                    |<-- 180 Ringing (INVITE) ---------------------------|
           +0.621  |<-- 180 Ringing (INVITE) ---------------------------|                                                    |
          +61.620  |                                                    |<-- BYE sip:x --------------------------------------|
          +61.700  * received from [2001:db8::9]:5060 TCP: ?[2J bad
                   |                                                    |                                                    |

        """

    @Test("a message that is sent again and again is one line more, with a count and times, and says why")
    func repeats() throws {
        let refusal =
            "SIP/2.0 488 Not Acceptable Here\nCSeq: 1 INVITE\nReason: Q.850;cause=88;text=\"Incompatible\"\n\n"
        var records: [TraceRecord] = [
            try Story.sip(
                .received, leg: 0, at: 0, "192.0.2.10:5062", "INVITE sip:101@a.example SIP/2.0\nCSeq: 1 INVITE\n\n")
        ]
        for at: Int64 in [10, 510, 1510, 3510, 7510, 11_510, 15_510] {
            records.append(try Story.sip(.sent, leg: 0, at: at, "192.0.2.10:5062", refusal))
        }
        records.append(Story.note("no ACK", at: 5000))
        for at: Int64 in [16_000, 16_500, 17_500] {
            records.append(
                try Story.sip(
                    .sent, leg: 1, at: at, "192.0.2.20:5060",
                    "CANCEL sip:101@192.0.2.20 SIP/2.0\nCSeq: 1 CANCEL\nReason: SIP;cause=200;text=\"Call completed elsewhere\"\n\n"
                ))
        }
        records.sort { $0.at < $1.at }
        #expect(Ladder(records).text == LadderTests.repeatsGolden)
    }

    private static let repeatsGolden: String = """
        Call 5f3a01-2-42, traced from 2026-11-21T12:38:22.000000Z

                caller                                              Martinet                                              callee
          192.0.2.10:5062 UDP                                                                                192.0.2.20:5060 UDP
                   |                                                    |                                                    |
           +0.000  |--- INVITE sip:101@a.example ---------------------->|                                                    |
           +0.010  |<-- 488 Not Acceptable Here (INVITE) ---------------|                                                    |
                   |    Reason: Q.850 88 Incompatible                   |                                                    |
           +0.510  |<-- 488 (INVITE) again, 6 times --------------------|                                                    |
                   |    and at +1.510 +3.510 +7.510 .. +15.510          |                                                    |
           +5.000  * no ACK
          +16.000  |                                                    |--- CANCEL sip:101@192.0.2.20 --------------------->|
                   |                                                    |    Reason: SIP 200 Call completed elsewhere        |
          +16.500  |                                                    |--- CANCEL again, 2 times ------------------------->|
                   |                                                    |    and at +17.500                                  |
                   |                                                    |                                                    |

        """

    @Test("callees that ring together get a column each")
    func forked() throws {
        let records: [TraceRecord] = [
            try Story.sip(
                .received, leg: 0, at: 0, "192.0.2.10:5062", "INVITE sip:101@a.example SIP/2.0\nCSeq: 1 INVITE\n\n"),
            try Story.sip(
                .sent, leg: 1, at: 2, "192.0.2.20:5060", "INVITE sip:101@192.0.2.20 SIP/2.0\nCSeq: 1 INVITE\n\n"),
            try Story.sip(
                .sent, leg: 2, at: 2, "[2001:db8::21]:5060",
                "INVITE sip:101@[2001:db8::21] SIP/2.0\nCSeq: 1 INVITE\n\n", .tls),
            try Story.sip(
                .received, leg: 2, at: 900, "[2001:db8::21]:5060", "SIP/2.0 200 OK\nCSeq: 1 INVITE\n\n", .tls),
            try Story.sip(
                .sent, leg: 1, at: 901, "192.0.2.20:5060", "CANCEL sip:101@192.0.2.20 SIP/2.0\nCSeq: 1 CANCEL\n\n"),
            Story.note("answered elsewhere", leg: 1, at: 901),
        ]
        #expect(Ladder(records).text == LadderTests.forkedGolden)
    }

    private static let forkedGolden: String = """
        Call 5f3a01-2-42, traced from 2026-11-21T12:38:22.000000Z

                caller                            Martinet                         callee, leg 1                   callee, leg 2
          192.0.2.10:5062 UDP                                                   192.0.2.20:5060 UDP      [2001:db8::21]:5060 TLS
                   |                                  |                                  |                                  |
           +0.000  |--- INVITE sip:101@a.example ---->|                                  |                                  |
           +0.002  |                                  |--- INVITE sip:101@192.0.2.20 --->|                                  |
           +0.002  |                                  |--- INVITE sip:101@[2001:db8::21] ---------------------------------->|
           +0.900  |                                  |<-- 200 OK (INVITE) -------------------------------------------------|
           +0.901  |                                  |--- CANCEL sip:101@192.0.2.20 --->|                                  |
           +0.901  * leg 1: answered elsewhere
                   |                                  |                                  |                                  |

        """

    @Test(
        "every line keeps to 120 columns and names each leg, with few callees and with many", arguments: [2, 3, 4, 16])
    func width(callees: Int) throws {
        var records: [TraceRecord] = []
        let long = String(repeating: "very-long-name", count: 12)
        for leg in 0...callees {
            let sdp =
                "c=IN IP6 2001:db8:1111:2222:3333:4444:5555:6666\nm=video 40000 RTP/SAVPF 96 97\na=rtpmap:96 H264/90000\n"
            let text = "INVITE sip:\(long)@a.example SIP/2.0\nContent-Type: application/sdp\n\n" + sdp
            let peer = "[2001:db8:1111:2222:3333:4444:5555:\(leg + 1)]:50\(60 + leg)"
            records.append(
                try Story.sip(
                    leg == 0 ? .received : .sent, leg: UInt16(leg), at: Int64(leg) * 100_000_000, peer, text, .tls))
            records.append(
                Story.note(
                    String(repeating: "\(long) and more ", count: 3), leg: UInt16(leg), at: Int64(leg) * 100_000_000))
        }
        let text = Ladder(records).text
        for line in text.split(separator: "\n") { #expect(line.count <= 120) }
        for leg in 1...callees { #expect(text.contains("leg \(leg)")) }
    }

    @Test("a call without a trace says so")
    func nothing() {
        #expect(Ladder([]).text == "No trace is kept of this call.\n")
    }
}
