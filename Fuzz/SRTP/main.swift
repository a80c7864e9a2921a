import SRTP

/// Plays a script: each step protects, forges or feeds a packet, or changes keys. What was protected must be taken and be the same;
/// what was changed on the way must not be taken; nothing may be read or written outside the packet.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSRTP(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 1 else { return 0 }
    var script = Script(rest: UnsafeBufferPointer(start: start, count: count))
    let profile: SRTPProfile = SRTPProfile.allCases[Int(script.byte()) % SRTPProfile.allCases.count]
    let mki: [UInt8]? = script.byte() & 1 == 0 ? nil : [1, 2, 3]
    do {
        var sender = try SRTPSender(key(profile, 0, mki))
        var receiver = try SRTPReceiver(key(profile, 0, mki))
        while !script.isDone {
            let step: UInt8 = script.byte()
            switch step & 7 {
            case 0, 1, 2, 3: roundTrip(&sender, &receiver, &script, rtcp: step & 1 == 1, forges: step & 2 == 2)
            case 4, 5: feed(&receiver, script.bytes(Int(script.byte())), rtcp: step & 1 == 1)
            case 6:
                let next = key(profile, script.byte() & 3, mki)
                try sender.use(next)
                try receiver.use(next)
            default: receiver.dropReplacedKeys()
            }
        }
    } catch {
        fatalError("a good key is refused: \(error)")
    }
    return 0
}

private func key(_ profile: SRTPProfile, _ seed: UInt8, _ mki: [UInt8]?) -> SRTPKey {
    SRTPKey(
        profile: profile, key: Array(repeating: seed, count: profile.keyLength),
        salt: Array(repeating: ~seed, count: profile.saltLength), mki: mki)
}

private struct Script {
    var rest: UnsafeBufferPointer<UInt8>
    var isDone: Bool { rest.isEmpty }

    mutating func byte() -> UInt8 {
        guard let first = rest.first else { return 0 }
        rest = UnsafeBufferPointer(rebasing: rest.dropFirst())
        return first
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        let taken = Array(rest.prefix(count))
        rest = UnsafeBufferPointer(rebasing: rest.dropFirst(count))
        return taken
    }
}

/// A heap buffer of just that size, so that the address sanitizer sees each byte too far.
private func withExactly<R>(_ bytes: [UInt8], room: Int, _ body: (UnsafeMutableRawBufferPointer) -> R) -> R {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count + room, alignment: 1)
    defer { buffer.deallocate() }
    buffer.copyBytes(from: bytes)
    return body(buffer)
}

private func roundTrip(
    _ sender: inout SRTPSender, _ receiver: inout SRTPReceiver, _ script: inout Script, rtcp: Bool, forges: Bool
) {
    let plain = script.bytes(Int(script.byte()))
    let overhead = sender.overhead
    let protected: [UInt8]? = withExactly(plain, room: overhead) { buffer in
        let length =
            rtcp ? sender.protectRTCP(buffer, length: plain.count) : sender.protectRTP(buffer, length: plain.count)
        return length.map { Array(buffer[..<$0]) }
    }
    guard var protected else { return }
    if forges { protected[Int(script.byte()) % protected.count] ^= script.byte() | 1 }
    let taken: [UInt8]? = withExactly(protected, room: 0) { buffer in
        let result = rtcp ? receiver.unprotectRTCP(buffer) : receiver.unprotectRTP(buffer)
        switch result {
        case .success(let length): return Array(buffer[..<length])
        case .failure:
            guard buffer.elementsEqual(protected) else { fatalError("a refused packet was changed") }
            return nil
        }
    }
    if forges {
        guard taken == nil else { fatalError("a forged packet is taken") }
    } else if let taken {
        guard taken == plain else { fatalError("a packet comes out another") }
    }
}

private func feed(_ receiver: inout SRTPReceiver, _ bytes: [UInt8], rtcp: Bool) {
    withExactly(bytes, room: 0) { buffer in
        if case .success = rtcp ? receiver.unprotectRTCP(buffer) : receiver.unprotectRTP(buffer) {
            fatalError("a made-up packet is taken")
        }
    }
}
