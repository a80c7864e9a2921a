internal import SDP

/// A codec of a virtual phone.
package struct PhoneCodec: Hashable, Sendable {
    /// What the phone offers it under.
    package let number: Int
    /// `opus/48000/2`.
    package let encoding: String

    package init(_ number: Int, _ encoding: String) { (self.number, self.encoding) = (number, encoding) }

    package static let pcmu = PhoneCodec(0, "PCMU/8000")
    package static let pcma = PhoneCodec(8, "PCMA/8000")
    package static let g722 = PhoneCodec(9, "G722/8000")
    package static let g729 = PhoneCodec(18, "G729/8000")
    package static let opus = PhoneCodec(111, "opus/48000/2")
    package static let iLBC = PhoneCodec(97, "iLBC/8000")
    static let events = PhoneCodec(101, "telephone-event/8000")

    /// The number an offer has it under; nil where it has not.
    func number(in offer: MediaDescription) -> Int? {
        for format in offer.formats {
            guard let number = UInt8(format) else { continue }
            if let map = offer.rtpmap(number) {
                let name = "\(map.encoding)/\(map.clockRate)" + (map.parameters.map { "/\($0)" } ?? "")
                if name.lowercased() == encoding.lowercased() { return Int(number) }
            } else if number < 35, Int(number) == self.number {
                return Int(number)
            }
        }
        return nil
    }
}
