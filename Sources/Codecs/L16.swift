/// Linear samples of 16 bits in network order (RFC 3551 §4.5.11), to and from one channel.
enum L16 {
    /// `count` samples a channel; two channels become their mean.
    static func decode(
        _ bytes: UnsafeRawPointer, channels: Int, into samples: UnsafeMutablePointer<Int16>, _ count: Int
    ) {
        if channels == 1 {
            for index in 0..<count {
                samples[index] = Int16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2 * index, as: Int16.self))
            }
        } else {
            for index in 0..<count {
                let left = Int16(bigEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: Int16.self))
                let right = Int16(bigEndian: bytes.loadUnaligned(fromByteOffset: 4 * index + 2, as: Int16.self))
                samples[index] = Int16(truncatingIfNeeded: (Int32(left) &+ Int32(right)) &>> 1)
            }
        }
    }

    /// Each sample once a channel.
    static func encode(
        _ samples: UnsafePointer<Int16>, _ count: Int, channels: Int, into bytes: UnsafeMutableRawPointer
    ) {
        if channels == 1 {
            for index in 0..<count {
                bytes.storeBytes(of: samples[index].bigEndian, toByteOffset: 2 * index, as: Int16.self)
            }
        } else {
            for index in 0..<count {
                let both = UInt32(UInt16(bitPattern: samples[index].bigEndian)) &* 0x1_0001
                bytes.storeBytes(of: both, toByteOffset: 4 * index, as: UInt32.self)
            }
        }
    }
}
