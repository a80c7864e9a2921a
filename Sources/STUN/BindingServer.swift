public import Basics

/// Answers STUN Binding requests without credentials (RFC 8489 §6.3.1): how a phone keeps a UDP flow open and learns that its NAT
/// gave it another address (RFC 5626 §3.5.2 and §8).
public enum BindingServer {
    /// Attributes that are understood, in that a server without credentials passes over them.
    private static let passedOver: Set<UInt16> = [
        STUNMessage.Attribute.username, STUNMessage.Attribute.messageIntegrity, STUNMessage.Attribute.realm,
        STUNMessage.Attribute.nonce, STUNMessage.Attribute.messageIntegritySHA256,
        STUNMessage.Attribute.passwordAlgorithm, STUNMessage.Attribute.userhash,
    ]

    /// The answer to one datagram.
    /// - Parameter source: where it came from.
    /// - Returns: a success with XOR-MAPPED-ADDRESS; 420 where it needs what is not known here; nil where silence is the rule: for
    ///   indications, responses, other methods, and what is no STUN. A FINGERPRINT is answered with one.
    public static func answer(_ bytes: [UInt8], source: IPEndpoint) -> [UInt8]? {
        guard let request = try? STUNMessage(bytes), request.class == .request, request.method == STUNMessage.binding
        else { return nil }
        let unknown = request.unknownAttributes(besides: passedOver)
        let answer =
            unknown.isEmpty ? request.success(from: source) : request.refusal(.unknownAttribute, unknown: unknown)
        return answer.wire(withFingerprint: request.attributes.contains { $0.type == STUNMessage.fingerprint })
    }

    /// XOR-MAPPED-ADDRESS (RFC 8489 §14.2).
    static func mapped(_ source: IPEndpoint, _ transaction: [UInt8]) -> STUNMessage.Attribute {
        var value: [UInt8] = [0, source.address.isV4 ? 1 : 2]
        value += zip(STUNMessage.bytes(source.port), STUNMessage.cookie).map { $0 ^ $1 }
        var address: [UInt8] = []
        if let v4 = source.address.v4 {
            address = STUNMessage.bytes32(v4)
        } else {
            for half in [source.address.high, source.address.low] {
                address += STUNMessage.bytes32(UInt32(half >> 32))
                address += STUNMessage.bytes32(UInt32(truncatingIfNeeded: half))
            }
        }
        value += zip(address, STUNMessage.cookie + transaction).map { $0 ^ $1 }
        return STUNMessage.Attribute(STUNMessage.Attribute.xorMappedAddress, value)
    }
}
