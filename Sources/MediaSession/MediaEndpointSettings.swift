/// The limits of every endpoint's machine.
public struct MediaEndpointSettings: Hashable, Sendable {
    /// How long nothing may come before ``MediaFact/silent(_:since:)``, where media is expected; 60 s by default.
    public var silenceLimit: Duration
    /// How long the pinned source must be silent before another allowed one takes its place; 2 s by default.
    public var relatchAfter: Duration
    /// How long after a new SDP another allowed source may take over at once; 2 s by default.
    public var generationWindow: Duration
    /// The same as ``relatchAfter`` for RTCP, which is sent every 5 s or so (RFC 3550 §6.2); 15 s by default.
    public var relatchRTCPAfter: Duration
    /// How long the pinned SSRC must be silent before another one from the same address and port is taken; 100 ms by default.
    public var ssrcQuiet: Duration
    /// How many packets in sequence such a new SSRC must show; 3 by default.
    public var ssrcRun: UInt8

    public init(
        silenceLimit: Duration = .seconds(60), relatchAfter: Duration = .seconds(2),
        generationWindow: Duration = .seconds(2), relatchRTCPAfter: Duration = .seconds(15),
        ssrcQuiet: Duration = .milliseconds(100), ssrcRun: UInt8 = 3
    ) {
        self.silenceLimit = silenceLimit
        self.relatchAfter = relatchAfter
        self.generationWindow = generationWindow
        self.relatchRTCPAfter = relatchRTCPAfter
        self.ssrcQuiet = ssrcQuiet
        self.ssrcRun = ssrcRun
    }

    public static let standard = MediaEndpointSettings()
}
