import CSpanDSP

/// spandsp's own receiver: the measure ours is held against.
func spandspDigits(_ pcm: [Int16]) -> [UInt8] {
    let state = dtmf_rx_init(nil, nil, nil)
    dtmf_rx_parms(state, 0, 8, 4, -42)
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
