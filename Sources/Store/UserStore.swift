public import Basics
import GRDB
public import Identity

/// The users of a tenant with their terminals.
public struct UserStore: Sendable {
    let database: Database

    /// Makes a user with a first terminal; the password is kept as hashes only.
    /// - Throws: ``StoreError`` of kind constraint when the extension or the username is taken in the tenant.
    @discardableResult
    public func create(_ new: NewUser, in tenant: Tenant) throws(StoreError) -> User {
        try database.write { db in try UserStore.insert(new, in: tenant, db) }
    }

    /// Makes all of them or, when one is refused, none.
    @discardableResult
    public func create(_ new: [NewUser], in tenant: Tenant) throws(StoreError) -> [User] {
        try database.write { db in try new.map { try UserStore.insert($0, in: tenant, db) } }
    }

    /// Adds a terminal to a user; the extension of `account` is not looked at, its display name names the terminal.
    @discardableResult
    public func addTerminal(
        _ account: NewUser, to user: UserID, in tenant: Tenant, settings: SettingValues = [:]
    ) throws(StoreError) -> Terminal {
        try database.write { db in try UserStore.insertTerminal(account, user, tenant, settings, db) }
    }

    /// Lets a user call and be called, or not; false where the tenant has no such user.
    public func setEnabled(_ isEnabled: Bool, _ user: UserID, in tenant: TenantID) throws(StoreError) -> Bool {
        try database.write { db in
            try db.execute(
                sql: "UPDATE users SET is_enabled = ? WHERE tenant_id = ? AND id = ?",
                arguments: [isEnabled, tenant.rawValue, user.rawValue])
            return db.changesCount > 0
        }
    }

    /// Replaces what the server keeps of a terminal's password; false where the tenant has no such terminal.
    public func setSecrets(_ secrets: DigestSecrets, of terminal: TerminalID, in tenant: TenantID) throws(StoreError)
        -> Bool
    {
        try database.write { db in
            try db.execute(
                sql: """
                    UPDATE terminals SET secret_md5 = ?, secret_sha256 = ?, secret_sha512t256 = ? WHERE tenant_id = ? AND id = ?
                    """,
                arguments: [secrets.md5, secrets.sha256, secrets.sha512t256, tenant.rawValue, terminal.rawValue])
            return db.changesCount > 0
        }
    }

    /// Changes settings of terminals, all of them or none.
    /// - Returns: the settings of each before and after, in the order of `terminals`, or why they are refused; nil where the tenant, or one
    ///   of the terminals in it, is not there.
    public func change(
        _ assignments: SettingAssignments, of terminals: [TerminalID], in tenant: TenantID
    ) throws(StoreError) -> Result<[SettingChange], SettingRefusal>? {
        try database.write { db in
            guard let general = try TenantStore.settings(of: tenant, db) else { return nil }
            let above = general.applied(to: TenantSettings(), scope: .tenant)
            var changes: [SettingChange] = []
            for terminal in terminals {
                guard let before = try UserStore.settings(of: terminal, in: tenant, db) else { return nil }
                do throws(SettingRefusal) {
                    changes.append(
                        SettingChange(before: before, after: try assignments.applied(to: before, above: above)))
                } catch { return .failure(error) }
            }
            for (terminal, change) in zip(terminals, changes) {
                try db.execute(
                    sql: "UPDATE terminals SET settings = ? WHERE tenant_id = ? AND id = ?",
                    arguments: [try JSONText.encode(change.after), tenant.rawValue, terminal.rawValue])
            }
            return .success(changes)
        }
    }

    private static func settings(
        of terminal: TerminalID, in tenant: TenantID, _ db: SQLDatabase
    ) throws -> SettingValues? {
        let text = try String.fetchOne(
            db, sql: "SELECT settings FROM terminals WHERE tenant_id = ? AND id = ?",
            arguments: [tenant.rawValue, terminal.rawValue])
        return try text.map { try JSONText.decode(SettingValues.self, $0, of: "terminal \(terminal)") }
    }

    /// Deletes a user with its terminals and bindings; its call records stay. False where the tenant has no such user.
    public func delete(_ user: UserID, in tenant: TenantID) throws(StoreError) -> Bool {
        try database.write { db in
            try db.execute(
                sql: "DELETE FROM users WHERE tenant_id = ? AND id = ?", arguments: [tenant.rawValue, user.rawValue])
            return db.changesCount > 0
        }
    }

    private static func insert(_ new: NewUser, in tenant: Tenant, _ db: SQLDatabase) throws -> User {
        let statement = try db.cachedStatement(
            sql: "INSERT INTO users (tenant_id, extension, display_name) VALUES (?, ?, ?)")
        try statement.execute(arguments: [tenant.id.rawValue, new.extension, new.displayName])
        let user = User(
            id: UserID(db.lastInsertedRowID), tenant: tenant.id, extension: new.extension, displayName: new.displayName)
        _ = try insertTerminal(new, user.id, tenant, [:], db)
        return user
    }

    private static func insertTerminal(
        _ account: NewUser, _ user: UserID, _ tenant: Tenant, _ settings: SettingValues, _ db: SQLDatabase
    ) throws -> Terminal {
        let secrets = account.secrets(in: tenant)
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO terminals
                    (tenant_id, user_id, name, auth_username, secret_md5, secret_sha256, secret_sha512t256, settings)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """)
        try statement.execute(arguments: [
            tenant.id.rawValue, user.rawValue, account.displayName, account.authUsername, secrets.md5, secrets.sha256,
            secrets.sha512t256, try JSONText.encode(settings),
        ])
        return Terminal(
            id: TerminalID(db.lastInsertedRowID), user: user, name: account.displayName,
            authUsername: account.authUsername,
            secrets: secrets, settings: settings)
    }

    static func allUsers(_ db: SQLDatabase) throws -> [User] {
        var users: [User] = []
        let rows = try Row.fetchCursor(
            db, sql: "SELECT id, tenant_id, extension, display_name, is_enabled FROM users ORDER BY id")
        while let row = try rows.next() {
            users.append(
                User(
                    id: UserID(row[0]), tenant: TenantID(row[1]), extension: row[2], displayName: row[3],
                    isEnabled: row[4]))
        }
        return users
    }

    static func allTerminals(_ db: SQLDatabase) throws -> [Terminal] {
        var terminals: [Terminal] = []
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT id, user_id, name, auth_username, secret_md5, secret_sha256, secret_sha512t256, settings
                FROM terminals ORDER BY user_id, id
                """)
        while let row = try rows.next() {
            let id: Int64 = row[0]
            let text: String = row[7]
            // Nearly every terminal has no settings of its own: JSON is read for the others only.
            let settings =
                text == "{}" ? [:] : try JSONText.decode(SettingValues.self, text, of: "terminal \(id)")
            terminals.append(
                Terminal(
                    id: TerminalID(id), user: UserID(row[1]), name: row[2], authUsername: row[3],
                    secrets: DigestSecrets(md5: row[4], sha256: row[5], sha512t256: row[6]), settings: settings))
        }
        return terminals
    }
}
