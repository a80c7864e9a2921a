internal import Basics

/// Datagrams of handshakes that wait for their turn, and whose handshakes have deadlines.
///
/// Most datagrams of a handshake cost a tenth of a millisecond or more of CPU. They wait until all packets of media that came with them
/// are on their way, and one is worked on between two rounds of packets: a burst of calls delays nobody's audio by more than one of them.
struct HandshakeQueue: ~Copyable {
    struct Item {
        let node: EndpointPointer
        let isRTCP: Bool
        let datagram: [UInt8]
        let source: IPEndpoint
        let arrivedAt: Moment
    }

    private static let most: Int = 1024
    /// Of one endpoint: a flight cut into small pieces, twice.
    private static let mostOfOne: Int = 16

    private var items: [Item] = []
    private var head: Int = 0
    /// Those with a handshake that has a deadline.
    private var timed: [EndpointPointer] = []
    private var nextDeadline: Int64 = .max

    /// When ``next()`` or a deadline is to be asked for, in nanoseconds; `.max` while there is nothing.
    var nextDue: Int64 { head < items.count ? min(items[head].arrivedAt.nanoseconds, nextDeadline) : nextDeadline }

    /// - Returns: false where too many wait.
    mutating func add(_ item: Item) -> Bool {
        guard items.count - head < Self.most,
            items[head...].lazy.filter({ $0.node == item.node }).count < Self.mostOfOne
        else { return false }
        items.append(item)
        return true
    }

    mutating func next() -> Item? {
        guard head < items.count else { return nil }
        defer {
            head += 1
            if head == items.count || head >= 256 {
                items.removeFirst(head)
                head = 0
            }
        }
        return items[head]
    }

    /// Looks at an endpoint's deadlines anew.
    mutating func time(_ node: EndpointPointer) {
        let isTimed: Bool = Self.deadline(of: node) != nil
        if isTimed, !timed.contains(node) { timed.append(node) }
        if !isTimed { timed.removeAll { $0 == node } }
        nextDeadline = timed.compactMap { Self.deadline(of: $0) }.min() ?? .max
    }

    /// Whose deadlines are over.
    func due(now: Moment) -> [EndpointPointer] {
        guard nextDeadline <= now.nanoseconds else { return [] }
        return timed.filter { Self.deadline(of: $0).map { $0 <= now.nanoseconds } ?? false }
    }

    /// The endpoint closes, or goes to another thread.
    /// - Returns: what waited for it.
    @discardableResult
    mutating func forget(_ node: EndpointPointer) -> [Item] {
        items.removeFirst(head)
        head = 0
        let waiting: [Item] = items.filter { $0.node == node }
        items.removeAll { $0.node == node }
        timed.removeAll { $0 == node }
        nextDeadline = timed.compactMap { Self.deadline(of: $0) }.min() ?? .max
        return waiting
    }

    private static func deadline(of node: EndpointPointer) -> Int64? {
        let (one, other): (Moment?, Moment?) = (
            node.pointee.dtls?.pointee.nextDeadline, node.pointee.rtcpDTLS?.pointee.nextDeadline
        )
        guard let first = one ?? other else { return nil }
        return min(first, other ?? first).nanoseconds
    }
}
