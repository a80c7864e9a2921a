public import Basics
public import SIPMessage
public import SIPTransaction

/// One way to reach a user: a Contact with the path its registration came by (RFC 3261 §10.3, RFC 5626 §6).
public struct Binding: Hashable, Sendable {
    /// Unique within the address-of-record and the same for the binding's whole life: instance and reg-id of an outbound
    /// registration, else the Contact URI as it was first written (with the terminal, where two phones behind two NATs
    /// have the same private address).
    public let key: String
    public var contact: SIPURI
    /// Contact parameters that have no field here, as `;name=value` text; at most 256 bytes, longer ones are dropped whole.
    public var contactParameters: String
    /// Preference in thousandths (RFC 3261 §20.10); 0 ... 1000, and 1000 where the phone gave none.
    public var q: UInt16 = 1000
    public var callID: String
    public var cseq: UInt32
    /// When it ends, for the store and for people.
    public var expiresAt: WallTime
    /// When it ends, for the sweep.
    public var deadline: Moment
    /// The `+sip.instance` value without its angle brackets: `urn:uuid:…` (RFC 5626 §4.1).
    public var instance: String?
    /// 1 ... 2³¹-1 of an outbound registration (RFC 5626 §4.2); nil of any other.
    public var regID: UInt32?
    /// The Path of the registration in order, each element as written: the pre-loaded route to the phone (RFC 3327 §5.3).
    public var path: [String] = []
    /// The way the registration came. Requests to the phone go back over it, whatever its Contact says.
    public var flow: SIPFlow
    /// False once the connection is gone: no call waits for it. Always true over UDP until the phone is replaced.
    public var flowAlive: Bool = true
    public var userAgent: String?
    /// The Contact's address is not the one the registration came from.
    public var isBehindNAT: Bool = false
    /// A non-symmetric phone: over UDP it sends from another port than it listens on, and asked for no rport (RFC 3581).
    public var listensAtContactPort: Bool = false
    public var suspectedALG: ALGSign?
    /// How the phone calls this server: host, and port where it writes one, of the To of its REGISTER. What it is shown of others
    /// has this host, so that it can call them back. nil of bindings stored by older versions.
    public var registeredHost: String?
    /// The account that registered it.
    public var terminal: TerminalID
    /// When this binding was made.
    public var registeredAt: WallTime
    /// When it was last registered anew.
    public var updatedAt: WallTime
    /// What the temporary GRUUs of this binding are made from; 0 where it has none (RFC 5627 §3.1.2).
    public var gruuSeed: UInt64 = 0
    /// The last answer to a qualify request: its round-trip time. In memory only.
    public var roundTrip: Duration?
    /// Whether the last qualify requests were answered; nil while none was sent. In memory only.
    public var isReachable: Bool?

    public init(
        key: String, contact: SIPURI, contactParameters: String = "", callID: String, cseq: UInt32, expiresAt: WallTime,
        deadline: Moment, flow: SIPFlow, terminal: TerminalID, registeredAt: WallTime, updatedAt: WallTime
    ) {
        (self.key, self.contact, self.contactParameters) = (key, contact, contactParameters)
        (self.callID, self.cseq) = (callID, cseq)
        (self.expiresAt, self.deadline) = (expiresAt, deadline)
        (self.flow, self.terminal) = (flow, terminal)
        (self.registeredAt, self.updatedAt) = (registeredAt, updatedAt)
    }

    /// The source address of the registration.
    public var receivedFrom: IPEndpoint { flow.remote }

    /// Where a request to this phone is sent. (Its Request-URI is ``contact``, its Route set ``path``.)
    public var target: SIPTarget {
        guard listensAtContactPort, let address = contact.hostAddress else { return .flow(flow) }
        let port: UInt16 = contact.port ?? flow.transport.defaultPort
        return .address(flow.transport, IPEndpoint(address, port), listener: flow.listener, serverName: nil)
    }

    /// Seconds left, rounded up so that a phone never believes to be gone earlier than it is; 0 once it ended.
    public func secondsLeft(now: Moment) -> Int {
        let left: Int64 = deadline.since(now).wholeMilliseconds
        return left <= 0 ? 0 : Int((left + 999) / 1000)
    }
}
