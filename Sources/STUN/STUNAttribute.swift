public import Basics

extension STUNMessage.Attribute {
    public static let username: UInt16 = 0x0006
    public static let messageIntegrity: UInt16 = 0x0008
    public static let errorCode: UInt16 = 0x0009
    public static let unknownAttributes: UInt16 = 0x000A
    public static let realm: UInt16 = 0x0014
    public static let nonce: UInt16 = 0x0015
    public static let messageIntegritySHA256: UInt16 = 0x001C
    public static let passwordAlgorithm: UInt16 = 0x001D
    public static let userhash: UInt16 = 0x001E
    public static let xorMappedAddress: UInt16 = 0x0020
    /// RFC 8445 §16.1
    public static let priority: UInt16 = 0x0024
    public static let useCandidate: UInt16 = 0x0025
    public static let software: UInt16 = 0x8022
    public static let fingerprint: UInt16 = 0x8028
    public static let iceControlled: UInt16 = 0x8029
    public static let iceControlling: UInt16 = 0x802A

    /// An attribute that holds a number of 32 bits, as PRIORITY does.
    public init(_ type: UInt16, number: UInt32) { self.init(type, STUNMessage.bytes32(number)) }

    /// An attribute that holds a number of 64 bits, as ICE-CONTROLLING does.
    public init(_ type: UInt16, number: UInt64) {
        self.init(
            type, STUNMessage.bytes32(UInt32(number >> 32)) + STUNMessage.bytes32(UInt32(truncatingIfNeeded: number)))
    }

    /// An attribute that holds text, as USERNAME does.
    public init(_ type: UInt16, text: String) { self.init(type, Array(text.utf8)) }

    /// The number; nil unless the value has 4 bytes.
    public var number32: UInt32? {
        value.count == 4 ? value.reduce(0) { $0 << 8 | UInt32($1) } : nil
    }

    /// The number; nil unless the value has 8 bytes.
    public var number64: UInt64? {
        value.count == 8 ? value.reduce(0) { $0 << 8 | UInt64($1) } : nil
    }
}

/// The ERROR-CODE attribute (RFC 8489 §14.8).
public struct STUNError: Hashable, Sendable {
    /// 300 ... 699.
    public let code: Int
    public let reason: String
    public init(code: Int, reason: String) { (self.code, self.reason) = (code, reason) }

    public static let badRequest = STUNError(code: 400, reason: "Bad Request")
    public static let unauthenticated = STUNError(code: 401, reason: "Unauthenticated")
    public static let unknownAttribute = STUNError(code: 420, reason: "Unknown Attribute")
    /// RFC 8445 §7.2.5.1
    public static let roleConflict = STUNError(code: 487, reason: "Role Conflict")

    var attribute: STUNMessage.Attribute {
        STUNMessage.Attribute(
            STUNMessage.Attribute.errorCode, [0, 0, UInt8(code / 100), UInt8(code % 100)] + Array(reason.utf8))
    }
}

extension STUNMessage {
    /// The first attribute of a type that counts: what stands behind a MESSAGE-INTEGRITY is not covered by it and is passed over,
    /// but for FINGERPRINT and the longer signature (RFC 8489 §14.5).
    public func attribute(_ type: UInt16) -> Attribute? {
        for attribute in attributes {
            if attribute.type == type { return attribute }
            if attribute.type == Attribute.messageIntegrity, type != Attribute.fingerprint,
                type != Attribute.messageIntegritySHA256
            {
                return nil
            }
        }
        return nil
    }

    /// The types that must be understood (RFC 8489 §14) and are none of `known`, each once.
    public func unknownAttributes(besides known: Set<UInt16>) -> [UInt16] {
        var found: [UInt16] = []
        for attribute in attributes where attribute.isRequired && !known.contains(attribute.type) {
            if !found.contains(attribute.type) { found.append(attribute.type) }
        }
        return found
    }

    /// The address of XOR-MAPPED-ADDRESS (RFC 8489 §14.2); nil where there is none, or none that fits its family.
    public var mappedAddress: IPEndpoint? {
        guard let value = attribute(Attribute.xorMappedAddress)?.value, value.count >= 4 else { return nil }
        let port: UInt16 = (UInt16(value[2]) << 8 | UInt16(value[3])) ^ 0x2112
        let plain: [UInt8] = zip(value[4...], STUNMessage.cookie + transaction).map { $0 ^ $1 }
        switch (value[1], plain.count, value.count) {
        case (1, 4, 8): return IPEndpoint(IPAddress(v4: plain.reduce(0) { $0 << 8 | UInt32($1) }), port)
        case (2, 16, 20):
            let high: UInt64 = plain[..<8].reduce(0) { $0 << 8 | UInt64($1) }
            let low: UInt64 = plain[8...].reduce(0) { $0 << 8 | UInt64($1) }
            return IPEndpoint(IPAddress(v6: high, low), port)
        default: return nil
        }
    }

    /// The error of an error response; nil where there is none that can be read.
    public var error: STUNError? {
        guard let value = attribute(Attribute.errorCode)?.value, value.count >= 4, (3...6).contains(value[2] & 7),
            value[3] < 100
        else { return nil }
        return STUNError(
            code: Int(value[2] & 7) * 100 + Int(value[3]), reason: String(decoding: value[4...], as: UTF8.self))
    }

    /// The success response to this request: where it came from.
    public func success(from source: IPEndpoint) -> STUNMessage {
        STUNMessage(
            method: method, class: .success, transaction: transaction,
            attributes: [BindingServer.mapped(source, transaction)])
    }

    /// The error response to this request.
    /// - Parameter unknown: for 420, what was not understood; at most 16 are told.
    public func refusal(_ error: STUNError, unknown: [UInt16] = []) -> STUNMessage {
        var attributes: [Attribute] = [error.attribute]
        if !unknown.isEmpty {
            attributes.append(
                Attribute(Attribute.unknownAttributes, unknown.prefix(16).flatMap { STUNMessage.bytes($0) }))
        }
        return STUNMessage(method: method, class: .error, transaction: transaction, attributes: attributes)
    }
}
