import CSpanDSP

/// Finds the tones by which faxes and modems make themselves known (ITU-T T.30 §4, V.25, V.8), by spandsp.
///
/// Owned by one thread. Feeding it allocates nothing.
public struct MachineToneDetector: ~Copyable {
    public enum Tone: String, Hashable, Sendable, CaseIterable {
        /// 1100 Hz for half a second, every 3.5 s: a calling fax.
        case faxCalling
        /// 2100 Hz: an answering fax or modem.
        case answering
        /// 2100 Hz with reversals of its phase every 450 ms, or with the amplitude modulation of V.8.
        case answeringReversed
        /// Flags of V.21's upper channel at 300 bit/s: a fax that begins to say what it can (T.30 §5.3.1).
        case faxPreamble
    }

    public struct Found: Equatable, Sendable {
        public var tone: Tone
        /// How many samples had been fed when it was sure.
        public var position: Int64
    }

    /// A tone is told again after it was not heard for so long.
    public static let repeatMs: Int64 = 10_000

    /// In Hz.
    public let sampleRate: UInt32
    /// How many samples were fed.
    public private(set) var position: Int64 = 0

    private var decimator: Decimator
    private let calling: OpaquePointer?
    private let answering: OpaquePointer?
    private let preamble: OpaquePointer?
    /// Samples of 8 kHz for spandsp.
    private let buffer: UnsafeMutableBufferPointer<Int16>
    private var heardAt: InlineArray<4, Int64> = InlineArray(repeating: .min)
    private var found: InlineArray<8, Found> = InlineArray(repeating: Found(tone: .faxCalling, position: 0))
    private var foundCount: Int = 0
    private var foundTaken: Int = 0

    /// - Parameter sampleRate: 8 000, 16 000 or 48 000 Hz.
    public init(sampleRate: UInt32) {
        decimator = Decimator(sampleRate: sampleRate)
        self.sampleRate = UInt32(decimator.factor) * 8000
        buffer = .allocate(capacity: 80)
        buffer.initialize(repeating: 0)
        calling = modem_connect_tones_rx_init(nil, Int32(MODEM_CONNECT_TONES_FAX_CNG), nil, nil)
        answering = modem_connect_tones_rx_init(nil, Int32(MODEM_CONNECT_TONES_ANS_PR), nil, nil)
        preamble = modem_connect_tones_rx_init(nil, Int32(MODEM_CONNECT_TONES_FAX_PREAMBLE), nil, nil)
    }

    deinit {
        modem_connect_tones_rx_free(calling)
        modem_connect_tones_rx_free(answering)
        modem_connect_tones_rx_free(preamble)
        buffer.deallocate()
    }

    /// Takes the next samples, however many; what it finds comes from ``nextFound()``.
    public mutating func process(_ samples: UnsafeBufferPointer<Int16>) {
        var filled = 0
        for index in 0..<samples.count {
            guard let sample = decimator.push(Float(samples[index])) else { continue }
            buffer[filled] = Int16(max(-32_768, min(32_767, sample)))
            filled += 1
            if filled == buffer.count {
                listen(filled, at: position + Int64(index) + 1)
                filled = 0
            }
        }
        position += Int64(samples.count)
        listen(filled, at: position)
    }

    /// What was found, oldest first; nil when all is told.
    public mutating func nextFound() -> Found? {
        guard foundTaken < foundCount else {
            (foundCount, foundTaken) = (0, 0)
            return nil
        }
        foundTaken += 1
        return found[foundTaken - 1]
    }

    private mutating func listen(_ count: Int, at now: Int64) {
        guard count > 0, let base = buffer.baseAddress else { return }
        modem_connect_tones_rx(calling, base, Int32(count))
        if let tone = tone(modem_connect_tones_rx_get(calling)) { tell(tone, now) }
        modem_connect_tones_rx(answering, base, Int32(count))
        if let tone = tone(modem_connect_tones_rx_get(answering)) { tell(tone, now) }
        modem_connect_tones_rx(preamble, base, Int32(count))
        if let tone = tone(modem_connect_tones_rx_get(preamble)) { tell(tone, now) }
    }

    private func tone(_ code: Int32) -> Tone? {
        switch Int(code) {
        case MODEM_CONNECT_TONES_FAX_CNG: .faxCalling
        case MODEM_CONNECT_TONES_ANS: .answering
        case MODEM_CONNECT_TONES_ANS_PR, MODEM_CONNECT_TONES_ANSAM,
            MODEM_CONNECT_TONES_ANSAM_PR:
            .answeringReversed
        case MODEM_CONNECT_TONES_FAX_PREAMBLE: .faxPreamble
        default: nil
        }
    }

    private mutating func tell(_ tone: Tone, _ now: Int64) {
        let place: Int =
            switch tone {
            case .faxCalling: 0
            case .answering: 1
            case .answeringReversed: 2
            case .faxPreamble: 3
            }
        let last: Int64 = heardAt[place]
        heardAt[place] = now
        guard last == .min || now - last > MachineToneDetector.repeatMs * Int64(sampleRate / 1000) else { return }
        guard foundCount < found.count else { return }
        found[foundCount] = Found(tone: tone, position: now)
        foundCount += 1
    }
}
