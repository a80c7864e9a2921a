import Basics
import CallControl
import Identity
import Registration
import SIPMessage
import SIPTransaction
import TestKit
import Testing

@Suite("Settings in calls and registrations")
struct SettingsTests {
    /// The office's directory with other settings.
    private func change(_ office: Office, tenant: [String], terminal: [String] = []) throws {
        let accounts = Accounts(terminals: office.phones.map(\.count))
        let general = try SettingAssignments(tenant, scope: .tenant).applied(to: [:], above: TenantSettings())
        let own = try SettingAssignments(terminal, scope: .terminal).applied(to: [:], above: TenantSettings())
        let settings = general.applied(to: accounts.tenant.settings, scope: .tenant)
        let changed = Tenant(
            id: accounts.tenant.id, name: accounts.tenant.name, domains: accounts.tenant.domains, settings: settings)
        var terminals = accounts.terminals
        terminals[1].settings = own
        let directory = Directory(
            tenants: [changed], users: accounts.users, terminals: terminals, defaultTenant: changed.id)
        office.server.handleEverywhere(.directoryChanged(directory))
    }

    @Test("a keep-alive that is switched on, changed and switched off reaches phones that are registered already")
    func keepAliveFollows() throws {
        let office = Office()
        office.run(60)
        #expect(office.bob.requests(.options).isEmpty)
        try change(office, tenant: ["keep-alive=10", "keep-alive-phones=all"])
        office.run(35)
        let asked = office.bob.requests(.options).count
        #expect((3...4).contains(asked))
        #expect(office.server.pings.isEmpty)
        try change(office, tenant: ["keep-alive=10", "keep-alive-phones=all", "keep-alive-kind=crlf"])
        office.run(35)
        #expect(office.bob.requests(.options).count <= asked + 1)
        #expect((6...8).contains(office.server.pings.count))
        try change(office, tenant: [], terminal: ["keep-alive=20"])
        let before = (office.server.pings.count, office.alice.requests(.options).count)
        office.run(100)
        #expect(office.server.pings.count == before.0)
        #expect(office.alice.requests(.options).count == before.1)
        #expect((4...7).contains(office.bob.requests(.options).count - asked))
        office.close()
    }

    @Test("of the phones that ring together the longest time counts")
    func longestRinging() throws {
        let office = Office([1, 2])
        // The first terminal of the second user is the one with a time of its own.
        try change(office, tenant: ["no-answer=40"], terminal: ["no-answer=15"])
        for phone in office.phones[1] { phone.plan.decision = .none }
        let call = office.alice.call("1002")
        office.run(30)
        #expect(!call.isOver)
        office.run(20)
        #expect(call.codes.last == 480)
        office.close()
    }

    @Test(
        "a phone is given the session timer its settings say",
        arguments: [("on", "1800", "100rel, timer"), ("accept", nil, "100rel, timer"), ("off", nil, "100rel")]
            as [(String, String?, String)])
    func sessionTimer(_ use: String, _ interval: String?, _ supported: String) throws {
        let office = Office()
        try change(office, tenant: [], terminal: ["session-timer=\(use)"])
        let call = office.talk()
        let invite = try #require(office.bob.requests(.invite).first)
        #expect(invite.first(.sessionExpires) == interval)
        #expect(invite.list(.supported).joined(separator: ", ") == supported)
        #expect(call.alice.state == .up)
        office.close()
    }

    @Test("Max-Forwards is what the caller gave, but no more than the setting, less one")
    func maxForwards() throws {
        let office = Office()
        try change(office, tenant: ["max-forwards=20"])
        _ = office.talk()
        #expect(try office.bob.requests(.invite).first?.maxForwards() == 19)
        office.close()
    }
}
