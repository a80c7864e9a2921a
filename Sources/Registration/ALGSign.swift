internal import Basics

/// A trace that a router's SIP helper ("SIP ALG") rewrote a registration on its way.
///
/// Told from one request over UDP or TCP (inside TLS nothing can be rewritten) that came from a public address without a Path:
/// a phone knows its own private address, or by STUN its public one, and writes the same one in Via and Contact.
public enum ALGSign: String, Hashable, Sendable, CaseIterable {
    /// Via has a private address and Contact the public source address: the Contact was rewritten.
    case contactRewritten = "contact-rewritten"
    /// Via has the public source address and Contact a private one: the Via was rewritten.
    case viaRewritten = "via-rewritten"
    /// Via has a private address and Contact a public one that is not the source: rewritten to an address that is wrong.
    case contactMangled = "contact-mangled"

    /// What was seen, in plain words.
    public var finding: String {
        switch self {
        case .contactRewritten: "a router rewrote the phone's Contact to its public address (SIP ALG)"
        case .viaRewritten: "a router rewrote the phone's Via to its public address but left the Contact (SIP ALG)"
        case .contactMangled: "a router rewrote the phone's Contact to an address it does not send from (SIP ALG)"
        }
    }

    /// What to do about it.
    public var cure: String {
        "switch SIP ALG off in the router at the phone's site, or have the phone use TLS or the server's second port"
    }

    /// Judges the addresses of one registration.
    /// - Parameters:
    ///   - via: the sent-by host of the only Via.
    ///   - contact: the host of the Contact URI.
    static func judge(via: String, contact: String, source: IPAddress) -> ALGSign? {
        guard !source.isPrivate, let viaAddress = IPAddress(via), let contactAddress = IPAddress(contact) else {
            return nil
        }
        if viaAddress.isPrivate, contactAddress == source { return .contactRewritten }
        if viaAddress == source, contactAddress.isPrivate { return .viaRewritten }
        if viaAddress.isPrivate, !contactAddress.isPrivate { return .contactMangled }
        return nil
    }
}
