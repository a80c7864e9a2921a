public import Basics
public import SIPMessage
public import SIPTransaction

/// Provisional responses that are acknowledged (RFC 3262).
public enum ReliableProvisionals {
    /// A 101-199 response to be sent reliably; Hashable so that effects compare.
    public struct Item: Hashable, Sendable {
        public let status: SIPStatus
        /// Its session description; nil without one.
        public let sdp: [UInt8]?

        public init(status: SIPStatus, sdp: [UInt8]? = nil) { (self.status, self.sdp) = (status, sdp) }
    }

    /// The UAS's side, for one INVITE and one dialog (RFC 3262 §3).
    ///
    /// One response waits for its PRACK at a time; the others queue behind it.
    public struct Sender: Hashable, Sendable {
        public enum Event: Hashable, Sendable {
            case provisional(Item)
            /// The INVITE is to be answered with a final response.
            case final(SIPStatus)
            case prack(RAck)
            case deadlineReached
        }
        public enum Effect: Hashable, Sendable {
            /// Send the response with `Require: 100rel` and `RSeq: rseq`.
            case send(Item, rseq: UInt32)
            /// Send it again, the same bytes.
            case resend(rseq: UInt32)
            /// The final response may go out now; the driver holds it until then.
            case sendFinal(SIPStatus)
            /// Answer the PRACK with 200.
            case acceptPrack
            /// Answer the PRACK with 481: it names no response that waits for it.
            case rejectPrack
            /// 64×T1 passed without PRACK: answer the INVITE with a 5xx (RFC 3262 §3 recommends it).
            case giveUp
        }
        public enum State: Hashable, Sendable {
            case idle
            case unacknowledged(Item, rseq: UInt32, interval: Duration, resendAt: Moment, giveUpAt: Moment)
            /// A final response went out; an outstanding PRACK for `rseq` is still answered.
            case finished(outstanding: UInt32?)
            case abandoned
        }

        public private(set) var state: State = .idle
        private var queue: [Item] = []
        /// A 2xx held until a description is acknowledged.
        private var heldFinal: SIPStatus?
        private var nextRSeq: UInt32
        private let invite: UInt32
        private let t1: Duration

        /// - Parameters:
        ///   - invite: the CSeq number of the INVITE.
        ///   - firstRSeq: drawn at random by the caller; brought into 1 ... 2³¹−1.
        public init(timers: SIPTimers, invite: UInt32, firstRSeq: UInt32) {
            t1 = timers.t1
            self.invite = invite
            nextRSeq = max(1, firstRSeq & 0x7FFF_FFFF)
        }

        /// When the driver must send `.deadlineReached`; nil while nothing is unacknowledged.
        public var nextDeadline: Moment? {
            guard case .unacknowledged(_, _, _, let resendAt, let giveUpAt) = state else { return nil }
            return min(resendAt, giveUpAt)
        }

        /// Reliable responses not yet sent.
        public var queued: Int { queue.count }

        public mutating func handle(_ event: Event, now: Moment) -> [Effect] {
            switch event {
            case .provisional(let item): return provisional(item, now: now)
            case .final(let status): return final(status)
            case .prack(let rack): return prack(rack, now: now)
            case .deadlineReached: return deadlineReached(now: now)
            }
        }

        private mutating func provisional(_ item: Item, now: Moment) -> [Effect] {
            switch state {
            case .idle: return [send(item, now: now)]
            case .unacknowledged:
                // Behind a final response that waits, a provisional one has nothing left to say.
                if heldFinal == nil { queue.append(item) }
                return []
            case .finished, .abandoned: return []
            }
        }

        private mutating func send(_ item: Item, now: Moment) -> Effect {
            let rseq: UInt32 = nextRSeq
            nextRSeq += 1
            state = .unacknowledged(
                item, rseq: rseq, interval: t1, resendAt: now.advanced(by: t1), giveUpAt: now.advanced(by: t1 * 64))
            return .send(item, rseq: rseq)
        }

        /// A 2xx waits for the PRACK of a description; any other final response goes at once (RFC 3262 §3).
        private mutating func final(_ status: SIPStatus) -> [Effect] {
            switch state {
            case .idle:
                state = .finished(outstanding: nil)
            case .unacknowledged(let item, let rseq, _, _, _):
                // What was queued is dropped, unless it is a description, which the 2xx may not overtake.
                let owesDescription: Bool = item.sdp != nil || queue.contains { $0.sdp != nil }
                if status.code < 300, owesDescription {
                    heldFinal = status
                    queue.removeAll { $0.sdp == nil }
                    return []
                }
                state = .finished(outstanding: rseq)
            case .finished: return []  // answered already
            case .abandoned:
                state = .finished(outstanding: nil)
            }
            queue = []
            heldFinal = nil
            return [.sendFinal(status)]
        }

        private mutating func prack(_ rack: RAck, now: Moment) -> [Effect] {
            guard rack.cseq.number == invite, rack.cseq.method == .invite else { return [.rejectPrack] }
            switch state {
            case .unacknowledged(_, let rseq, _, _, _) where rack.rseq == rseq:
                state = .idle
                if !queue.isEmpty { return [.acceptPrack, send(queue.removeFirst(), now: now)] }
                guard let status = heldFinal else { return [.acceptPrack] }
                heldFinal = nil
                state = .finished(outstanding: nil)
                return [.acceptPrack, .sendFinal(status)]
            case .finished(let outstanding) where rack.rseq == outstanding:
                state = .finished(outstanding: nil)
                return [.acceptPrack]
            case .idle, .unacknowledged, .finished, .abandoned:
                return [.rejectPrack]
            }
        }

        private mutating func deadlineReached(now: Moment) -> [Effect] {
            // A timer that lost the race against PRACK or the final response is normal.
            guard case .unacknowledged(let item, let rseq, let interval, let resendAt, let giveUpAt) = state else {
                return []
            }
            if now >= giveUpAt {
                state = .abandoned
                queue = []
                heldFinal = nil
                return [.giveUp]
            }
            guard now >= resendAt else { return [] }
            let next: Duration = interval * 2  // not capped at T2 (RFC 3262 §3)
            state = .unacknowledged(
                item, rseq: rseq, interval: next, resendAt: now.advanced(by: next), giveUpAt: giveUpAt)
            return [.resend(rseq: rseq)]
        }
    }

    /// The UAC's side, for one INVITE and one dialog: a To tag of its responses (RFC 3262 §4).
    public struct Receiver: Hashable, Sendable {
        public enum Verdict: Hashable, Sendable {
            /// New and in order: act on it, and send a PRACK with this RAck.
            case acknowledge(RAck)
            /// Seen before: ignore it; the PRACK's transaction sees to its own retransmission.
            case duplicate
            /// One before it is missing: ignore it, it will be sent again.
            case outOfOrder
        }

        /// The RSeq of the last response taken; nil before the first.
        public private(set) var last: UInt32?

        public init() {}

        /// Judges a reliable provisional response.
        ///
        /// - Parameters:
        ///   - rseq: its RSeq.
        ///   - cseq: its CSeq, that of the INVITE.
        public mutating func receive(rseq: UInt32, cseq: CSeq) -> Verdict {
            if let last {
                if rseq <= last { return .duplicate }
                guard rseq == last + 1 else { return .outOfOrder }
            }
            last = rseq
            return .acknowledge(RAck(rseq: rseq, cseq: cseq))
        }
    }
}
