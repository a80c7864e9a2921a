internal import CSpanDSP

/// Reads along what the terminals tell each other (T.30 §5.3), for the record.
struct T30Monitor {
    private(set) var figures = FaxFigures()
    /// The page that was just sent is the last (EOP), and was it confirmed.
    private var isLastPage: Bool = false
    private var isConfirmed: Bool = false
    /// A page was sent and waits for what the receiver says of it.
    private var isPageOut: Bool = false
    private var sender: Station?
    private var receiver: Station?

    /// 20 characters, the last one first, as they come.
    private struct Station {
        var text: InlineArray<20, UInt8> = InlineArray(repeating: 0x20)
    }

    /// Takes a control frame, its address and control octets before it.
    mutating func take(_ frame: UnsafeBufferPointer<UInt8>, isFromT38: Bool) {
        guard frame.count >= 3 else { return }
        if figures.result == .waiting { figures.result = .running }
        // The lowest bit says which end it comes from (T.30 §5.3.6.1).
        let code = Int(frame[2] & 0xFE)
        switch code {
        case T30_DIS & 0xFE: isLastPage = false
        case T30_CSI & 0xFE: receiver = Self.station(frame) ?? receiver
        case T30_TSI & 0xFE: sender = Self.station(frame) ?? sender
        case T30_DCS & 0xFE: figures.isFromT38 = isFromT38
        case T30_FTT & 0xFE: figures.trainingFailures &+= 1
        case T30_PPR & 0xFE: figures.repetitions &+= 1
        case T30_RTN & 0xFE:
            figures.refusedPages &+= 1
            isPageOut = false
        case T30_PPS & 0xFE, T30_EOR & 0xFE:
            guard frame.count >= 4 else { return }
            note(postPage: Int(frame[3] & 0xFE))
        case T30_MCF & 0xFE, T30_RTP & 0xFE:
            if isPageOut { figures.pages &+= 1 }
            isPageOut = false
            isConfirmed = isLastPage
        case T30_DCN & 0xFE: figures.result = isConfirmed ? .completed : .broken
        default: note(postPage: code)
        }
    }

    private mutating func note(postPage code: Int) {
        switch code {
        case T30_EOP & 0xFE, T30_PRI_EOP & 0xFE: (isLastPage, isPageOut) = (true, true)
        case T30_MPS & 0xFE, T30_PRI_MPS & 0xFE, T30_EOM & 0xFE, T30_PRI_EOM & 0xFE, T30_EOS & 0xFE:
            (isLastPage, isConfirmed, isPageOut) = (false, false, true)
        // A part of a page (PPS-NULL).
        case T30_NULL & 0xFE: (isLastPage, isConfirmed) = (false, false)
        default: break
        }
    }

    private static func station(_ frame: UnsafeBufferPointer<UInt8>) -> Station? {
        guard frame.count >= 23 else { return nil }
        var station = Station()
        for index in 0..<20 { station.text[19 - index] = frame[3 + index] }
        return station
    }

    /// The names as they are written; control characters, which no terminal may send, are left out.
    func names() -> (sender: String?, receiver: String?) { (Self.text(sender), Self.text(receiver)) }

    private static func text(_ station: Station?) -> String? {
        guard let station else { return nil }
        var characters: [UInt8] = []
        for index in station.text.indices where (0x20..<0x7F).contains(station.text[index]) {
            characters.append(station.text[index])
        }
        while characters.last == 0x20 { characters.removeLast() }
        let text: ArraySlice<UInt8> = characters.drop { $0 == 0x20 }
        return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
    }
}
