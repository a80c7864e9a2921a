import Basics
import CSys
import NIOCore

// Addresses cross between NIO, the kernel and ours as bits, never as text.

extension IPEndpoint {
    /// nil for a Unix socket.
    init?(_ address: SocketAddress) {
        var raw = csys_endpoint()
        let result: Int32
        switch address {
        case .v4(let v4): result = withUnsafeBytes(of: v4.address) { csys_sip_endpoint($0.baseAddress, &raw) }
        case .v6(let v6): result = withUnsafeBytes(of: v6.address) { csys_sip_endpoint($0.baseAddress, &raw) }
        case .unixDomainSocket: return nil
        }
        guard result == 0 else { return nil }
        self.init(raw)
    }

    init(_ raw: csys_endpoint) {
        let address =
            raw.is_v6 != 0 ? IPAddress(v6: raw.high, raw.low) : IPAddress(v4: UInt32(truncatingIfNeeded: raw.low))
        self.init(address, raw.port)
    }

    var raw: csys_endpoint {
        csys_endpoint(high: address.high, low: address.low, port: port, is_v6: address.isV4 ? 0 : 1)
    }

    /// For connecting and for NIO's own queue; costs two allocations.
    var socketAddress: SocketAddress {
        get throws {
            var bytes = ByteBuffer()
            if !address.isV4 { bytes.writeInteger(address.high) }
            if address.isV4 {
                bytes.writeInteger(UInt32(truncatingIfNeeded: address.low))
            } else {
                bytes.writeInteger(address.low)
            }
            return try SocketAddress(packedIPAddress: bytes, port: Int(port))
        }
    }
}
