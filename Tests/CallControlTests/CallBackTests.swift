import Basics
import CallControl
import Identity
import Registration
import SIPMessage
import SIPTransaction
import TestKit
import Testing

@Suite("Hosts: whom a callee is shown, and which requests are ours")
struct CallBackTests {
    private static let ip: String = "198.51.100.1"

    private func register(_ phone: VirtualPhone, as host: String, _ office: Office) {
        phone.registration.host = host
        phone.register()
        office.run(1)
        #expect(phone.isRegistered)
    }

    @Test(
        "a callee is shown the caller by the host that its own phone registered with, and can call that back",
        arguments: ["198.51.100.1", "198.51.100.1:5060", "pbx.example", "PBX.example"])
    func hostOfTheCallee(_ host: String) throws {
        let office = Office(registers: false)
        register(office.alice, as: VirtualServer.domain, office)
        register(office.bob, as: host, office)
        let (call, _) = office.talk()
        let invite = try #require(office.bob.requests(.invite).first)
        let shown: [SIPURI] = [invite.from.uri] + (try invite.assertedIdentities()).map(\.uri) + [invite.to.uri]
        #expect(shown.map(\.description) == ["1001", "1001", "1002"].map { "sip:\($0)@\(host.lowercased())" })
        #expect(try invite.contact()?.uri.host == CallBackTests.ip)
        // The caller dialled its own spelling, and sees no other.
        #expect(office.alice.responses(200).first?.to.uri.host == VirtualServer.domain)
        #expect(office.record?.callerURI == "sip:1001@pbx.example")
        #expect(office.record?.calleeURI == "sip:1002@pbx.example")
        office.alice.hangUp(call)
        office.run(1)
        var back = CallerPlan()
        back.target = invite.from.uri.description
        let returned = office.bob.call("1001", back)
        office.run(5)
        #expect(returned.state == .up)
        office.close()
    }

    @Test("a binding of an older version shows the server's address on its flow")
    func hostOfAnOldBinding() throws {
        let office = Office()
        let aor = AddressOfRecord(tenant: TenantID(1), user: office.bob.account.user)
        let binding = try #require(office.server.locations.bindings(of: aor).first)
        var old = binding
        old.registeredHost = nil
        #expect(binding.registeredHost == VirtualServer.domain)
        _ = office.server.locations.load([(aor: aor, binding: old)], now: office.world.now, wall: office.world.wall)
        _ = office.talk()
        #expect(office.bob.requests(.invite).first?.from.uri.description == "sip:1001@198.51.100.1")
        office.close()
    }

    @Test("REGISTER and INVITE to the server's address, its names and a tenant's domain are served")
    func ownHosts() {
        for host in [CallBackTests.ip, "pbx.example", "pbx.example.", "server.lan"] {
            let office = Office(registers: false)
            register(office.bob, as: host, office)
            register(office.alice, as: VirtualServer.domain, office)
            var plan = CallerPlan()
            plan.target = "sip:1002@\(host)"
            let call = office.alice.call("1002", plan)
            office.run(5)
            #expect(call.state == .up, "\(host)")
            office.close()
        }
    }

    @Test(
        "REGISTER and INVITE of one of our phones to a foreign domain are 404, after the challenge, and told to the operator once",
        arguments: ["elsewhere.example", "notpbx.example"])
    func foreignHosts(_ host: String) {
        let office = Office(registers: false)
        office.bob.registration.host = host
        office.bob.register()
        office.run(1)
        #expect(office.bob.registration.statuses.map(\.code) == [401, 404])
        office.bob.stopRegistering()
        register(office.alice, as: VirtualServer.domain, office)
        var plan = CallerPlan()
        plan.target = "sip:1002@\(host)"
        let call = office.alice.call("1002", plan)
        office.run(1)
        #expect(call.codes.last == 404)
        #expect(office.alice.responses(401).count == 1)
        #expect(office.server.book.all.isEmpty)
        let told: [String] = office.server.alarms.compactMap { alarm in
            if case .foreignHost(let host, _) = alarm { return host }
            return nil
        }
        #expect(told == [host])
        office.close()
    }

    @Test(
        "an address we know nothing of is ours to the phones that are at home there, as a router forwards it, and to no others"
    )
    func forwardedAddress() {
        let address = "203.0.113.99"
        let office = Office(registers: false)
        register(office.bob, as: address, office)
        register(office.alice, as: VirtualServer.domain, office)
        var plan = CallerPlan()
        plan.target = "sip:1002@\(address)"
        let stranger = office.alice.call("1002", plan)
        office.run(1)
        #expect(stranger.codes.last == 404)
        register(office.alice, as: address, office)
        let call = office.alice.call("1002", plan)
        office.run(5)
        #expect(call.state == .up)
        office.close()
    }

    @Test("an address-of-record of another domain than the request's is 404 (RFC 3261 §10.3 step 5)")
    func foreignAddressOfRecord() throws {
        let office = Office()
        office.bob.registration.toHost = "elsewhere.example"
        office.bob.register()
        office.run(1)
        #expect(office.bob.registration.statuses.suffix(2).map(\.code) == [401, 404])
        office.close()
    }

    @Test(
        "a digest answer made for another spelling of our host is taken, for a foreign host or another user it is not",
        arguments: [("198.51.100.1", true), ("server.lan", true), ("elsewhere.example", false)])
    func digestHost(_ host: String, isTaken: Bool) {
        let office = Office(registers: false)
        office.bob.digestHost = host
        office.bob.register()
        office.alice.register()
        office.run(1)
        #expect(office.bob.isRegistered == isTaken)
        office.alice.digestHost = host
        let call = office.alice.call("1001")
        office.run(1)
        #expect((call.codes.last == 401) == !isTaken)
        office.close()
    }
}
