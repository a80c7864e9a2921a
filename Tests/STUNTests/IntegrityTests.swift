import Basics
import STUN
import Testing

@Suite("STUN with short-term credentials (RFC 8489 §9.1)")
struct IntegrityTests {
    /// RFC 5769 §2.
    static let password = Array("VOkJxbRl1RmTxUk/WvJxBt".utf8)

    @Test("the vectors of RFC 5769 are signed by their password and by no other")
    func vectors() throws {
        for wire in [STUNTests.request, STUNTests.response4, STUNTests.response6] {
            let message = try STUNMessage(wire)
            #expect(message.isSigned(with: Self.password, in: wire))
            #expect(!message.isSigned(with: Array("VOkJxbRl1RmTxUk/WvJxBT".utf8), in: wire))
            #expect(!message.isSigned(with: [], in: wire))
        }
    }

    @Test("what RFC 5769 writes is written, byte for byte")
    func written() throws {
        for wire in [STUNTests.response4, STUNTests.response6] {
            let message = try STUNMessage(wire)
            var attributes = message.attributes
            attributes.removeAll {
                $0.type == STUNMessage.Attribute.messageIntegrity || $0.type == STUNMessage.Attribute.fingerprint
            }
            let copy = STUNMessage(class: .success, transaction: message.transaction, attributes: attributes)
            // The vectors pad with blanks, where zeros are written here: the bytes differ there and in what is computed over them.
            let own = copy.wire(signedWith: Self.password)
            #expect(own.count == wire.count)
            let padded: [Int] = own.indices.filter { own[$0] != wire[$0] && $0 < own.count - 32 }
            #expect(padded.allSatisfy { own[$0] == 0 && wire[$0] == 0x20 })
            #expect(try STUNMessage(own).isSigned(with: Self.password, in: own))
        }
    }

    @Test("any changed byte before the signature spoils it; one behind it spoils the fingerprint")
    func spoilt() throws {
        let message = try STUNMessage(STUNTests.request)
        for index in STUNTests.request.indices.dropLast(8) where !(2...3).contains(index) {
            var bytes = STUNTests.request
            bytes[index] ^= 1
            // Types and lengths of attributes that no longer fit are faults of their own; what is read must not be taken.
            #expect(!message.isSigned(with: Self.password, in: bytes), "byte \(index)")
        }
        var tail = STUNTests.request
        tail[tail.count - 1] ^= 1
        #expect(throws: STUNMessage.Fault.badFingerprint) { try STUNMessage(tail) }
    }

    @Test("what stands behind a signature is not believed")
    func behind() throws {
        let request = STUNMessage(
            class: .request, transaction: Array(repeating: 1, count: 12),
            attributes: [STUNMessage.Attribute(STUNMessage.Attribute.priority, number: UInt32(7))])
        var wire = request.wire(signedWith: Self.password, withFingerprint: false)
        wire += [0x00, 0x25, 0, 0]
        wire[3] += 4
        let read = try STUNMessage(wire)
        #expect(read.isSigned(with: Self.password, in: wire))
        #expect(read.attribute(STUNMessage.Attribute.priority)?.number32 == 7)
        #expect(read.attributes.last?.type == STUNMessage.Attribute.useCandidate)
        #expect(read.attribute(STUNMessage.Attribute.useCandidate) == nil)
    }

    @Test("numbers, addresses and errors are read back as they were written")
    func typed() throws {
        let transaction: [UInt8] = (1...12).map { $0 }
        let request = STUNMessage(
            class: .request, transaction: transaction,
            attributes: [
                STUNMessage.Attribute(STUNMessage.Attribute.username, text: "evtj:h6vY"),
                STUNMessage.Attribute(STUNMessage.Attribute.priority, number: UInt32(0x6E00_01FF)),
                STUNMessage.Attribute(STUNMessage.Attribute.iceControlling, number: UInt64(0x932F_F9B1_5126_3B36)),
            ])
        let read = try STUNMessage(request.wire(withFingerprint: true))
        #expect(read.attribute(STUNMessage.Attribute.username)?.value == Array("evtj:h6vY".utf8))
        #expect(read.attribute(STUNMessage.Attribute.priority)?.number32 == 0x6E00_01FF)
        #expect(read.attribute(STUNMessage.Attribute.iceControlling)?.number64 == 0x932F_F9B1_5126_3B36)
        #expect(read.attribute(STUNMessage.Attribute.iceControlling)?.number32 == nil)
        for source in ["192.0.2.1:32853", "[2001:db8::7]:65535", "0.0.0.0:0"] {
            let source = try #require(IPEndpoint(source))
            #expect(try STUNMessage(read.success(from: source).wire(withFingerprint: false)).mappedAddress == source)
        }
        let refusal = try STUNMessage(read.refusal(.roleConflict).wire(signedWith: Self.password))
        #expect(refusal.error == .roleConflict && refusal.class == .error && refusal.mappedAddress == nil)
        #expect(read.error == nil)
    }

    @Test(
        "an address or an error that cannot be is none",
        arguments: [
            (0x0020, []), (0x0020, [0, 1, 0, 0]), (0x0020, [0, 2, 0, 0, 1, 2, 3, 4]),
            (0x0020, [0, 3, 0, 0, 1, 2, 3, 4]),
            (0x0009, [0, 0, 4]), (0x0009, [0, 0, 2, 0]), (0x0009, [0, 0, 7, 0]), (0x0009, [0, 0, 4, 100]),
        ] as [(UInt16, [UInt8])])
    func unreadable(type: UInt16, value: [UInt8]) throws {
        let message = STUNMessage(
            class: .error, transaction: Array(repeating: 0, count: 12), attributes: [STUNMessage.Attribute(type, value)]
        )
        let read = try STUNMessage(message.wire(withFingerprint: false))
        #expect(read.mappedAddress == nil && read.error == nil)
    }
}
