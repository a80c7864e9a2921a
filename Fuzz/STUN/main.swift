import Basics
import ICE
import STUN

private let password = Array("VOkJxbRl1RmTxUk/WvJxBt".utf8)
private let source = IPEndpoint(IPAddress(v4: 0xC000_0201), 32_853)

/// Feeds any bytes to the server without credentials and to a lite agent, and the same attributes once more with a signature that fits,
/// so that what stands behind the authentication is reached too. What is answered must be STUN, and what is read be written the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSTUN(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 0 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let plan = ICEPlan(
        localUfrag: "evtj", localPassword: "VOkJxbRl1RmTxUk/WvJxBt", remoteUfrag: "h6vY", remotePassword: "x")
    var agent = ICELiteAgent(plan, now: .zero)
    feed(bytes, &agent)
    guard let message = try? STUNMessage(bytes) else { return 0 }
    _ = (message.mappedAddress, message.error, message.isSigned(with: password, in: bytes))
    var attributes = message.attributes
    attributes.removeAll {
        $0.type == STUNMessage.Attribute.messageIntegrity || $0.type == STUNMessage.Attribute.fingerprint
    }
    let copy = STUNMessage(
        method: message.method, class: message.class, transaction: message.transaction, attributes: attributes)
    let wire = copy.wire(signedWith: password)
    guard wire.count < 65_536 else { return 0 }
    guard let read = try? STUNMessage(wire), read.isSigned(with: password, in: wire),
        Array(read.attributes.dropLast(2)) == attributes, read.method == message.method, read.class == message.class
    else { fatalError("a message is not read back the same") }
    feed(wire, &agent)
    feed(wire, &agent)
    return 0
}

private func feed(_ bytes: [UInt8], _ agent: inout ICELiteAgent) {
    if let answer = BindingServer.answer(bytes, source: source) { check(answer) }
    for effect in agent.handle(bytes, from: source, now: .zero) {
        if case .send(let answer, let to) = effect {
            check(answer)
            guard to == source else { fatalError("an answer goes astray") }
        }
    }
}

private func check(_ answer: [UInt8]) {
    guard let read = try? STUNMessage(answer), read.class == .success || read.class == .error, answer.count < 1200
    else {
        fatalError("an answer is no answer")
    }
}
