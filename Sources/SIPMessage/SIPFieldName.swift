/// A header field's name: an open set with well-known constants, compared without regard to case (RFC 3261 §7.3.1).
///
/// A compact form (`v`) and its long form (`Via`) are the same name.
public struct SIPFieldName: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// Place in ``FieldNameTable/names`` plus one; 0 for a name that is not in it.
    let code: UInt8
    /// The name as it was written; empty when `code` is not 0.
    private let other: String

    init(code: UInt8) { (self.code, other) = (code, "") }

    /// Any name; a well-known one is recognised whatever its case or form.
    public init(_ name: String) {
        let bytes = Array(name.utf8)
        code = FieldNameTable.shared.code(of: bytes, 0, bytes.count)
        other = code == 0 ? name : ""
    }

    public init(stringLiteral value: String) { self.init(value) }

    /// The long form as its RFC writes it; an unknown name as it was given.
    public var description: String { code == 0 ? other : FieldNameTable.names[Int(code) - 1].name }

    public static func == (lhs: SIPFieldName, rhs: SIPFieldName) -> Bool {
        lhs.code == rhs.code && (lhs.code != 0 || equalsIgnoringCase(lhs.other, rhs.other))
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(code)
        for byte in other.utf8 { hasher.combine(Octet.lowercased(byte)) }
    }
}

