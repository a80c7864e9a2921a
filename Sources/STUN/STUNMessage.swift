/// A STUN message (RFC 8489 §5) whose frame is sound: cookie, lengths, and the fingerprint where it has one.
public struct STUNMessage: Hashable, Sendable {
    public enum Class: UInt16, Hashable, Sendable { case request, indication, success, error }

    public struct Attribute: Hashable, Sendable {
        public let type: UInt16
        public let value: [UInt8]
        public init(_ type: UInt16, _ value: [UInt8]) { (self.type, self.value) = (type, value) }

        /// Who does not know it must not go on (RFC 8489 §14).
        public var isRequired: Bool { type < 0x8000 }
    }

    /// Why bytes are no STUN message; nothing answers any of these.
    public enum Fault: Error, Hashable, Sendable { case noSTUN, badLength, badFingerprint }

    public static let binding: UInt16 = 1
    static let cookie: [UInt8] = [0x21, 0x12, 0xA4, 0x42]
    static let fingerprint: UInt16 = Attribute.fingerprint

    public let method: UInt16
    public let `class`: Class
    /// 12 bytes.
    public let transaction: [UInt8]
    public let attributes: [Attribute]

    /// - Parameters:
    ///   - method: 0 ... 0xFFF.
    ///   - transaction: 12 bytes.
    public init(method: UInt16 = binding, class: Class, transaction: [UInt8], attributes: [Attribute]) {
        (self.method, self.class, self.transaction, self.attributes) = (method, `class`, transaction, attributes)
    }

    /// Reads one datagram.
    public init(_ bytes: [UInt8]) throws(Fault) {
        guard bytes.count >= 20, bytes[0] < 0x40, Array(bytes[4..<8]) == STUNMessage.cookie else {
            throw .noSTUN
        }
        let length = Int(bytes[2]) << 8 | Int(bytes[3])
        guard length & 3 == 0, bytes.count == 20 + length else { throw .badLength }
        let type = UInt16(bytes[0]) << 8 | UInt16(bytes[1])
        method = (type & 0x3E00) >> 2 | (type & 0xE0) >> 1 | type & 0x0F
        `class` = Class(rawValue: (type & 0x100) >> 7 | (type & 0x10) >> 4) ?? .request
        transaction = Array(bytes[8..<20])
        attributes = try STUNMessage.attributes(bytes)
    }

    private static func attributes(_ bytes: [UInt8]) throws(Fault) -> [Attribute] {
        var found: [Attribute] = []
        var position: Int = 20
        while position < bytes.count {
            // The rest is a multiple of four, so a type and a length are there.
            let type = UInt16(bytes[position]) << 8 | UInt16(bytes[position + 1])
            let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
            guard position + 4 + length <= bytes.count else { throw .badLength }
            let value = Array(bytes[(position + 4)..<(position + 4 + length)])
            if type == fingerprint {
                guard value == checksum(bytes[..<position]), position + 8 == bytes.count else { throw .badFingerprint }
            }
            found.append(Attribute(type, value))
            position += 4 + (length + 3) & ~3
        }
        return found
    }

    /// The message as it goes on the wire, with a FINGERPRINT at its end if wanted (RFC 8489 §14.7).
    public func wire(withFingerprint: Bool) -> [UInt8] {
        wire(signedWith: nil, withFingerprint: withFingerprint)
    }

    /// The message as it goes on the wire, with a MESSAGE-INTEGRITY by `key` (RFC 8489 §14.5) and a FINGERPRINT behind it.
    public func wire(signedWith key: [UInt8]?, withFingerprint: Bool = true) -> [UInt8] {
        let type: UInt16 =
            (method & 0xF80) << 2 | (method & 0x70) << 1 | method & 0x0F | (`class`.rawValue & 2) << 7
            | (`class`.rawValue & 1) << 4
        var body: [UInt8] = []
        for attribute in attributes {
            body += STUNMessage.bytes(attribute.type) + STUNMessage.bytes(UInt16(clamping: attribute.value.count))
            body += attribute.value + [UInt8](repeating: 0, count: -attribute.value.count & 3)
        }
        var out = STUNMessage.bytes(type) + [0, 0] + STUNMessage.cookie + transaction + body
        if let key {
            // The length counts what is signed, the signature included, and nothing behind it.
            STUNMessage.setLength(&out, out.count + 24)
            let signature = STUNMessage.signature(of: out[...], key: key)
            out += STUNMessage.bytes(Attribute.messageIntegrity) + [0, 20] + signature
        }
        STUNMessage.setLength(&out, out.count + (withFingerprint ? 8 : 0))
        if withFingerprint {
            out += STUNMessage.bytes(STUNMessage.fingerprint) + [0, 4] + STUNMessage.checksum(out[...])
        }
        return out
    }

    static func setLength(_ bytes: inout [UInt8], _ end: Int) {
        let length = UInt16(clamping: end - 20)
        (bytes[2], bytes[3]) = (UInt8(length >> 8), UInt8(truncatingIfNeeded: length))
    }

    static func bytes(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)] }

    /// CRC-32 of ITU V.42, with the mask of RFC 8489 §14.7.
    private static func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var crc: UInt32 = ~0
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 0 ? 0 : 0xEDB8_8320) }
        }
        let masked: UInt32 = ~crc ^ 0x5354_554E
        return bytes32(masked)
    }

    static func bytes32(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { (shift: UInt32) in UInt8(truncatingIfNeeded: value >> shift) }
    }
}
