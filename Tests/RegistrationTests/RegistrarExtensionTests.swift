import Basics
import Registration
import SIPMessage
import SIPTransaction
import Testing

@Suite("Registrar extensions: Path, Service-Route, Outbound, GRUU, NAT")
struct RegistrarExtensionTests {
    private let outbound = [
        "Supported: path, outbound",
        "Contact: <sip:100@192.168.1.10;transport=tcp>;reg-id=1;+sip.instance=\"<\(urn)>\"",
    ]
    private let twoHops = ["SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKp", "SIP/2.0/UDP 192.168.1.10;branch=z9hG4bKx"]

    @Test("Path is kept in order and echoed to a phone that supports it (RFC 3327 §5.3)")
    func keepsPath() throws {
        var bench = RegisterBench()
        let path = ["Path: <sip:p2.example;lr>, <sip:p1.example;lr>"]
        let reply = try bench.register([phone, "Supported: path"] + path, via: twoHops)
        #expect(reply.values(.path) == ["<sip:p2.example;lr>, <sip:p1.example;lr>"])
        #expect(bench.table.bindings(of: bench.aor).map(\.path) == [["<sip:p2.example;lr>", "<sip:p1.example;lr>"]])
        #expect(try bench.register([phone] + path, via: twoHops).values(.path).isEmpty)
        bench.settings.refusesUnsupportedPath = true
        let refused = try bench.register([phone] + path, via: twoHops)
        #expect(refused.status == .badExtension)
        #expect(refused.values(.unsupported) == ["path"])
    }

    @Test("a Path that is no address is a bad request")
    func refusesMalformedPath() throws {
        var bench = RegisterBench()
        #expect(try bench.register([phone, "Path: <sip:p1 example"], via: twoHops).status == .badRequest)
    }

    @Test("the Service-Route of the settings is in every 200 (RFC 3608 §6.3)")
    func givesServiceRoute() throws {
        var bench = RegisterBench()
        bench.settings.serviceRoute = ["<sip:edge.example;lr>"]
        #expect(try bench.register([phone]).values(.serviceRoute) == ["<sip:edge.example;lr>"])
    }

