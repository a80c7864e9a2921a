import CSpanDSP

/// A fax machine at a telephone line.
public final class SoundTerminal {
    public let job = FaxJob()
    private let state: OpaquePointer

    public init(sends: String? = nil, receives: String? = nil, ecm: Bool, modems: UInt32) {
        state = fax_init(nil, sends != nil ? 1 : 0)!
        fax_set_transmit_on_idle(state, 1)
        job.prepare(fax_get_t30_state(state), sends: sends, receives: receives, ecm: ecm, modems: modems)
    }

    deinit { fax_free(state) }

    /// Says 20 ms.
    public func say() -> [Int16] {
        var samples = [Int16](repeating: 0, count: 160)
        _ = fax_tx(state, &samples, 160)
        return samples
    }

    public func hear(_ samples: [Int16]) {
        var samples = samples
        _ = fax_rx(state, &samples, 160)
    }
}
