/// A piece of a ClientHello before any encryption, as a record of its own (RFC 6347 §4.1, §4.2.2).
struct HelloPiece {
    /// Of record header and handshake header.
    static let headerLength: Int = 25

    /// The record's version, epoch and number.
    let recordHead: ArraySlice<UInt8>
    /// 0 of a first ClientHello, 1 of the one that brings a cookie back.
    let message: UInt16
    /// Of the whole message.
    let length: Int
    let offset: Int
    let body: ArraySlice<UInt8>

    var isWhole: Bool { offset == 0 && body.count == length }

    /// Nil where the datagram does not begin with one, or with one that can't be right.
    init?(_ datagram: [UInt8]) {
        guard datagram.count > Self.headerLength, datagram[0] == 22, datagram[3] == 0, datagram[4] == 0,
            datagram[13] == 1
        else { return nil }
        func number(_ place: Int) -> Int { Int(datagram[place]) << 8 | Int(datagram[place + 1]) }
        func longNumber(_ place: Int) -> Int { Int(datagram[place]) << 16 | number(place + 1) }
        let record: Int = number(11)
        let count: Int = longNumber(22)
        (length, offset, message) = (longNumber(14), longNumber(19), UInt16(number(17)))
        guard count > 0, count == record - 12, Self.headerLength + count <= datagram.count, offset + count <= length
        else { return nil }
        recordHead = datagram[1..<11]
        body = datagram[Self.headerLength..<(Self.headerLength + count)]
    }

    /// Whether the cookie, or that there is none, can be seen in it: such a piece needs no others to be answered.
    var showsCookie: Bool {
        guard offset == 0, body.count > 34 else { return false }
        let start: Int = body.startIndex
        let place: Int = start + 35 + Int(body[start + 34])
        guard place < body.endIndex else { return false }
        return place + 1 + Int(body[place]) <= body.endIndex
    }

    /// A whole message as one record.
    static func datagram(of body: [UInt8], message: UInt16, recordHead: ArraySlice<UInt8>) -> [UInt8] {
        let record: Int = body.count + 12
        let (high, middle, low) = (UInt8(body.count >> 16), UInt8(body.count >> 8 & 0xFF), UInt8(body.count & 0xFF))
        var result: [UInt8] = [22] + recordHead
        result += [UInt8(record >> 8 & 0xFF), UInt8(record & 0xFF), 1, high, middle, low]
        result += [UInt8(message >> 8), UInt8(message & 0xFF), 0, 0, 0, high, middle, low]
        return result + body
    }
}
