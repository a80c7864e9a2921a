internal import CSpanDSP

/// A gateway between a fax as T.38 over UDPTL and a fax as sound: it speaks V.21, V.27ter, V.29 and V.17 to the one side and IFP packets to
/// the other (T.38 §8), by spandsp.
///
/// Owned by one thread and driven by frames of 20 ms. Neither frames nor datagrams allocate memory here; any bytes may be given to it.
public struct T38Gateway: ~Copyable {
    /// What spandsp calls back with; in memory of its own.
    private struct Link: ~Copyable {
        var sender: UDPTLSender
        var monitor = T30Monitor()
        let memory: UnsafeMutableRawPointer
        var lengths: InlineArray<16, Int> = InlineArray(repeating: 0)
        /// The datagrams that wait, and how often the last is to be sent again.
        var first: Int = 0
        var count: Int = 0
        var repeats: Int32 = 0

        init(_ settings: T38Settings) {
            sender = UDPTLSender(settings.correction, mostBytes: Int(settings.maxDatagram))
            memory = .allocate(byteCount: 16 * UDPTL.mostBytes, alignment: 16)
        }

        deinit { memory.deallocate() }

        func slot(_ index: Int) -> UnsafeMutableRawPointer { memory + (index & 15) * UDPTL.mostBytes }

        mutating func send(_ packet: UnsafeRawBufferPointer, times: Int32) {
            guard count < 16, times > 0 else { return }
            let place: Int = first + count
            let room = UnsafeMutableRawBufferPointer(start: slot(place), count: UDPTL.mostBytes)
            guard let length = sender.write(packet, into: room) else { return }
            lengths[place & 15] = length
            count += 1
            // The next packet repeats this one itself, where errors are corrected.
            repeats = times - 1
        }

        /// Sends the last datagram once more, where that was asked for and nothing followed it.
        mutating func sendAgain() {
            guard repeats > 0, count == 0 else { return }
            repeats -= 1
            // It is the one before the first that is to come.
            first = (first + 15) & 15
            count = 1
        }
    }

    public let settings: T38Settings
    private let state: OpaquePointer
    private let core: OpaquePointer
    private let link: UnsafeMutablePointer<Link>
    private var receiver = UDPTLReceiver()
    /// Spandsp writes into what it is given to hear.
    private let heard: UnsafeMutablePointer<Int16>
    private var missingFrames: UInt64 = 0
    /// The start of a signal that waits.
    private var heldStart: (indicator: UInt8, sequence: UInt16)?
    private var heldTicks: Int = 0
    private var lastIndicator: UInt8?
    /// 120 ms.
    private static let holdTicks: Int = 6

    /// 20 ms at 8 kHz.
    public static let frameLength: Int = 160

    /// - Returns: nil where memory ran out.
    public init?(_ settings: T38Settings) {
        let link = UnsafeMutablePointer<Link>.allocate(capacity: 1)
        link.initialize(to: Link(settings))
        guard let state = t38_gateway_init(nil, T38Gateway.transmit, link),
            let core = t38_gateway_get_t38_core_state(state)
        else {
            link.deinitialize(count: 1)
            link.deallocate()
            return nil
        }
        (self.settings, self.state, self.core, self.link) = (settings, state, core, link)
        heard = .allocate(capacity: Self.frameLength)
        t38_gateway_set_transmit_on_idle(state, 1)
        t38_gateway_set_ecm_capability(state, settings.errorCorrectionMode ? 1 : 0)
        t38_gateway_set_supported_modems(state, Self.modems(upTo: settings.maxBitRate))
        t38_gateway_set_fill_bit_removal(state, settings.fillBitRemoval ? 1 : 0)
        t38_gateway_set_real_time_frame_handler(state, T38Gateway.note, link)
        t38_set_t38_version(core, Int32(settings.version))
        t38_set_fill_bit_removal(core, settings.fillBitRemoval ? 1 : 0)
        t38_set_max_datagram_size(core, Int32(settings.maxDatagram))
    }

    deinit {
        t38_gateway_free(state)
        link.deinitialize(count: 1)
        link.deallocate()
        heard.deallocate()
    }

    private static func modems(upTo bitRate: UInt32) -> Int32 {
        var modems = UInt32(T30_SUPPORT_V27TER)
        if bitRate > 4800 { modems |= UInt32(T30_SUPPORT_V29) }
        if bitRate > 9600 { modems |= UInt32(T30_SUPPORT_V17) }
        return Int32(modems)
    }

