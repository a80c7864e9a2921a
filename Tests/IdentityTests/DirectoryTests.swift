import Basics
import Identity
import SIPMessage
import Testing

@Suite("Directory and provisioning")
struct DirectoryTests {
    private let a = Tenant(id: TenantID(1), name: "A", domains: ["A.example", "alias.example"])
    private let b = Tenant(id: TenantID(2), name: "B", domains: ["b.example"])

    private func directory(default tenant: TenantID? = nil) -> Directory {
        let users = [
            User(id: UserID(1), tenant: a.id, extension: "100", displayName: "Ann"),
            User(id: UserID(2), tenant: b.id, extension: "100", displayName: "Bob"),
            User(id: UserID(3), tenant: a.id, extension: "101", displayName: "Cy"),
        ]
        let terminals = [(5, 1, "100"), (6, 2, "100"), (4, 1, "100-mobile")].map { id, user, name in
            Terminal(id: TerminalID(id), user: UserID(user), name: name, authUsername: name, secrets: DigestSecrets())
        }
        return Directory(tenants: [a, b], users: users, terminals: terminals, defaultTenant: tenant)
    }

    @Test(
        "a tenant is found by any of its domains, whatever their case; the server's own hosts go to the default tenant, if any, and foreign ones to none"
    )
    func findsTenants() {
        let plain = directory()
        for host in ["a.example", "A.EXAMPLE", "alias.example", "a.example."] {
            #expect(plain.tenant(serving: host) { _ in false }?.id == a.id)
        }
        #expect(plain.tenant(serving: "192.0.2.1") { _ in true } == nil)
        #expect(directory(default: b.id).tenant(serving: "192.0.2.1") { $0 == "192.0.2.1" }?.id == b.id)
        #expect(directory(default: b.id).tenant(serving: "192.0.2.2") { $0 == "192.0.2.1" } == nil)
        #expect(directory(default: b.id).tenant(serving: "a.example") { _ in true }?.id == a.id)
        #expect(directory(default: b.id).tenant(owning: "192.0.2.1") == nil)
        #expect(a.realm == "a.example")
    }

    @Test("users and terminals are found within their tenant only")
    func separatesTenants() {
        let directory = directory()
        #expect(directory.user(in: a.id, extension: "100")?.id == UserID(1))
        #expect(directory.user(in: b.id, extension: "100")?.id == UserID(2))
        #expect(directory.user(in: b.id, extension: "101") == nil)
        #expect(directory.terminal(in: a.id, authUsername: "100")?.id == TerminalID(5))
        #expect(directory.terminal(in: b.id, authUsername: "100-mobile") == nil)
        #expect(directory.terminals(of: UserID(1)).map(\.id) == [TerminalID(4), TerminalID(5)])
        #expect(directory.terminals(of: UserID(3)).isEmpty)
        #expect(directory.terminal(TerminalID(6))?.user == UserID(2))
    }

    struct UserCase: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var ext: String = "200"
        var name: String? = nil
        var username: String? = nil
        var password: String = "long enough"
        let field: ProvisioningError.Field?
    }

    @Test(
        "a new user keeps the rules",
        arguments: [
            UserCase(testDescription: "legal", field: nil),
            UserCase(testDescription: "all characters", ext: "aZ0*#._-", field: nil),
            UserCase(testDescription: "empty extension", ext: "", field: .extension),
            UserCase(testDescription: "16 characters", ext: "1234567890123456", field: nil),
            UserCase(testDescription: "17 characters", ext: "12345678901234567", field: .extension),
            UserCase(testDescription: "a blank", ext: "1 0", field: .extension),
            UserCase(testDescription: "not ASCII", ext: "é", field: .extension),
            UserCase(testDescription: "a line break in the name", name: "a\r\nb", field: .displayName),
            UserCase(testDescription: "a long name", name: String(repeating: "x", count: 65), field: .displayName),
            UserCase(testDescription: "a colon in the username", username: "a:b", field: .username),
            UserCase(testDescription: "a short password", password: "1234567", field: .password),
            UserCase(
                testDescription: "the extension as password", ext: "12345678", password: "12345678", field: .password),
            UserCase(testDescription: "an extension that exists", ext: "101", field: .extension),
            UserCase(testDescription: "a username that exists", username: "100", field: .username),
        ])
    func checksUsers(_ row: UserCase) {
        let error = refusal(of: row)
        #expect(error?.field == row.field)
        if let error { #expect(error.description.hasPrefix(error.field.rawValue + ": m")) }
    }

    private func refusal(of row: UserCase) -> ProvisioningError? {
        do throws(ProvisioningError) {
            let user = try NewUser(
                extension: row.ext, displayName: row.name, authUsername: row.username, password: row.password)
            try user.check(isNewIn: a, of: directory())
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "a new tenant keeps the rules",
        arguments: [
            (["pbx.example"], true), (["192.0.2.1", "x"], true), ([], false), (["a b"], false), (["-a.example"], false),
            (["a..b"], false), (["A.example"], false),
        ])
    func checksTenants(_ domains: [String], _ isLegal: Bool) {
        func make() throws { try NewTenant(name: "New", domains: domains).check(isNewIn: directory()) }
        if isLegal {
            #expect(throws: Never.self) { try make() }
        } else {
            #expect(throws: ProvisioningError.self) { try make() }
        }
    }

    @Test("10,000 users are found among 10,000")
    func scales() {
        let users = (1...10_000).map { User(id: UserID($0), tenant: a.id, extension: "\($0)", displayName: "") }
        let big = Directory(tenants: [a], users: users)
        #expect((1...10_000).allSatisfy { big.user(in: a.id, extension: "\($0)")?.id == UserID(Int64($0)) })
    }
}
