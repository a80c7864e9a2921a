/// The timers of RFC 3261 (Table 4), as corrected by RFC 6026.
public struct SIPTimers: Hashable, Sendable {
    /// T1, the estimated round trip: 500 ms.
    public var t1: Duration
    /// T2, the longest time between two copies of a non-INVITE request or an INVITE response: 4 s.
    public var t2: Duration
    /// T4, the longest a message stays in the network: 5 s.
    public var t4: Duration
    /// Timer D: how long a refused INVITE's client acknowledges copies of the refusal over UDP; at least 32 s.
    public var timerD: Duration
    /// Timer J: how long an answered non-INVITE request's copies are answered over UDP; 64×T1 by the RFC.
    public var absorbFor: Duration
    /// How long an INVITE may go unanswered before it gets a 100 (RFC 3261 §17.2.1 allows 200 ms).
    ///
    /// With zero it is due as soon as the effects of the INVITE are performed, so that an INVITE refused at once gets no 100.
    public var tryingAfter: Duration

    public init(
        t1: Duration = .milliseconds(500), t2: Duration = .seconds(4), t4: Duration = .seconds(5),
        timerD: Duration = .seconds(32),
        absorbFor: Duration? = nil, tryingAfter: Duration = .zero
    ) {
        (self.t1, self.t2, self.t4, self.timerD) = (t1, t2, t4, timerD)
        self.absorbFor = absorbFor ?? t1 * 64
        self.tryingAfter = tryingAfter
    }

    /// The RFC's defaults, and a 100 at once.
    public static let standard = SIPTimers()

    /// 64×T1: timers B, F, H, L and M, and how long a 2xx waits for its ACK.
    public var timeout: Duration { t1 * 64 }

    /// How long a client takes until its timer E has grown to T2; a non-INVITE request not answered by then gets its 100
    /// (RFC 4320 §4.1). 3.5 s with the defaults.
    var untilTimerEIsT2: Duration {
        var elapsed: Duration = .zero
        var interval: Duration = t1
        while interval > .zero, interval < t2 {
            elapsed += interval
            interval = interval * 2
        }
        return elapsed
    }
}
