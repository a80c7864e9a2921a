import Basics
import Glibc
import Synchronization

/// Three network namespaces joined by veth, telephones on both sides of a relay: 10.98.1.0/24 and 10.98.2.0/24, fd98:1::/64 and
/// fd98:2::/64, where the relay is 1 and the telephone 2. Gone with the last reference.
final class Namespaces: Sendable {
    /// Nil where this machine gives none; that is said once, aloud.
    static let areAllowed: Bool = {
        let isAllowed: Bool =
            getuid() == 0 && run("ip netns add fwdprobe\(getpid()) && ip netns del fwdprobe\(getpid())")
        if !isAllowed {
            print(
                "SKIPPED: this machine gives no network namespaces (root is needed): forwarding in the kernel is NOT tested"
            )
        }
        return isAllowed
    }()

    let relay: String
    let telephones: [String]

    init?(_ name: String) {
        let mark = "fwd\(getpid())\(name)"
        relay = "\(mark)r"
        telephones = ["\(mark)a", "\(mark)b"]
        for space in [relay] + telephones {
            guard Self.run("ip netns add \(space) && ip -n \(space) link set lo up") else { return nil }
        }
        for (number, space) in telephones.enumerated() {
            let net: Int = number + 1
            guard
                Self.run(
                    "ip -n \(relay) link add r\(net) type veth peer name p netns \(space)"
                        + " && ip -n \(relay) address add 10.98.\(net).1/24 dev r\(net)"
                        + " && ip -n \(relay) address add fd98:\(net)::1/64 dev r\(net) nodad"
                        + " && ip -n \(relay) link set r\(net) up"
                        + " && ip -n \(space) address add 10.98.\(net).2/24 dev p"
                        + " && ip -n \(space) address add 10.98.\(net).3/24 dev p"
                        + " && ip -n \(space) address add fd98:\(net)::2/64 dev p nodad"
                        + " && ip -n \(space) link set p up")
            else { return nil }
        }
    }

    deinit {
        for space in [relay] + telephones { _ = Self.run("ip netns del \(space)") }
    }

    static func run(_ command: String) -> Bool { Glibc.system("{ \(command); } >/dev/null 2>&1") == 0 }

    /// Calls `body` on a thread of that namespace; sockets and threads made there stay there.
    static func inside<T: Sendable>(_ space: String, _ body: @escaping @Sendable () throws -> T) throws -> T {
        let result = Mutex<Result<T, any Error>?>(nil)
        try withoutActuallyEscaping({
            typealias SetNS = @convention(c) (Int32, Int32) -> Int32
            guard let symbol = dlsym(nil, "setns") else { return }
            let fd: Int32 = Glibc.open("/run/netns/\(space)", O_RDONLY | O_CLOEXEC)
            let isThere: Bool = fd >= 0 && unsafeBitCast(symbol, to: SetNS.self)(fd, 0x4000_0000) == 0
            if fd >= 0 { close(fd) }
            guard isThere else { return }
            let outcome = Result { try body() }
            result.withLock { $0 = outcome }
        }) { work in
            let box = Unmanaged.passRetained(Work(work))
            var thread = pthread_t()
            pthread_create(
                &thread, nil,
                { argument in
                    if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body() }
                    return nil
                }, box.toOpaque())
            pthread_join(thread, nil)
        }
        guard let outcome = result.withLock({ $0 }) else { throw NoNamespace() }
        return try outcome.get()
    }

    private struct NoNamespace: Error {}
    private final class Work {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }
}
