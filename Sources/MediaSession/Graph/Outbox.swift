public import Basics

/// Packets that wait to be sent, until the graph is fed again.
public struct Outbox: ~Copyable {
    public struct Packet {
        public enum Channel: UInt8 { case rtp, rtcp }
        /// Whose packet it is; its sockets and its destination.
        public let node: EndpointPointer
        public let channel: Channel
        public let bytes: UnsafeMutableRawPointer
        public let count: Int
        /// Where it goes, from the very socket of its channel: for answers to checks and handshakes. Nil for where the node's media goes.
        public let destination: IPEndpoint?
    }

    private let packets: UnsafeMutablePointer<Packet>
    private let capacity: Int
    public private(set) var count: Int = 0
    /// Packets that found no place.
    public private(set) var overflows: UInt64 = 0
    /// Memory for packets made here.
    private let arena: UnsafeMutableRawPointer
    private let arenaSize: Int
    private var used: Int = 0

    init(capacity: Int = 2048, arenaSize: Int = 1 << 20) {
        self.capacity = capacity
        self.arenaSize = arenaSize
        packets = .allocate(capacity: capacity)
        arena = .allocate(byteCount: arenaSize, alignment: 16)
    }

    deinit {
        packets.deallocate()
        arena.deallocate()
    }

    public subscript(index: Int) -> Packet { packets[index] }

    /// To be called by the driver once it has sent all.
    public mutating func clear() { (count, used) = (0, 0) }

    var isFull: Bool { count == capacity }

    mutating func append(
        _ node: EndpointPointer, _ channel: Packet.Channel, _ bytes: UnsafeMutableRawPointer, _ length: Int,
        to destination: IPEndpoint? = nil
    ) {
        guard count < capacity else {
            overflows &+= 1
            return
        }
        packets[count] = Packet(
            node: node, channel: channel, bytes: bytes, count: length, destination: destination)
        count += 1
    }

    /// Room for a packet made here, good until ``clear()``; nil when there is none left.
    mutating func reserve(_ size: Int) -> UnsafeMutableRawPointer? {
        let rounded: Int = (size + 15) & ~15
        guard used + rounded <= arenaSize, count < capacity else {
            overflows &+= 1
            return nil
        }
        defer { used += rounded }
        return arena + used
    }
}