    private static let transmit:
        @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, UnsafePointer<UInt8>?, Int32, Int32) -> Int32 = {
            _, user, bytes, count, times in
            guard let user, let bytes, count > 0 else { return 0 }
            user.assumingMemoryBound(to: Link.self).pointee.send(
                UnsafeRawBufferPointer(start: bytes, count: Int(count)), times: times)
            return 0
        }

    private static let note:
        @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, Int32, UnsafePointer<UInt8>?, Int32) -> Void = {
            _, user, isFromSound, bytes, count in
            guard let user, let bytes, count > 0 else { return }
            user.assumingMemoryBound(to: Link.self).pointee.monitor.take(
                UnsafeBufferPointer(start: bytes, count: Int(count)), isFromT38: isFromSound == 0)
        }

    /// Takes in a datagram of the T.38 end.
    /// - Returns: false where it is none of UDPTL.
    @discardableResult
    public mutating func receive(_ datagram: UnsafeRawBufferPointer) -> Bool {
        guard receiver.receive(datagram) else { return false }
        deliver()
        return true
    }

    /// Hands over what came, in order. A modem's start waits a while, so that what it has to say is there when it is needed,
    /// whatever the network's jitter and the time that making up for lost packets takes.
    private mutating func deliver() {
        if let start = heldStart {
            guard heldTicks >= Self.holdTicks || receiver.waiting > UDPTL.window / 2 else { return }
            heldStart = nil
            give(start.indicator << 1, start.sequence)
        }
        while let (sequence, bytes) = receiver.next() {
            // What is left out makes a gap, which spandsp sees by the numbers.
            guard let packet = IFPacket(bytes, version: settings.version), packet.kind == .known,
                let start = bytes.baseAddress
            else { continue }
            if let indicator = packet.indicator {
                let isNew: Bool = indicator != lastIndicator
                lastIndicator = indicator
                if isNew, packet.startsSignal {
                    (heldStart, heldTicks) = ((indicator, sequence), 0)
                    return
                }
            }
            _ = t38_core_rx_ifp_packet(core, start.assumingMemoryBound(to: UInt8.self), Int32(packet.count), sequence)
        }
    }

    private func give(_ octet: UInt8, _ sequence: UInt16) {
        withUnsafePointer(to: octet) { _ = t38_core_rx_ifp_packet(core, $0, 1, sequence) }
    }

    /// Hears 20 ms of the end that is sound, and makes 20 ms for it.
    /// - Parameters:
    ///   - sound: 160 samples; nil where they were lost.
    ///   - output: room for 160 samples, which are written.
    public mutating func tick(
        _ sound: UnsafeBufferPointer<Int16>?, into output: UnsafeMutableBufferPointer<Int16>
    ) {
        receiver.tick()
        heldTicks += 1
        deliver()
        if let from = sound?.baseAddress, sound?.count == Self.frameLength {
            heard.update(from: from, count: Self.frameLength)
            t38_gateway_rx(state, heard, Int32(Self.frameLength))
        } else {
            if link.pointee.monitor.figures.result == .running { missingFrames &+= 1 }
            t38_gateway_rx_fillin(state, Int32(Self.frameLength))
        }
        guard let to = output.baseAddress, output.count >= Self.frameLength else { return }
        let made = Int(t38_gateway_tx(state, to, Int32(Self.frameLength)))
        if made < Self.frameLength { (to + max(0, made)).update(repeating: 0, count: Self.frameLength - max(0, made)) }
        link.pointee.sendAgain()
    }

    /// The next datagram for the T.38 end; nil when none waits. Its bytes are good until the gateway is used again.
    public mutating func nextDatagram() -> UnsafeRawBufferPointer? {
        guard link.pointee.count > 0 else { return nil }
        let place: Int = link.pointee.first & 15
        link.pointee.first = (place + 1) & 15
        link.pointee.count -= 1
        return UnsafeRawBufferPointer(start: link.pointee.slot(place), count: link.pointee.lengths[place])
    }

    /// How it goes. Allocates.
    public var figures: FaxFigures {
        var figures: FaxFigures = link.pointee.monitor.figures
        var statistics = t38_stats_t()
        t38_gateway_get_transfer_statistics(state, &statistics)
        figures.bitRate = UInt32(max(0, statistics.bit_rate))
        figures.errorCorrectionMode = statistics.error_correcting_mode != 0
        (figures.sender, figures.receiver) = link.pointee.monitor.names()
        figures.packets = receiver.figures
        figures.missingFrames = missingFrames
        return figures
    }

    /// How far it is; costs nothing.
    public var result: FaxFigures.Result { link.pointee.monitor.figures.result }
}
