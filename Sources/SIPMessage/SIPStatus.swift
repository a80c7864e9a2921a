/// A status code (RFC 3261 §7.2): an open set; the constants are those registered with IANA, named after their phrases.
public struct SIPStatus: Hashable, Comparable, Sendable, CustomStringConvertible, ExpressibleByIntegerLiteral {
    /// 100 ... 699.
    public let code: Int

    /// - Returns: nil outside 100 ... 699.
    public init?(_ code: Int) {
        guard (100...699).contains(code) else { return nil }
        self.code = code
    }

    /// For codes written in source; one outside 100 ... 699 is a programming error.
    public init(integerLiteral value: Int) {
        precondition((100...699).contains(value), "a SIP status code is 100 ... 699")
        code = value
    }

    private init(registered code: Int) { self.code = code }

    /// 1xx.
    public var isProvisional: Bool { code < 200 }
    /// 2xx and above.
    public var isFinal: Bool { code >= 200 }
    /// 2xx.
    public var isSuccess: Bool { code >= 200 && code < 300 }
    /// 3xx.
    public var isRedirection: Bool { code >= 300 && code < 400 }
    /// 4xx, 5xx and 6xx.
    public var isFailure: Bool { code >= 400 }
    /// 6xx: no other branch need be tried.
    public var isGlobalFailure: Bool { code >= 600 }
    /// The code's first digit, 1 ... 6.
    public var category: Int { code / 100 }

    public var description: String { String(code) }

    public static func < (lhs: SIPStatus, rhs: SIPStatus) -> Bool { lhs.code < rhs.code }
}

