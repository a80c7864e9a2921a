import SIPMessage

/// What a message is matched by, as 128 bits of a keyed hash: 16 bytes where the text itself would be a hundred or more, and its
/// key, drawn when the process starts, lets no peer choose two that collide.
struct TransactionKey: Hashable, Sendable {
    let high: UInt64
    /// Its lowest bit says the side: 1 client, 0 server.
    let low: UInt64

    func hash(into hasher: inout Hasher) { hasher.combine(high) }

    var isClient: Bool { low & 1 == 1 }

    /// Of a client transaction (RFC 3261 §17.1.3). The branch is ours and names one transaction, or an INVITE and its CANCEL.
    static func client(branch: String, isCancel: Bool) -> TransactionKey {
        var digest = Digest()
        digest.add(branch)
        digest.add(isCancel ? 1 : 0)
        return digest.key(isClient: true)
    }

    static func client(of message: SIPMessage) -> TransactionKey? {
        guard let branch = message.topVia.branch else { return nil }
        return client(branch: branch, isCancel: message.method == .cancel)
    }

    /// Of a server transaction (RFC 3261 §17.2.3). An ACK, and a CANCEL where `ofCancelled`, have the key of their INVITE.
    static func server(of request: SIPMessage, ofCancelled: Bool = false) -> TransactionKey {
        var digest = Digest()
        let via = request.topVia
        let method: SIPMethod = request.method == .ack || ofCancelled ? .invite : request.method
        digest.add(method.name)
        if via.hasMagicCookie {
            digest.add(via.branch ?? "")
            digest.add(folded: via.host)
            digest.add(UInt64(via.port ?? 0))
            return digest.key(isClient: false)
        }
        // RFC 2543 peers: no branch to trust. The To tag, which the ACK has and the INVITE has not, is looked at apart.
        digest.add(request.requestURI?.description ?? "")
        digest.add(request.fromTag ?? "")
        digest.add(request.callID)
        digest.add(UInt64(request.cseq.number))
        digest.add(via.description)
        return digest.key(isClient: false)
    }

    /// What two ways of one request have in common (RFC 3261 §8.2.2.2).
    static func merge(of request: SIPMessage) -> TransactionKey {
        var digest = Digest()
        digest.add(request.fromTag ?? "")
        digest.add(request.callID)
        digest.add(UInt64(request.cseq.number))
        digest.add(request.cseq.method.name)
        return digest.key(isClient: false)
    }
}

/// Two hashes of the same parts, with the parts' ends marked.
private struct Digest {
    private var first = Hasher()
    private var second = Hasher()

    init() { second.combine(UInt8(1)) }

    mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            let raw = UnsafeRawBufferPointer(bytes)
            first.combine(bytes: raw)
            second.combine(bytes: raw)
        }
        add(UInt64(text.utf8.count))
    }

    mutating func add(folded text: String) {
        for byte in text.utf8 where byte >= 0x41 && byte <= 0x5A {
            add(text.lowercased())
            return
        }
        add(text)
    }

    mutating func add(_ number: UInt64) {
        first.combine(number)
        second.combine(number)
    }

    func key(isClient: Bool) -> TransactionKey {
        let low = UInt64(bitPattern: Int64(second.finalize()))
        return TransactionKey(high: UInt64(bitPattern: Int64(first.finalize())), low: isClient ? low | 1 : low & ~1)
    }
}
