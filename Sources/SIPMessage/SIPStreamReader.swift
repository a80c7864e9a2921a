/// Cuts a byte stream (TCP, TLS) into messages by Content-Length (RFC 3261 §18.3) and keep-alives (RFC 5626 §3.5.1).
public struct SIPStreamReader: Sendable {
    public enum Framed: Hashable, Sendable {
        case message(SIPMessage)
        /// A double CRLF: the peer waits for one CRLF in answer.
        case ping
        /// The single CRLF that answers our ping.
        case pong
    }

    /// True once the stream can't be told apart any more: close the connection, after sending the error's answer.
    /// An error that leaves it false spoiled one message only.
    public private(set) var isBroken = false
    /// Set when a ping was sent: a single CRLF is then reported as ``Framed/pong``.
    public var expectsPong = false

    private let limits: SIPLimits
    private var buffer: [UInt8] = []
    /// Where the current message starts in `buffer`.
    private var start = 0
    /// How far its end of header was looked for.
    private var scanned = 0
    /// Length of the current message once its head is known.
    private var length: Int?

    public init(limits: SIPLimits = .standard) { self.limits = limits }

    /// Bytes held that belong to no complete message yet.
    public var pendingBytes: Int { buffer.count - start }

    public mutating func append(_ bytes: [UInt8]) {
        if !isBroken { buffer.append(contentsOf: bytes) }
    }

    /// For bytes that lie in somebody else's buffer; they are copied.
    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if !isBroken { buffer.append(contentsOf: bytes) }
    }

    /// The next message or keep-alive; nil while none is complete. Call until nil after each ``append(_:)``.
    /// - Throws: ``SIPParseError``; see ``isBroken`` for whether to go on.
    public mutating func next() throws(SIPParseError) -> Framed? {
        guard !isBroken else { return nil }
        if length == nil {
            if let keepAlive = takeKeepAlive() { return keepAlive }
            guard try findLength() else { return nil }
        }
        guard let length, buffer.count - start >= length else { return nil }
        let wire = Array(buffer[start..<(start + length)])
        drop(length)
        self.length = nil
        return .message(try SIPMessage.parse(wire, limits: limits))
    }

    /// Passes over line ends between messages.
    private mutating func takeKeepAlive() -> Framed? {
        while start < buffer.count {
            let left = buffer.count - start
            if buffer[start] == Octet.lf {
                drop(1)
            } else if buffer[start] != Octet.cr {
                return nil
            } else if left >= 2, buffer[start + 1] != Octet.lf {
                drop(1)
            } else if left >= 4, buffer[start + 2] == Octet.cr, buffer[start + 3] == Octet.lf {
                drop(4)
                return .ping
            } else if left >= 2, expectsPong {
                expectsPong = false
                drop(2)
                return .pong
            } else if left >= 4 || (left == 3 && buffer[start + 2] != Octet.cr) {
                drop(2)
            } else {
                return nil
            }
        }
        return nil
    }

    private mutating func drop(_ count: Int) {
        start += count
        scanned = start
        if start == buffer.count {
            buffer.removeAll(keepingCapacity: buffer.capacity <= 16_384)
            (start, scanned) = (0, 0)
        } else if start > 16_384 {
            buffer.removeFirst(start)
            (start, scanned) = (0, 0)
        }
    }

    /// Looks for the empty line, and with it for the length of the whole.
    private mutating func findLength() throws(SIPParseError) -> Bool {
        guard let head = endOfHead() else {
            let limit = min(limits.headerBytes, limits.messageBytes)
            if buffer.count - start > limit {
                // Enough of it is here to say so: all lines that are whole.
                let part = buffer[start..<(start + limit)]
                let whole = Array(part[..<((part.lastIndex(of: Octet.lf) ?? start - 1) + 1)])
                throw broken(
                    FieldFault(.messageTooLarge, at: limits.headerBytes, "RFC 3261 §21.5.7"), .messageTooLarge, whole,
                    HeaderScan(whole, limits: limits))
            }
            return false
        }
        let wire = Array(buffer[start..<head])
        let scan = HeaderScan(wire, limits: limits)
        // Content-Length may be beyond what was looked at.
        if let fault = scan.fault, fault.kind == .tooManyFields || fault.kind == .messageTooLarge {
            throw broken(fault, .messageTooLarge, wire, scan)
        }
        let body: Int?
        do throws(FieldFault) {
            body = try scan.contentLength(wire)
        } catch {
            throw broken(error, .badRequest, wire, scan)
        }
        guard let body else {
            throw broken(FieldFault(.missingField, at: wire.count, "RFC 3261 §18.3"), .badRequest, wire, scan)
        }
        guard body <= limits.messageBytes, wire.count + body <= limits.messageBytes else {
            throw broken(
                FieldFault(.bodyTooLarge, at: wire.count, "RFC 3261 §21.4.11"), .requestEntityTooLarge, wire, scan)
        }
        length = wire.count + body
        return true
    }

    /// The index after the empty line.
    private mutating func endOfHead() -> Int? {
        var position = max(scanned, start)
        while position < buffer.count {
            if buffer[position] == Octet.lf {
                let next = position + 1
                if next < buffer.count, buffer[next] == Octet.lf { return next + 1 }
                if next + 1 < buffer.count, buffer[next] == Octet.cr, buffer[next + 1] == Octet.lf { return next + 2 }
            }
            position += 1
        }
        scanned = max(start, buffer.count - 2)
        return nil
    }

    private mutating func broken(
        _ fault: FieldFault, _ status: SIPStatus, _ wire: [UInt8] = [], _ scan: HeaderScan? = nil
    ) -> SIPParseError {
        isBroken = true
        buffer = []
        (start, scanned, length) = (0, 0, nil)
        // Neither is ever answered (RFC 3261 §8.1.3.1, §17.1.1.3).
        let isSilent = wire.starts(with: "SIP/".utf8) || wire.starts(with: "ACK ".utf8)
        let legible = scan.map { LegibleRequest(wire: wire, slots: $0.slots) }
        return SIPParseError(fault, field: .contentLength, status: isSilent ? nil : status, legible: legible)
    }
}
