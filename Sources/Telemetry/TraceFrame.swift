import Basics
import SIPTransaction

/// The bytes of a trace record in a segment file: length, checksum, payload; all numbers little-endian.
///
/// A frame whose checksum fails, or that is cut short, ends its segment: a process killed while writing leaves such a tail.
enum TraceFrame {
    /// First in every segment file.
    static let magic: [UInt8] = Array("MTRACE1\n".utf8)
    /// Length and checksum.
    static let headerBytes: Int = 8
    /// Longest payload that is written or believed.
    static let maximumPayload: Int = 66_000
    private static let noLeg: UInt16 = .max
    private static let noteKind: UInt8 = 2

    /// Appends one frame to `out`; a longer message or note is cut.
    static func append(_ record: TraceRecord, to out: inout [UInt8]) {
        let start: Int = out.count
        out.append(contentsOf: repeatElement(0, count: headerBytes))
        let call = record.call
        out.append(call == nil ? 0 : 1)
        append(call?.epoch ?? 0, to: &out)
        out.append(call?.shard.rawValue ?? 0)
        append(call?.number ?? 0, to: &out)
        append(record.leg ?? noLeg, to: &out)
        append(UInt64(bitPattern: record.at.microsecondsSinceEpoch), to: &out)
        switch record.content {
        case .sip(let direction, let transport, let local, let remote, let bytes):
            out.append(direction.rawValue)
            out.append(code(transport))
            append(local, to: &out)
            append(remote, to: &out)
            let bodyStart: Int = out.count
            out.append(contentsOf: bytes.prefix(65_535))
            TraceMask.mask(&out, from: bodyStart)
        case .note(let text):
            out.append(noteKind)
            out.append(contentsOf: text.utf8.prefix(4096))
        }
        let payloadStart: Int = start + headerBytes
        store(UInt32(out.count - payloadStart), at: start, in: &out)
        store(checksum(out, payloadStart, out.count), at: start + 4, in: &out)
    }

    /// Reads the frame at `position` and moves behind it; nil at the end or at a torn or damaged frame.
    static func next(in bytes: [UInt8], at position: inout Int) -> TraceRecord? {
        guard position + headerBytes <= bytes.count else { return nil }
        let length = Int(load32(bytes, position))
        let start: Int = position + headerBytes
        guard length <= maximumPayload, start + length <= bytes.count,
            checksum(bytes, start, start + length) == load32(bytes, position + 4)
        else { return nil }
        var reader = Reader(bytes: bytes, position: start, end: start + length)
        guard let record = record(&reader) else { return nil }
        position = start + length
        return record
    }

    private static func record(_ reader: inout Reader) -> TraceRecord? {
        guard let hasCall = reader.u8(), let epoch = reader.u32(), let shard = reader.u8(), let number = reader.u32(),
            let leg = reader.u16(), let micros = reader.u64(), let kind = reader.u8()
        else { return nil }
        let call: CallID? = hasCall == 1 ? CallID(epoch: epoch, shard: ShardID(shard), number: number) : nil
        let content: TraceRecord.Content
        if kind == noteKind {
            content = .note(String(decoding: reader.rest(), as: UTF8.self))
        } else {
            guard let direction = TraceRecord.Direction(rawValue: kind),
                let transport = reader.u8().flatMap(transport(code:)),
                let local = reader.endpoint(), let remote = reader.endpoint()
            else { return nil }
            content = .sip(direction, transport, local: local, remote: remote, Array(reader.rest()))
        }
        return TraceRecord(
            call: call, leg: leg == noLeg ? nil : leg, at: WallTime(microsecondsSinceEpoch: Int64(bitPattern: micros)),
            content: content)
    }

    private struct Reader {
        let bytes: [UInt8]
        var position: Int
        let end: Int

        mutating func u8() -> UInt8? {
            guard position < end else { return nil }
            position += 1
            return bytes[position - 1]
        }
        mutating func u16() -> UInt16? { integer(2).map { UInt16(truncatingIfNeeded: $0) } }
        mutating func u32() -> UInt32? { integer(4).map { UInt32(truncatingIfNeeded: $0) } }
        mutating func u64() -> UInt64? { integer(8) }
        mutating func rest() -> ArraySlice<UInt8> { bytes[position..<end] }

        mutating func endpoint() -> IPEndpoint? {
            guard let family = u8(), let high = u64(), let low = u64(), let port = u16() else { return nil }
            let address: IPAddress =
                family == 4 ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : IPAddress(v6: high, low)
            return IPEndpoint(address, port)
        }

        private mutating func integer(_ width: Int) -> UInt64? {
            guard position + width <= end else { return nil }
            var value: UInt64 = 0
            for index in stride(from: width - 1, through: 0, by: -1) {
                value = value << 8 | UInt64(bytes[position + index])
            }
            position += width
            return value
        }
    }

    private static func append(_ endpoint: IPEndpoint, to out: inout [UInt8]) {
        out.append(endpoint.address.isV4 ? 4 : 6)
        append(endpoint.address.high, to: &out)
        append(endpoint.address.low, to: &out)
        append(endpoint.port, to: &out)
    }

    private static func append<Value: FixedWidthInteger>(_ value: Value, to out: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { out.append(contentsOf: $0) }
    }

    private static func store(_ value: UInt32, at position: Int, in out: inout [UInt8]) {
        for index in 0..<4 { out[position + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index)) }
    }

    private static func load32(_ bytes: [UInt8], _ position: Int) -> UInt32 {
        var value: UInt32 = 0
        for index in stride(from: 3, through: 0, by: -1) { value = value << 8 | UInt32(bytes[position + index]) }
        return value
    }

    private static func code(_ transport: SIPTransportKind) -> UInt8 {
        switch transport {
        case .udp: 0
        case .tcp: 1
        case .tls: 2
        case .ws: 3
        case .wss: 4
        }
    }

    private static func transport(code: UInt8) -> SIPTransportKind? {
        SIPTransportKind.allCases.first { self.code($0) == code }
    }

    /// Mixes eight bytes at a time; finds torn writes, not forgers.
    private static func checksum(_ bytes: [UInt8], _ start: Int, _ end: Int) -> UInt32 {
        bytes.withUnsafeBytes { raw in
            var hash: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: end - start)
            var position: Int = start
            while position + 8 <= end {
                let word: UInt64 = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: position, as: UInt64.self))
                hash = (hash ^ word) &* 0xFF51_AFD7_ED55_8CCD
                hash ^= hash >> 32
                position += 8
            }
            while position < end {
                hash = (hash ^ UInt64(raw[position])) &* 0xFF51_AFD7_ED55_8CCD
                hash ^= hash >> 32
                position += 1
            }
            return UInt32(truncatingIfNeeded: hash ^ (hash >> 29))
        }
    }
}
