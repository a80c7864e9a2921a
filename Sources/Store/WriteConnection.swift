import Basics
import CallControl
import Registration

/// The writer's connection with its prepared statements.
final class WriteConnection {
    private let connection: RawConnection
    private let beginStatement: RawStatement
    private let commitStatement: RawStatement
    private var bindings: BindingLog
    private let startCall: RawStatement
    private let answerCall: RawStatement
    private let settleCall: RawStatement
    private let noteQuality: RawStatement
    private let notePhone: RawStatement

    init(path: String, safety: StoreWriterSettings.Safety, listeners: ListenerMap) throws(StoreError) {
        connection = try RawConnection(
            path: path,
            pragmas: [
                "PRAGMA busy_timeout = 250", "PRAGMA journal_mode = WAL", "PRAGMA synchronous = \(safety.rawValue)",
                "PRAGMA foreign_keys = ON", "PRAGMA cache_size = -8192", "PRAGMA temp_store = MEMORY",
            ])
        beginStatement = try connection.prepare("BEGIN IMMEDIATE")
        commitStatement = try connection.prepare("COMMIT")
        bindings = try BindingLog(connection, listeners: listeners)
        startCall = try connection.prepare(CallRecordStore.startSQL)
        answerCall = try connection.prepare(CallRecordStore.answerSQL)
        settleCall = try connection.prepare(CallRecordStore.settleSQL)
        noteQuality = try connection.prepare(CallRecordStore.qualitySQL)
        notePhone = try connection.prepare(BindingStore.phoneSQL)
    }

    var walPages: Int { Int(connection.walPages) }

    func begin() throws(StoreError) { try beginStatement.run() }

    /// Ends the transaction, after clearing away some of what is dead in the log of bindings.
    func commit(wall: WallTime) throws(StoreError) {
        try bindings.compact(wall: wall)
        try commitStatement.run()
        bindings.committed()
    }

    func rollback() {
        try? connection.execute("ROLLBACK")
        bindings.rolledBack()
    }

    func checkpoint() { connection.checkpoint() }

    /// Writes one entry whole.
    /// - Returns: the rule of the schema that refused it; nothing of it is written then.
    /// - Throws: what makes the whole transaction fail.
    func apply(_ write: StoreWrite) throws(StoreError) -> StoreError? {
        switch write {
        case .callRecord(let change):
            let isAlone: Bool = change.qualityToKeep == nil
            return try whole(isAlone: isAlone) { () throws(StoreError) in try apply(change) }
        case .phone(let state):
            return try refusal { () throws(StoreError) in
                BindingStore.bind(state, to: notePhone)
                try notePhone.run()
            }
        case .bindings(let changes):
            let mark: Int = bindings.mark
            let error = try whole(isAlone: changes.count == 1) { () throws(StoreError) in
                for change in changes { try bindings.append(change) }
            }
            if error != nil { bindings.forget(since: mark) }
            return error
        }
    }

    /// Undoes what `body` wrote where a rule refuses a part of it.
    /// - Parameter isAlone: it is one statement, which needs no undoing.
    private func whole(isAlone: Bool, _ body: () throws(StoreError) -> Void) throws(StoreError) -> StoreError? {
        if !isAlone { try connection.execute("SAVEPOINT entry") }
        let error = try refusal(body)
        if !isAlone { try connection.execute(error == nil ? "RELEASE entry" : "ROLLBACK TO entry; RELEASE entry") }
        return error
    }

    private func refusal(_ body: () throws(StoreError) -> Void) throws(StoreError) -> StoreError? {
        do {
            try body()
            return nil
        } catch  where error.kind == .constraint {
            return error
        }
    }

    private func apply(_ change: CallRecordChange) throws(StoreError) {
        let statement: RawStatement =
            switch change {
            case .started: startCall
            case .answered: answerCall
            case .settled: settleCall
            }
        if case .answered(let record) = change {
            CallRecordStore.bindAnswer(record, to: statement)
        } else {
            CallRecordStore.bind(change.record, to: statement)
        }
        try statement.run()
        guard let quality = change.qualityToKeep else { return }
        CallRecordStore.bind(quality, of: change.record, to: noteQuality)
        try noteQuality.run()
    }
}
