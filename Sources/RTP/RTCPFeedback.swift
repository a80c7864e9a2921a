/// A message of a receiver to the sender of a stream (RFC 4585, RFC 5104); valid only while the buffer it was read from is.
public struct RTCPFeedback {
    static let transportType: UInt8 = 205
    static let payloadType: UInt8 = 206

    public enum Kind: Hashable, Sendable {
        /// Packets are missing (RFC 4585 §6.2.1).
        case missing
        /// A limit of the bit rate asked for or told (TMMBR, TMMBN, RFC 5104 §4.2.1-4.2.2).
        case bitRateRequest, bitRateNotice
        /// Arrival times of all packets of a transport, by a number of their own (transport-cc).
        case transportArrivals
        /// A whole picture is needed, as one was lost (PLI, RFC 4585 §6.3.1).
        case pictureLoss
        /// Parts of a picture, or a reference picture, are lost (SLI, RPSI, RFC 4585 §6.3.2-6.3.3).
        case sliceLoss, referencePicture
        /// A whole picture is needed, as somebody new looks on (FIR, RFC 5104 §4.3.1).
        case fullIntraRequest
        /// Sharpness against smoothness (TSTR, TSTN, RFC 5104 §4.3.2-4.3.3).
        case tradeOffRequest, tradeOffNotice
        /// The bit rate the receiver estimates it can take (REMB).
        case estimatedBitRate
        /// Anything else, by packet type and format.
        case other(type: UInt8, format: UInt8)
    }

    public let kind: Kind
    /// Who sends the message.
    public let sender: UInt32
    /// The stream it is about; 0 where the entries name streams.
    public let media: UInt32
    /// What follows the two sources.
    let control: UnsafeRawBufferPointer

    /// - Parameter body: the packet without its first four bytes.
    /// - Returns: nil when it is no feedback or too short.
    init?(type: UInt8, format: UInt8, body: UnsafeRawBufferPointer) {
        guard type == Self.transportType || type == Self.payloadType, body.count >= 8 else { return nil }
        sender = load32(body, 0)
        media = load32(body, 4)
        control = slice(body, 8, body.count)
        kind = Self.kind(type, format, control)
    }

    private static func kind(_ type: UInt8, _ format: UInt8, _ control: UnsafeRawBufferPointer) -> Kind {
        switch (type, format) {
        case (transportType, 1): .missing
        case (transportType, 3) where control.count % 8 == 0: .bitRateRequest
        case (transportType, 4) where control.count % 8 == 0: .bitRateNotice
        case (transportType, 15): .transportArrivals
        case (payloadType, 1): .pictureLoss
        case (payloadType, 2): .sliceLoss
        case (payloadType, 3): .referencePicture
        case (payloadType, 4) where control.count % 8 == 0: .fullIntraRequest
        case (payloadType, 5) where control.count % 8 == 0: .tradeOffRequest
        case (payloadType, 6) where control.count % 8 == 0: .tradeOffNotice
        case (payloadType, 15) where isEstimate(control): .estimatedBitRate
        default: .other(type: type, format: format)
        }
    }

    /// `REMB`, then the number of streams, then the rate, then the streams.
    private static func isEstimate(_ control: UnsafeRawBufferPointer) -> Bool {
        control.count >= 8 && load32(control, 0) == 0x5245_4D42 && control.count >= 8 + 4 * Int(control[4])
    }

    /// How many streams the entries name, beside ``media``.
    public var entryCount: Int {
        switch kind {
        case .bitRateRequest, .bitRateNotice, .fullIntraRequest, .tradeOffRequest, .tradeOffNotice: control.count / 8
        case .estimatedBitRate: Int(control[4])
        case .missing, .transportArrivals, .pictureLoss, .sliceLoss, .referencePicture, .other: 0
        }
    }

    /// The stream entry `index` names; 0 ..< ``entryCount``.
    public func entry(_ index: Int) -> UInt32 {
        precondition(index >= 0 && index < entryCount)
        return load32(control, entryOffset(index))
    }

    func entryOffset(_ index: Int) -> Int { kind == .estimatedBitRate ? 8 + 4 * index : 8 * index }
}
