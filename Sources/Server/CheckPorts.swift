public import Basics
import Foundation
import Glibc

/// Whether a port can be listened on, and who has it.
public enum PortProbe {
    public enum Kind: String, Hashable, Sendable { case udp = "UDP", tcp = "TCP" }

    public enum Finding: Hashable, Sendable {
        case free
        /// Another socket has it; the program where it could be found.
        case busy(Program?)
        /// This machine does not have the address.
        case noSuchAddress
        /// Ports below 1024 need a right.
        case forbidden
        /// Any other answer of the system, in words.
        case other(String)
    }

    public struct Program: Hashable, Sendable, CustomStringConvertible {
        public let name: String
        public let pid: Int32
        public var description: String { "\(name) (process \(pid))" }
    }

    /// Binds the port for an instant; nothing of it stays.
    public static func probe(_ kind: Kind, _ endpoint: IPEndpoint) -> Finding {
        let type: Int32 = kind == .udp ? Int32(SOCK_DGRAM.rawValue) : Int32(SOCK_STREAM.rawValue)
        let descriptor = socket(endpoint.address.isV4 ? AF_INET : AF_INET6, type | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return errno == EAFNOSUPPORT ? .noSuchAddress : .other(reason(errno)) }
        defer { close(descriptor) }
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        if !endpoint.address.isV4 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, size) }
        // As a listener does: connections of a server that ended just now are no obstacle.
        if kind == .tcp { setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, size) }
        var result: Int32 = HostFacts.withSocketAddress(endpoint) { bind(descriptor, $0, $1) }
        // With SO_REUSEADDR the kernel tells of another listener only now.
        if result == 0, kind == .tcp { result = listen(descriptor, 1) }
        guard result != 0 else { return .free }
        switch errno {
        case EADDRINUSE: return .busy(program(kind, port: endpoint.port))
        case EADDRNOTAVAIL: return .noSuchAddress
        case EACCES, EPERM: return .forbidden
        default: return .other(reason(errno))
        }
    }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }

    /// The program that has `port` open, by /proc; nil where this account may not see it.
    static func program(_ kind: Kind, port: UInt16) -> Program? {
        let inodes = inodes(kind, port: port)
        guard !inodes.isEmpty, let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc") else {
            return nil
        }
        for pid in names.compactMap({ Int32($0) }).sorted() {
            guard let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd") else { continue }
            for file in files {
                guard
                    let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\(file)"),
                    target.hasPrefix("socket:["), inodes.contains(String(target.dropFirst(8).dropLast()))
                else { continue }
                let name = text("/proc/\(pid)/comm").split(separator: "\n").first.map { String($0) } ?? "a program"
                return Program(name: name, pid: pid)
            }
        }
        return nil
    }

    /// Whether the process has a socket of its own on exactly this place.
    static func isHeld(_ kind: Kind, _ endpoint: IPEndpoint, by pid: Int32) -> Bool {
        let inodes = inodes(kind, port: endpoint.port, address: endpoint.address)
        guard !inodes.isEmpty, let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")
        else { return false }
        return files.contains { file in
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\(file)")
            else { return false }
            return target.hasPrefix("socket:[") && inodes.contains(String(target.dropFirst(8).dropLast()))
        }
    }

    /// The inodes of the sockets bound to `port`, on `address` alone where one is given: column 10 of /proc/net/udp and its like; the local port is hexadecimal.
    private static func inodes(_ kind: Kind, port: UInt16, address: IPAddress? = nil) -> Set<String> {
        let tables: [String] = kind == .udp ? ["udp", "udp6"] : ["tcp", "tcp6"]
        let wanted: String? = address.map(hexadecimal)
        var inodes: Set<String> = []
        for table in tables {
            for line in text("/proc/net/\(table)").split(separator: "\n").dropFirst() {
                let columns = line.split(separator: " ")
                guard columns.count > 9, let colon = columns[1].lastIndex(of: ":"),
                    UInt16(columns[1][columns[1].index(after: colon)...], radix: 16) == port
                else { continue }
                // 0A is a listener: a connection from this port is no obstacle to one.
                if kind == .tcp, columns[3] != "0A" { continue }
                if let wanted, columns[1][..<colon] != wanted { continue }
                if columns[9] != "0" { inodes.insert(String(columns[9])) }
            }
        }
        return inodes
    }

    /// An address as /proc/net writes it: 32-bit words of the machine's byte order.
    private static func hexadecimal(_ address: IPAddress) -> String {
        func word(_ value: UInt64) -> String {
            let text = String(UInt32(truncatingIfNeeded: value).bigEndian, radix: 16, uppercase: true)
            return String(repeating: "0", count: 8 - text.utf8.count) + text
        }
        if address.isV4 { return word(address.low) }
        return word(address.high >> 32) + word(address.high) + word(address.low >> 32) + word(address.low)
    }

    /// Read to the end: a file of /proc gives less than was asked for long before its end, where Foundation stops.
    private static func text(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count: Int = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
        }
    }
}

extension PortProbe.Finding {
    /// What is wrong and what to do, beginning with `place`; nil where nothing is.
    func complaint(_ place: String, remedy: String) -> String? {
        switch self {
        case .free: nil
        case .busy(let program):
            if let program {
                "\(place): the port is in use by \(program); stop it, or choose another port (\(remedy))"
            } else {
                "\(place): the port is in use by another program; stop it, or choose another port (\(remedy))"
            }
        case .noSuchAddress:
            "\(place): this machine does not have that address; bind one it has, or 0.0.0.0 for all (\(remedy))"
        case .forbidden:
            "\(place): not permitted; choose a port above 1023 (\(remedy)), or grant the right: setcap cap_net_bind_service=+ep martinet"
        case .other(let reason): "\(place): can't be listened on: \(reason)"
        }
    }
}
