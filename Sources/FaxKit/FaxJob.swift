import CSpanDSP

/// What a terminal of spandsp is to do, and how it went.
public final class FaxJob {
    /// The completion code of T.30 phase E; nil while it runs. 0 is good.
    public internal(set) var result: Int32?

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
            { _, user, result in
                guard let user else { return }
                let job = Unmanaged<FaxJob>.fromOpaque(user).takeUnretainedValue()
                job.result = result
            }, Unmanaged.passUnretained(self).toOpaque())
    }
}
