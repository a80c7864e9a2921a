internal import MediaNegotiation
internal import SIPMessage

/// Why a description could not be passed on.
enum MediaRefusal: Error, Sendable {
    /// No network of ours reaches the party, or no port is free on it.
    case noPort
    /// A value in it is illegal.
    case unwritable
    case incompatible(MediaIncompatibility)
    /// It is encrypted, or not, against the settings.
    case insecure(EncryptionRefusal, party: String)

    /// What the author of the description is answered.
    var status: SIPStatus {
        switch self {
        case .noPort: .serviceUnavailable
        case .unwritable: .serverInternalError
        case .incompatible, .insecure: .notAcceptableHere
        }
    }

    /// - Parameters:
    ///   - offerer: the party whose offer is refused, in words.
    ///   - answerer: the other one.
    func fields(offerer: String, answerer: String) -> [(SIPFieldName, String)] {
        switch self {
        case .noPort: [(.retryAfter, "5")]
        case .unwritable: []
        case .insecure(let why, let party): [(.warning, Call.warning(why, of: party))]
        case .incompatible(let why): [(.warning, Call.warning(why.lists(offerer: offerer, answerer: answerer)))]
        }
    }
}

extension Call {
    /// A Warning that says what the media lack: incompatible media format (RFC 3261 §20.43).
    static func warning(_ lists: String) -> String {
        "305 martinet \"\(warningText("Incompatible media format: \(lists)"))\""
    }

    /// A Warning that says how the media's packets may travel: incompatible transport protocol.
    static func warning(_ why: EncryptionRefusal, of party: String) -> String {
        "302 martinet \"\(warningText("Incompatible transport protocol: \(why.explanation(of: party))"))\""
    }
}
