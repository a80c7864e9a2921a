import Basics
import CForward
import Glibc
import MediaSession
import Synchronization

/// What became of the wish to forward in the kernel.
public enum ForwardingState: Hashable, Sendable, CustomStringConvertible {
    case off
    /// The program is at these interfaces.
    case kernel(interfaces: [String])
    /// Why not, in words.
    case unavailable(String)

    public var description: String {
        switch self {
        case .off: "off"
        case .kernel(let interfaces): "in the kernel, at \(interfaces.joined(separator: ", "))"
        case .unavailable(let why): "in user space, as the kernel does not: \(why)"
        }
    }
}

/// The program in the kernel and its memory, for all packet threads. Nothing of it outlives the process.
final class KernelForwarder: @unchecked Sendable {
    /// How long the memory of an ended flow is kept from another: no processor can be at work in it any more by far.
    static let rest: Int64 = 1_000_000_000
    static let attachInterval: Int64 = 5_000_000_000

    private struct State {
        /// Slots never used, from here on.
        var fresh: UInt32 = 0
        var free: [UInt32] = []
        var resting: [(slot: UInt32, until: Int64)] = []
        var links: [UInt32: Int32] = [:]
        var nextAttach: Int64 = 0
        var packets: UInt64 = 0
        var streams: Int = 0
    }

    let handle: OpaquePointer
    private let capacity: UInt32
    private let state = Mutex(State())

    private init(_ handle: OpaquePointer, capacity: UInt32) {
        (self.handle, self.capacity) = (handle, capacity)
    }

    deinit {
        state.withLock { for link in $0.links.values { close(link) } }
        cforward_close(handle)
    }

    static func make(
        _ settings: MediaTransportSettings, pairs: Int, now: Moment
    ) throws(MediaTransportError) -> (KernelForwarder?, ForwardingState) {
        guard settings.forwarding != .off else { return (nil, .off) }
        let why: String
        do throws(Refusal) {
            let forwarder = try open(capacity: UInt32(clamping: min(max(pairs, 1), 16_384)))
            let names: [String] = try forwarder.begin(at: settings.interfaces, now: now)
            return (forwarder, .kernel(interfaces: names))
        } catch { why = error.why }
        if settings.forwarding == .required { throw .noForwarding(why) }
        return (nil, .unavailable(why))
    }

    private struct Refusal: Error { let why: String }

    private static func open(capacity: UInt32) throws(Refusal) -> KernelForwarder {
        var code: Int32 = 0
        var words: String = ""
        let handle: OpaquePointer? = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 65_536) { log in
            let handle = cforward_open(capacity, &code, log.baseAddress, UInt32(log.count))
            // Its verdict is the last line but one.
            if handle == nil, let start = log.baseAddress { words = String(cString: start) }
            return handle
        }
        guard let handle else {
            if code == -EPERM || code == -EACCES, words.isEmpty {
                throw Refusal(why: "\(errnoText(-code)); it takes the capabilities CAP_BPF and CAP_NET_ADMIN")
            }
            let verdict: Substring? = words.split(separator: "\n").last { !$0.hasPrefix("processed") }
            throw Refusal(why: errnoText(-code) + (verdict.map { ": \($0)" } ?? ""))
        }
        return KernelForwarder(handle, capacity: capacity)
    }

    private func begin(at interfaces: [MediaInterface], now: Moment) throws(Refusal) -> [String] {
        let failure: Int32 = attach(to: interfaces, now: now)
        let links: [UInt32] = state.withLock { Array($0.links.keys) }
        guard !links.isEmpty else {
            throw Refusal(
                why: failure == 0
                    ? "no interface of Ethernet has a media address" : "at the interface: \(errnoText(-failure))")
        }
        return links.map(Self.name).sorted()
    }

    private static func name(_ interface: UInt32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16) { name in
            guard let start = name.baseAddress else { return "" }
            cforward_interface_name(interface, start)
            return String(cString: start)
        }
    }

    /// Goes to interfaces that have a media address and are new, now and then.
    ///
    /// - Returns: the last refusal; 0 without one.
    @discardableResult
    func attach(to interfaces: [MediaInterface], now: Moment) -> Int32 {
        state.withLock { state in
            guard now.nanoseconds >= state.nextAttach else { return 0 }
            state.nextAttach = now.nanoseconds + Self.attachInterval
            var failure: Int32 = 0
            for interface in interfaces {
                var place = cforward_place(IPEndpoint(interface.bindAddress, 0))
                withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { found in
                    let count: Int32 = cforward_interfaces(&place, found.baseAddress, 64)
                    for index in found.prefix(Int(max(0, count))) where state.links[index] == nil {
                        let link: Int32 = cforward_attach(handle, index)
                        if link < 0 { failure = link } else { state.links[index] = link }
                    }
                }
            }
            return failure
        }
    }

    // MARK: Flows

    /// Memory for a flow; nil where all is in use.
    func takeSlot(now: Moment) -> UInt32? {
        state.withLock { state in
            let rested: Int = state.resting.firstIndex { $0.until > now.nanoseconds } ?? state.resting.count
            if rested > 0 {
                state.free += state.resting[..<rested].map(\.slot)
                state.resting.removeFirst(rested)
            }
            if let slot = state.free.popLast() {
                state.streams += 1
                return slot
            }
            guard state.fresh < capacity else { return nil }
            state.fresh += 1
            state.streams += 1
            return state.fresh - 1
        }
    }

    func giveBack(_ slot: UInt32, now: Moment) {
        state.withLock { state in
            state.streams -= 1
            state.resting.append((slot, now.nanoseconds + Self.rest))
        }
    }

    func count(packets: Int) {
        state.withLock { $0.packets &+= UInt64(packets) }
    }

    var figures: (packets: UInt64, streams: Int) { state.withLock { ($0.packets, $0.streams) } }
}

extension cforward_place {
    init(_ endpoint: IPEndpoint) {
        self.init(
            high: endpoint.address.high, low: endpoint.address.low, port: endpoint.port,
            is_v6: endpoint.address.isV4 ? 0 : 1)
    }
}
