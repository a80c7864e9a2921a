import Basics
import Foundation
import Glibc

/// What a person types into a phone to use an account of the demo.
public struct DemoAccount: Hashable, Sendable {
    public let `extension`: String
    public let username: String
    public let password: String
    /// What the phone is pointed at: the server's address.
    public let domain: String
}

/// `demo-credentials.csv`: the only place where the demo's passwords stand in clear, readable by the owner alone.
public enum DemoCredentials {
    public static let fileName: String = "demo-credentials.csv"
    private static let header: [String] = ["extension", "username", "password", "domain"]

    /// The accounts in a file; nil where there is no such file.
    static func read(_ path: String) throws(DemoError) -> [DemoAccount]? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw DemoError("\(path) can't be read; check its owner and rights")
        }
        let rows: [CSV.Row]
        do { rows = try CSV.read([UInt8](data)) } catch {
            throw DemoError("\(path), \(error); repair the line, or remove the file")
        }
        guard rows.first?.fields.map(\.text) == header else {
            throw DemoError(
                "\(path), line 1: must be \(header.joined(separator: ",")); repair the line, or remove the file")
        }
        var accounts: [DemoAccount] = []
        for row in rows.dropFirst() {
            guard row.fields.count == header.count else {
                throw DemoError(
                    "\(path), line \(row.line): \(row.fields.count) fields instead of 4; repair the line, or remove the file"
                )
            }
            accounts.append(
                DemoAccount(
                    extension: row.fields[0].text, username: row.fields[1].text, password: row.fields[2].text,
                    domain: row.fields[3].text))
        }
        return accounts
    }

    /// Writes all accounts, and synchronises them with the disk.
    static func write(_ accounts: [DemoAccount], to path: String) throws(DemoError) {
        var text: String = CSV.line(header)
        for account in accounts {
            text += CSV.line([account.extension, account.username, account.password, account.domain])
        }
        unlink(path)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DemoError("\(path) can't be written: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        let written: Int = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard written == bytes.count, fsync(descriptor) == 0 else {
            let reason: String =
                written < 0 || written == bytes.count ? String(cString: strerror(errno)) : "the disk is full"
            unlink(path)
            throw DemoError("\(path) can't be written: \(reason)")
        }
    }

    /// Puts the file at `path` in place of the one at `target`, whole or not at all.
    static func move(_ path: String, to target: String) throws(DemoError) {
        guard rename(path, target) == 0 else {
            throw DemoError("\(target) can't be written: \(String(cString: strerror(errno)))")
        }
    }
}
