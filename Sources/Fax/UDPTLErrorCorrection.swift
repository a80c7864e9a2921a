/// How UDPTL packets make up for lost ones (T.38 §9.1.4).
public enum UDPTLErrorCorrection: Hashable, Sendable {
    case none
    /// Each packet repeats the content of so many before it; 1 ... 8.
    case redundancy(depth: UInt8)
    /// Each packet carries `entries` parities over `span` earlier packets each, interleaved, so that a burst of `entries` lost packets is
    /// made up for; their product is at most 28.
    case parity(span: UInt8, entries: UInt8)

    /// What is sent where the peer takes redundancy: three lost packets in a row do no harm.
    public static let standardRedundancy = UDPTLErrorCorrection.redundancy(depth: 3)
    /// What is sent where the peer takes parity.
    public static let standardParity = UDPTLErrorCorrection.parity(span: 3, entries: 3)
}
