/// What becomes of each payload type of a source on its way to one listener.
struct PayloadMap {
    /// Above 127: not a number of the wire.
    static let unknown: UInt8 = 0xFF
    /// The listener does not take this coding: it is decoded, and encoded for it.
    static let audio: UInt8 = 0xFE
    /// Events and comfort noise the listener does not take as they are.
    static let convert: UInt8 = 0xFD

    private var entries: InlineArray<128, UInt8>
    /// Whether the source may say what the listener does not take.
    private(set) var hasAudio: Bool = false
    /// The formats are not known: all is relayed as it is.
    static let identity: PayloadMap = {
        var map = PayloadMap()
        for number in 0..<128 { map.entries[number] = UInt8(number) }
        return map
    }()

    private init() { entries = InlineArray(repeating: Self.unknown) }

    /// - Parameters:
    ///   - source: what comes.
    ///   - listener: what is taken there, the preferred one first.
    init(source: [MediaFormat], listener: [MediaFormat]) {
        guard !source.isEmpty, !listener.isEmpty else {
            self = .identity
            return
        }
        self.init()
        for format in source {
            let place = Int(format.payloadType & 0x7F)
            if let same = listener.first(where: { $0.isSameCoding(as: format) }) {
                entries[place] = same.payloadType & 0x7F
                continue
            }
            switch format.content {
            case .audio:
                entries[place] = Self.audio
                hasAudio = true
            case .telephoneEvent, .comfortNoise: entries[place] = Self.convert
            case .other: entries[place] = Self.unknown
            }
        }
    }

    /// Whether all events of a source are taken as they come.
    func passesEvents(_ source: [MediaFormat]) -> Bool {
        source.allSatisfy {
            if case .telephoneEvent = $0.content { entries[Int($0.payloadType & 0x7F)] < 128 } else { true }
        }
    }

    /// Events are not passed on as they come.
    mutating func convertEvents(_ source: [MediaFormat]) {
        for format in source {
            if case .telephoneEvent = format.content { entries[Int(format.payloadType & 0x7F)] = Self.convert }
        }
    }

    subscript(payloadType: UInt8) -> UInt8 { entries[Int(payloadType & 0x7F)] }
}
