internal import Basics
internal import Codecs
internal import Fax
internal import RTP

/// A gateway in the graph: between an endpoint that speaks T.38 and one that speaks G.711.
struct FaxNode: ~Copyable {
    /// The end of T.38, and the end of sound.
    let packets: EndpointPointer
    let sound: EndpointPointer
    var phase: Int
    var gateway: T38Gateway
    private var line = FaxLine()
    private var ssrc: UInt32 = 0
    /// What was told of it last.
    var told: FaxFigures.Result = .waiting
    /// What the end of sound hears in a tick.
    let frame: UnsafeMutableBufferPointer<Int16>
    private let decoded: UnsafeMutableBufferPointer<Int16>
    private static let mostSamples: Int = 1920

    init?(_ settings: T38Settings, packets: EndpointPointer, sound: EndpointPointer, phase: Int) {
        guard let gateway = T38Gateway(settings) else { return nil }
        self.gateway = gateway
        (self.packets, self.sound, self.phase) = (packets, sound, phase)
        frame = .allocate(capacity: T38Gateway.frameLength)
        frame.initialize(repeating: 0)
        decoded = .allocate(capacity: Self.mostSamples)
        decoded.initialize(repeating: 0)
    }

    deinit {
        frame.deallocate()
        decoded.deallocate()
    }

    /// Takes a packet of the end of sound; false where it is not of G.711.
    mutating func hear(_ header: RTPHeader, _ packet: UnsafeRawBufferPointer, _ codec: AudioCodec?) -> Bool {
        guard let law = Self.law(of: codec), let range = header.payload(of: packet) else { return false }
        if header.ssrc != ssrc {
            ssrc = header.ssrc
            line.restart()
        }
        let count: Int = G711.decode(UnsafeRawBufferPointer(rebasing: packet[range]), law: law, into: decoded)
        line.put(UnsafeBufferPointer(start: decoded.baseAddress, count: count), timestamp: header.timestamp)
        return true
    }

    /// 20 ms go by: what is in ``frame`` then is for the end of sound.
    mutating func run() { gateway.tick(line.take(), into: frame) }

    static func law(of codec: AudioCodec?) -> G711.Law? {
        switch codec {
        case .pcma: .a
        case .pcmu: .mu
        case .g722, .g729, .opus, .l16, nil: nil
        }
    }
}

typealias FaxPointer = UnsafeMutablePointer<FaxNode>
