public import Basics
import Glibc

/// What this machine is like: cores, addresses, limits. Read anew with every question.
public enum HostFacts {
    /// Cores online, at least 1.
    public static var coreCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    /// Open files allowed to this process: the limit in force, and how far it may be raised.
    public static var openFileLimit: (soft: UInt64, hard: UInt64) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return (1024, 1024) }
        return (UInt64(limit.rlim_cur), UInt64(limit.rlim_max))
    }

    /// The addresses of all interfaces that are up, in the system's order.
    public static var addresses: [IPAddress] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var found: [IPAddress] = []
        var next: UnsafeMutablePointer<ifaddrs>? = list
        while let entry = next?.pointee {
            next = entry.ifa_next
            guard entry.ifa_flags & UInt32(IFF_UP) != 0, let raw = entry.ifa_addr, let address = address(of: raw) else {
                continue
            }
            found.append(address)
        }
        return found
    }

    /// Whether a socket can be bound to an IPv6 address.
    public static var hasIPv6: Bool {
        let descriptor = socket(AF_INET6, Int32(SOCK_DGRAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return addresses.contains { !$0.isV4 }
    }

    /// The address this machine uses towards the rest of the world; nil where it has none but the loopback.
    public static func primaryAddress(_ family: IPAddress.Family) -> IPAddress? {
        routedAddress(family)
            ?? addresses.first { $0.family == family && !$0.isLoopback && !isLinkLocal($0) }
    }

    /// Asks the kernel which address it would send from; nothing is sent, since connecting a datagram socket only picks a route.
    private static func routedAddress(_ family: IPAddress.Family) -> IPAddress? {
        let domain: Int32 = family == .v4 ? AF_INET : AF_INET6
        let descriptor = socket(domain, Int32(SOCK_DGRAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let far: IPAddress = family == .v4 ? IPAddress(v4: 0xC000_0201) : IPAddress(v6: 0x2001_0DB8_0000_0000, 1)
        let connected: Int32 = withSocketAddress(IPEndpoint(far, 9)) { connect(descriptor, $0, $1) }
        guard connected == 0 else { return nil }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let local: IPAddress? = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                getsockname(descriptor, raw, &length) == 0 ? address(of: raw) : nil
            }
        }
        guard let local, !local.isUnspecified, !local.isLoopback, !isLinkLocal(local) else { return nil }
        return local
    }

    private static func isLinkLocal(_ address: IPAddress) -> Bool {
        address.isV4 ? address.low >> 16 == 0xA9FE : address.high >> 54 == 0x3FA
    }

    private static func address(of raw: UnsafePointer<sockaddr>) -> IPAddress? {
        switch Int32(raw.pointee.sa_family) {
        case AF_INET:
            return raw.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                IPAddress(v4: UInt32(bigEndian: $0.pointee.sin_addr.s_addr))
            }
        case AF_INET6:
            return raw.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
                withUnsafeBytes(of: pointer.pointee.sin6_addr) { bytes in
                    IPAddress(
                        v6: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
                }
            }
        default: return nil
        }
    }

    /// Hands over `endpoint` as the system's calls take it.
    static func withSocketAddress<Value>(_ endpoint: IPEndpoint, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value)
        -> Value
    {
        if let v4 = endpoint.address.v4 {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = endpoint.port.bigEndian
            address.sin_addr.s_addr = v4.bigEndian
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = endpoint.port.bigEndian
        withUnsafeMutableBytes(of: &address.sin6_addr) { bytes in
            bytes.storeBytes(of: endpoint.address.high.bigEndian, as: UInt64.self)
            bytes.storeBytes(of: endpoint.address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
    }
}
