internal import Identity
internal import SDP
internal import SIPMessage

/// What a party tells of the faxes it takes.
extension Leg {
    /// Whether a message's Contact says that its author takes T.38 (RFC 6913 §4).
    static func takesFax(_ message: SIPMessage) -> Bool {
        guard message.has(.contact), let contact = (try? message.contact()) ?? nil else { return false }
        return contact.parameters["+sip.fax"].map(namesT38) ?? false
    }

    /// The same of the parameters a phone registered with, as `;name=value` text.
    static func takesFax(contactParameters text: String) -> Bool {
        guard !text.isEmpty, let start = text.lowercased().firstRange(of: "+sip.fax=") else { return false }
        return namesT38(String(text[start.upperBound...].prefix { $0 != ";" }))
    }

    /// Its media has to be encrypted, which T.38 is not.
    var wantsEncryption: Bool { settings.encryption == .required || settings.encryption == .webrtc }

    /// A list of quoted words, as feature tags are written (RFC 3840 §9).
    private static func namesT38(_ value: String) -> Bool {
        value.lowercased().split { ",\"<> ".contains($0) }.contains("t38")
    }

    /// Notes that a party described T.38, in use or among what it could do (RFC 3407 §3).
    mutating func learnFax(from description: SessionDescription) {
        guard !speaksT38 else { return }
        speaksT38 =
            description.media.contains { $0.isT38 && !$0.isRejected || Self.couldFax($0.attributes) }
            || Self.couldFax(description.attributes)
    }

    private static func couldFax(_ attributes: [SDPAttribute]) -> Bool {
        attributes.contains { attribute in
            guard attribute.name.lowercased() == "cdsc", let value = attribute.value else {
                return false
            }
            let words = value.lowercased().split { $0 == " " }
            return words.contains("image") && words.contains("udptl") && words.contains("t38")
        }
    }
}
