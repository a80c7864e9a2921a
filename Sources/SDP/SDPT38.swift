/// What the author of an image stream of T.38 over UDPTL says of it (T.38 Annex D.2.3): read tolerantly, as names and values come in many
/// spellings, and written as the Recommendation has them.
public struct SDPT38: Hashable, Sendable {
    public enum RateManagement: String, Hashable, Sendable {
        /// Each end trains with its own machine: for TCP.
        case local = "localTCF"
        /// The training check goes through: for UDP.
        case transferred = "transferredTCF"
    }

    public enum ErrorCorrection: String, Hashable, Sendable {
        case redundancy = "t38UDPRedundancy"
        case parity = "t38UDPFEC"
        case none = "t38UDPNoEC"
    }

    /// Of T.38; 0 where it is not said.
    public var version: UInt8
    /// In bit/s.
    public var maxBitRate: UInt32?
    public var fillBitRemoval: Bool
    public var transcodingMMR: Bool
    public var transcodingJBIG: Bool
    public var rateManagement: RateManagement?
    /// In bytes.
    public var maxBuffer: UInt32?
    /// The largest datagram that is taken, in bytes.
    public var maxDatagram: UInt32?
    /// How lost packets may be made up for towards the author; what it likes best first.
    public var errorCorrection: [ErrorCorrection]

    public init(
        version: UInt8 = 0, maxBitRate: UInt32? = 14_400, fillBitRemoval: Bool = false, transcodingMMR: Bool = false,
        transcodingJBIG: Bool = false, rateManagement: RateManagement? = .transferred, maxBuffer: UInt32? = nil,
        maxDatagram: UInt32? = nil, errorCorrection: [ErrorCorrection] = [.redundancy]
    ) {
        (self.version, self.maxBitRate, self.fillBitRemoval) = (version, maxBitRate, fillBitRemoval)
        (self.transcodingMMR, self.transcodingJBIG) = (transcodingMMR, transcodingJBIG)
        (self.rateManagement, self.maxBuffer, self.maxDatagram) = (rateManagement, maxBuffer, maxDatagram)
        self.errorCorrection = errorCorrection
    }

    /// Reads the attributes; what cannot be read counts as not said.
    init(_ attributes: [SDPAttribute]) {
        self.init(maxBitRate: nil, rateManagement: nil, errorCorrection: [])
        for attribute in attributes where attribute.name.utf8.count >= 9 {
            let value: String = trimmed(Substring(attribute.value ?? ""))
            switch attribute.name.lowercased() {
            case "t38faxversion": version = UInt8(value) ?? 0
            case "t38maxbitrate", "t38faxmaxbitrate": maxBitRate = UInt32(value)
            case "t38faxfillbitremoval": fillBitRemoval = Self.isSet(value)
            case "t38faxtranscodingmmr": transcodingMMR = Self.isSet(value)
            case "t38faxtranscodingjbig": transcodingJBIG = Self.isSet(value)
            case "t38faxratemanagement": rateManagement = Self.management(value)
            case "t38faxmaxbuffer", "t38faxmaxbuffersize": maxBuffer = UInt32(value)
            case "t38faxmaxdatagram", "t38faxmaxdatagramsize": maxDatagram = UInt32(value)
            case "t38faxudpec": errorCorrection += Self.corrections(value)
            default: break
            }
        }
    }

    /// A flag that stands alone is set; `:0`, which later peers write, is not.
    private static func isSet(_ value: String) -> Bool {
        switch value.lowercased() {
        case "0", "no", "off", "false": false
        default: true
        }
    }

    private static func management(_ value: String) -> RateManagement? {
        switch value.lowercased() {
        case "localtcf", "local", "1": .local
        case "transferredtcf", "transferred", "transferedtcf", "2": .transferred
        default: nil
        }
    }

    private static func corrections(_ value: String) -> [ErrorCorrection] {
        value.split { $0 == " " || $0 == "," || $0 == ";" }.compactMap { word in
            switch word.lowercased() {
            case "t38udpredundancy", "redundancy": .redundancy
            case "t38udpfec", "fec": .parity
            case "t38udpnoec", "noec", "none": ErrorCorrection.none
            default: nil
            }
        }
    }

    /// As they are written. A flag is written where it is set, and only then: those that do not know `:0` take it for set.
    var attributes: [SDPAttribute] {
        var result = [SDPAttribute("T38FaxVersion", String(version))]
        if let maxBitRate { result.append(SDPAttribute("T38MaxBitRate", String(maxBitRate))) }
        if fillBitRemoval { result.append(SDPAttribute("T38FaxFillBitRemoval")) }
        if transcodingMMR { result.append(SDPAttribute("T38FaxTranscodingMMR")) }
        if transcodingJBIG { result.append(SDPAttribute("T38FaxTranscodingJBIG")) }
        if let rateManagement { result.append(SDPAttribute("T38FaxRateManagement", rateManagement.rawValue)) }
        if let maxBuffer { result.append(SDPAttribute("T38FaxMaxBuffer", String(maxBuffer))) }
        if let maxDatagram { result.append(SDPAttribute("T38FaxMaxDatagram", String(maxDatagram))) }
        for correction in errorCorrection { result.append(SDPAttribute("T38FaxUdpEC", correction.rawValue)) }
        return result
    }
}

extension MediaDescription {
    /// Whether the stream is T.38 over UDPTL (T.38 Annex D.2.3.1), refused or not.
    public var isT38: Bool {
        kind == .image && transportProtocol.lowercased() == "udptl" && formats.contains { $0.lowercased() == "t38" }
    }

    /// What is said of the T.38 stream; nil where it is none. Setting it writes its attributes in place of all others about T.38.
    public var t38: SDPT38? {
        get { isT38 ? SDPT38(attributes) : nil }
        set {
            attributes.removeAll { $0.name.lowercased().utf8.starts(with: "t38".utf8) }
            attributes += newValue?.attributes ?? []
        }
    }

    /// A stream of T.38 over UDPTL.
    public init(t38: SDPT38, port: UInt16, connection: SDPConnection? = nil) {
        self.init(
            kind: .image, port: port, transportProtocol: "udptl", formats: ["t38"], connection: connection,
            attributes: t38.attributes)
    }
}
