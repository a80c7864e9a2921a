import Basics
import CallControl
import Identity
import Registration
import SIPMessage
import SIPTransaction
import TestKit
import Testing

@Suite("Which of a user's phones is reached")
struct RoutingTests {
    private static let instances: [String] = [
        "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "urn:uuid:00000000-0000-1000-8000-000a95a0e128",
    ]

    /// Bob's phones register one after the other with an instance each, or with the same.
    private func office(
        sameInstance: Bool, regIDs: Bool, transport: SIPTransportKind = .udp, supported: String
    ) -> Office {
        let office = Office([1, 2], transport: transport, registers: false)
        for (index, phone) in office.phones[1].enumerated() {
            phone.registration.supported = supported
            phone.registration.contactParameters =
                ";+sip.instance=\"<\(RoutingTests.instances[sameInstance ? 0 : index])>\""
                + (regIDs ? ";reg-id=\(index + 1)" : "")
        }
        for phone in office.world.phones {
            phone.register()
            office.run(1)
            #expect(phone.isRegistered)
        }
        return office
    }

    private func contact(of phone: VirtualPhone) throws -> NameAddress {
        let answer = try #require(phone.responses(200, to: .register).last)
        guard case .list(let list)? = try answer.contacts() else { throw MissingContact() }
        return try #require(list.first { $0.uri.hostAddress == phone.address.address })
    }

    private struct MissingContact: Error {}

    @Test(
        "a call to a public or a temporary GRUU reaches that phone alone (RFC 5627 §5.1)",
        arguments: [0, 1], [true, false])
    func gruu(_ index: Int, isPublic: Bool) throws {
        let office = office(sameInstance: false, regIDs: false, supported: "gruu")
        let own = try contact(of: office.phones[1][index])
        var plan = CallerPlan()
        plan.target = try #require(isPublic ? own.pubGRUU : own.tempGRUU)
        let call = office.alice.call("1002", plan)
        office.run(5)
        #expect(call.state == .up)
        #expect(office.phones[1][index].requests(.invite).count == 1)
        #expect(office.phones[1][1 - index].requests(.invite).isEmpty)
        // A temporary one tells nothing of the user.
        if !isPublic { #expect(try SIPURI(#require(plan.target)).user?.contains("1002") == false) }
        office.close()
    }

    @Test("a GRUU of nobody is 404, one of a phone that is gone 480 (RFC 5627 §5.1)")
    func deadGRUU() throws {
        let office = office(sameInstance: false, regIDs: false, supported: "gruu")
        let own = try contact(of: office.phones[1][0])
        var plan = CallerPlan()
        plan.target = "sip:tgruu.nothing@pbx.example;gr"
        let unknown = office.alice.call("1002", plan)
        plan.target = try #require(own.pubGRUU)
        office.phones[1][0].unregister()
        office.run(1)
        let gone = office.alice.call("1002", plan)
        office.run(1)
        #expect(unknown.finalStatus == .notFound)
        #expect(gone.finalStatus == .temporarilyUnavailable)
        #expect(office.phones[1][1].requests(.invite).isEmpty)
        office.close()
    }

    @Test(
        "of two flows of one phone the newest is tried, and the other when it fails: 430, or no answer (RFC 5626 §5.3)",
        arguments: [true, false])
    func flowFails(isRefused: Bool) throws {
        let office = office(sameInstance: true, regIDs: true, supported: "outbound, path")
        let (older, newer) = (office.phones[1][0], office.phones[1][1])
        if isRefused {
            newer.plan.decision = .reject(try #require(SIPStatus(430)), .milliseconds(100))
            newer.plan.ringsAfter = nil
        } else {
            newer.die()
        }
        let call = office.alice.call("1002")
        office.run(0.05)
        #expect(older.requests(.invite).isEmpty)
        office.run(isRefused ? 5 : 40)
        #expect(call.state == .up)
        #expect(older.requests(.invite).count == 1)
        #expect(newer.requests(.invite).count == (isRefused ? 1 : 0))
        office.close()
    }

    @Test("a connection that breaks while its phone rings: the other flow of that phone is tried")
    func flowBreaks() {
        let office = office(sameInstance: true, regIDs: true, transport: .tcp, supported: "outbound, path")
        let (older, newer) = (office.phones[1][0], office.phones[1][1])
        newer.plan.ringsAfter = nil
        newer.plan.decision = .none
        let call = office.alice.call("1002")
        office.run(1)
        #expect(newer.requests(.invite).count == 1)
        #expect(older.requests(.invite).isEmpty)
        newer.registration.isWanted = false
        newer.cutConnection(reconnectAfter: .seconds(2000))
        office.run(5)
        #expect(older.requests(.invite).count == 1)
        #expect(call.state == .up)
        office.close()
    }

    @Test("a phone that no longer answers is not rung while another is there, and gets its chance when alone")
    func silentContacts() throws {
        let office = Office([1, 2])
        let aor = AddressOfRecord(tenant: TenantID(1), user: office.bob.account.user)
        let silent = try #require(
            office.server.locations.bindings(of: aor).first { $0.terminal == office.bob.account.terminal })
        office.server.locations.noteQualify(BindingRef(aor: aor, key: silent.key), roundTrip: nil)
        let first = office.alice.call("1002")
        office.run(5)
        #expect(first.state == .up)
        #expect(office.bob.requests(.invite).isEmpty)
        #expect(office.phones[1][1].requests(.invite).count == 1)
        office.alice.hangUp(first)
        office.phones[1][1].unregister()
        office.run(1)
        let second = office.alice.call("1002")
        office.run(5)
        #expect(second.state == .up)
        #expect(office.bob.requests(.invite).count == 1)
        office.close()
    }

    @Test("a disabled user can't be called: 480")
    func disabledUser() {
        let office = Office(disabling: 1)
        let call = office.alice.call("1002")
        office.run(2)
        #expect(call.finalStatus == .temporarilyUnavailable)
        #expect(office.record?.outcome == .unreachable)
        #expect(office.record?.reason == "the user is disabled")
        #expect(!office.bob.isRegistered)
        office.close()
    }
}
