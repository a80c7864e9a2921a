import Basics

/// Names that the machine's hosts file gives addresses to; they come before DNS.
package struct HostsFile: Hashable, Sendable {
    private var addresses: [String: [IPAddress]] = [:]

    package init(_ text: [UInt8]) {
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let content = line.prefix { $0 != UInt8(ascii: "#") }
            let words = content.split {
                $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r")
            }
            guard let first = words.first, let address = IPAddress(ascii: first) else { continue }
            for word in words.dropFirst() {
                let name = DNSQuestion.canonical(String(decoding: word, as: UTF8.self))
                if addresses[name]?.contains(address) != true { addresses[name, default: []].append(address) }
            }
        }
    }

    /// nil when the file does not name the host, or gives it no address of that family while DNS might.
    package func answer(to question: DNSQuestion) -> DNSAnswer? {
        guard question.type == .a || question.type == .aaaa, let known = addresses[question.name] else { return nil }
        let fitting = known.filter { $0.isV4 == (question.type == .a) }
        return fitting.isEmpty ? nil : .records(fitting.map { .address($0) })
    }
}
