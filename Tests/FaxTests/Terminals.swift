import CSpanDSP
import Fax

/// What a terminal of spandsp is to do, and how it went.
final class FaxJob {
    /// The completion code of T.30 phase E; nil while it runs. 0 is good.
    var result: Int32?
    var statistics = t30_stats_t()

    func prepare(_ t30: OpaquePointer?, sends: String?, receives: String?, ecm: Bool, modems: UInt32) {
        t30_set_tx_ident(t30, sends != nil ? "+33 1 23 45 67 89" : "49 30 1234567")
        t30_set_ecm_capability(t30, ecm ? 1 : 0)
        t30_set_supported_modems(t30, Int32(modems))
        t30_set_supported_compressions(
            t30, Int32(T30_SUPPORT_T4_1D_COMPRESSION | T30_SUPPORT_T4_2D_COMPRESSION | T30_SUPPORT_T6_COMPRESSION))
        if let sends { t30_set_tx_file(t30, sends, -1, -1) }
        if let receives { t30_set_rx_file(t30, receives, -1) }
        t30_set_phase_e_handler(
            t30,
            { t30, user, result in
                guard let user else { return }
                let job = Unmanaged<FaxJob>.fromOpaque(user).takeUnretainedValue()
                job.result = result
                t30_get_transfer_statistics(t30, &job.statistics)
            }, Unmanaged.passUnretained(self).toOpaque())
    }
}

/// A fax machine at a telephone line.
final class SoundTerminal {
    let job = FaxJob()
    private let state: OpaquePointer

    init(sends: String? = nil, receives: String? = nil, ecm: Bool, modems: UInt32) {
        state = fax_init(nil, sends != nil ? 1 : 0)!
        fax_set_transmit_on_idle(state, 1)
        job.prepare(fax_get_t30_state(state), sends: sends, receives: receives, ecm: ecm, modems: modems)
    }

    deinit { fax_free(state) }

    /// Says 20 ms.
    func say() -> [Int16] {
        var samples = [Int16](repeating: 0, count: 160)
        _ = fax_tx(state, &samples, 160)
        return samples
    }

    func hear(_ samples: [Int16]) {
        var samples = samples
        _ = fax_rx(state, &samples, 160)
    }
}

/// A fax server that speaks T.38.
final class T38Terminal {
    let job = FaxJob()
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

    init(
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
    func run() -> [[UInt8]] {
        wire.receiver.tick()
        deliver()
        t38_terminal_send_timeout(state, 160)
        defer { wire.sent = [] }
        return wire.sent
    }

    func receive(_ datagram: [UInt8]) {
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

    var received: UDPTLReceiver.Figures { wire.receiver.figures }
}

/// One way of a network: delay, jitter, loss.
struct Network {
    var lossPercent: UInt64 = 0
    /// How many packets in a row are lost.
    var burst: Int = 1
    var delayMs: Int = 40
    var jitterMs: Int = 0
    private var dice: Dice
    private var losing: Int = 0
    /// Between two losses so many packets come through.
    static let spacing: Int = 12
    private var through: Int = 0
    private var onTheWay: [(at: Int, bytes: [UInt8])] = []
    private(set) var lost: Int = 0

    init(seed: UInt64, lossPercent: UInt64 = 0, burst: Int = 1, delayMs: Int = 40, jitterMs: Int = 0) {
        (self.lossPercent, self.burst, self.delayMs, self.jitterMs) = (lossPercent, burst, delayMs, jitterMs)
        dice = Dice(seed)
    }

    mutating func send(_ bytes: [UInt8], at now: Int) {
        through += 1
        let isUnlucky: Bool = dice.below(1000) < lossPercent * 10 / UInt64(burst)
        if isUnlucky, burst == 1 || through > Self.spacing { losing = burst }
        if losing > 0 {
            (losing, through, lost) = (losing - 1, 0, lost + 1)
            return
        }
        onTheWay.append((now + delayMs + (jitterMs > 0 ? Int(dice.below(UInt64(jitterMs))) : 0), bytes))
    }

    mutating func arrive(until now: Int) -> [[UInt8]] {
        let there = onTheWay.filter { $0.at <= now }.sorted { $0.at < $1.at }.map(\.bytes)
        onTheWay.removeAll { $0.at <= now }
        return there
    }
}
