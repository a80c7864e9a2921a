import Basics
import Registration
import SIPMessage
import SIPTransaction
import Testing

let privateSource: IPEndpoint = IPEndpoint(IPAddress(v4: 0xC0A8_010A), 5060)  // 192.168.1.10
let publicSource: IPEndpoint = IPEndpoint(IPAddress(v4: 0xCB00_7109), 40_000)  // 203.0.113.9

func udp(_ source: IPEndpoint = privateSource) -> SIPFlow {
    SIPFlow(listener: ListenerID(0), transport: .udp, remote: source)
}

func tcp(_ connection: UInt64, _ source: IPEndpoint = privateSource) -> SIPFlow {
    SIPFlow(listener: ListenerID(0), transport: .tcp, remote: source, connection: connection)
}

/// A registrar with its table and a store that can be made to wait, on a virtual clock.
struct RegisterBench {
    var settings = RegistrarSettings()
    let table = LocationTable(stripes: 2, gruuKey: 42)
    let aor = AddressOfRecord(tenant: TenantID(1), user: UserID(100))
    var now: Moment = .zero
    let start = WallTime(secondsSinceEpoch: 1_800_000_000)
    var random = AnyRandom(SeededRandom(seed: 1))
    var cseq: UInt32 = 0

    init() { settings.spreadPercent = 0 }

    var wall: WallTime { start.advanced(by: now.sinceStart) }

    /// Sends a REGISTER with these lines added, each ended by CR LF here; Call-ID and CSeq may be given.
    mutating func send(
        _ lines: [String], over flow: SIPFlow = udp(), callID: String = "a@phone", cseq: UInt32? = nil,
        terminal: Int64 = 7, via: [String] = ["SIP/2.0/UDP 192.168.1.10:5060;branch=z9hG4bKx;rport"]
    ) throws -> RegisterOutcome {
        self.cseq += 1
        let number = cseq ?? self.cseq
        var text = "REGISTER sip:demo.example SIP/2.0\r\n"
        for hop in via { text += "Via: \(hop)\r\n" }
        text += "From: <sip:100@demo.example>;tag=1\r\nTo: <sip:100@demo.example>\r\nMax-Forwards: 70\r\n"
        text += "Call-ID: \(callID)\r\nCSeq: \(number) REGISTER\r\n"
        for line in lines { text += line + "\r\n" }
        text += "Content-Length: 0\r\n\r\n"
        let request = try SIPMessage.parse(Array(text.utf8))
        return Registrar(settings: settings).process(
            request, over: flow, for: aor, terminal: TerminalID(terminal), in: table, now: now, wall: wall,
            random: &random)
    }

    /// As ``send``, and the store confirms at once.
    mutating func register(
        _ lines: [String], over flow: SIPFlow = udp(), callID: String = "a@phone", cseq: UInt32? = nil,
        terminal: Int64 = 7, via: [String] = ["SIP/2.0/UDP 192.168.1.10:5060;branch=z9hG4bKx;rport"]
    ) throws -> RegisterReply {
        switch try send(lines, over: flow, callID: callID, cseq: cseq, terminal: terminal, via: via) {
        case .reply(let reply):
            return reply
        case .store(let ticket, _, let reply):
            table.commit(ticket)
            return reply
        }
    }

    mutating func advance(seconds: Int) { now = now.advanced(by: .seconds(seconds)) }

    var contacts: [String] { table.bindings(of: aor).map { $0.contact.description } }
}

extension RegisterReply {
    func values(_ name: SIPFieldName) -> [String] { fields.filter { $0.name == name }.map(\.value) }
    var contacts: [String] { values(.contact) }
}

let phone = "Contact: <sip:100@192.168.1.10:5060>"
let urn = "urn:uuid:00000000-0000-1000-8000-000A95A0E128"
