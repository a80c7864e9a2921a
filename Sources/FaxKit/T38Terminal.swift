import CSpanDSP
public import Fax

/// A fax server that speaks T.38.
public final class T38Terminal {
    public let job = FaxJob()
    private var state: OpaquePointer?
    private let wire: Wire

    /// What the library calls back with.
    final class Wire {
        var sender: UDPTLSender
        var receiver = UDPTLReceiver()
        var sent: [[UInt8]] = []
        init(_ settings: T38Settings) {
            sender = UDPTLSender(settings.correction, mostBytes: Int(settings.maxDatagram))
        }
    }

    public init(
        sends: String? = nil, receives: String? = nil, ecm: Bool, modems: UInt32, settings: T38Settings
    ) {
        wire = Wire(settings)
        state = t38_terminal_init(
            nil, sends != nil ? 1 : 0,
            { _, user, bytes, count, times in
                guard let user, let bytes, times > 0 else { return 0 }
                let wire = Unmanaged<Wire>.fromOpaque(user).takeUnretainedValue()
                var datagram = [UInt8](repeating: 0, count: UDPTL.mostBytes)
                let length: Int? = datagram.withUnsafeMutableBytes {
                    wire.sender.write(UnsafeRawBufferPointer(start: bytes, count: Int(count)), into: $0)
                }
                guard let length else { return 0 }
                for _ in 0..<times { wire.sent.append(Array(datagram[0..<length])) }
                return 0
            }, Unmanaged.passUnretained(wire).toOpaque())
        let core = t38_terminal_get_t38_core_state(state)
        t38_set_t38_version(core, Int32(settings.version))
        t38_terminal_set_fill_bit_removal(state, settings.fillBitRemoval ? 1 : 0)
        job.prepare(t38_terminal_get_t30_state(state), sends: sends, receives: receives, ecm: ecm, modems: modems)
    }

    deinit { t38_terminal_free(state) }

    /// 20 ms go by; what is sent in them.
    public func run() -> [[UInt8]] {
        wire.receiver.tick()
        deliver()
        t38_terminal_send_timeout(state, 160)
        defer { wire.sent = [] }
        return wire.sent
    }

    public func receive(_ datagram: [UInt8]) {
        datagram.withUnsafeBytes { _ = wire.receiver.receive($0) }
        deliver()
    }

    private func deliver() {
        while let (sequence, packet) = wire.receiver.next() {
            _ = t38_core_rx_ifp_packet(
                t38_terminal_get_t38_core_state(state), packet.baseAddress!.assumingMemoryBound(to: UInt8.self),
                Int32(packet.count), sequence)
        }
    }

    public var received: UDPTLReceiver.Figures { wire.receiver.figures }
}
