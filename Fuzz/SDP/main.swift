import Basics
import SDP

/// Reads any bytes as a session description. What is accepted must be writable, read back the same, and be relayed without a trace of
/// its author's addresses.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSessionDescription(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 0 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let first = try? SessionDescription.parse(bytes) else { return 0 }
    // Written, a description grows: CRLF for LF, U+FFFD for a bad byte.
    let wide = SDPLimits(bytes: .max, lines: .max, media: .max)
    guard let written = try? first.serialised() else { fatalError("what was parsed cannot be written") }
    guard let second = try? SessionDescription.parse(written, limits: wide) else {
        fatalError("what was written cannot be read")
    }
    guard second == first else { fatalError("reading back gives another value") }

    let address = IPAddress(v4: 0xC633_6401)
    let endpoints = first.media.indices.map { SDPRelayEndpoint(address: address, rtpPort: UInt16(20_000 + 2 * $0)) }
    let relayed = first.relayed(origin: SDPOrigin(sessionID: 1, version: 1, address: address), endpoints: endpoints)
    guard relayed.media.count == first.media.count else { fatalError("an m-line is gone") }
    guard (try? relayed.serialised()) != nil else { fatalError("what is relayed cannot be written") }
    for stream in relayed.media {
        guard stream.connection?.ip == address else { fatalError("an address was not replaced") }
        _ = (stream.rtpmaps, stream.fmtps, stream.rtcpEndpoint, stream.ptimeMs, stream.direction, stream.clockRate)
        for line in stream.crypto {
            guard SDPCrypto(line.value) == line else { fatalError("a crypto line is not read back the same") }
        }
    }
    for index in first.media.indices {
        guard var transport = first.transport(ofMedia: index) else { fatalError("an m-line is gone") }
        var own = first
        own.media[index].setTransport(transport)
        own.isICELite = false
        transport.isICELite = false
        guard own.transport(ofMedia: index) == transport else { fatalError("ICE and DTLS are not read back the same") }
        own.media[index].setExtmaps(first.media[index].extmaps)
        guard own.media[index].extmaps == first.media[index].extmaps else {
            fatalError("an extmap is not read back the same")
        }
        own.groups = first.groups
        guard own.groups == first.groups else { fatalError("a group is not read back the same") }
    }
    return 0
}
