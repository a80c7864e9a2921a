/// The names a message is sorted by while it is read, found by a small open hash.
struct FieldNameTable: Sendable {
    static let shared = FieldNameTable()

    /// Long forms with their compact form's letter, or nil; ``SIPFieldName`` gives them their codes by position.
    static let names: [(name: String, compact: Character?)] = [
        ("Via", "v"),
        ("From", "f"),
        ("To", "t"),
        ("Call-ID", "i"),
        ("CSeq", nil),
        ("Max-Forwards", nil),
        ("Contact", "m"),
        ("Route", nil),
        ("Record-Route", nil),
        ("Content-Length", "l"),
        ("Content-Type", "c"),
        ("Content-Disposition", nil),
        ("Content-Encoding", "e"),
        ("Content-Language", nil),
        ("Expires", nil),
        ("Min-Expires", nil),
        ("Require", nil),
        ("Proxy-Require", nil),
        ("Supported", "k"),
        ("Unsupported", nil),
        ("Allow", nil),
        ("Accept", nil),
        ("Accept-Encoding", nil),
        ("Accept-Language", nil),
        ("Alert-Info", nil),
        ("Authentication-Info", nil),
        ("Authorization", nil),
        ("Call-Info", nil),
        ("Date", nil),
        ("Error-Info", nil),
        ("In-Reply-To", nil),
        ("MIME-Version", nil),
        ("Organization", nil),
        ("Priority", nil),
        ("Proxy-Authenticate", nil),
        ("Proxy-Authorization", nil),
        ("Proxy-Authentication-Info", nil),
        ("Reply-To", nil),
        ("Retry-After", nil),
        ("Server", nil),
        ("Subject", "s"),
        ("Timestamp", nil),
        ("User-Agent", nil),
        ("Warning", nil),
        ("WWW-Authenticate", nil),
        ("RSeq", nil),
        ("RAck", nil),
        ("Session-Expires", "x"),
        ("Min-SE", nil),
        ("Reason", nil),
        ("Path", nil),
        ("Service-Route", nil),
        ("History-Info", nil),
        ("Diversion", nil),
        ("P-Asserted-Identity", nil),
        ("P-Preferred-Identity", nil),
        ("Privacy", nil),
        ("Event", "o"),
        ("Allow-Events", "u"),
        ("Subscription-State", nil),
        ("Refer-To", "r"),
        ("Referred-By", "b"),
        ("Refer-Sub", nil),
        ("Target-Dialog", nil),
        ("Replaces", nil),
        ("Join", nil),
        ("Resource-Priority", nil),
        ("Accept-Resource-Priority", nil),
        ("Geolocation", nil),
        ("Geolocation-Routing", nil),
        ("Geolocation-Error", nil),
        ("Identity", "y"),
        ("Identity-Info", "n"),
        ("Flow-Timer", nil),
        ("SIP-ETag", nil),
        ("SIP-If-Match", nil),
        ("Request-Disposition", "d"),
        ("Accept-Contact", "a"),
        ("Reject-Contact", "j"),
        ("Answer-Mode", nil),
        ("Session-ID", nil),
        ("User-to-User", nil),
        ("Info-Package", nil),
        ("Recv-Info", nil),
        ("Max-Breadth", nil),
        ("Suppress-If-Match", nil),
        ("Permission-Missing", nil),
        ("Feature-Caps", nil),
        ("P-Access-Network-Info", nil),
        ("P-Charging-Vector", nil),
        ("P-Called-Party-ID", nil),
        ("P-Early-Media", nil),
        ("P-Answer-State", nil),
        ("Remote-Party-ID", nil),
        ("Security-Client", nil),
        ("Security-Server", nil),
        ("Security-Verify", nil),
        ("Alert-Mode", nil),
    ]

    private let slots: [UInt8]
    private let compacts: [UInt8]
    private let lowercase: [[UInt8]]

    private init() {
        var slots: [UInt8] = Array(repeating: 0, count: 512)
        var compacts: [UInt8] = Array(repeating: 0, count: 26)
        var lowercase: [[UInt8]] = []
        for (position, entry) in Self.names.enumerated() {
            let bytes = entry.name.utf8.map { Octet.lowercased($0) }
            lowercase.append(bytes)
            var slot = Self.hash(bytes, 0, bytes.count)
            while slots[slot] != 0 { slot = (slot + 1) & 511 }
            slots[slot] = UInt8(position + 1)
            if let letter = entry.compact?.asciiValue { compacts[Int(letter) - 0x61] = UInt8(position + 1) }
        }
        (self.slots, self.compacts, self.lowercase) = (slots, compacts, lowercase)
    }

    /// `start < end`.
    private static func hash(_ bytes: [UInt8], _ start: Int, _ end: Int) -> Int {
        let first = Int(Octet.lowercased(bytes[start]))
        let middle = Int(Octet.lowercased(bytes[(start + end) >> 1]))
        let last = Int(Octet.lowercased(bytes[end - 1]))
        return (first &* 7 &+ middle &* 31 &+ last &* 53 &+ (end - start) &* 17) & 511
    }

    /// The code of the name at `start..<end`; 0 when it is not well known.
    func code(of bytes: [UInt8], _ start: Int, _ end: Int) -> UInt8 {
        guard start < end else { return 0 }
        if end - start == 1 {
            let letter = Octet.lowercased(bytes[start])
            return letter >= 0x61 && letter <= 0x7A ? compacts[Int(letter) - 0x61] : 0
        }
        var slot = Self.hash(bytes, start, end)
        while slots[slot] != 0 {
            let code = slots[slot]
            if matches(lowercase[Int(code) - 1], bytes, start, end) { return code }
            slot = (slot + 1) & 511
        }
        return 0
    }

    private func matches(_ name: [UInt8], _ bytes: [UInt8], _ start: Int, _ end: Int) -> Bool {
        guard name.count == end - start else { return false }
        for index in 0..<name.count where name[index] != Octet.lowercased(bytes[start + index]) { return false }
        return true
    }
}
