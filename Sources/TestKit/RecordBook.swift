package import Basics
package import CallControl

/// The call records as a store would keep them: every one started once, settled once.
package struct RecordBook {
    package private(set) var records: [CallID: CallRecord] = [:]
    package private(set) var faults: [String] = []

    package init() {}

    package var open: [CallRecord] { records.values.filter(\.isOpen).sorted { $0.id < $1.id } }
    /// All records in the order of their calls.
    package var all: [CallRecord] { records.values.sorted { $0.id < $1.id } }

    package mutating func take(_ change: CallRecordChange) {
        let record: CallRecord = change.record
        let known: CallRecord? = records[record.id]
        switch change {
        case .started:
            if known != nil { faults.append("record \(record.id) started twice") }
            if !record.isOpen { faults.append("record \(record.id) starts with an end") }
        case .answered:
            guard let known else { return faults.append("record \(record.id) answered before it started") }
            if known.answeredAt != nil { faults.append("record \(record.id) answered twice") }
            if !known.isOpen { faults.append("record \(record.id) answered after its end") }
            if record.answeredAt == nil { faults.append("record \(record.id) answered without a time") }
        case .settled:
            guard let known else { return faults.append("record \(record.id) settled before it started") }
            if !known.isOpen { faults.append("record \(record.id) settled twice") }
            if record.isOpen || record.endedAt == nil || record.hangupBy == nil {
                faults.append("record \(record.id) settled without an end")
            }
            if let answered = record.answeredAt, let ended = record.endedAt, ended < answered {
                faults.append("record \(record.id) ended before its answer")
            }
        }
        records[record.id] = record
    }
}
