/// One country's tones; what is not said is as E.180 recommends.
struct NationalTones {
    /// Frequencies that sound together, and for how long in ms: on, off, on, off …; no times are a steady tone.
    struct Cadence {
        var hertz: [Double]
        var times: [UInt32]
        init(_ hertz: [Double], _ times: [UInt32]) { (self.hertz, self.times) = (hertz, times) }
    }

    /// Of a tone of one frequency, in dBm0: within -15 ... -5 (E.180 §2), on the soft side of its -10, as headsets are near the ear.
    static let level: Double = -13

    var dial = Cadence([425], [])
    var ringback = Cadence([425], [1000, 4000])
    var busy = Cadence([425], [500, 500])
    var congestion = Cadence([425], [250, 250])
    var callWaiting = Cadence([425], [200, 200, 200, 4000])
    /// One after the other (E.180 §5).
    var special: [Double] = [950, 1400, 1800]
    var specialMs: UInt32 = 330
    var record: [UInt32] = [400, 15_000]
    /// Of each frequency, in dBm0.
    var dialLevel: Double = level
    var ringbackLevel: Double = level
    var busyLevel: Double = level
    /// Softer: it sounds into a conversation.
    var callWaitingLevel: Double = level - 5

    static let recommended = NationalTones()

    func pattern(_ cadence: Cadence, _ level: Double) -> TonePattern {
        let sines: [ToneFrequency] = cadence.hertz.map { ToneFrequency($0, level) }
        guard !cadence.times.isEmpty else { return TonePattern([ToneSegment(sines, durationMs: nil)]) }
        let segments: [ToneSegment] = cadence.times.enumerated().map { place, time in
            place % 2 == 0 ? ToneSegment(sines, durationMs: time) : .silence(time)
        }
        return TonePattern(segments)
    }

    static func of(_ country: String) -> NationalTones {
        switch country.uppercased() {
        case "FR": france
        case "CH": switzerland
        case "DE": germany
        case "AT": austria
        case "BE": belgium
        case "LU": luxembourg
        case "IT": italy
        case "ES": spain
        case "PT": portugal
        case "NL": netherlands
        case "GB", "UK": greatBritain
        case "IE": ireland
        case "US", "CA": northAmerica
        case "MA": morocco
        case "TN": tunisia
        default: recommended
        }
    }

    private init() {}

    private init(_ change: (inout NationalTones) -> Void) { change(&self) }

    private static let france = NationalTones {
        $0.dial = Cadence([440], [])
        $0.ringback = Cadence([440], [1500, 3500])
        $0.busy = Cadence([440], [500, 500])
        $0.congestion = Cadence([440], [250, 250])
        $0.callWaiting = Cadence([440], [300, 10_000])
        $0.specialMs = 300
        $0.record = [500, 15_000]
    }

    private static let switzerland = NationalTones {
        $0.congestion = Cadence([425], [200, 200])
        $0.callWaiting = Cadence([425], [200, 200, 200, 4000])
        $0.record = [80, 15_000]
    }

    private static let germany = NationalTones {
        $0.busy = Cadence([425], [480, 480])
        $0.congestion = Cadence([425], [240, 240])
        $0.callWaiting = Cadence([425], [200, 200, 200, 5000])
        $0.record = [80, 15_000]
    }

    private static let austria = NationalTones {
        $0.dial = Cadence([420], [])
        $0.ringback = Cadence([420], [1000, 5000])
        $0.busy = Cadence([420], [400, 400])
        $0.congestion = Cadence([420], [200, 200])
        $0.callWaiting = Cadence([420], [40, 1950])
        $0.special = [950, 1450, 1850]
        $0.specialMs = 333
        $0.record = [80, 10_000]
    }

    private static let belgium = NationalTones {
        $0.ringback = Cadence([425], [1000, 3000])
        $0.congestion = Cadence([425], [167, 167])
        $0.callWaiting = Cadence([1400], [175, 175, 175, 3500])
        $0.special = [900, 1400, 1800]
        $0.record = [500, 15_000]
    }

    private static let luxembourg = NationalTones {
        $0.busy = Cadence([425], [480, 480])
        $0.congestion = Cadence([425], [240, 240])
        $0.callWaiting = Cadence([425], [200, 200, 200, 5000])
    }

    private static let italy = NationalTones {
        $0.dial = Cadence([425], [200, 200, 600, 1000])
        $0.congestion = Cadence([425], [200, 200])
        $0.callWaiting = Cadence([425], [400, 100, 250, 100, 150, 14_000])
        $0.record = [400, 15_000]
    }

    private static let spain = NationalTones {
        $0.ringback = Cadence([425], [1500, 3000])
        $0.busy = Cadence([425], [200, 200])
        $0.congestion = Cadence([425], [200, 200, 200, 200, 200, 600])
        $0.callWaiting = Cadence([425], [175, 175, 175, 3500])
        $0.record = [500, 15_000]
    }

    private static let portugal = NationalTones {
        $0.ringback = Cadence([425], [1000, 5000])
        $0.congestion = Cadence([425], [200, 200])
        $0.callWaiting = Cadence([425], [200, 200, 200, 5000])
    }

    private static let netherlands = NationalTones {
        $0.callWaiting = Cadence([425], [500, 9500])
        $0.record = [500, 15_000]
    }

    private static let greatBritain = NationalTones {
        // BT SIN 350, too.
        $0.dial = Cadence([350, 440], [])
        $0.dialLevel = -16
        $0.ringback = Cadence([400, 450], [400, 200, 400, 2000])
        $0.ringbackLevel = -16
        $0.busy = Cadence([400], [375, 375])
        $0.congestion = Cadence([400], [400, 350, 225, 525])
        $0.callWaiting = Cadence([400], [100, 4000])
        $0.record = [500, 60_000]
    }

    private static let ireland = NationalTones {
        $0.ringback = Cadence([400, 450], [400, 200, 400, 2000])
        $0.ringbackLevel = -16
        $0.callWaiting = Cadence([425], [180, 200, 200, 4500])
    }

    private static let northAmerica = NationalTones {
        $0.dial = Cadence([350, 440], [])
        $0.ringback = Cadence([440, 480], [2000, 4000])
        $0.busy = Cadence([480, 620], [500, 500])
        $0.congestion = Cadence([480, 620], [250, 250])
        $0.callWaiting = Cadence([440], [300, 10_000])
        $0.record = [500, 15_000]
        // Of each frequency, by GR-506.
        $0.dialLevel = -13
        $0.ringbackLevel = -19
        $0.busyLevel = -24
        $0.callWaitingLevel = -18
    }

    private static let morocco = NationalTones {
        $0.ringback = Cadence([425], [1700, 3300])
    }

    // Tones of its network were not found in a public source: E.180's recommendation.
    private static let tunisia = NationalTones.recommended
}
