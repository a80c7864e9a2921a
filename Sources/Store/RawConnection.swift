import GRDBSQLite

/// One SQLite connection used by one thread, without the cost of a general library per statement.
///
/// Not thread-safe: ``StoreWriter``'s thread makes, uses and closes it.
final class RawConnection {
    private let handle: OpaquePointer
    /// Pages in the write-ahead log after the last commit.
    private(set) var walPages: Int32 = 0

    /// - Parameter pragmas: run in order after opening.
    init(path: String, pragmas: [String]) throws(StoreError) {
        var handle: OpaquePointer?
        let flags: Int32 = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE
        let code: Int32 = sqlite3_open_v2(path, &handle, flags, nil)
        guard code == SQLITE_OK, let handle else {
            let message: String = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(handle)
            throw StoreError(.cannotOpen, "\(path): \(message)")
        }
        self.handle = handle
        sqlite3_extended_result_codes(handle, 1)
        for pragma in pragmas { try execute(pragma) }
        let context: UnsafeMutableRawPointer = Unmanaged.passUnretained(self).toOpaque()
        // A hook of our own also switches automatic checkpoints off: the writer chooses when.
        sqlite3_wal_hook(
            handle,
            { context, _, _, pages in
                guard let context else { return SQLITE_OK }
                Unmanaged<RawConnection>.fromOpaque(context).takeUnretainedValue().walPages = pages
                return SQLITE_OK
            }, context)
    }

    deinit { sqlite3_close_v2(handle) }

    func execute(_ sql: String) throws(StoreError) {
        let code: Int32 = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw error(code) }
    }

    func prepare(_ sql: String) throws(StoreError) -> RawStatement {
        var statement: OpaquePointer?
        let persistent = UInt32(SQLITE_PREPARE_PERSISTENT)
        let code: Int32 = sqlite3_prepare_v3(handle, sql, -1, persistent, &statement, nil)
        guard code == SQLITE_OK, let statement else { throw error(code) }
        return RawStatement(statement, of: self)
    }

    /// Copies what it can from the write-ahead log into the database, waiting for nobody; afterwards the log is written from its start.
    func checkpoint() {
        var (log, copied): (Int32, Int32) = (0, 0)
        if sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_PASSIVE, &log, &copied) == SQLITE_OK, log == copied
        {
            walPages = 0
        }
    }

    func error(_ code: Int32) -> StoreError { StoreError(code: code, message: String(cString: sqlite3_errmsg(handle))) }
}

/// A prepared statement; bind by index from 1, then ``run()``.
final class RawStatement {
    private let statement: OpaquePointer
    /// Keeps the connection open as long as the statement lives.
    private let connection: RawConnection
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    fileprivate init(_ statement: OpaquePointer, of connection: RawConnection) {
        (self.statement, self.connection) = (statement, connection)
    }

    deinit { sqlite3_finalize(statement) }

    func bind(_ index: Int32, _ value: Int64) { sqlite3_bind_int64(statement, index, value) }

    func bind(_ index: Int32, _ value: Int64?) {
        if let value { sqlite3_bind_int64(statement, index, value) } else { sqlite3_bind_null(statement, index) }
    }

    func bind(_ index: Int32, _ value: Bool) { sqlite3_bind_int(statement, index, value ? 1 : 0) }

    func bind(_ index: Int32, _ text: String) {
        var text = text
        text.withUTF8 { bytes in
            // An empty buffer may have no address, which SQLite would take for NULL.
            if let address = bytes.baseAddress {
                address.withMemoryRebound(to: CChar.self, capacity: bytes.count) { pointer in
                    _ = sqlite3_bind_text(
                        statement, index, pointer, Int32(clamping: bytes.count), RawStatement.transient)
                }
            } else {
                sqlite3_bind_text(statement, index, "", 0, RawStatement.transient)
            }
        }
    }

    func bind(_ index: Int32, _ text: String?) {
        if let text { bind(index, text) } else { sqlite3_bind_null(statement, index) }
    }

    /// Moves to the next row; false after the last one, and the statement is ready for the next values then.
    func next() throws(StoreError) -> Bool {
        let code: Int32 = sqlite3_step(statement)
        if code == SQLITE_ROW { return true }
        let error: StoreError? = code == SQLITE_DONE ? nil : connection.error(code)
        sqlite3_reset(statement)
        if let error { throw error }
        return false
    }

    /// An integer of the current row; columns count from 0.
    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }

    /// A text of the current row; columns count from 0.
    func text(_ column: Int32) -> String {
        guard let bytes = sqlite3_column_text(statement, column) else { return "" }
        let count = Int(sqlite3_column_bytes(statement, column))
        return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    /// Runs a statement that gives no rows; it is ready for the next values afterwards.
    func run() throws(StoreError) {
        let code: Int32 = sqlite3_step(statement)
        if code == SQLITE_DONE || code == SQLITE_ROW {
            sqlite3_reset(statement)
            return
        }
        let error: StoreError = connection.error(code)
        sqlite3_reset(statement)
        throw error
    }
}
