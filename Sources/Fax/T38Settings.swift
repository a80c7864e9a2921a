/// How one T.38 session goes over UDPTL: what its two ends agreed on by SDP (T.38 Annex D.2.3).
public struct T38Settings: Hashable, Sendable {
    /// Of T.38: 0 ... 3. The form of IFP packets differs between 0 and the others.
    public var version: UInt8
    /// The fastest page transfer, in bit/s: 2400 ... 14400. Faster ones (V.34) are not relayed by the gateway.
    public var maxBitRate: UInt32
    /// Fill bits of pages are left out (`T38FaxFillBitRemoval`).
    public var fillBitRemoval: Bool
    /// Packets to the peer make up for lost ones this way.
    public var correction: UDPTLErrorCorrection
    /// The largest datagram the peer takes (`T38FaxMaxDatagram`), in bytes.
    public var maxDatagram: UInt16
    /// The error correction mode of T.30 may be used; without it, a page may come with damaged lines.
    public var errorCorrectionMode: Bool

    public init(
        version: UInt8 = 0, maxBitRate: UInt32 = 14_400, fillBitRemoval: Bool = false,
        correction: UDPTLErrorCorrection = .standardRedundancy, maxDatagram: UInt16 = 400,
        errorCorrectionMode: Bool = true
    ) {
        (self.version, self.maxBitRate, self.fillBitRemoval) = (version, maxBitRate, fillBitRemoval)
        (self.correction, self.maxDatagram) = (correction, maxDatagram)
        self.errorCorrectionMode = errorCorrectionMode
    }
}
