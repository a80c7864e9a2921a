/// Where one header field line lies in the wire bytes.
struct FieldSlot: Sendable {
    let nameStart: UInt32
    /// Without the whitespace around it; folds are within.
    let valueStart: UInt32
    let valueEnd: UInt32
    let nameLength: UInt16
    /// As in ``SIPFieldName``; 0 for a name that is not well known.
    let code: UInt8
}

/// Codes of the names the parser itself looks at, as ``FieldNameTable`` numbers them.
enum FieldCode {
    static let via: UInt8 = 1
    static let from: UInt8 = 2
    static let to: UInt8 = 3
    static let callID: UInt8 = 4
    static let cseq: UInt8 = 5
    static let maxForwards: UInt8 = 6
    static let contentLength: UInt8 = 10
}
