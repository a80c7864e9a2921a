import SIPMessage
import Testing

/// One torture message and what becomes of it.
struct TortureCase: Sendable, CustomTestStringConvertible {
    enum Outcome: Sendable {
        /// Well formed, and nothing in the message alone speaks against serving it.
        case parses
        /// Well formed; the request screening answers it.
        case screened(SIPStatus)
        /// Well formed for the parser; what a layer above reads of it is not, or not known there. The status is that layer's.
        case answeredAbove(SIPStatus, String)
        /// Refused by the parser, which writes the answer.
        case refused(SIPParseError.Kind, rule: String, SIPStatus)
        /// Dropped without an answer.
        case silence(SIPParseError.Kind, rule: String)
    }

    let file: String
    let section: String
    let outcome: Outcome

    init(_ file: String, _ section: String, _ outcome: Outcome) {
        (self.file, self.section, self.outcome) = (file, section, outcome)
    }

    var testDescription: String { "\(file) (\(section))" }
}

extension TortureCase {
    static let all: [TortureCase] = valid + invalid + transactionAndApplication + ipv6

    /// RFC 4475 §3.1.1.
    static let valid: [TortureCase] = [
        TortureCase("wsinv", "RFC 4475 §3.1.1.1", .parses),
        TortureCase("intmeth", "RFC 4475 §3.1.1.2", .screened(.notImplemented)),
        TortureCase("esc01", "RFC 4475 §3.1.1.3", .parses),
        TortureCase("escnull", "RFC 4475 §3.1.1.4", .parses),
        TortureCase("esc02", "RFC 4475 §3.1.1.5", .screened(.notImplemented)),
        TortureCase("lwsdisp", "RFC 4475 §3.1.1.6", .parses),
        TortureCase("longreq", "RFC 4475 §3.1.1.7", .parses),
        TortureCase("dblreq", "RFC 4475 §3.1.1.8", .parses),
        TortureCase("semiuri", "RFC 4475 §3.1.1.9", .parses),
        TortureCase("transports", "RFC 4475 §3.1.1.10", .parses),
        TortureCase("mpart01", "RFC 4475 §3.1.1.11", .screened(.unsupportedMediaType)),
        TortureCase("unreason", "RFC 4475 §3.1.1.12", .parses),
        TortureCase("noreason", "RFC 4475 §3.1.1.13", .parses),
    ]

    /// RFC 4475 §3.1.2.
    static let invalid: [TortureCase] = [
        TortureCase("badinv01", "RFC 4475 §3.1.2.1", .refused(.badValue, rule: "RFC 3261 §20.42", .badRequest)),
        TortureCase("clerr", "RFC 4475 §3.1.2.2", .refused(.truncated, rule: "RFC 3261 §18.3", .badRequest)),
        TortureCase("ncl", "RFC 4475 §3.1.2.3", .refused(.badContentLength, rule: "RFC 3261 §20.14", .badRequest)),
        TortureCase("scalar02", "RFC 4475 §3.1.2.4", .refused(.outOfRange, rule: "RFC 3261 §8.1.1.5", .badRequest)),
        TortureCase("scalarlg", "RFC 4475 §3.1.2.5", .silence(.outOfRange, rule: "RFC 3261 §8.1.1.5")),
        TortureCase("quotbal", "RFC 4475 §3.1.2.6", .refused(.badValue, rule: "RFC 3261 §25.1", .badRequest)),
        TortureCase("ltgtruri", "RFC 4475 §3.1.2.7", .refused(.badValue, rule: "RFC 3261 §19.1.1", .badRequest)),
        TortureCase("lwsruri", "RFC 4475 §3.1.2.8", .refused(.badValue, rule: "RFC 3261 §19.1.1", .badRequest)),
        // The extra spaces and missing quotes of these four may be ignored, and are.
        TortureCase("lwsstart", "RFC 4475 §3.1.2.9", .parses),
        TortureCase("trws", "RFC 4475 §3.1.2.10", .parses),
        TortureCase("escruri", "RFC 4475 §3.1.2.11", .refused(.badStartLine, rule: "RFC 3261 §19.1.1", .badRequest)),
        // Only a reader of Date sees that it is malformed; nobody needs it in an INVITE.
        TortureCase("baddate", "RFC 4475 §3.1.2.12", .parses),
        TortureCase("regbadct", "RFC 4475 §3.1.2.13", .answeredAbove(.badRequest, "the registrar reads Contact")),
        TortureCase("badaspec", "RFC 4475 §3.1.2.14", .parses),
        TortureCase("baddn", "RFC 4475 §3.1.2.15", .parses),
        TortureCase(
            "badvers", "RFC 4475 §3.1.2.16", .refused(.badVersion, rule: "RFC 3261 §21.5.6", .versionNotSupported)),
        TortureCase(
            "mismatch01", "RFC 4475 §3.1.2.17", .refused(.methodMismatch, rule: "RFC 3261 §8.1.1.5", .badRequest)),
        TortureCase(
            "mismatch02", "RFC 4475 §3.1.2.18", .refused(.methodMismatch, rule: "RFC 3261 §8.1.1.5", .badRequest)),
        TortureCase("bigcode", "RFC 4475 §3.1.2.19", .silence(.outOfRange, rule: "RFC 3261 §7.2")),
    ]