extension SIPStatus {
    /// 100 Trying.
    public static var trying: SIPStatus { SIPStatus(registered: 100) }
    /// 180 Ringing.
    public static var ringing: SIPStatus { SIPStatus(registered: 180) }
    /// 181 Call Is Being Forwarded.
    public static var callIsBeingForwarded: SIPStatus { SIPStatus(registered: 181) }
    /// 182 Queued.
    public static var queued: SIPStatus { SIPStatus(registered: 182) }
    /// 183 Session Progress.
    public static var sessionProgress: SIPStatus { SIPStatus(registered: 183) }
    /// 199 Early Dialog Terminated.
    public static var earlyDialogTerminated: SIPStatus { SIPStatus(registered: 199) }
    /// 200 OK.
    public static var ok: SIPStatus { SIPStatus(registered: 200) }
    /// 202 Accepted.
    public static var accepted: SIPStatus { SIPStatus(registered: 202) }
    /// 204 No Notification.
    public static var noNotification: SIPStatus { SIPStatus(registered: 204) }
    /// 300 Multiple Choices.
    public static var multipleChoices: SIPStatus { SIPStatus(registered: 300) }
    /// 301 Moved Permanently.
    public static var movedPermanently: SIPStatus { SIPStatus(registered: 301) }
    /// 302 Moved Temporarily.
    public static var movedTemporarily: SIPStatus { SIPStatus(registered: 302) }
    /// 305 Use Proxy.
    public static var useProxy: SIPStatus { SIPStatus(registered: 305) }
    /// 380 Alternative Service.
    public static var alternativeService: SIPStatus { SIPStatus(registered: 380) }
    /// 400 Bad Request.
    public static var badRequest: SIPStatus { SIPStatus(registered: 400) }
    /// 401 Unauthorized.
    public static var unauthorized: SIPStatus { SIPStatus(registered: 401) }
    /// 402 Payment Required.
    public static var paymentRequired: SIPStatus { SIPStatus(registered: 402) }
    /// 403 Forbidden.
    public static var forbidden: SIPStatus { SIPStatus(registered: 403) }
    /// 404 Not Found.
    public static var notFound: SIPStatus { SIPStatus(registered: 404) }
    /// 405 Method Not Allowed.
    public static var methodNotAllowed: SIPStatus { SIPStatus(registered: 405) }
    /// 406 Not Acceptable.
    public static var notAcceptable: SIPStatus { SIPStatus(registered: 406) }
    /// 407 Proxy Authentication Required.
    public static var proxyAuthenticationRequired: SIPStatus { SIPStatus(registered: 407) }
    /// 408 Request Timeout.
    public static var requestTimeout: SIPStatus { SIPStatus(registered: 408) }
    /// 410 Gone.
    public static var gone: SIPStatus { SIPStatus(registered: 410) }
    /// 412 Conditional Request Failed.
    public static var conditionalRequestFailed: SIPStatus { SIPStatus(registered: 412) }
    /// 413 Request Entity Too Large.
    public static var requestEntityTooLarge: SIPStatus { SIPStatus(registered: 413) }
    /// 414 Request-URI Too Long.
    public static var requestURITooLong: SIPStatus { SIPStatus(registered: 414) }
    /// 415 Unsupported Media Type.
    public static var unsupportedMediaType: SIPStatus { SIPStatus(registered: 415) }
    /// 416 Unsupported URI Scheme.
    public static var unsupportedURIScheme: SIPStatus { SIPStatus(registered: 416) }
    /// 417 Unknown Resource-Priority.
    public static var unknownResourcePriority: SIPStatus { SIPStatus(registered: 417) }
    /// 420 Bad Extension.
    public static var badExtension: SIPStatus { SIPStatus(registered: 420) }
    /// 421 Extension Required.
    public static var extensionRequired: SIPStatus { SIPStatus(registered: 421) }
    /// 422 Session Interval Too Small.
    public static var sessionIntervalTooSmall: SIPStatus { SIPStatus(registered: 422) }
    /// 423 Interval Too Brief.
    public static var intervalTooBrief: SIPStatus { SIPStatus(registered: 423) }
    /// 424 Bad Location Information.
    public static var badLocationInformation: SIPStatus { SIPStatus(registered: 424) }
    /// 425 Bad Alert Message.
    public static var badAlertMessage: SIPStatus { SIPStatus(registered: 425) }
    /// 428 Use Identity Header.
    public static var useIdentityHeader: SIPStatus { SIPStatus(registered: 428) }
    /// 429 Provide Referrer Identity.
    public static var provideReferrerIdentity: SIPStatus { SIPStatus(registered: 429) }
    /// 430 Flow Failed.
    public static var flowFailed: SIPStatus { SIPStatus(registered: 430) }
    /// 433 Anonymity Disallowed.
    public static var anonymityDisallowed: SIPStatus { SIPStatus(registered: 433) }
    /// 436 Bad Identity Info.
    public static var badIdentityInfo: SIPStatus { SIPStatus(registered: 436) }
    /// 437 Unsupported Credential.
    public static var unsupportedCredential: SIPStatus { SIPStatus(registered: 437) }
    /// 438 Invalid Identity Header.
    public static var invalidIdentityHeader: SIPStatus { SIPStatus(registered: 438) }
    /// 439 First Hop Lacks Outbound Support.
    public static var firstHopLacksOutboundSupport: SIPStatus { SIPStatus(registered: 439) }
    /// 440 Max-Breadth Exceeded.
    public static var maxBreadthExceeded: SIPStatus { SIPStatus(registered: 440) }
    /// 469 Bad Info Package.
    public static var badInfoPackage: SIPStatus { SIPStatus(registered: 469) }
    /// 470 Consent Needed.
    public static var consentNeeded: SIPStatus { SIPStatus(registered: 470) }
    /// 480 Temporarily Unavailable.
    public static var temporarilyUnavailable: SIPStatus { SIPStatus(registered: 480) }
    /// 481 Call/Transaction Does Not Exist.
    public static var callTransactionDoesNotExist: SIPStatus { SIPStatus(registered: 481) }
    /// 482 Loop Detected.
    public static var loopDetected: SIPStatus { SIPStatus(registered: 482) }
    /// 483 Too Many Hops.
    public static var tooManyHops: SIPStatus { SIPStatus(registered: 483) }
    /// 484 Address Incomplete.
    public static var addressIncomplete: SIPStatus { SIPStatus(registered: 484) }
    /// 485 Ambiguous.
    public static var ambiguous: SIPStatus { SIPStatus(registered: 485) }
    /// 486 Busy Here.
    public static var busyHere: SIPStatus { SIPStatus(registered: 486) }
    /// 487 Request Terminated.
    public static var requestTerminated: SIPStatus { SIPStatus(registered: 487) }
    /// 488 Not Acceptable Here.
    public static var notAcceptableHere: SIPStatus { SIPStatus(registered: 488) }
    /// 489 Bad Event.
    public static var badEvent: SIPStatus { SIPStatus(registered: 489) }
    /// 491 Request Pending.
    public static var requestPending: SIPStatus { SIPStatus(registered: 491) }
    /// 493 Undecipherable.
    public static var undecipherable: SIPStatus { SIPStatus(registered: 493) }
    /// 494 Security Agreement Required.
    public static var securityAgreementRequired: SIPStatus { SIPStatus(registered: 494) }
    /// 500 Server Internal Error.
    public static var serverInternalError: SIPStatus { SIPStatus(registered: 500) }
    /// 501 Not Implemented.
    public static var notImplemented: SIPStatus { SIPStatus(registered: 501) }
    /// 502 Bad Gateway.
    public static var badGateway: SIPStatus { SIPStatus(registered: 502) }
    /// 503 Service Unavailable.
    public static var serviceUnavailable: SIPStatus { SIPStatus(registered: 503) }
    /// 504 Server Time-out.
    public static var serverTimeout: SIPStatus { SIPStatus(registered: 504) }
    /// 505 Version Not Supported.
    public static var versionNotSupported: SIPStatus { SIPStatus(registered: 505) }
    /// 513 Message Too Large.
    public static var messageTooLarge: SIPStatus { SIPStatus(registered: 513) }
    /// 555 Push Notification Service Not Supported.
    public static var pushNotificationServiceNotSupported: SIPStatus { SIPStatus(registered: 555) }
    /// 580 Precondition Failure.
    public static var preconditionFailure: SIPStatus { SIPStatus(registered: 580) }
    /// 600 Busy Everywhere.
    public static var busyEverywhere: SIPStatus { SIPStatus(registered: 600) }
    /// 603 Decline.
    public static var decline: SIPStatus { SIPStatus(registered: 603) }
    /// 604 Does Not Exist Anywhere.
    public static var doesNotExistAnywhere: SIPStatus { SIPStatus(registered: 604) }
    /// 606 Not Acceptable.
    public static var notAcceptableAnywhere: SIPStatus { SIPStatus(registered: 606) }
    /// 607 Unwanted.
    public static var unwanted: SIPStatus { SIPStatus(registered: 607) }
    /// 608 Rejected.
    public static var rejected: SIPStatus { SIPStatus(registered: 608) }
}
