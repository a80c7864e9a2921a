/// A request or a response (RFC 3261 §7): one immutable value whose bytes are the wire's.
///
/// What every message must have is decoded and checked; everything else is read on demand. Copies share their memory.
public struct SIPMessage: Hashable, Sendable {
    public enum Start: Hashable, Sendable {
        case request(SIPMethod, SIPURI)
        case response(SIPStatus, reason: String)
    }

    final class Storage: Sendable {
        let wire: [UInt8]
        let slots: [FieldSlot]
        let bodyStart: Int
        let start: Start
        let topVia: Via
        /// Where the first element of the first Via line ends.
        let topViaEnd: Int
        let from: NameAddress
        let to: NameAddress
        let callID: String
        let cseq: CSeq

        init(
            wire: [UInt8], slots: [FieldSlot], bodyStart: Int, start: Start, topVia: Via, topViaEnd: Int,
            from: NameAddress,
            to: NameAddress, callID: String, cseq: CSeq
        ) {
            (self.wire, self.slots, self.bodyStart, self.start) = (wire, slots, bodyStart, start)
            (self.topVia, self.topViaEnd, self.from, self.to) = (topVia, topViaEnd, from, to)
            (self.callID, self.cseq) = (callID, cseq)
        }
    }

    let storage: Storage

    init(storage: Storage) { self.storage = storage }

    /// The exact bytes, body included.
    public var wire: [UInt8] { storage.wire }
    public var start: Start { storage.start }
    public var topVia: Via { storage.topVia }
    public var from: NameAddress { storage.from }
    public var to: NameAddress { storage.to }
    /// Compared by case, byte for byte (RFC 3261 §20.8).
    public var callID: String { storage.callID }
    public var cseq: CSeq { storage.cseq }

    public var isRequest: Bool {
        if case .request = storage.start { true } else { false }
    }
    public var isResponse: Bool { !isRequest }
    /// Of a response the method in CSeq, which is that of its request.
    public var method: SIPMethod { storage.cseq.method }
    /// nil for a request.
    public var status: SIPStatus? {
        if case .response(let status, _) = storage.start { status } else { nil }
    }
    /// The phrase of a response; nil for a request.
    public var reasonPhrase: String? {
        if case .response(_, let reason) = storage.start { reason } else { nil }
    }
    /// nil for a response.
    public var requestURI: SIPURI? {
        if case .request(_, let uri) = storage.start { uri } else { nil }
    }
    public var fromTag: String? { storage.from.tag }
    public var toTag: String? { storage.to.tag }
    /// Empty when there is none.
    public var body: ArraySlice<UInt8> { storage.wire[storage.bodyStart...] }

    public static func == (lhs: SIPMessage, rhs: SIPMessage) -> Bool {
        lhs.storage === rhs.storage || lhs.storage.wire == rhs.storage.wire
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(storage.wire) }
}

extension SIPMessage: CustomStringConvertible {
    /// The start-line.
    public var description: String {
        switch storage.start {
        case .request(let method, let uri): "\(method) \(uri) SIP/2.0"
        case .response(let status, let reason): "SIP/2.0 \(status) \(reason)"
        }
    }
}
