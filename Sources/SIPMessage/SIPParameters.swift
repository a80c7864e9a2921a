/// Parameters of a header field or a URI: ordered, their names compared without regard to case (RFC 3261 §7.3.1).
///
/// Values are held decoded: a quoted string without its quotes, a URI's without its escapes.
public struct SIPParameters: Hashable, Sendable, ExpressibleByDictionaryLiteral, CustomStringConvertible {
    public struct Item: Hashable, Sendable {
        public let name: String
        /// nil for a flag such as `lr`.
        public let value: String?
        /// Whether the value stood in quotes, and so is written in them.
        public let isQuoted: Bool

        public init(name: String, value: String?, isQuoted: Bool = false) {
            (self.name, self.value, self.isQuoted) = (name, value, isQuoted)
        }
    }

    public private(set) var items: [Item]

    public init() { items = [] }
    public init(items: [Item]) { self.items = items }
    public init(dictionaryLiteral elements: (String, String?)...) {
        items = elements.map { Item(name: $0.0, value: $0.1) }
    }

    public var isEmpty: Bool { items.isEmpty }

    /// The first value of that name; nil when it is absent or a flag. Setting nil removes it; see ``setFlag(_:)``.
    public subscript(name: String) -> String? {
        get { index(of: name).flatMap { items[$0].value } }
        set {
            guard let newValue else { return remove(name) }
            set(Item(name: name, value: newValue))
        }
    }

    /// True for a flag and for a parameter with a value.
    public func contains(_ name: String) -> Bool { index(of: name) != nil }

    /// Sets a parameter that has no value.
    public mutating func setFlag(_ name: String) { set(Item(name: name, value: nil)) }

    /// Sets a value that is written in quotes whatever its characters, as `+sip.instance` and `text` ask.
    public mutating func setQuoted(_ name: String, _ value: String) {
        set(Item(name: name, value: value, isQuoted: true))
    }

    public mutating func remove(_ name: String) { items.removeAll { equalsIgnoringCase($0.name, name) } }

    private mutating func set(_ item: Item) {
        if let index = index(of: item.name) { items[index] = item } else { items.append(item) }
    }

    private func index(of name: String) -> Int? {
        for index in items.indices where equalsIgnoringCase(items[index].name, name) { return index }
        return nil
    }

    /// As they follow a header field's value: `;name=value`, quoted where a token does not do.
    public var description: String {
        var out: [UInt8] = []
        write(to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    func write(to out: inout [UInt8]) {
        for item in items {
            out.append(Octet.semicolon)
            appendEscaped(item.name, allowed: .token, to: &out)
            guard let value = item.value else { continue }
            out.append(Octet.equal)
            if item.isQuoted || value.isEmpty || !OctetSet.parameterValue.containsAll(value) {
                appendQuoted(value, to: &out)
            } else {
                out.append(contentsOf: value.utf8)
            }
        }
    }

    /// As they stand in a URI: `;name=value`, escaped (RFC 3261 §19.1.1).
    func writeURI(to out: inout [UInt8]) {
        for item in items {
            out.append(Octet.semicolon)
            appendEscaped(item.name, allowed: .uriParameter, to: &out)
            guard let value = item.value else { continue }
            out.append(Octet.equal)
            appendEscaped(value, allowed: .uriParameter, to: &out)
        }
    }
}

/// Appends `text` in quotes; `"` and `\` escaped, and NUL too, as it is legal only so (RFC 3261 §25.1).
func appendQuoted(_ text: String, to out: inout [UInt8]) {
    out.append(Octet.quote)
    for byte in text.utf8 {
        if byte == Octet.quote || byte == Octet.backslash || byte == 0 || byte == 0x7F { out.append(Octet.backslash) }
        out.append(byte)
    }
    out.append(Octet.quote)
}

/// Appends `text`, each byte outside `allowed` as `%hh`.
func appendEscaped(_ text: String, allowed: OctetSet, to out: inout [UInt8]) {
    for byte in text.utf8 {
        if allowed.contains(byte) {
            out.append(byte)
        } else {
            out.append(Octet.percent)
            out.append(Octet.hexDigits[Int(byte >> 4)])
            out.append(Octet.hexDigits[Int(byte & 15)])
        }
    }
}
