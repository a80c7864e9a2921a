public import Fax
public import SDP

/// How a fax as T.38 is offered and answered where its other end is not one of T.38, and what two descriptions of it come to.
public enum FaxRelay {
    /// What we say of ourselves where nobody asked: T.38 of 1998, which all speak, at the speed of V.17.
    public static let offer = SDPT38(
        version: 0, maxBitRate: 14_400, maxBuffer: 1800, maxDatagram: maxDatagram, errorCorrection: [.redundancy])
    private static let maxDatagram: UInt32 = 400

    /// The answer to an offer (T.38 Annex D.2.3.2): no newer a version, no faster, and nothing that was not offered.
    public static func answer(to offer: SDPT38) -> SDPT38 {
        SDPT38(
            version: min(3, offer.version), maxBitRate: UInt32(bitRate(offer.maxBitRate)),
            fillBitRemoval: offer.fillBitRemoval, maxBuffer: 1800, maxDatagram: maxDatagram,
            errorCorrection: [offer.errorCorrection.first ?? .redundancy])
    }

    /// What is used where our description and the peer's have met.
    /// - Parameter ecm: whether the error correction mode of T.30 may be used.
    public static func settings(local: SDPT38, remote: SDPT38, ecm: Bool = true) -> T38Settings {
        // What a peer can take of us is what it says itself.
        let correction: UDPTLErrorCorrection
        switch remote.errorCorrection.first ?? .redundancy {
        case .redundancy: correction = .standardRedundancy
        case .parity: correction = .standardParity
        case .none: correction = .none
        }
        return T38Settings(
            version: min(local.version, remote.version, 3),
            maxBitRate: min(bitRate(local.maxBitRate), bitRate(remote.maxBitRate)),
            fillBitRemoval: local.fillBitRemoval && remote.fillBitRemoval, correction: correction,
            maxDatagram: datagram(remote.maxDatagram), errorCorrectionMode: ecm)
    }

    /// V.17 is the fastest that goes through a gateway; a peer that says nothing, or nothing possible, does that.
    private static func bitRate(_ said: UInt32?) -> UInt32 {
        guard let said, said >= 2400 else { return 14_400 }
        return min(14_400, said)
    }

    /// Some say how large a single IFP packet may be, in which no copy finds room: the usual size is sent then.
    private static func datagram(_ said: UInt32?) -> UInt16 {
        guard let said, said >= 160 else { return UInt16(maxDatagram) }
        return UInt16(min(said, UInt32(UDPTL.mostBytes)))
    }
}
