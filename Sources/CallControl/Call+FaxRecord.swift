internal import Basics
internal import Fax
internal import MediaSession

/// What is kept of a call's faxes.
extension Call {
    /// A fax begins on a gateway of its own: what the one before came to is kept.
    mutating func countFax() {
        faxLog.pagesBefore &+= faxLog.figures?.pages ?? 0
        faxLog.figures = nil
    }

    mutating func faxReported(_ figures: FaxFigures, of endpoint: MediaEndpointID, in env: inout CallEnvironment) {
        let text: String = Call.words(figures)
        // The end of a gateway says once more what is known.
        if faxLog.figures != figures { note(text, leg: Int(endpoint.leg.index), in: &env) }
        faxLog.figures = figures
        guard fax?.leg == endpoint.leg.index else { return }
        fax?.hasBegun = true
        guard fax?.isOffered == true else { return }
        switch figures.result {
        case .waiting, .running: faxWatch.speechAt = nil
        case .completed, .broken: faxWatch.speechAt = env.now.advanced(by: FaxWatch.pause)
        }
    }

    /// Notes which way the legs' faxes go, while they go.
    mutating func noteFaxWays() {
        guard let connected = connectedIndex else { return }
        let pair: [Int] = [0, connected]
        if let fax {
            faxLog.ways[fax.leg] = .gateway(isT38: true)
            faxLog.ways[fax.soundLeg] = .gateway(isT38: false)
        } else if pair.allSatisfy({ legs[$0].streams.contains { $0?.plan.fax != nil } }) {
            for index in pair { faxLog.ways[UInt16(index)] = .passed }
        } else if faxWatch.isSound {
            for index in pair where faxLog.ways[UInt16(index)] == nil { faxLog.ways[UInt16(index)] = .sound }
        }
    }

    /// What a leg's faxes came to; nil where none was known.
    func faxFacts(of leg: UInt16) -> LegFaxFacts? {
        guard let way = faxLog.ways[leg] else { return nil }
        var facts: LegFaxFacts
        switch way {
        case .passed: return LegFaxFacts(way: .passthrough)
        case .sound: return LegFaxFacts(way: .sound)
        case .gateway(let isT38): facts = LegFaxFacts(way: isT38 ? .gateway : .gatewaySound)
        }
        guard let figures = faxLog.figures else { return facts }
        facts.result = figures.result
        facts.pages = faxLog.pagesBefore &+ figures.pages
        facts.bitRate = figures.bitRate
        facts.errorCorrection = figures.errorCorrectionMode
        facts.sends = figures.isFromT38 == (facts.way == .gateway)
        facts.repeated = figures.repetitions
        facts.refusedPages = figures.refusedPages
        facts.trainingFailures = figures.trainingFailures
        if facts.way == .gateway { facts.packetsLost = UInt32(clamping: figures.packets.lost) }
        return facts
    }

    /// A fax in the history.
    static func words(_ figures: FaxFigures) -> String {
        let way: String = figures.isFromT38 ? "from T.38 to sound" : "from sound to T.38"
        var text: String
        switch figures.result {
        case .waiting, .running: return "a fax begins"
        case .completed: text = "the fax is complete"
        case .broken: text = "the fax was broken off"
        }
        text += ": \(figures.pages) \(figures.pages == 1 ? "page" : "pages") \(way)"
        if figures.bitRate > 0 { text += " at \(figures.bitRate) bit/s" }
        text += figures.errorCorrectionMode ? " with error correction" : " without error correction"
        if figures.trainingFailures > 0 { text += ", \(figures.trainingFailures) trainings failed" }
        if figures.repetitions > 0 { text += ", \(figures.repetitions) parts sent again" }
        if figures.refusedPages > 0 { text += ", \(figures.refusedPages) pages refused" }
        if figures.packets.recovered > 0 { text += ", \(figures.packets.recovered) packets made up for" }
        if figures.packets.lost > 0 { text += ", \(figures.packets.lost) packets lost" }
        if figures.missingFrames > 0 { text += ", \(figures.missingFrames * 20) ms of sound missing" }
        return text
    }
}

/// What is known of a call's faxes.
struct FaxLog: Sendable {
    enum Way: Hashable, Sendable {
        case passed, sound
        case gateway(isT38: Bool)
    }
    /// By leg; the last one counts.
    var ways: [UInt16: Way] = [:]
    /// Of the last fax that went through a gateway.
    var figures: FaxFigures?
    var pagesBefore: UInt32 = 0
}
