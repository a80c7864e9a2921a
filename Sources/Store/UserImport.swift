public import Basics
public import Identity

/// Users read from a CSV file, checked as a whole: either all of it can be made, or the problems say where it is wrong.
///
/// The first line names the columns in any order: `extension` and `password` must be there, `name` and `username` may be.
public struct UserImport: Sendable {
    /// Every problem found, by line; at most 100.
    public struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        public let problems: [CSV.Problem]
        public var description: String { problems.map(\.description).joined(separator: "\n") }
    }

    /// In the order of the file.
    public let users: [NewUser]

    /// - Throws: ``Refusal`` with line and column of whatever is wrong in the file or exists in `tenant` already.
    public init(csv: [UInt8], into tenant: Tenant, of directory: Directory) throws(Refusal) {
        let rows: [CSV.Row]
        do {
            rows = try CSV.read(csv)
        } catch {
            throw Refusal(problems: [error])
        }
        let columns = try Columns(rows.first)
        var users: [NewUser] = []
        var problems: [CSV.Problem] = []
        var extensions: [String: Int] = [:]
        var usernames: [String: Int] = [:]
        for row in rows.dropFirst() {
            do {
                let user = try columns.user(row)
                try UserImport.check(user.extension, .extension, row, columns, &extensions)
                try UserImport.check(user.authUsername, .username, row, columns, &usernames)
                do { try user.check(isNewIn: tenant, of: directory) } catch { throw columns.problem(error, row) }
                users.append(user)
            } catch let problem as CSV.Problem {
                problems.append(problem)
                if problems.count == 100 { break }
            } catch {
                continue
            }
        }
        if rows.count == 1 { problems.append(CSV.Problem(line: 2, column: 1, rule: "there is no user in the file")) }
        guard problems.isEmpty else { throw Refusal(problems: problems) }
        self.users = users
    }

    private static func check(
        _ text: String, _ field: ProvisioningError.Field, _ row: CSV.Row, _ columns: Columns,
        _ seen: inout [String: Int]
    ) throws(CSV.Problem) {
        if let line = seen[text] {
            throw columns.problem(ProvisioningError(field, "must be unique; line \(line) has \"\(text)\" too"), row)
        }
        seen[text] = row.line
    }

    /// Which column holds what.
    private struct Columns {
        private static let names: [String] = ["extension", "password", "name", "username"]
        private var positions: [String: Int] = [:]
        private let count: Int

        init(_ header: CSV.Row?) throws(Refusal) {
            guard let header else {
                throw Refusal(problems: [
                    CSV.Problem(line: 1, column: 1, rule: "the file is empty; its first line must name the columns")
                ])
            }
            count = header.fields.count
            var problems: [CSV.Problem] = []
            for (position, field) in header.fields.enumerated() {
                let name = String(field.text.drop { $0 == " " }).lowercased()
                if !Columns.names.contains(name) {
                    let rule = "unknown column \"\(field.text)\"; known are \(Columns.names.joined(separator: ", "))"
                    problems.append(CSV.Problem(line: header.line, column: field.column, rule: rule))
                } else if positions[name] != nil {
                    problems.append(
                        CSV.Problem(
                            line: header.line, column: field.column, rule: "the column \"\(name)\" is there twice"))
                }
                positions[name] = position
            }
            for name in ["extension", "password"] where positions[name] == nil {
                problems.append(CSV.Problem(line: header.line, column: 1, rule: "the column \"\(name)\" is missing"))
            }
            guard problems.isEmpty else { throw Refusal(problems: problems) }
        }

        func user(_ row: CSV.Row) throws(CSV.Problem) -> NewUser {
            guard row.fields.count == count else {
                let last = row.fields[min(row.fields.count, count + 1) - 1]
                throw CSV.Problem(
                    line: row.line, column: last.column,
                    rule: "\(row.fields.count) fields where the first line names \(count)")
            }
            do {
                return try NewUser(
                    extension: text("extension", row) ?? "", displayName: text("name", row),
                    authUsername: text("username", row),
                    password: text("password", row) ?? "")
            } catch {
                throw problem(error, row)
            }
        }

        func problem(_ error: ProvisioningError, _ row: CSV.Row) -> CSV.Problem {
            let name: String =
                switch error.field {
                case .extension: "extension"
                case .displayName: "name"
                case .password: "password"
                case .username: positions["username"] == nil ? "extension" : "username"
                case .domain, .tenantName, .service: "extension"
                }
            let position: Int = positions[name] ?? 0
            let column: Int = position < row.fields.count ? row.fields[position].column : 1
            return CSV.Problem(line: row.line, column: column, rule: "\(error)")
        }

        private func text(_ name: String, _ row: CSV.Row) -> String? {
            guard let position = positions[name], position < row.fields.count else { return nil }
            return row.fields[position].text
        }
    }
}
