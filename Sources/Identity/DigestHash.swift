internal import Crypto
package import SIPMessage

/// The three hash functions of RFC 8760 §2 over bytes, with hexadecimal output in lower case.
package enum DigestHash {
    /// H(`bytes`) in hexadecimal; an unknown algorithm is computed as MD5, so that the work is the same.
    package static func hexadecimal(of bytes: [UInt8], _ algorithm: DigestAlgorithm) -> String {
        String(unsafeUninitializedCapacity: 64) { buffer in
            var output: [UInt8] = []
            output.reserveCapacity(64)
            append(bytes, algorithm, to: &output)
            for index in output.indices { buffer[index] = output[index] }
            return output.count
        }
    }

    /// Appends the hexadecimal digits of H(`bytes`) to `output`.
    package static func append(_ bytes: [UInt8], _ algorithm: DigestAlgorithm, to output: inout [UInt8]) {
        switch algorithm {
        case .sha256: appendHexadecimal(SHA256.hash(data: bytes), to: &output)
        case .sha512t256: appendHexadecimal(SHA512t256.hash(bytes), to: &output)
        default: appendHexadecimal(Insecure.MD5.hash(data: bytes), to: &output)
        }
    }

    @inline(__always)
    private static func appendHexadecimal(_ digest: some Sequence<UInt8>, to output: inout [UInt8]) {
        for byte in digest {
            output.append(digit(byte >> 4))
            output.append(digit(byte & 15))
        }
    }

    @inline(__always)
    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }
}
