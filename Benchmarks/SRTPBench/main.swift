// What protecting and taking a packet costs, beside libsrtp: SRTPBench [ROUNDS] [PAYLOAD] [alone]
// Packets of 12 + PAYLOAD bytes (160 by default: 20 ms of G.711), one source, one thread. Prints nanoseconds a packet, the median of
// the rounds, each of 4,096 packets. `alone` leaves libsrtp out, for profiles and for counting allocations.
import Basics
import CSRTP2
import DTLS
import Glibc
import SRTP

let batch: Int = 4096
let room: Int = 64

func fail(_ text: String) -> Never {
    let line = Array((text + "\n").utf8)
    _ = write(STDERR_FILENO, line, line.count)
    exit(2)
}

func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

/// A batch of packets in one piece of memory, each with room behind it.
struct Batch {
    let length: Int
    let stride: Int
    let bytes: UnsafeMutableRawBufferPointer

    init(payload: Int) {
        length = 12 + payload
        stride = length + room
        bytes = .allocate(byteCount: stride * batch, alignment: 16)
    }

    /// Writes the packets from `first` on.
    func fill(from first: Int) {
        for number in 0..<batch {
            let packet = self[number]
            for index in 0..<length { packet[index] = UInt8(truncatingIfNeeded: index &* 31 &+ number) }
            let sequence = UInt16(truncatingIfNeeded: first + number)
            packet[0] = 0x80
            packet[1] = 0
            packet.storeBytes(of: sequence.bigEndian, toByteOffset: 2, as: UInt16.self)
            packet.storeBytes(of: UInt32(0x1234_5678).bigEndian, toByteOffset: 8, as: UInt32.self)
        }
    }

    subscript(number: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: bytes[(number * stride)..<((number + 1) * stride)])
    }
}

struct Figures {
    var protect: Double
    var take: Double
}

func measureOurs(_ key: SRTPKey, _ packets: Batch, rounds: Int) throws -> Figures {
    var sender = try SRTPSender(key)
    var receiver = try SRTPReceiver(key)
    var (protecting, taking): ([Double], [Double]) = ([], [])
    for round in 0..<rounds {
        packets.fill(from: round * batch)
        var length: Int = 0
        let start = now()
        for number in 0..<batch { length = sender.protectRTP(packets[number], length: packets.length) ?? 0 }
        let middle = now()
        for number in 0..<batch {
            _ = receiver.unprotectRTP(UnsafeMutableRawBufferPointer(rebasing: packets[number][..<length]))
        }
        let end = now()
        protecting.append((middle - start) / Double(batch))
        taking.append((end - middle) / Double(batch))
    }
    guard sender.counters.refused == 0, receiver.counters.packets == UInt64(rounds * batch) else {
        fail("\(key): packets were refused: \(sender.counters) \(receiver.counters)")
    }
    return Figures(protect: median(protecting), take: median(taking))
}

func measureLibsrtp(_ key: SRTPKey, _ packets: Batch, rounds: Int) -> Figures {
    func context(_ direction: srtp_ssrc_type_t) -> srtp_t? {
        var policy = srtp_policy_t()
        policy.ssrc.type = direction
        switch key.profile {
        case .aesCM128HMACSHA1Tag80: srtp_crypto_policy_set_rtp_default(&policy.rtp)
        case .aesCM128HMACSHA1Tag32: srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy.rtp)
        case .aesCM256HMACSHA1Tag80: srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&policy.rtp)
        case .aesCM256HMACSHA1Tag32: srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32(&policy.rtp)
        case .aeadAES128GCM: srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp)
        case .aeadAES256GCM: srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp)
        }
        policy.rtcp = policy.rtp
        policy.window_size = 448
        var material: [UInt8] = key.keyAndSalt + [UInt8](repeating: 0, count: 32)
        var context: srtp_t?
        let status: srtp_err_status_t = material.withUnsafeMutableBufferPointer { bytes in
            policy.key = bytes.baseAddress
            return srtp_create(&context, &policy)
        }
        return status == srtp_err_status_ok ? context : nil
    }
    guard let sender = context(ssrc_any_outbound), let receiver = context(ssrc_any_inbound) else {
        fail("libsrtp failed")
    }
    var (protecting, taking): ([Double], [Double]) = ([], [])
    for round in 0..<rounds {
        packets.fill(from: round * batch)
        var length: Int32 = 0
        let start = now()
        for number in 0..<batch {
            length = Int32(packets.length)
            guard srtp_protect(sender, packets[number].baseAddress, &length) == srtp_err_status_ok else {
                fail("libsrtp failed")
            }
        }
        let middle = now()
        for number in 0..<batch {
            var protected: Int32 = length
            guard srtp_unprotect(receiver, packets[number].baseAddress, &protected) == srtp_err_status_ok else {
                fail("libsrtp failed")
            }
        }
        let end = now()
        protecting.append((middle - start) / Double(batch))
        taking.append((end - middle) / Double(batch))
    }
    return Figures(protect: median(protecting), take: median(taking))
}

