import Basics
import Foundation
import Synchronization

/// What the machine and its addresses are called: the hosts of SIP URIs that lead here.
package enum OwnNames {
    /// The machine's host name, its full name, and its other names by the system's own files; nothing is asked of DNS, which may be
    /// slow or away while the server starts.
    package static var ofMachine: [String] {
        names(host: hostName, hosts: text("/etc/hosts"), resolver: text("/etc/resolv.conf"))
    }

    /// - Parameters:
    ///   - host: the machine's own name, with or without its domain.
    ///   - hosts: `hosts(5)`: other names on the lines that have this name.
    ///   - resolver: `resolv.conf(5)`: the first search domain completes a name without one.
    /// - Returns: in lower case, each once, the machine's own name first.
    package static func names(host: String, hosts: String, resolver: String) -> [String] {
        let own: String = host.lowercased()
        guard !own.isEmpty else { return [] }
        var found: [String] = [own]
        for line in hosts.split(separator: "\n") {
            let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).dropFirst().map {
                $0.lowercased()
            }
            if words.contains(own) { found += words }
        }
        if !own.contains("."), let domain = searchDomain(resolver) { found.append("\(own).\(domain)") }
        var seen: Set<String> = []
        return found.filter { seen.insert($0).inserted }
    }

    private static func searchDomain(_ resolver: String) -> String? {
        for line in resolver.split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count > 1, words[0] == "search" || words[0] == "domain", words[1] != "." else { continue }
            return words[1].lowercased()
        }
        return nil
    }

    private static var hostName: String {
        var buffer: [CChar] = Array(repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func text(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

/// The machine's addresses, read anew now and then, as interfaces come and go.
final class MachineAddresses: Sendable {
    private let known = Mutex<(addresses: Set<IPAddress>, readAt: Moment?)>(([], nil))
    private let clock: any MartinetClock
    private let read: @Sendable () -> [IPAddress]
    /// A question about an address that is not there costs a look at the interfaces at most so often.
    private static let interval: Duration = .seconds(5)

    init(clock: any MartinetClock, read: @escaping @Sendable () -> [IPAddress] = { HostFacts.addresses }) {
        (self.clock, self.read) = (clock, read)
    }

    func contains(_ address: IPAddress) -> Bool {
        let now: Moment = clock.now
        return known.withLock { state in
            if state.readAt.map({ now.since($0) >= MachineAddresses.interval }) ?? true {
                state = (Set(read()), now)
            }
            return state.addresses.contains(address)
        }
    }
}
