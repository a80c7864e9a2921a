public import Signals

extension MachineTone {
    /// What a detector found.
    public init(_ tone: MachineToneDetector.Tone) {
        self =
            switch tone {
            case .faxCalling: .faxCalling
            case .answering: .answering
            case .answeringReversed: .answeringReversed
            case .faxPreamble: .faxPreamble
            }
    }
}

extension Digit {
    static let zero: Digit = Digit(rawValue: 0)!

    /// Whether it can be sounded: all but the hook flash.
    var hasTone: Bool { rawValue <= 15 }
}
