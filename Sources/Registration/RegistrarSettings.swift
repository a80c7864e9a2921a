/// What a registrar grants; of one tenant.
public struct RegistrarSettings: Hashable, Sendable {
    /// The shortest registration in seconds, asked for with 423 (RFC 3261 §10.3); at least 1.
    public var minimumSeconds: Int = 60
    /// The longest registration in seconds over UDP without NAT.
    public var maximumSeconds: Int = 3600
    /// The longest registration in seconds behind NAT.
    public var natMaximumSeconds: Int = 300
    /// The longest registration in seconds over a connection, which a restart cuts.
    public var streamMaximumSeconds: Int = 300
    /// What a phone that asks for no expiry is taken to ask for, in seconds.
    public var defaultSeconds: Int = 3600
    /// How far below the longest registration one may be granted, so that phones spread; 0 ... 50.
    public var spreadPercent: Int = 10
    /// Contacts one user may have at a time. When a request goes beyond, bindings whose connection is gone make room first.
    public var maxBindings: Int = 16
    /// Refuses a Path the phone did not say it understands, with 420; else it is kept and only not echoed (RFC 3327 §5.3).
    public var refusesUnsupportedPath: Bool = false
    /// The Service-Route given with every 200, in order; empty for none (RFC 3608 §6.3).
    public var serviceRoute: [String] = []
    /// The Flow-Timer given to outbound phones in seconds; 0 for none (RFC 5626 §6).
    public var flowTimerSeconds: Int = 120

    public init() {}
}
