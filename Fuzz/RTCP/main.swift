import RTP

/// RTCP is read whatever the bytes, and what is written anew is RTCP again, within its buffer and bearing no name but ours.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let datagram = UnsafeRawBufferPointer(start: start, count: count)
    walk(datagram)
    var mapping = RTCPMapping(reporter: 70)
    mapping.add(.init(from: 7, to: 70, timestampOffset: 1000, packetOffset: 10, octetOffset: 20))
    mapping.add(.init(from: 9, to: 90, sequenceOffset: 0xFFFF_FFFB))
    let output = UnsafeMutableRawBufferPointer.allocate(byteCount: count + 300, alignment: 8)
    defer { output.deallocate() }
    let name: StaticString = "ours"
    let cname = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    let length: Int = RTCPRewriter.rewrite(datagram, into: output, mapping: mapping, cname: cname)
    guard length > 0 else { return 0 }
    let written = UnsafeRawBufferPointer(rebasing: output[..<length])
    guard var reader = RTCPReader(written, allowReducedSize: true) else { fatalError("what was written is no RTCP") }
    while let packet = reader.next() {
        switch packet {
        case .goodbye: fatalError("a goodbye was passed on")
        case .sourceDescription(let description):
            description.forEachItem { _, _, text in
                if !text.elementsEqual(cname) { fatalError("a name was passed on") }
            }
        case .senderReport, .receiverReport, .other: break
        }
    }
    // A second time nothing else may happen to it than to a first: no crash, no growth.
    walk(written)
    return 0
}

private func walk(_ datagram: UnsafeRawBufferPointer) {
    guard var reader = RTCPReader(datagram, allowReducedSize: true) else { return }
    while let packet = reader.next() {
        switch packet {
        case .senderReport(_, let blocks), .receiverReport(_, let blocks):
            for index in 0..<blocks.count { _ = blocks[index].jitter }
        case .sourceDescription(let description): description.forEachItem { _, _, _ in }
        case .goodbye(let leaving): _ = leaving.reason?.count
        case .other:
            if let feedback = reader.feedback {
                for index in 0..<feedback.entryCount { _ = feedback.entry(index) }
            }
            guard var report = reader.extendedReport else { continue }
            while let block = report.next() {
                if case .referenceTimeAnswers(let answers) = block {
                    for index in 0..<answers.count { _ = answers[index].delay }
                }
            }
        }
    }
}
