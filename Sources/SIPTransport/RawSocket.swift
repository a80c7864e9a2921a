import Basics
import CSys
import Glibc

/// The few socket calls that NIO does not make for us.
enum RawSocket {
    struct Failure: Error { let code: Int32 }

    /// A non-blocking UDP socket bound to `endpoint`.
    ///
    /// Several sockets share the port only if each was bound with `shared`, and the caller has seen to it that the port
    /// was free: the kernel would also let another process of this user join in.
    static func boundDatagram(_ endpoint: IPEndpoint, shared: Bool, receiveBuffer: Int) throws(Failure) -> Int32 {
        var raw = endpoint.raw
        let result = csys_sip_open(&raw, shared ? 1 : 0, Int32(clamping: receiveBuffer))
        guard result >= 0 else { throw Failure(code: -result) }
        return result
    }

    /// The address a socket is bound to.
    static func localEndpoint(_ descriptor: Int32) -> IPEndpoint? {
        var local = csys_endpoint()
        return csys_sip_local(descriptor, &local) == 0 ? IPEndpoint(local) : nil
    }

    /// The address this machine would send from to reach `remote`; sends nothing.
    static func sourceAddress(towards remote: IPAddress) -> IPAddress? {
        // Any port does: connecting a UDP socket only looks up the route.
        var raw = IPEndpoint(remote, 5060).raw
        var source = csys_endpoint()
        return csys_sip_source(&raw, &source) == 0 ? IPEndpoint(source).address : nil
    }

    /// - Returns: 0, or the `errno`.
    static func send(_ bytes: [UInt8], on descriptor: Int32, to remote: IPEndpoint) -> Int32 {
        var raw = remote.raw
        return bytes.withUnsafeBytes { -csys_sip_send(descriptor, $0.baseAddress, UInt($0.count), &raw) }
    }
}

/// Reads datagrams straight from a socket, each with the time it has waited there.
///
/// NIO wakes us and reads the first datagram of a burst; the rest is read here, without its allocations.
struct DatagramReader: ~Copyable {
    struct Datagram {
        var bytes: [UInt8]
        var remote: IPEndpoint
        /// How long the datagram lay in the socket's buffer; zero where the kernel gave no time stamp.
        var waited: Duration
    }

    /// The largest UDP payload and then some, so that nothing is ever truncated.
    static let capacity = 65_536

    private let descriptor: Int32
    private let payload: UnsafeMutableRawPointer

    init(descriptor: Int32) {
        self.descriptor = descriptor
        payload = .allocate(byteCount: DatagramReader.capacity, alignment: 16)
    }

    deinit { payload.deallocate() }

    /// The next datagram; nil when there is none, and on the errors of earlier datagrams, which nobody waits for.
    func next() -> Datagram? {
        var source = csys_endpoint()
        var waited: Int64 = 0
        let count = csys_sip_receive(descriptor, payload, UInt(DatagramReader.capacity), &source, &waited)
        guard count >= 0 else { return nil }
        let bytes = [UInt8](UnsafeRawBufferPointer(start: payload, count: count))
        return Datagram(bytes: bytes, remote: IPEndpoint(source), waited: .nanoseconds(waited))
    }
}
