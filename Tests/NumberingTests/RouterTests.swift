import Basics
import Identity
import Numbering
import Testing

@Suite("Router")
struct RouterTests {
    private let tenant = Tenant(id: TenantID(1), name: "A", domains: ["a.example"])

    private func router() -> Router {
        let users = [("100", true), ("101", false), ("15", true), ("112", false), ("a.b", true)].enumerated().map {
            index, entry in
            User(
                id: UserID(Int64(index)), tenant: tenant.id, extension: entry.0, displayName: "u\(index)",
                isEnabled: entry.1)
        }
        let other = Tenant(id: TenantID(2), name: "B", domains: ["b.example"])
        let stranger = User(id: UserID(50), tenant: other.id, extension: "500", displayName: "stranger")
        return Router(directory: Directory(tenants: [tenant, other], users: users + [stranger]))
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let dialled: String
        let destination: Route.Destination
        var isEmergency: Bool = false
        let settings: [String]
    }

    @Test(
        "a dialled number leads, with the settings that decided",
        arguments: [
            Case(
                testDescription: "an extension", dialled: "100", destination: .user(UserID(0)),
                settings: ["user.extension"]),
            Case(
                testDescription: "separators", dialled: "1-0(0)", destination: .user(UserID(0)),
                settings: ["user.extension"]),
            Case(
                testDescription: "dots that belong", dialled: "a.b", destination: .user(UserID(4)),
                settings: ["user.extension"]),
            Case(
                testDescription: "disabled", dialled: "101", destination: .disabled(UserID(1)),
                settings: ["user.isEnabled"]),
            Case(testDescription: "unknown", dialled: "999999", destination: .notFound, settings: ["user.extension"]),
            Case(testDescription: "empty", dialled: "", destination: .notFound, settings: ["user.extension"]),
            Case(
                testDescription: "another tenant's", dialled: "500", destination: .notFound,
                settings: ["user.extension"]),
            Case(
                testDescription: "emergency", dialled: "911", destination: .emergency("911"), isEmergency: true,
                settings: ["tenant.emergencyNumbers", "user.extension"]),
            Case(
                testDescription: "emergency desk", dialled: "15", destination: .user(UserID(2)), isEmergency: true,
                settings: ["tenant.emergencyNumbers", "user.extension"]),
            Case(
                testDescription: "disabled emergency desk", dialled: "112", destination: .emergency("112"),
                isEmergency: true, settings: ["tenant.emergencyNumbers", "user.isEnabled"]),
        ])
    func routes(_ row: Case) {
        let route = router().route(from: tenant.id, dialled: row.dialled)
        #expect(route.destination == row.destination)
        #expect(route.isEmergency == row.isEmergency)
        #expect(route.reasons.map(\.setting) == row.settings)
        #expect(router().route(from: UserID(0), dialled: row.dialled) == route)
    }

    @Test("an unknown tenant or caller reaches nobody")
    func knowsItsCallers() {
        #expect(router().route(from: TenantID(9), dialled: "100").destination == .notFound)
        #expect(router().route(from: UserID(9), dialled: "100").destination == .notFound)
    }
}