func threadCPU() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
}

/// Microseconds of CPU.
struct Handshakes {
    /// Of a whole handshake, medians; and of its most expensive datagram, which is how long a packet thread is kept from its packets.
    var client: Double
    var server: Double
    var longestOfClient: Double
    var longestOfServer: Double
    /// Of turning away a ClientHello without a cookie.
    var refusal: Double
    var certificate: Double
}

func measureHandshakes(_ count: Int) throws -> Handshakes {
    // The first loads what OpenSSL has to load.
    _ = try DTLSCertificate(now: WallTime(secondsSinceEpoch: 0))
    let start = threadCPU()
    let certificate = try DTLSCertificate(now: WallTime(secondsSinceEpoch: 1_795_262_400))
    let made: Double = threadCPU() - start
    var (clients, servers): ([Double], [Double]) = ([], [])
    var longest: [[Double]] = [[], []]
    for _ in 0..<count {
        var spent: [Double] = [0, 0]
        var most: [Double] = [0, 0]
        func timed<R>(_ end: Int, _ body: () throws -> R) rethrows -> R {
            let start = threadCPU()
            defer {
                let taken: Double = threadCPU() - start
                spent[end] += taken
                most[end] = max(most[end], taken)
            }
            return try body()
        }
        let ends: [DTLSEndpoint] = try [DTLSPlan.Role.client, .server].enumerated().map { end, role in
            try timed(end) {
                try DTLSEndpoint(
                    certificate, plan: DTLSPlan(role: role, fingerprints: [certificate.fingerprint]), now: .zero)
            }
        }
        var datagrams: [[UInt8]] = timed(0) { ends[0].start(now: .zero) }
        var turn: Int = 1
        while !datagrams.isEmpty {
            datagrams = datagrams.flatMap { datagram in timed(turn) { ends[turn].handle(datagram, now: .zero) } }
            turn = 1 - turn
        }
        guard ends[0].keys != nil, ends[0].keys?.local == ends[1].keys?.remote else { fail("a handshake failed") }
        clients.append(spent[0])
        servers.append(spent[1])
        for end in 0..<2 { longest[end].append(most[end]) }
    }
    return Handshakes(
        client: median(clients), server: median(servers), longestOfClient: median(longest[0]),
        longestOfServer: median(longest[1]), refusal: try measureRefusals(certificate, count), certificate: made)
}

func measureRefusals(_ certificate: DTLSCertificate, _ count: Int) throws -> Double {
    func end(_ role: DTLSPlan.Role) throws -> DTLSEndpoint {
        try DTLSEndpoint(
            certificate, plan: DTLSPlan(role: role, fingerprints: [certificate.fingerprint]),
            settings: DTLSSettings(verifiesAddress: true), now: .zero)
    }
    let (server, hello): (DTLSEndpoint, [[UInt8]]) = (try end(.server), try end(.client).start(now: .zero))
    let start = threadCPU()
    for _ in 0..<count {
        guard let datagram = hello.first, server.handle(datagram, now: .zero).count == 1, server.isListening else {
            fail("a ClientHello was not asked for its cookie")
        }
    }
    return (threadCPU() - start) / Double(count)
}

func column(_ value: Double) -> String {
    let text = String(Int(value.rounded()))
    return String(repeating: " ", count: max(0, 9 - text.count)) + text
}

let rounds: Int = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 50 : 50
let payload: Int = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 160 : 160
guard rounds > 0, (0...60_000).contains(payload), srtp_init() == srtp_err_status_ok else {
    fail("usage: SRTPBench [ROUNDS] [PAYLOAD]")
}
let isAlone: Bool = CommandLine.arguments.contains("alone")
let packets = Batch(payload: payload)
var random = SeededRandom(seed: 1)
print("ns a packet of \(packets.length) bytes       protect  libsrtp     take  libsrtp")
for profile in SRTPProfile.allCases {
    let key = SRTPKey.random(profile, using: &random)
    let ours = try measureOurs(key, packets, rounds: rounds)
    let theirs = isAlone ? Figures(protect: 0, take: 0) : measureLibsrtp(key, packets, rounds: rounds)
    let name: String = profile.rawValue + String(repeating: " ", count: 26 - profile.rawValue.count)
    print(name + column(ours.protect) + column(theirs.protect) + column(ours.take) + column(theirs.take))
}
let handshake = try measureHandshakes(200)
print(
    "µs of CPU for a DTLS handshake: \(Int(handshake.client)) as client, \(Int(handshake.server)) as server; "
        + "its longest datagram \(Int(handshake.longestOfClient)) and \(Int(handshake.longestOfServer)); "
        + "\(Int(handshake.refusal)) for a ClientHello without a cookie; \(Int(handshake.certificate)) for a certificate"
)