    /// RFC 4475 §3.2, §3.3 and §3.4.
    static let transactionAndApplication: [TortureCase] = [
        TortureCase("badbranch", "RFC 4475 §3.2.1", .parses),
        TortureCase("insuf", "RFC 4475 §3.3.1", .refused(.missingField, rule: "RFC 3261 §8.1.1", .badRequest)),
        TortureCase("unkscm", "RFC 4475 §3.3.2", .screened(.unsupportedURIScheme)),
        TortureCase("novelsc", "RFC 4475 §3.3.3", .screened(.unsupportedURIScheme)),
        TortureCase("unksm2", "RFC 4475 §3.3.4", .answeredAbove(.notFound, "the registrar serves no such To")),
        TortureCase("bext01", "RFC 4475 §3.3.5", .screened(.badExtension)),
        TortureCase("invut", "RFC 4475 §3.3.6", .screened(.unsupportedMediaType)),
        TortureCase("regaut01", "RFC 4475 §3.3.7", .answeredAbove(.unauthorized, "no credentials of a known scheme")),
        TortureCase("multi01", "RFC 4475 §3.3.8", .refused(.duplicateField, rule: "RFC 3261 §7.3.1", .badRequest)),
        TortureCase("mcl01", "RFC 4475 §3.3.9", .refused(.badContentLength, rule: "RFC 3261 §20.14", .badRequest)),
        // A client's second Via is no business of the server's: the response matches no transaction and is dropped there.
        TortureCase("bcast", "RFC 4475 §3.3.10", .parses),
        // OPTIONS at its last hop is for this server itself, so no 483 (RFC 3261 §11.2).
        TortureCase("zeromf", "RFC 4475 §3.3.11", .parses),
        TortureCase("cparam01", "RFC 4475 §3.3.12", .parses),
        TortureCase("cparam02", "RFC 4475 §3.3.13", .parses),
        TortureCase("regescrt", "RFC 4475 §3.3.14", .parses),
        TortureCase("sdp01", "RFC 4475 §3.3.15", .screened(.notAcceptable)),
        TortureCase("inv2543", "RFC 4475 §3.4.1", .parses),
    ]

    /// RFC 5118 §4.
    static let ipv6: [TortureCase] = [
        TortureCase("ipv6-good", "RFC 5118 §4.1", .parses),
        TortureCase("ipv6-bad", "RFC 5118 §4.2", .refused(.badValue, rule: "RFC 3261 §19.1.1", .badRequest)),
        TortureCase("port-ambiguous", "RFC 5118 §4.3", .parses),
        TortureCase("port-unambiguous", "RFC 5118 §4.4", .parses),
        TortureCase("via-received-param-with-delim", "RFC 5118 §4.5", .parses),
        TortureCase("via-received-param-no-delim", "RFC 5118 §4.5", .parses),
        TortureCase("ipv6-in-sdp", "RFC 5118 §4.6", .parses),
        TortureCase("mult-ip-in-header", "RFC 5118 §4.7", .parses),
        TortureCase("mult-ip-in-sdp", "RFC 5118 §4.8", .parses),
        TortureCase("ipv4-mapped-ipv6", "RFC 5118 §4.9", .parses),
        TortureCase(
            "ipv6-bug-abnf-3-colons", "RFC 5118 §4.10", .refused(.badValue, rule: "RFC 3261 §19.1.1", .badRequest)),
        TortureCase("ipv6-correct-abnf-2-colons", "RFC 5118 §4.10", .parses),
    ]
}
