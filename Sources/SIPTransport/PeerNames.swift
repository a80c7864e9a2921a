package import Basics
import SwiftASN1
import X509

/// The names a certificate gives its holder (RFC 5922 §7.1).
package struct PeerNames: Hashable, Sendable {
    /// Hosts of `sip:` URIs.
    package var sip: [String] = []
    package var dns: [String] = []
    package var addresses: [IPAddress] = []
    /// Only consulted where there is no alternative name at all.
    package var commonName: String?

    package init() {}

    init(_ certificate: Certificate) {
        if let alternatives = try? certificate.extensions.subjectAlternativeNames {
            for name in alternatives { add(name) }
        }
        for relative in certificate.subject {
            for attribute in relative where attribute.type == .RDNAttributeType.commonName {
                commonName = String(describing: attribute.value).lowercased()
            }
        }
    }

    private mutating func add(_ name: GeneralName) {
        switch name {
        case .dnsName(let host): dns.append(host.lowercased())
        case .uniformResourceIdentifier(let text):
            let lower = text.lowercased()
            guard lower.hasPrefix("sip:") else { return }
            let host = lower.dropFirst(4)
            // RFC 5922 §7.1: a URI with a user part names a user, not a domain.
            if !host.contains("@") { sip.append(String(host)) }
        case .ipAddress(let octets):
            if let address = IPAddress(octets: octets.bytes) { addresses.append(address) }
        default: return  // the other kinds of name say nothing about a SIP domain
        }
    }

    /// True when the certificate names `name`, a host, domain or address.
    ///
    /// Without wildcards unless `wildcards` (RFC 5922 §7.2 forbids them; some carriers use them all the same), where
    /// `*` stands for one whole leftmost label.
    package func match(_ name: String, wildcards: Bool) -> Bool {
        if let address = IPAddress(name) { return addresses.contains(address) }
        let wanted = name.lowercased()
        if sip.contains(wanted) { return true }
        // Only if no URI names the domain are DNS names looked at, and only without both the common name.
        let candidates: [String] = !sip.isEmpty ? [] : !dns.isEmpty ? dns : commonName.map { [$0] } ?? []
        return candidates.contains { candidate in
            if candidate == wanted { return true }
            guard wildcards, candidate.hasPrefix("*."), let dot = wanted.firstIndex(of: ".") else { return false }
            return wanted[dot...] == candidate.dropFirst() && candidate.dropFirst(2).contains(".")
        }
    }
}

extension IPAddress {
    /// Four or sixteen bytes in network order.
    init?(octets: ArraySlice<UInt8>) {
        var high: UInt64 = 0
        var low: UInt64 = 0
        for byte in octets {
            high = high << 8 | low >> 56
            low = low << 8 | UInt64(byte)
        }
        switch octets.count {
        case 4: self.init(v4: UInt32(truncatingIfNeeded: low))
        case 16: self.init(v6: high, low)
        default: return nil
        }
    }
}
