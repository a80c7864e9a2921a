public import Basics
public import DTLS
public import MediaSession

/// A network media is relayed on: what is bound there.
public struct MediaInterface: Hashable, Sendable {
    public let id: MediaInterfaceID
    /// A local address, or `0.0.0.0` or `::` for all of that family.
    public var bindAddress: IPAddress
    /// RTP takes the even ports, RTCP the odd ones above; a pair that does not lie in the range as a whole is not used.
    public var ports: ClosedRange<UInt16>
    /// The traffic class packets are marked with, 0 ... 63; 46 (expedited forwarding, RFC 4594 §4.1) by default.
    public var dscp: UInt8

    public init(
        id: MediaInterfaceID, bindAddress: IPAddress, ports: ClosedRange<UInt16> = 10_000...20_000, dscp: UInt8 = 46
    ) {
        self.id = id
        self.bindAddress = bindAddress
        self.ports = ports
        self.dscp = dscp
    }
}

/// Whether the kernel forwards packets of media by itself.
public enum Forwarding: String, CaseIterable, Hashable, Sendable {
    case off
    /// Where the machine lets us.
    case auto
    /// The packet threads do not start where it does not.
    case required
}

/// How the packet threads run.
public struct MediaTransportSettings: Sendable {
    public var interfaces: [MediaInterface]
    /// Packet threads; 1 ... 64. One per core by default.
    public var threads: Int
    /// How long a pair of ports is kept empty after its call; 1.5 s by default.
    public var quarantine: Duration
    /// Open pairs kept for the next calls, over all threads of an interface; 64 by default.
    public var spareLimit: Int
    /// Open pairs made ahead when fewer are left, per thread and interface; 8 by default.
    public var spareMinimum: Int
    public var endpoint: MediaEndpointSettings
    /// Whether packets of calls that need no look at their payload are forwarded inside the kernel; ``Forwarding/off`` by default.
    public var forwarding: Forwarding = .off
    /// How handshakes for keys are made (RFC 5763). Whether a cookie is asked for is decided for each stream.
    public var dtls: DTLSSettings
    /// Where prompts and music come from; without one none is found.
    public var library: (any AudioLibrary)?
    /// Where recordings go to; without one none is made.
    public var recordings: (any RecordingStore)?

    public init(interfaces: [MediaInterface], threads: Int = MediaTransportSettings.coreCount) {
        self.interfaces = interfaces
        self.threads = min(max(threads, 1), 64)
        quarantine = .milliseconds(1500)
        spareLimit = 64
        spareMinimum = 8
        endpoint = .standard
        dtls = .standard
    }
}

/// Why the packet threads could not start.
public enum MediaTransportError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A call to the system failed.
    case system(call: String, errno: Int32)
    case noInterface
    case duplicateInterface(MediaInterfaceID)
    /// The range of an interface holds no even port with the odd one above it, or a port below 1024.
    case badPortRange(MediaInterfaceID)
    /// No pair of the range could be opened: with what the first attempt failed.
    case cannotBind(MediaInterface, errno: Int32)
    /// Forwarding in the kernel is required, and not to be had: why, in words.
    case noForwarding(String)
    /// No certificate for handshakes could be made: why, in words.
    case noCertificate(String)

    public var description: String {
        switch self {
        case .system(let call, let code): "\(call) failed: \(errnoText(code))"
        case .noInterface: "no media interface is configured"
        case .duplicateInterface(let id): "media interface \(id.rawValue) is configured twice"
        case .badPortRange(let id): "the port range of media interface \(id.rawValue) holds no usable pair of ports"
        case .cannotBind(let interface, let code):
            "no media port of \(interface.ports.lowerBound)-\(interface.ports.upperBound) can be opened on \(interface.bindAddress): \(errnoText(code))"
        case .noForwarding(let why): "media cannot be forwarded in the kernel: \(why)"
        case .noCertificate(let why): "no certificate for DTLS could be made: \(why)"
        }
    }
}
