import Basics

/// The part of a DNS response that answers one question (RFC 1035 §4).
///
/// c-ares 1.18 gives no TTL for SRV and NAPTR, so its raw answers are read here. Bounds are checked at every step;
/// what is out of order is no answer.
package struct DNSMessage: Hashable, Sendable {
    package var records: [DNSRecord]
    /// Seconds the answer may be kept: the least of the records' TTLs, or the negative TTL of RFC 2308 §5; nil if unsaid.
    package var ttl: UInt32?
    /// The server knew: "no error" or "no such name".
    package var isAnswer: Bool

    private static let soa: UInt16 = 6
    private static let cname: UInt16 = 5
    /// Aliases followed in one answer.
    private static let aliases = 8

    /// nil when `bytes` is no response to be made sense of.
    package init?(_ bytes: [UInt8], question: DNSQuestion) {
        var cursor = DNSCursor(bytes)
        guard cursor.u16() != nil, let flags = cursor.u16(), flags & 0x8000 != 0,
            let questions = cursor.u16(), let answers = cursor.u16(), let authorities = cursor.u16(),
            cursor.u16() != nil
        else { return nil }
        isAnswer = flags & 0xF == 0 || flags & 0xF == 3
        for _ in 0..<questions {
            guard cursor.name() != nil, cursor.skip(4) else { return nil }
        }
        var entries: [Entry] = []
        for _ in 0..<answers {
            guard let entry = Entry(&cursor) else { return nil }
            entries.append(entry)
        }
        (records, ttl) = DNSMessage.select(entries, question)
        guard records.isEmpty else { return }
        ttl = nil
        for _ in 0..<authorities {
            guard let entry = Entry(&cursor) else { return }
            if case .soa(let minimum) = entry.data { ttl = min(entry.ttl, minimum) }
        }
    }

    /// The records that answer `question`, its aliases followed, and the least TTL on the way.
    private static func select(_ entries: [Entry], _ question: DNSQuestion) -> ([DNSRecord], UInt32?) {
        var name = question.name
        var ttl: UInt32?
        for _ in 0..<aliases {
            let own = entries.filter { $0.name == name }
            var records: [DNSRecord] = []
            for case (.record(let record), let life) in own.filter({ $0.type == question.type.rawValue }).map({
                ($0.data, $0.ttl)
            }) {
                records.append(record)
                ttl = min(ttl ?? life, life)
            }
            if !records.isEmpty { return (records, ttl) }
            var next: String?
            for case (.alias(let target), let life) in own.map({ ($0.data, $0.ttl) }) {
                next = target
                ttl = min(ttl ?? life, life)
            }
            guard let next else { break }
            name = next
        }
        return ([], nil)
    }

    private struct Entry {
        enum Data { case record(DNSRecord), alias(String), soa(minimum: UInt32), other }
        var name: String
        var type: UInt16
        var ttl: UInt32
        var data: Data = .other

        init?(_ cursor: inout DNSCursor) {
            guard let name = cursor.name(), let type = cursor.u16(), cursor.u16() != nil, let ttl = cursor.u32(),
                let length = cursor.u16(), cursor.has(Int(length))
            else { return nil }
            // A TTL with the top bit set means zero (RFC 2181 §8).
            (self.name, self.type, self.ttl) = (name, type, ttl >> 31 == 0 ? ttl : 0)
            let end = cursor.index + Int(length)
            var inner = cursor
            inner.end = end
            // Compressed names point back into the whole message, so only the end is drawn in.
            data = Entry.content(type, &inner, length: Int(length))
            cursor.index = end
        }

        private static func content(_ type: UInt16, _ cursor: inout DNSCursor, length: Int) -> Data {
            switch type {
            case DNSRecordType.a.rawValue:
                guard length == 4, let value = cursor.u32() else { return .other }
                return .record(.address(IPAddress(v4: value)))
            case DNSRecordType.aaaa.rawValue:
                guard length == 16, let address = cursor.bytes(16).flatMap({ IPAddress(octets: $0) }) else {
                    return .other
                }
                return .record(.address(address))
            case DNSRecordType.srv.rawValue:
                guard let priority = cursor.u16(), let weight = cursor.u16(), let port = cursor.u16(),
                    let target = cursor.name()
                else { return .other }
                return .record(.srv(SRVRecord(priority: priority, weight: weight, port: port, target: target)))
            case DNSRecordType.naptr.rawValue:
                guard let order = cursor.u16(), let preference = cursor.u16(), let flags = cursor.text(),
                    let services = cursor.text(), cursor.text() != nil, let replacement = cursor.name()
                else { return .other }
                return .record(
                    .naptr(
                        NAPTRRecord(
                            order: order, preference: preference, flags: flags, services: services,
                            replacement: replacement)))
            case DNSMessage.cname: return cursor.name().map { .alias($0) } ?? .other
            case DNSMessage.soa:
                guard cursor.name() != nil, cursor.name() != nil, cursor.skip(16), let minimum = cursor.u32() else {
                    return .other
                }
                return .soa(minimum: minimum)
            default: return .other
            }
        }
    }
}

/// Reads a DNS message from front to back.
struct DNSCursor {
    private let message: [UInt8]
    var index = 0
    /// Where reading stops; names may point anywhere before.
    var end: Int

    init(_ message: [UInt8]) {
        self.message = message
        end = message.count
    }

    func has(_ count: Int) -> Bool { index + count <= end && end <= message.count }

    mutating func skip(_ count: Int) -> Bool {
        guard has(count) else { return false }
        index += count
        return true
    }

    mutating func bytes(_ count: Int) -> ArraySlice<UInt8>? {
        guard has(count) else { return nil }
        defer { index += count }
        return message[index..<(index + count)]
    }

    mutating func u16() -> UInt16? {
        bytes(2).map { $0.reduce(0) { $0 << 8 | UInt16($1) } }
    }

    mutating func u32() -> UInt32? {
        bytes(4).map { $0.reduce(0) { $0 << 8 | UInt32($1) } }
    }

    /// A character string (RFC 1035 §3.3).
    mutating func text() -> String? {
        guard let length = bytes(1)?.first, let content = bytes(Int(length)) else { return nil }
        return String(decoding: content, as: UTF8.self)
    }

    /// A name in lower case without the final dot, compression followed (RFC 1035 §4.1.4).
    mutating func name() -> String? {
        var labels: [String] = []
        var total = 0
        var position = index
        var limit = end
        var jumped = false
        while true {
            guard position < limit else { return nil }
            let length = Int(message[position])
            if length >= 0xC0 {
                guard position + 1 < limit else { return nil }
                let target = (length & 0x3F) << 8 | Int(message[position + 1])
                if !jumped { index = position + 2 }
                // Pointers only lead back, so that they can't go in circles.
                guard target < position else { return nil }
                jumped = true
                (position, limit) = (target, position)
                continue
            }
            guard length < 64, position + 1 + length <= limit else { return nil }
            if length == 0 {
                if !jumped { index = position + 1 }
                return labels.joined(separator: ".").lowercased()
            }
            total += length + 1
            guard total < 255 else { return nil }
            let label = message[(position + 1)..<(position + 1 + length)]
            // A dot inside a label could pass for another name.
            guard !label.contains(UInt8(ascii: ".")), !label.contains(0) else { return nil }
            labels.append(String(decoding: label, as: UTF8.self))
            position += 1 + length
        }
    }
}
