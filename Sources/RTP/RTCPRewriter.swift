/// Writes an RTCP datagram of one side of a relay anew for the other side, where streams have other names and numbers.
///
/// - Sources are called as the mapping says; what is told of unknown streams is left out.
/// - Sender reports: timestamp and counts by the author's entry; one of an author without an entry is told as a receiver report,
///   as its timestamp would mean nothing.
/// - Report blocks, NACKs and blocks of extended reports: sequence numbers by the entry of the stream they are about.
/// - SDES becomes the CNAME given and nothing else: names, places and tools of one party are none of the other's business.
/// - BYE is left out: our stream goes on. So are application-defined packets, and feedback and blocks of kinds that are not known,
///   as what they name can't be mapped.
public enum RTCPRewriter {
    /// - Parameters:
    ///   - cname: 1 ... 255 bytes.
    ///   - output: must not overlap `datagram`; 300 bytes more than it has are always enough.
    /// - Returns: the length of what was written; 0 when the datagram is no RTCP, nothing of it is left, or it does not fit.
    public static func rewrite(
        _ datagram: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, mapping: RTCPMapping,
        cname: UnsafeRawBufferPointer
    ) -> Int {
        guard var reader = RTCPReader(datagram, allowReducedSize: true) else { return 0 }
        var writer = RTCPWriter(output, isReducedSize: true)
        while let packet = reader.next() {
            let isWritten: Bool
            switch packet {
            case .senderReport(let report, let blocks):
                isWritten = rewrite(report, blocks, mapping, &writer)
            case .receiverReport(let ssrc, let blocks):
                isWritten = writer.receiverReport(ssrc: mapping.author(ssrc)) && rewrite(blocks, mapping, &writer)
            case .sourceDescription(let description):
                isWritten = rewrite(description, mapping, cname, &writer)
            case .goodbye:
                isWritten = true
            case .other:
                if let report = reader.extendedReport {
                    isWritten = rewrite(report, mapping, &writer)
                } else if let feedback = reader.feedback {
                    isWritten = rewrite(feedback, mapping, &writer)
                } else {
                    isWritten = true
                }
            }
            guard isWritten else { return 0 }
        }
        return writer.count
    }

    private static func rewrite(
        _ report: RTCPSenderReport, _ blocks: RTCPReportBlocks, _ mapping: RTCPMapping, _ writer: inout RTCPWriter
    ) -> Bool {
        guard let entry = mapping.entry(report.ssrc) else {
            return writer.receiverReport(ssrc: mapping.reporter) && rewrite(blocks, mapping, &writer)
        }
        let rewritten = RTCPSenderReport(
            ssrc: entry.to, ntpTimestamp: report.ntpTimestamp,
            rtpTimestamp: report.rtpTimestamp &+ entry.timestampOffset,
            packetCount: report.packetCount &+ entry.packetOffset, octetCount: report.octetCount &+ entry.octetOffset)
        return writer.senderReport(rewritten) && rewrite(blocks, mapping, &writer)
    }

    private static func rewrite(_ blocks: RTCPReportBlocks, _ mapping: RTCPMapping, _ writer: inout RTCPWriter) -> Bool
    {
        for index in 0..<blocks.count {
            let block: RTCPReportBlock = blocks[index]
            guard let entry = mapping.entry(block.ssrc) else { continue }
            let rewritten = RTCPReportBlock(
                ssrc: entry.to, fractionLost: block.fractionLost, cumulativeLost: block.cumulativeLost,
                extendedHighestSequence: block.extendedHighestSequence &+ entry.sequenceOffset, jitter: block.jitter,
                lastSenderReport: block.lastSenderReport, delaySinceLastSenderReport: block.delaySinceLastSenderReport)
            guard writer.reportBlock(rewritten) else { return false }
        }
        return true
    }

    private static func rewrite(
        _ description: RTCPSourceDescription, _ mapping: RTCPMapping, _ cname: UnsafeRawBufferPointer,
        _ writer: inout RTCPWriter
    ) -> Bool {
        // One party, one name: further chunks say the same of its other streams.
        let author: UInt32 = description.bytes.count >= 4 ? load32(description.bytes, 0) : mapping.reporter
        return writer.sourceDescription(ssrc: mapping.author(author), cname: cname)
    }

    // MARK: Feedback

