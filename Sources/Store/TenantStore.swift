public import Basics
import Foundation
import GRDB
public import Identity

/// The tenants and the domains they own.
public struct TenantStore: Sendable {
    let database: Database

    /// - Throws: ``StoreError`` of kind constraint when the name or a domain is taken.
    @discardableResult
    public func create(_ new: NewTenant, settings: SettingValues = [:]) throws(StoreError) -> Tenant {
        try database.write { db in
            try db.execute(
                sql: "INSERT INTO tenants (name, settings) VALUES (?, ?)",
                arguments: [new.name, try JSONText.encode(settings)])
            let id = TenantID(db.lastInsertedRowID)
            for (position, domain) in new.domains.enumerated() {
                try db.execute(
                    sql: "INSERT INTO tenant_domains (domain, tenant_id, position) VALUES (?, ?, ?)",
                    arguments: [domain, id.rawValue, position])
            }
            return Tenant(
                id: id, name: new.name, domains: new.domains,
                settings: settings.applied(to: TenantSettings(), scope: .tenant))
        }
    }

    /// The settings a tenant has of its own; nil where there is no such tenant.
    public func settings(of tenant: TenantID) throws(StoreError) -> SettingValues? {
        try database.read { db in try TenantStore.settings(of: tenant, db) }
    }

    /// Changes settings of a tenant, all of them or none.
    /// - Returns: the settings before and after, or why they are refused; nil where there is no such tenant.
    public func change(
        _ assignments: SettingAssignments, of tenant: TenantID
    ) throws(StoreError) -> Result<SettingChange, SettingRefusal>? {
        try database.write { db in
            guard let before = try TenantStore.settings(of: tenant, db) else { return nil }
            let changed = Result<SettingValues, SettingRefusal> { () throws(SettingRefusal) in
                try assignments.applied(to: before, above: TenantSettings())
            }
            if case .success(let after) = changed {
                try db.execute(
                    sql: "UPDATE tenants SET settings = ? WHERE id = ?",
                    arguments: [try JSONText.encode(after), tenant.rawValue])
            }
            return changed.map { SettingChange(before: before, after: $0) }
        }
    }

    static func settings(of tenant: TenantID, _ db: SQLDatabase) throws -> SettingValues? {
        let text = try String.fetchOne(
            db, sql: "SELECT settings FROM tenants WHERE id = ?", arguments: [tenant.rawValue])
        return try text.map { try JSONText.decode(SettingValues.self, $0, of: "tenant \(tenant)") }
    }

    /// Server-wide: every tenant, by id.
    public func all() throws(StoreError) -> [Tenant] { try database.read(TenantStore.all) }

    /// The tenant of this name; nil where there is none.
    public func named(_ name: String) throws(StoreError) -> Tenant? {
        try all().first { $0.name == name }
    }

    static func all(_ db: SQLDatabase) throws -> [Tenant] {
        var domains: [Int64: [String]] = [:]
        let pairs = try Row.fetchCursor(
            db, sql: "SELECT tenant_id, domain FROM tenant_domains ORDER BY tenant_id, position")
        while let row = try pairs.next() { domains[row[0], default: []].append(row[1]) }
        var tenants: [Tenant] = []
        let rows = try Row.fetchCursor(db, sql: "SELECT id, name, settings FROM tenants ORDER BY id")
        while let row = try rows.next() {
            let id: Int64 = row[0]
            tenants.append(
                Tenant(
                    id: TenantID(id), name: row[1], domains: domains[id] ?? [],
                    settings: try JSONText.decode(SettingValues.self, row[2], of: "tenant \(id)").applied(
                        to: TenantSettings(), scope: .tenant)))
        }
        return tenants
    }
}

/// Settings before and after a change.
public struct SettingChange: Hashable, Sendable {
    public let before: SettingValues
    public let after: SettingValues
}

/// JSON in a text column.
enum JSONText {
    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ text: String, of what: String) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw StoreError(.unreadable, "settings of \(what): \(error)")
        }
    }
}
