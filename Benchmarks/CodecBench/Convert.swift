import Codecs

/// `opus/48000/2 useinbandfec=1`
func codec(named text: String) -> AudioCodec? {
    let words = text.split(separator: " ", maxSplits: 1)
    let parts = words.first?.split(separator: "/") ?? []
    guard parts.count >= 2, let clockRate = UInt32(parts[1]) else { return nil }
    return AudioCodec(
        encodingName: String(parts[0]), clockRate: clockRate, channels: parts.count > 2 ? UInt8(parts[2]) : nil,
        parameters: words.count > 1 ? String(words[1]) : nil)
}

/// The packets of 20 ms that a file becomes; what is left of it at the end is padded.
private func packets(_ codec: AudioCodec, _ path: String) throws(CodecError) -> [[UInt8]] {
    var encoder = try AudioEncoder(codec)
    let packet = encoder.sampleRate / 50
    var samples = readSamples(path)
    samples += [Int16](repeating: 0, count: (packet - samples.count % packet) % packet)
    var payload = [UInt8](repeating: 0, count: 8_000)
    var packets: [[UInt8]] = []
    var start = 0
    while start < samples.count {
        let count = samples.withUnsafeBufferPointer { all in
            payload.withUnsafeMutableBytes { encoder.encode(.init(rebasing: all[start..<(start + packet)]), into: $0) }
        }
        guard let count else { throw CodecError(codec.name, "packet at sample \(start) was not encoded") }
        packets.append(Array(payload[..<count]))
        start += packet
    }
    return packets
}

/// An empty packet is one that was not sent.
private func samples(_ codec: AudioCodec, _ packets: [[UInt8]]) throws(CodecError) -> [Int16] {
    var decoder = try AudioDecoder(codec)
    var samples: [Int16] = []
    var room = [Int16](repeating: 0, count: AudioDecoder.mostSamples)
    for (index, packet) in packets.enumerated() {
        let missing = decoder.sampleRate / 50
        let count: Int? = room.withUnsafeMutableBufferPointer { room in
            if packet.isEmpty { return decoder.conceal(samples: missing, into: room) }
            return packet.withUnsafeBytes { decoder.decode($0, into: room) }
        }
        guard let count else { throw CodecError(codec.name, "packet \(index) was not decoded") }
        samples += room[..<count]
    }
    return samples
}

func convert(_ codec: AudioCodec, from input: String, to output: String) throws(CodecError) {
    writeSamples(output, try samples(codec, try packets(codec, input)))
}

func encodeFile(_ codec: AudioCodec, from input: String, to output: String) throws(CodecError) {
    writeFile(
        output, try packets(codec, input).flatMap { [UInt8($0.count >> 8), UInt8(truncatingIfNeeded: $0.count)] + $0 })
}

func decodeFile(_ codec: AudioCodec, from input: String, to output: String) throws(CodecError) {
    let bytes = readFile(input)
    var packets: [[UInt8]] = []
    var start = 0
    while start + 2 <= bytes.count {
        let end = start + 2 + Int(bytes[start]) << 8 + Int(bytes[start + 1])
        guard end <= bytes.count else { throw CodecError(input, "cut short in packet \(packets.count)") }
        packets.append(Array(bytes[(start + 2)..<end]))
        start = end
    }
    writeSamples(output, try samples(codec, packets))
}