    private static func rewrite(_ feedback: RTCPFeedback, _ mapping: RTCPMapping, _ writer: inout RTCPWriter) -> Bool {
        var media: UInt32 = 0
        var sequenceOffset: UInt32 = 0
        if feedback.media != 0 {
            guard let entry = mapping.entry(feedback.media) else { return true }
            (media, sequenceOffset) = (entry.to, entry.sequenceOffset)
        }
        guard let code = code(of: feedback.kind) else { return true }
        let control: UnsafeRawBufferPointer = feedback.control
        guard let body = writer.open(code.type, words: 2 + control.count / 4, count: code.format) else { return false }
        let memory: UnsafeMutableRawBufferPointer = writer.memory
        store32(mapping.author(feedback.sender), memory, body)
        store32(media, memory, body + 4)
        UnsafeMutableRawBufferPointer(rebasing: memory[(body + 8)...]).copyMemory(from: control)
        if feedback.kind == .missing {
            for position in stride(from: 0, to: control.count - 3, by: 4) {
                let number: UInt16 = load16(control, position) &+ UInt16(truncatingIfNeeded: sequenceOffset)
                store16(number, memory, body + 8 + position)
            }
        }
        for index in 0..<feedback.entryCount {
            guard let entry = mapping.entry(feedback.entry(index)) else {
                // An entry less would change what the others mean (REMB) or say: the whole message is left out.
                writer.withdraw()
                return true
            }
            store32(entry.to, memory, body + 8 + feedback.entryOffset(index))
        }
        return true
    }

    private static func code(of kind: RTCPFeedback.Kind) -> (type: UInt8, format: UInt8)? {
        switch kind {
        case .missing: (RTCPFeedback.transportType, 1)
        case .bitRateRequest: (RTCPFeedback.transportType, 3)
        case .bitRateNotice: (RTCPFeedback.transportType, 4)
        case .transportArrivals: (RTCPFeedback.transportType, 15)
        case .pictureLoss: (RTCPFeedback.payloadType, 1)
        case .sliceLoss: (RTCPFeedback.payloadType, 2)
        case .referencePicture: (RTCPFeedback.payloadType, 3)
        case .fullIntraRequest: (RTCPFeedback.payloadType, 4)
        case .tradeOffRequest: (RTCPFeedback.payloadType, 5)
        case .tradeOffNotice: (RTCPFeedback.payloadType, 6)
        case .estimatedBitRate: (RTCPFeedback.payloadType, 15)
        case .other: nil
        }
    }

    // MARK: Extended reports

    private static func rewrite(_ report: RTCPExtendedReport, _ mapping: RTCPMapping, _ writer: inout RTCPWriter)
        -> Bool
    {
        var report = report
        guard writer.extendedReport(ssrc: mapping.author(report.ssrc)) else { return false }
        let empty: Int = writer.count
        while let block = report.nextRaw() {
            guard rewrite(block.type, block.specific, block.content, mapping, &writer) else { return false }
        }
        if writer.count == empty { writer.withdraw() }
        return true
    }

    private static func rewrite(
        _ type: UInt8, _ specific: UInt8, _ content: UnsafeRawBufferPointer, _ mapping: RTCPMapping,
        _ writer: inout RTCPWriter
    ) -> Bool {
        // Loss and duplicate run lengths (§4.1-4.2) and the summary (§4.6) name a stream and a range of it.
        let hasRange: Bool = (type == 1 || type == 2) && content.count >= 8 || type == 6 && content.count == 36
        let isVoIP: Bool = type == RTCPVoIPMetrics.blockType && content.count == RTCPVoIPMetrics.length
        switch type {
        case 4 where content.count == 8:
            return copy(type, specific, content, &writer) != nil
        case 5 where content.count % RTCPReferenceTimeAnswer.length == 0:
            return rewrite(RTCPReferenceTimeAnswers(bytes: content), mapping, &writer)
        case _ where hasRange || isVoIP:
            guard let entry = mapping.entry(load32(content, 0)) else { return true }
            guard let start = copy(type, specific, content, &writer) else { return false }
            store32(entry.to, writer.memory, start)
            guard hasRange else { return true }
            for position in stride(from: 4, through: 6, by: 2) {
                let number: UInt16 = load16(content, position) &+ UInt16(truncatingIfNeeded: entry.sequenceOffset)
                store16(number, writer.memory, start + position)
            }
            return true
        default:
            return true
        }
    }

    private static func rewrite(
        _ answers: RTCPReferenceTimeAnswers, _ mapping: RTCPMapping, _ writer: inout RTCPWriter
    ) -> Bool {
        for index in 0..<answers.count {
            var answer: RTCPReferenceTimeAnswer = answers[index]
            guard let entry = mapping.entry(answer.ssrc) else { continue }
            answer.ssrc = entry.to
            guard writer.delaySinceReferenceTime(answer) else { return false }
        }
        return true
    }

    private static func copy(
        _ type: UInt8, _ specific: UInt8, _ content: UnsafeRawBufferPointer, _ writer: inout RTCPWriter
    ) -> Int? {
        guard let start = writer.block(type, specific: specific, words: content.count / 4) else { return nil }
        UnsafeMutableRawBufferPointer(rebasing: writer.memory[start...]).copyMemory(from: content)
        return start
    }
}