    @Test("instance and reg-id name the binding: a new flow replaces the old (RFC 5626 §6)")
    func replacesFlow() throws {
        var bench = RegisterBench()
        let reply = try bench.register(outbound, over: tcp(1))
        #expect(reply.values(.require) == ["outbound"])
        #expect(reply.values(.flowTimer) == ["120"])
        #expect(
            reply.contacts == [
                "<sip:100@192.168.1.10;transport=tcp>;expires=300;+sip.instance=\"<\(urn)>\";reg-id=1"
            ])
        _ = try bench.register([outbound[0], outbound[1].replacing(".10;", with: ".11;")], over: tcp(2), callID: "b")
        #expect(bench.contacts == ["sip:100@192.168.1.11;transport=tcp"])
        #expect(bench.table.bindings(of: bench.aor).map(\.flow.connection) == [2])
        _ = try bench.register([outbound[0], outbound[1].replacing("reg-id=1", with: "reg-id=2")], over: tcp(3))
        #expect(bench.table.bindings(of: bench.aor).map(\.regID) == [1, 2])
        #expect(bench.table.connectionClosed(tcp(1)).isEmpty)
    }

    @Test(
        "a reg-id without support or instance has no meaning (RFC 5626 §6)",
        arguments: [
            ["Contact: <sip:100@192.168.1.10>;reg-id=1;+sip.instance=\"<\(urn)>\""],
            ["Supported: outbound", "Contact: <sip:100@192.168.1.10>;reg-id=1"],
            ["Supported: outbound", "Contact: <sip:100@192.168.1.10>;reg-id=0;+sip.instance=\"<\(urn)>\""],
        ])
    func ignoresRegID(_ lines: [String]) throws {
        var bench = RegisterBench()
        #expect(try bench.register(lines).values(.require).isEmpty)
        #expect(bench.table.bindings(of: bench.aor).map(\.regID) == [nil])
    }

    struct HopCase: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let path: [String]
        let status: SIPStatus
    }

    @Test(
        "a first hop without outbound gets 439 (RFC 5626 §6)",
        arguments: [
            HopCase(testDescription: "no Path", path: [], status: .firstHopLacksOutboundSupport),
            HopCase(
                testDescription: "Path without ob", path: ["Path: <sip:p1.example;lr>"],
                status: .firstHopLacksOutboundSupport),
            HopCase(
                testDescription: "ob at a later hop only", path: ["Path: <sip:p2.example;lr;ob>, <sip:p1.example;lr>"],
                status: .firstHopLacksOutboundSupport),
            HopCase(
                testDescription: "ob at the first hop", path: ["Path: <sip:p2.example;lr>, <sip:p1.example;lr;ob>"],
                status: .ok),
        ])
    func checksFirstHop(_ row: HopCase) throws {
        var bench = RegisterBench()
        #expect(try bench.register(outbound + row.path, over: tcp(1), via: twoHops).status == row.status)
    }

    @Test("two lasting contacts, one with a reg-id, are a bad request (RFC 5626 §6)")
    func refusesTwoWithRegID() throws {
        var bench = RegisterBench()
        #expect(try bench.register(outbound + [phone], over: tcp(1)).status == .badRequest)
        #expect(try bench.register(outbound + [phone + ";expires=0"], over: tcp(1)).status == .ok)
    }

    @Test("GRUUs are given to who supports them; both kinds lead back to the phone (RFC 5627 §5)")
    func givesGRUUs() throws {
        var bench = RegisterBench()
        let lines = ["Supported: gruu", "Contact: <sip:100@192.168.1.10>;+sip.instance=\"<\(urn)>\""]
        func temporary(_ reply: RegisterReply) throws -> String {
            let contact = try NameAddress(try #require(reply.contacts.first))
            #expect(contact.pubGRUU == "sip:100@demo.example;gr=\(urn)")
            let uri = try SIPURI(try #require(contact.tempGRUU))
            #expect(uri.host == "demo.example")
            #expect(uri.parameters.contains("gr"))
            return try #require(uri.user)
        }
        let first = try temporary(bench.register(lines))
        let second = try temporary(bench.register(lines))
        #expect(first != second)
        for token in [first, second, second.uppercased().replacing("TGRUU", with: "tgruu")] {
            let found = try #require(bench.table.bindings(ofTemporaryGRUU: token, now: bench.now))
            #expect(found.aor == bench.aor)
            #expect(found.bindings.map { $0.contact.description } == ["sip:100@192.168.1.10"])
        }
        #expect(bench.table.bindings(of: bench.aor, gr: urn, now: bench.now).count == 1)
        #expect(bench.table.bindings(of: bench.aor, gr: "urn:uuid:other", now: bench.now).isEmpty)
        // Another Call-ID ends the temporary ones handed out before (§3.1.2).
        let third = try temporary(bench.register(lines, callID: "rebooted"))
        #expect(bench.table.bindings(ofTemporaryGRUU: first, now: bench.now) == nil)
        #expect(bench.table.bindings(ofTemporaryGRUU: third, now: bench.now) != nil)
        #expect(bench.table.bindings(ofTemporaryGRUU: "tgruu.nonsense", now: bench.now) == nil)
    }

    @Test("without Supported: gruu none is given")
    func withholdsGRUUs() throws {
        var bench = RegisterBench()
        let reply = try bench.register(["Contact: <sip:100@192.168.1.10>;+sip.instance=\"<\(urn)>\""])
        #expect(reply.contacts.allSatisfy { !$0.contains("gruu") })
    }

    struct NATCase: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let via: String
        let contact: String
        var flow: SIPFlow = udp(publicSource)
        let isBehindNAT: Bool
        let sign: ALGSign?
    }

    @Test(
        "NAT and ALG are told from the addresses",
        arguments: [
            NATCase(
                testDescription: "plain NAT", via: "192.168.1.10", contact: "192.168.1.10", isBehindNAT: true, sign: nil
            ),
            NATCase(
                testDescription: "no NAT", via: "203.0.113.9:40000", contact: "203.0.113.9:40000", isBehindNAT: false,
                sign: nil),
            NATCase(
                testDescription: "LAN", via: "192.168.1.10", contact: "192.168.1.10", flow: udp(), isBehindNAT: false,
                sign: nil),
            NATCase(
                testDescription: "contact rewritten", via: "192.168.1.10", contact: "203.0.113.9:40000",
                isBehindNAT: false, sign: .contactRewritten),
            NATCase(
                testDescription: "Via rewritten", via: "203.0.113.9:40000", contact: "192.168.1.10", isBehindNAT: true,
                sign: .viaRewritten),
            NATCase(
                testDescription: "contact mangled", via: "192.168.1.10", contact: "203.0.113.77", isBehindNAT: true,
                sign: .contactMangled),
            NATCase(
                testDescription: "a name says nothing", via: "phone.local", contact: "phone.invalid",
                isBehindNAT: false, sign: nil),
            NATCase(
                testDescription: "inside TLS nothing is rewritten", via: "192.168.1.10", contact: "203.0.113.9",
                flow: SIPFlow(listener: ListenerID(0), transport: .tls, remote: publicSource, connection: 1),
                isBehindNAT: false, sign: nil),
        ])
    func tellsNAT(_ row: NATCase) throws {
        var bench = RegisterBench()
        _ = try bench.register(
            ["Contact: <sip:100@\(row.contact)>"], over: row.flow, via: ["SIP/2.0/UDP \(row.via);branch=z9hG4bKx;rport"]
        )
        let binding = try #require(bench.table.bindings(of: bench.aor).first)
        #expect(binding.isBehindNAT == row.isBehindNAT)
        #expect(binding.suspectedALG == row.sign)
        #expect(binding.target == .flow(row.flow))
        #expect(binding.receivedFrom == row.flow.remote)
    }

    @Test("a phone that sends from another port and asks for no rport is called at its contact's port")
    func callsAsymmetricPhone() throws {
        var bench = RegisterBench()
        let flow = udp(IPEndpoint(privateSource.address, 33_000))
        _ = try bench.register([phone], over: flow, via: ["SIP/2.0/UDP 192.168.1.10:5060;branch=z9hG4bKx"])
        let expected: SIPTarget = .address(.udp, privateSource, listener: ListenerID(0), serverName: nil)
        #expect(bench.table.bindings(of: bench.aor).map(\.target) == [expected])
        _ = try bench.register([phone], over: flow)
        #expect(bench.table.bindings(of: bench.aor).map(\.target) == [.flow(flow)])
    }
}