extension SIPFieldName {
    /// `Via` (`v`), RFC 3261 §20.42.
    public static var via: SIPFieldName { SIPFieldName(code: 1) }
    /// `From` (`f`), RFC 3261 §20.20.
    public static var from: SIPFieldName { SIPFieldName(code: 2) }
    /// `To` (`t`), RFC 3261 §20.39.
    public static var to: SIPFieldName { SIPFieldName(code: 3) }
    /// `Call-ID` (`i`), RFC 3261 §20.8.
    public static var callID: SIPFieldName { SIPFieldName(code: 4) }
    /// `CSeq`, RFC 3261 §20.16.
    public static var cseq: SIPFieldName { SIPFieldName(code: 5) }
    /// `Max-Forwards`, RFC 3261 §20.22.
    public static var maxForwards: SIPFieldName { SIPFieldName(code: 6) }
    /// `Contact` (`m`), RFC 3261 §20.10.
    public static var contact: SIPFieldName { SIPFieldName(code: 7) }
    /// `Route`, RFC 3261 §20.34.
    public static var route: SIPFieldName { SIPFieldName(code: 8) }
    /// `Record-Route`, RFC 3261 §20.30.
    public static var recordRoute: SIPFieldName { SIPFieldName(code: 9) }
    /// `Content-Length` (`l`), RFC 3261 §20.14.
    public static var contentLength: SIPFieldName { SIPFieldName(code: 10) }
    /// `Content-Type` (`c`), RFC 3261 §20.15.
    public static var contentType: SIPFieldName { SIPFieldName(code: 11) }
    /// `Content-Disposition`, RFC 3261 §20.11.
    public static var contentDisposition: SIPFieldName { SIPFieldName(code: 12) }
    /// `Content-Encoding` (`e`), RFC 3261 §20.12.
    public static var contentEncoding: SIPFieldName { SIPFieldName(code: 13) }
    /// `Content-Language`, RFC 3261 §20.13.
    public static var contentLanguage: SIPFieldName { SIPFieldName(code: 14) }
    /// `Expires`, RFC 3261 §20.19.
    public static var expires: SIPFieldName { SIPFieldName(code: 15) }
    /// `Min-Expires`, RFC 3261 §20.23.
    public static var minExpires: SIPFieldName { SIPFieldName(code: 16) }
    /// `Require`, RFC 3261 §20.32.
    public static var require: SIPFieldName { SIPFieldName(code: 17) }
    /// `Proxy-Require`, RFC 3261 §20.29.
    public static var proxyRequire: SIPFieldName { SIPFieldName(code: 18) }
    /// `Supported` (`k`), RFC 3261 §20.37.
    public static var supported: SIPFieldName { SIPFieldName(code: 19) }
    /// `Unsupported`, RFC 3261 §20.40.
    public static var unsupported: SIPFieldName { SIPFieldName(code: 20) }
    /// `Allow`, RFC 3261 §20.5.
    public static var allow: SIPFieldName { SIPFieldName(code: 21) }
    /// `Accept`, RFC 3261 §20.1.
    public static var accept: SIPFieldName { SIPFieldName(code: 22) }
    /// `Accept-Encoding`, RFC 3261 §20.2.
    public static var acceptEncoding: SIPFieldName { SIPFieldName(code: 23) }
    /// `Accept-Language`, RFC 3261 §20.3.
    public static var acceptLanguage: SIPFieldName { SIPFieldName(code: 24) }
    /// `Alert-Info`, RFC 3261 §20.4.
    public static var alertInfo: SIPFieldName { SIPFieldName(code: 25) }
    /// `Authentication-Info`, RFC 3261 §20.6.
    public static var authenticationInfo: SIPFieldName { SIPFieldName(code: 26) }
    /// `Authorization`, RFC 3261 §20.7.
    public static var authorization: SIPFieldName { SIPFieldName(code: 27) }
    /// `Call-Info`, RFC 3261 §20.9.
    public static var callInfo: SIPFieldName { SIPFieldName(code: 28) }
    /// `Date`, RFC 3261 §20.17.
    public static var date: SIPFieldName { SIPFieldName(code: 29) }
    /// `Error-Info`, RFC 3261 §20.18.
    public static var errorInfo: SIPFieldName { SIPFieldName(code: 30) }
    /// `In-Reply-To`, RFC 3261 §20.21.
    public static var inReplyTo: SIPFieldName { SIPFieldName(code: 31) }
    /// `MIME-Version`, RFC 3261 §20.24.
    public static var mimeVersion: SIPFieldName { SIPFieldName(code: 32) }
    /// `Organization`, RFC 3261 §20.25.
    public static var organization: SIPFieldName { SIPFieldName(code: 33) }
    /// `Priority`, RFC 3261 §20.26.
    public static var priority: SIPFieldName { SIPFieldName(code: 34) }
    /// `Proxy-Authenticate`, RFC 3261 §20.27.
    public static var proxyAuthenticate: SIPFieldName { SIPFieldName(code: 35) }
    /// `Proxy-Authorization`, RFC 3261 §20.28.
    public static var proxyAuthorization: SIPFieldName { SIPFieldName(code: 36) }
    /// `Proxy-Authentication-Info`, RFC 7615 §4.
    public static var proxyAuthenticationInfo: SIPFieldName { SIPFieldName(code: 37) }
    /// `Reply-To`, RFC 3261 §20.31.
    public static var replyTo: SIPFieldName { SIPFieldName(code: 38) }
    /// `Retry-After`, RFC 3261 §20.33.
    public static var retryAfter: SIPFieldName { SIPFieldName(code: 39) }
    /// `Server`, RFC 3261 §20.35.
    public static var server: SIPFieldName { SIPFieldName(code: 40) }
    /// `Subject` (`s`), RFC 3261 §20.36.
    public static var subject: SIPFieldName { SIPFieldName(code: 41) }
    /// `Timestamp`, RFC 3261 §20.38.
    public static var timestamp: SIPFieldName { SIPFieldName(code: 42) }
    /// `User-Agent`, RFC 3261 §20.41.
    public static var userAgent: SIPFieldName { SIPFieldName(code: 43) }
    /// `Warning`, RFC 3261 §20.43.
    public static var warning: SIPFieldName { SIPFieldName(code: 44) }
    /// `WWW-Authenticate`, RFC 3261 §20.44.
    public static var wwwAuthenticate: SIPFieldName { SIPFieldName(code: 45) }
    /// `RSeq`, RFC 3262 §7.1.
    public static var rseq: SIPFieldName { SIPFieldName(code: 46) }
    /// `RAck`, RFC 3262 §7.2.
    public static var rack: SIPFieldName { SIPFieldName(code: 47) }
    /// `Session-Expires` (`x`), RFC 4028 §4.
    public static var sessionExpires: SIPFieldName { SIPFieldName(code: 48) }
    /// `Min-SE`, RFC 4028 §5.
    public static var minSE: SIPFieldName { SIPFieldName(code: 49) }
    /// `Reason`, RFC 3326 §2.
    public static var reason: SIPFieldName { SIPFieldName(code: 50) }
    /// `Path`, RFC 3327 §4.
    public static var path: SIPFieldName { SIPFieldName(code: 51) }
    /// `Service-Route`, RFC 3608 §5.
    public static var serviceRoute: SIPFieldName { SIPFieldName(code: 52) }
    /// `History-Info`, RFC 7044 §5.
    public static var historyInfo: SIPFieldName { SIPFieldName(code: 53) }
    /// `Diversion`, RFC 5806 §5.
    public static var diversion: SIPFieldName { SIPFieldName(code: 54) }
    /// `P-Asserted-Identity`, RFC 3325 §9.1.
    public static var pAssertedIdentity: SIPFieldName { SIPFieldName(code: 55) }
    /// `P-Preferred-Identity`, RFC 3325 §9.2.
    public static var pPreferredIdentity: SIPFieldName { SIPFieldName(code: 56) }
    /// `Privacy`, RFC 3323 §4.2.
    public static var privacy: SIPFieldName { SIPFieldName(code: 57) }
    /// `Event` (`o`), RFC 6665 §8.2.1.
    public static var event: SIPFieldName { SIPFieldName(code: 58) }
    /// `Allow-Events` (`u`), RFC 6665 §8.2.2.
    public static var allowEvents: SIPFieldName { SIPFieldName(code: 59) }
    /// `Subscription-State`, RFC 6665 §8.2.3.
    public static var subscriptionState: SIPFieldName { SIPFieldName(code: 60) }
    /// `Refer-To` (`r`), RFC 3515 §2.1.
    public static var referTo: SIPFieldName { SIPFieldName(code: 61) }
    /// `Referred-By` (`b`), RFC 3892 §2.
    public static var referredBy: SIPFieldName { SIPFieldName(code: 62) }
    /// `Refer-Sub`, RFC 4488 §4.
    public static var referSub: SIPFieldName { SIPFieldName(code: 63) }
    /// `Target-Dialog`, RFC 4538 §7.
    public static var targetDialog: SIPFieldName { SIPFieldName(code: 64) }
    /// `Replaces`, RFC 3891 §6.
    public static var replaces: SIPFieldName { SIPFieldName(code: 65) }
    /// `Join`, RFC 3911 §7.
    public static var join: SIPFieldName { SIPFieldName(code: 66) }
    /// `Resource-Priority`, RFC 4412 §3.1.
    public static var resourcePriority: SIPFieldName { SIPFieldName(code: 67) }
    /// `Accept-Resource-Priority`, RFC 4412 §3.2.
    public static var acceptResourcePriority: SIPFieldName { SIPFieldName(code: 68) }
    /// `Geolocation`, RFC 6442 §4.1.
    public static var geolocation: SIPFieldName { SIPFieldName(code: 69) }
    /// `Geolocation-Routing`, RFC 6442 §4.2.
    public static var geolocationRouting: SIPFieldName { SIPFieldName(code: 70) }
    /// `Geolocation-Error`, RFC 6442 §4.3.
    public static var geolocationError: SIPFieldName { SIPFieldName(code: 71) }
    /// `Identity` (`y`), RFC 8224 §4.
    public static var identity: SIPFieldName { SIPFieldName(code: 72) }
    /// `Identity-Info` (`n`), RFC 4474 §9.
    public static var identityInfo: SIPFieldName { SIPFieldName(code: 73) }
    /// `Flow-Timer`, RFC 5626 §10.
    public static var flowTimer: SIPFieldName { SIPFieldName(code: 74) }
    /// `SIP-ETag`, RFC 3903 §11.3.1.
    public static var sipETag: SIPFieldName { SIPFieldName(code: 75) }
    /// `SIP-If-Match`, RFC 3903 §11.3.2.
    public static var sipIfMatch: SIPFieldName { SIPFieldName(code: 76) }
    /// `Request-Disposition` (`d`), RFC 3841 §9.1.
    public static var requestDisposition: SIPFieldName { SIPFieldName(code: 77) }
    /// `Accept-Contact` (`a`), RFC 3841 §9.2.
    public static var acceptContact: SIPFieldName { SIPFieldName(code: 78) }
    /// `Reject-Contact` (`j`), RFC 3841 §9.3.
    public static var rejectContact: SIPFieldName { SIPFieldName(code: 79) }
    /// `Answer-Mode`, RFC 5373 §3.
    public static var answerMode: SIPFieldName { SIPFieldName(code: 80) }
    /// `Session-ID`, RFC 7989 §5.
    public static var sessionID: SIPFieldName { SIPFieldName(code: 81) }
    /// `User-to-User`, RFC 7433 §4.
    public static var userToUser: SIPFieldName { SIPFieldName(code: 82) }
    /// `Info-Package`, RFC 6086 §7.2.
    public static var infoPackage: SIPFieldName { SIPFieldName(code: 83) }
    /// `Recv-Info`, RFC 6086 §7.3.
    public static var recvInfo: SIPFieldName { SIPFieldName(code: 84) }
    /// `Max-Breadth`, RFC 5393 §5.3.3.
    public static var maxBreadth: SIPFieldName { SIPFieldName(code: 85) }
    /// `Suppress-If-Match`, RFC 5839 §6.6.
    public static var suppressIfMatch: SIPFieldName { SIPFieldName(code: 86) }
    /// `Permission-Missing`, RFC 5360 §5.9.3.
    public static var permissionMissing: SIPFieldName { SIPFieldName(code: 87) }
    /// `Feature-Caps`, RFC 6809 §6.
    public static var featureCaps: SIPFieldName { SIPFieldName(code: 88) }
    /// `P-Access-Network-Info`, RFC 7315 §4.4.
    public static var pAccessNetworkInfo: SIPFieldName { SIPFieldName(code: 89) }
    /// `P-Charging-Vector`, RFC 7315 §4.6.
    public static var pChargingVector: SIPFieldName { SIPFieldName(code: 90) }
    /// `P-Called-Party-ID`, RFC 7315 §4.2.
    public static var pCalledPartyID: SIPFieldName { SIPFieldName(code: 91) }
    /// `P-Early-Media`, RFC 5009 §8.
    public static var pEarlyMedia: SIPFieldName { SIPFieldName(code: 92) }
    /// `P-Answer-State`, RFC 4964 §5.
    public static var pAnswerState: SIPFieldName { SIPFieldName(code: 93) }
    /// `Remote-Party-ID`, draft-ietf-sip-privacy-04 §6.
    public static var remotePartyID: SIPFieldName { SIPFieldName(code: 94) }
    /// `Security-Client`, RFC 3329 §2.2.
    public static var securityClient: SIPFieldName { SIPFieldName(code: 95) }
    /// `Security-Server`, RFC 3329 §2.2.
    public static var securityServer: SIPFieldName { SIPFieldName(code: 96) }
    /// `Security-Verify`, RFC 3329 §2.2.
    public static var securityVerify: SIPFieldName { SIPFieldName(code: 97) }
    /// `Alert-Mode`, unregistered; some phones choose ringing by it.
    public static var alertMode: SIPFieldName { SIPFieldName(code: 98) }
}
