/// The tones by which a network tells a caller how a call goes (ITU-T E.180, E.182), and those of our services.
public enum ProgressTone: String, Hashable, Sendable, CaseIterable {
    case dial, ringback, busy, congestion, callWaiting, specialInformation
    /// A command was taken: three short bursts.
    case confirmation
    /// Speak after it: one beep. The warning that repeats while a call is recorded is ``CallTones/recordingWarning(country:)``.
    case recordBeep
    case conferenceJoin, conferenceLeave
}
