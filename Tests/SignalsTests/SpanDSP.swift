import CSpanDSP

/// spandsp's own receiver: the measure ours is held against.
func spandspDigits(_ pcm: [Int16]) -> [UInt8] {
    let state = dtmf_rx_init(nil, nil, nil)
    dtmf_rx_parms(state, 0, 10, 6, -42)
    defer { dtmf_rx_free(state) }
    var index = 0
    var result: [UInt8] = []
    pcm.withUnsafeBufferPointer { all in
        while index < all.count {
            let count: Int = min(160, all.count - index)
            dtmf_rx(state, all.baseAddress! + index, Int32(count))
            index += count
            var buffer = [CChar](repeating: 0, count: 32)
            let got = dtmf_rx_get(state, &buffer, 31)
            result += buffer[..<Int(got)].compactMap { c in
                switch UInt8(bitPattern: c) {
                case 48...57: UInt8(bitPattern: c) - 48
                case 42: 10
                case 35: 11
                case 65...68: UInt8(bitPattern: c) - 65 + 12
                default: nil
                }
            }
        }
    }
    return result
}

/// G.722 at 64 kbit/s there and back, of audio of 8 kHz.
func spandspG722(_ pcm: [Int16]) -> [Int16] {
    let encoder = g722_encode_init(nil, 64_000, Int32(G722_SAMPLE_RATE_8000))
    let decoder = g722_decode_init(nil, 64_000, Int32(G722_SAMPLE_RATE_8000))
    defer {
        g722_encode_free(encoder)
        g722_decode_free(decoder)
    }
    var bytes = [UInt8](repeating: 0, count: pcm.count + 8)
    var result = [Int16](repeating: 0, count: pcm.count + 8)
    let count: Int32 = g722_encode(encoder, &bytes, pcm, Int32(pcm.count))
    let samples: Int32 = g722_decode(decoder, &result, bytes, count)
    return Array(result[..<Int(max(samples, 0))])
}
