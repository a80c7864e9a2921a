public import Basics
import GRDB
public import Identity

/// Numbers of a tenant that the server itself answers.
public struct ServiceNumberStore: Sendable {
    let database: Database

    /// - Throws: ``StoreError`` of kind constraint when the tenant has the number already.
    @discardableResult
    public func create(_ new: NewServiceNumber, in tenant: TenantID) throws(StoreError) -> ServiceNumber {
        try database.write { db in
            let options = ServiceOptions(new.service)
            try db.execute(
                sql: "INSERT INTO service_numbers (tenant_id, extension, kind, options) VALUES (?, ?, ?, ?)",
                arguments: [
                    tenant.rawValue, new.extension, new.service.kind.rawValue, try JSONText.encode(options),
                ])
            return ServiceNumber(
                id: ServiceNumberID(db.lastInsertedRowID), tenant: tenant, extension: new.extension,
                service: new.service)
        }
    }

    /// False where the tenant has no such service number.
    public func delete(_ number: ServiceNumberID, in tenant: TenantID) throws(StoreError) -> Bool {
        try database.write { db in
            try db.execute(
                sql: "DELETE FROM service_numbers WHERE tenant_id = ? AND id = ?",
                arguments: [tenant.rawValue, number.rawValue])
            return db.changesCount > 0
        }
    }

    static func all(_ db: SQLDatabase) throws -> [ServiceNumber] {
        var numbers: [ServiceNumber] = []
        let rows = try Row.fetchCursor(
            db, sql: "SELECT id, tenant_id, extension, kind, options FROM service_numbers ORDER BY tenant_id, extension"
        )
        while let row = try rows.next() {
            let id: Int64 = row[0]
            let options = try JSONText.decode(ServiceOptions.self, row[4], of: "service number \(id)")
            guard let service = options.service(row[3]) else {
                throw StoreError(.unreadable, "service number \(id) is of a kind this version does not know")
            }
            numbers.append(
                ServiceNumber(
                    id: ServiceNumberID(id), tenant: TenantID(row[1]), extension: row[2], service: service))
        }
        return numbers
    }
}

/// What is kept of a service beside its kind.
private struct ServiceOptions: Codable {
    var prompt: String?
    var repeats: Int?
    var pin: String?
    var limit: Int?
    var announces: Bool?

    init(_ service: Service) {
        switch service {
        case .echo: break
        case .announcement(let what): (prompt, repeats) = (what.prompt, what.repeats)
        case .music(let name): prompt = name
        case .conference(let room): (pin, limit, announces) = (room.pin, room.limit, room.announces)
        }
    }

    func service(_ kind: String) -> Service? {
        switch Service.Kind(rawValue: kind) {
        case .echo: .echo
        case .announcement: prompt.map { .announcement(.init(prompt: $0, repeats: repeats ?? 1)) }
        case .music: .music(prompt: prompt ?? "music")
        case .conference: .conference(.init(pin: pin, limit: limit ?? 50, announces: announces ?? true))
        case nil: nil
        }
    }
}
