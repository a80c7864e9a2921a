public import Signals

extension CallTone {
    /// How it sounds in a country (ISO 3166 alpha-2).
    public func pattern(country: String) -> TonePattern { CallTones.pattern(progressTone, country: country) }

    private var progressTone: ProgressTone {
        switch self {
        case .dial: .dial
        case .ringback: .ringback
        case .busy: .busy
        case .congestion: .congestion
        case .callWaiting: .callWaiting
        case .specialInformation: .specialInformation
        case .confirmation: .confirmation
        case .recordBeep: .recordBeep
        case .conferenceJoin: .conferenceJoin
        case .conferenceLeave: .conferenceLeave
        }
    }
}

extension Digit {
    static let zero: Digit = Digit(rawValue: 0)!

    /// Whether it can be sounded: all but the hook flash.
    var hasTone: Bool { rawValue <= 15 }
}
