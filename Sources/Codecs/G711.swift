import CSpanDSP

/// G.711, over whole buffers: bytes to samples, samples to bytes, and one law to the other.
///
/// The laws are small floating-point formats, so a sample's code is read off the bits of a `Float`. The loops have no branch and no
/// table, and the compiler turns them into vector instructions.
public enum G711 {
    public enum Law: Hashable, Sendable {
        /// µ-law: North America and Japan.
        case mu
        /// A-law: the rest of the world.
        case a
    }

    /// Decodes as many codes as there are and `samples` holds.
    /// - Returns: the samples written.
    @discardableResult
    public static func decode(
        _ codes: UnsafeRawBufferPointer, law: Law, into samples: UnsafeMutableBufferPointer<Int16>
    ) -> Int {
        let count = min(codes.count, samples.count)
        guard count > 0, let from = codes.baseAddress, let to = samples.baseAddress else { return 0 }
        let bytes = from.assumingMemoryBound(to: UInt8.self)
        switch law {
        case .mu:
            for index in 0..<count { to[index] = decodeMu(bytes[index]) }
        case .a:
            for index in 0..<count { to[index] = decodeA(bytes[index]) }
        }
        return count
    }

    /// Encodes as many samples as there are and `codes` holds.
    /// - Returns: the bytes written.
    @discardableResult
    public static func encode(
        _ samples: UnsafeBufferPointer<Int16>, law: Law, into codes: UnsafeMutableRawBufferPointer
    ) -> Int {
        let count = min(codes.count, samples.count)
        guard count > 0, let from = samples.baseAddress, let to = codes.baseAddress else { return 0 }
        let bytes = to.assumingMemoryBound(to: UInt8.self)
        switch law {
        case .mu:
            for index in 0..<count { bytes[index] = encodeMu(from[index]) }
        case .a:
            for index in 0..<count { bytes[index] = encodeA(from[index]) }
        }
        return count
    }

    /// Writes codes of one law as codes of the other, by the tables of G.711 (§3.4), which differ from decoding and encoding anew:
    /// there and back most codes return to what they were. The two buffers may be the same memory.
    /// - Returns: the bytes written.
    @discardableResult
    public static func transcode(
        _ codes: UnsafeRawBufferPointer, from law: Law, into other: UnsafeMutableRawBufferPointer
    ) -> Int {
        let count = min(codes.count, other.count)
        guard count > 0, let from = codes.baseAddress, let to = other.baseAddress else { return 0 }
        let (source, target) = (from.assumingMemoryBound(to: UInt8.self), to.assumingMemoryBound(to: UInt8.self))
        let table = law == .mu ? muToA : aToMu
        for index in 0..<count { target[index] = table[Int(source[index])] }
        return count
    }

    /// Made once and never changed, so that any thread may read them.
    nonisolated(unsafe) private static let muToA = table { ulaw_to_alaw($0) }
    nonisolated(unsafe) private static let aToMu = table { alaw_to_ulaw($0) }

    private static func table(_ code: (UInt8) -> UInt8) -> UnsafePointer<UInt8> {
        let table = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
        for value in UInt8.min...UInt8.max { table[Int(value)] = code(value) }
        return UnsafePointer(table)
    }

    /// Codes are sent inverted; a value is `(16.5 + mantissa) << (exponent + 3)`, less the bias of 132 (33 in the 14-bit scale).
    @inline(__always)
    private static func decodeMu(_ code: UInt8) -> Int16 {
        let inverted = Int32(~code)
        let magnitude = (((inverted & 15) &<< 3) &+ 132) &<< ((inverted &>> 4) & 7) &- 132
        let sign = -(inverted &>> 7)
        return Int16(truncatingIfNeeded: (magnitude ^ sign) &- sign)
    }

    /// Every other bit is sent inverted, and the first of eight exponents is linear like the second.
    @inline(__always)
    private static func decodeA(_ code: UInt8) -> Int16 {
        let plain = Int32(code ^ 0x55)
        let exponent = (plain &>> 4) & 7
        let isLinear: Int32 = exponent == 0 ? 1 : 0
        let magnitude = (((plain & 15) &<< 4) &+ 264 &- (isLinear &<< 8)) &<< (exponent &- 1 &+ isLinear)
        let sign = (plain &>> 7) &- 1
        return Int16(truncatingIfNeeded: (magnitude ^ sign) &- sign)
    }

    /// The exponent and the first four bits of the mantissa, as a law's 7 bits; `magnitude` is 128 ... 32 767.
    @inline(__always)
    private static func logarithm(_ magnitude: Int32) -> Int32 {
        Int32(bitPattern: Float(magnitude).bitPattern &>> 19) &- ((127 + 7) << 4)
    }

    @inline(__always)
    private static func encodeMu(_ sample: Int16) -> UInt8 {
        let value = Int32(sample)
        let sign = value &>> 31
        let magnitude = min((value ^ sign) &- sign, 32_635) &+ 132
        return UInt8(truncatingIfNeeded: logarithm(magnitude) ^ (0xFF ^ (sign & 0x80)))
    }

    @inline(__always)
    private static func encodeA(_ sample: Int16) -> UInt8 {
        let value = Int32(sample)
        let sign = value &>> 31
        let magnitude = value ^ sign
        let code = magnitude < 256 ? magnitude &>> 4 : logarithm(magnitude)
        return UInt8(truncatingIfNeeded: code ^ (0xD5 ^ (sign & 0x80)))
    }
}
