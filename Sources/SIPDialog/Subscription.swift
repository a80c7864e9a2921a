/// Event subscriptions (RFC 6665): the two machines ``Subscription/Notifier`` and ``Subscription/Subscriber``, and what
/// they share.
public enum Subscription {
    /// What names a subscription within its dialog: the Event field's package and id (RFC 6665 §8.2.1).
    public struct Key: Hashable, Sendable {
        public let package: String
        public let id: String?

        public init(package: String, id: String? = nil) { (self.package, self.id) = (package, id) }

        /// The subscription a REFER makes without SUBSCRIBE; its id is the REFER's CSeq number (RFC 3515 §2.4.6).
        ///
        /// The first REFER of a dialog may leave the id out, and its NOTIFYs then have none either.
        public static func implicit(refer cseq: UInt32, isFirstInDialog: Bool) -> Key {
            Key(package: "refer", id: isFirstInDialog ? nil : String(cseq))
        }

        /// The value of the Event header field.
        public var fieldValue: String { id.map { "\(package);id=\($0)" } ?? package }
    }

    /// Why a subscription ended (RFC 6665 §4.1.3), and what its subscriber does next.
    public enum EndReason: Hashable, Sendable {
        case deactivated, probation, rejected, timeout, giveUp, noResource, invariant
        /// One of an extension, or none: like a subscription that may be asked for again.
        case other(String?)

        public init(_ text: String?) {
            switch text?.lowercased() {
            case "deactivated": self = .deactivated
            case "probation": self = .probation
            case "rejected": self = .rejected
            case "timeout": self = .timeout
            case "giveup": self = .giveUp
            case "noresource": self = .noResource
            case "invariant": self = .invariant
            default: self = .other(text)
            }
        }

        /// As in the `reason` parameter; nil where there is none.
        public var text: String? {
            switch self {
            case .deactivated: "deactivated"
            case .probation: "probation"
            case .rejected: "rejected"
            case .timeout: "timeout"
            case .giveUp: "giveup"
            case .noResource: "noresource"
            case .invariant: "invariant"
            case .other(let text): text
            }
        }

        /// When the subscriber may ask again; `retryAfter` is the parameter beside the reason (RFC 6665 §4.1.3).
        public func resubscription(retryAfter: Duration?) -> Resubscription {
            switch self {
            case .deactivated, .timeout: .now
            case .probation, .giveUp, .other: retryAfter.map { .after($0) } ?? .now
            case .rejected, .noResource, .invariant: .never
            }
        }
    }

    /// Whether and when a subscription that ended may be asked for again, in a new dialog.
    public enum Resubscription: Hashable, Sendable { case now, after(Duration), never }

    /// The value of a NOTIFY's Subscription-State (RFC 6665 §8.2.3).
    public enum Status: Hashable, Sendable {
        /// Seconds left.
        case pending(expires: UInt32?)
        /// Seconds left.
        case active(expires: UInt32?)
        /// Seconds before asking again is welcome.
        case terminated(EndReason, retryAfter: UInt32?)

        public var fieldValue: String {
            switch self {
            case .pending(let expires): return "pending" + (expires.map { ";expires=\($0)" } ?? "")
            case .active(let expires): return "active" + (expires.map { ";expires=\($0)" } ?? "")
            case .terminated(let reason, let retryAfter):
                return "terminated" + (reason.text.map { ";reason=\($0)" } ?? "")
                    + (retryAfter.map { ";retry-after=\($0)" } ?? "")
            }
        }
    }

    /// What an event package puts up with; in seconds.
    public struct Limits: Hashable, Sendable {
        public let minimum: UInt32
        public let maximum: UInt32
        /// Taken where the SUBSCRIBE has no Expires; the package's own default.
        public let standard: UInt32

        /// Values are brought into order: `minimum` ≤ `standard` ≤ `maximum`, `maximum` ≤ 2³¹.
        public init(minimum: UInt32 = 60, standard: UInt32 = 3600, maximum: UInt32 = 7200) {
            self.maximum = max(1, min(maximum, 1 << 31))
            self.minimum = min(minimum, self.maximum)
            self.standard = min(max(standard, self.minimum), self.maximum)
        }
    }

    /// What a notifier says to a SUBSCRIBE before any question of rights (RFC 6665 §4.2.1).
    public enum SubscribeVerdict: Hashable, Sendable {
        /// Answer 200 with this Expires (seconds; 0 ends or fetches), then feed
        /// ``Notifier/Event/subscribed(expires:)``.
        case accept(Key, expires: UInt32)
        /// Answer 489 with Allow-Events naming the packages.
        case badEvent
        /// Answer 423 with this Min-Expires.
        case tooBrief(minimum: UInt32)
        /// Answer 400.
        case malformed
    }
}
