public import Basics
public import SIPTransaction

/// The server's listeners of this start, as registrations remember them: by transport and bound address, since their numbers change
/// with the configuration.
public struct ListenerMap: Sendable {
    public struct Listener: Hashable, Sendable {
        public let id: ListenerID
        public let transport: SIPTransportKind
        /// As configured: unspecified where it is bound to all addresses.
        public let bound: IPEndpoint

        public init(id: ListenerID, transport: SIPTransportKind, bound: IPEndpoint) {
            (self.id, self.transport, self.bound) = (id, transport, bound)
        }
    }

    private let listeners: [Listener]
    private let texts: [ListenerID: String]

    /// - Parameter listeners: the preferred ones first.
    public init(_ listeners: [Listener] = []) {
        self.listeners = listeners
        texts = Dictionary(listeners.map { ($0.id, $0.bound.description) }) { first, _ in first }
    }

    /// What a registration over this listener remembers; empty for one that is not there.
    func text(of id: ListenerID) -> String { texts[id] ?? "" }

    /// The listener that a registration of an earlier start is reached over now: the very same, else the likest of its transport and the
    /// phone's family, as phones behind NAT let in only what comes from where they sent to.
    /// - Parameters:
    ///   - bound: what it remembers; empty in rows of schema 2.
    ///   - number: the listener's number at that start.
    /// - Returns: nil where no listener reaches the phone any more.
    public func listener(
        _ transport: SIPTransportKind, bound: String, number: ListenerID, towards remote: IPAddress
    ) -> ListenerID? {
        let candidates = listeners.filter { $0.transport == transport && $0.bound.address.family == remote.family }
        guard let old = IPEndpoint(bound) else {
            return (candidates.first { $0.id == number } ?? candidates.first)?.id
        }
        var best: (id: ListenerID, likeness: Int)?
        for candidate in candidates {
            let likeness: Int = ListenerMap.likeness(candidate.bound, old)
            if likeness > best?.likeness ?? -1 { best = (candidate.id, likeness) }
        }
        return best?.id
    }

    /// Same port before same address: a listener on all addresses sends from the one the phone knows.
    private static func likeness(_ new: IPEndpoint, _ old: IPEndpoint) -> Int {
        if new == old { return 4 }
        let coversAddress: Bool = new.address == old.address || new.address.isUnspecified || old.address.isUnspecified
        if new.port == old.port { return coversAddress ? 3 : 2 }
        return coversAddress ? 1 : 0
    }
}
