import Codecs

/// One decoder of each codec, over and over: the first byte of the input chooses it, the rest is packets behind a byte of length. Now and
/// then a packet is lost, recovered or comes after a reset. What is decoded must be as long as was said before.
private final class Decoders {
    static let codecs: [(AudioCodec, UInt32)] = [
        (.opus(OpusParameters()), 48_000), (.opus(OpusParameters()), 8_000), (.g729(annexB: true), 8_000),
        (.g722, 16_000), (.g722, 8_000), (.pcmu, 8_000), (.pcma, 8_000),
        (.l16(sampleRate: 48_000, channels: 2), 48_000),
    ]

    var decoder: AudioDecoder
    let samples = UnsafeMutableBufferPointer<Int16>.allocate(capacity: AudioDecoder.mostSamples)
    let codec: AudioCodec

    init(_ index: Int) {
        let (codec, rate) = Self.codecs[index]
        guard let decoder = try? AudioDecoder(codec, sampleRate: rate) else { fatalError("no \(codec.name)") }
        self.codec = codec
        self.decoder = decoder
    }

    func take(_ input: UnsafeRawBufferPointer) {
        decoder.reset()
        var rest = input[...]
        while let head = rest.first {
            let packet = UnsafeRawBufferPointer(rebasing: rest.dropFirst().prefix(Int(head)))
            rest = rest.dropFirst(1 + packet.count)
            // In memory of its own, so that reading beyond it is seen.
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: packet.count, alignment: 1)
            copy.copyMemory(from: packet)
            defer { copy.deallocate() }
            play(UnsafeRawBufferPointer(copy), isLost: head & 3 == 3)
        }
    }

    private func play(_ packet: UnsafeRawBufferPointer, isLost: Bool) {
        let twentieth = decoder.sampleRate / 50
        if isLost, decoder.recover(samples: twentieth, from: packet, into: samples) == nil {
            _ = decoder.conceal(samples: twentieth, into: samples)
        }
        let duration = AudioDecoder.duration(of: packet, codec: codec)
        let expected = duration.map { Int($0) * decoder.sampleRate / Int(codec.clockRate) }
        guard let given = decoder.decode(packet, into: samples) else {
            guard expected == nil else { fatalError("a legal packet of \(codec.name) was refused") }
            return
        }
        guard given == expected else { fatalError("\(codec.name) gave \(given) samples, not \(expected ?? -1)") }
    }
}

nonisolated(unsafe) private let decoders = Decoders.codecs.indices.map { Decoders($0) }

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPackets(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 0 else { return 0 }
    let input = UnsafeRawBufferPointer(start: start, count: count)
    let choice = Int(input[0]) % (decoders.count + 2)
    let rest = UnsafeRawBufferPointer(rebasing: input[1...])
    switch choice {
    case decoders.count: describe(rest)
    case decoders.count + 1: makeNoise(rest)
    default: decoders[choice].take(rest)
    }
    return 0
}

/// As text: `name/rate/channels parameters`. What is read must be written so that it is read the same.
private func describe(_ input: UnsafeRawBufferPointer) {
    let text = String(decoding: input, as: UTF8.self)
    for name in ["opus", "G729"] {
        let clockRate: UInt32 = name == "opus" ? 48_000 : 8_000
        let channels: UInt8 = name == "opus" ? 2 : 1
        guard let codec = AudioCodec(encodingName: name, clockRate: clockRate, channels: channels, parameters: text)
        else {
            fatalError("parameters turned \(name) down")
        }
        let again = AudioCodec(
            encodingName: name, clockRate: clockRate, channels: channels, parameters: codec.formatParameters)
        guard again == codec else { fatalError("reading back gives another codec") }
    }
    _ = AudioCodec(encodingName: text, clockRate: 8_000)
}

private func makeNoise(_ payload: UnsafeRawBufferPointer) {
    guard var noise = try? ComfortNoiseDecoder(sampleRate: 16_000) else { fatalError("no noise") }
    guard noise.decode(payload) != payload.isEmpty else {
        fatalError("a payload was taken that is empty, or not taken")
    }
    withUnsafeTemporaryAllocation(of: Int16.self, capacity: 320) { noise.generate(into: $0) }
}
