import GRDB
import GRDBSQLite

/// Why the store could not do what was asked; nothing was changed.
public struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Kind: Hashable, Sendable {
        /// The database can't be opened or made.
        case cannotOpen
        /// The database was made by a newer version of Martinet.
        case newerSchema
        /// A rule of the schema was broken: a name exists already, or what a row refers to does not.
        case constraint
        /// Another process kept the database locked for too long.
        case busy
        /// The disk is full.
        case full
        /// The writer's queue is full, or the writer is closed.
        case overloaded
        /// The disk failed, or the file is damaged or read-only.
        case disk
        /// A row holds what this version can't read.
        case unreadable
        /// Our own mistake: an SQL statement that is wrong.
        case statement
    }

    public let kind: Kind
    /// What happened, in words, with the file or the rule it is about.
    public let detail: String

    public init(_ kind: Kind, _ detail: String) { (self.kind, self.detail) = (kind, detail) }

    /// From an SQLite result code.
    init(code: Int32, message: String) {
        let kind: Kind =
            switch code & 0xFF {
            case SQLITE_CONSTRAINT: .constraint
            case SQLITE_BUSY, SQLITE_LOCKED: .busy
            case SQLITE_FULL: .full
            case SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_READONLY, SQLITE_NOTADB, SQLITE_PERM: .disk
            case SQLITE_CANTOPEN: .cannotOpen
            default: .statement
            }
        self.init(kind, message)
    }

    init(_ error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as DatabaseError:
            self.init(
                code: error.resultCode.rawValue, message: error.message ?? "SQLite error \(error.resultCode.rawValue)")
        default: self.init(.unreadable, "\(error)")
        }
    }

    public var description: String {
        switch kind {
        case .cannotOpen: "cannot open the database: \(detail)"
        case .newerSchema: detail
        case .constraint: "refused by the database: \(detail)"
        case .busy: "the database is locked by another process: \(detail)"
        case .full: "the disk is full: \(detail)"
        case .overloaded: "too many writes are waiting: \(detail)"
        case .disk: "the database's disk failed: \(detail)"
        case .unreadable: "the database holds what can't be read: \(detail)"
        case .statement: "a database statement failed: \(detail)"
        }
    }
}
