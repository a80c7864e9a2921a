import Basics
import CSys
import Glibc

extension MediaTransportSettings {
    /// Cores this process may run on; at least 1.
    public static var coreCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
}

func errnoText(_ code: Int32) -> String {
    guard let text = strerror(code) else { return "error \(code)" }
    return String(cString: text)
}

extension csys_endpoint {
    init(_ endpoint: IPEndpoint) {
        self.init(
            high: endpoint.address.high, low: endpoint.address.low, port: endpoint.port,
            is_v6: endpoint.address.isV4 ? 0 : 1)
    }

    @inline(__always)
    var endpoint: IPEndpoint {
        IPEndpoint(is_v6 == 0 ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : IPAddress(v6: high, low), port)
    }
}

extension csys_address {
    static var none: csys_address { csys_address(bytes: (0, 0, 0, 0), length: 0) }

    /// `endpoint` for a socket of `family`; none where the families differ.
    init(_ endpoint: IPEndpoint?, family: IPAddress.Family) {
        self = .none
        guard let endpoint, endpoint.address.family == family else { return }
        var plain = csys_endpoint(endpoint)
        csys_address_set(&self, &plain)
    }
}
