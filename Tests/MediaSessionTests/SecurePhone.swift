import Basics
import DTLS
import ICE
import MediaSession
import RTP
import SRTP
import STUN

/// A telephone with keys of its own: the peer of one endpoint, at one address for RTP and the port above for RTCP.
final class SecurePhone {
    var certificate: DTLSCertificate
    var address: IPEndpoint
    var rtcpAddress: IPEndpoint { IPEndpoint(address.address, address.port + 1) }
    /// By port: RTP's, then RTCP's.
    var ends: [DTLSEndpoint?] = [nil, nil]
    private var senders = Slots<SRTPSender>()
    private var receivers = Slots<SRTPReceiver>()
    private var number: UInt16
    private var stamp: UInt32 = 0
    private var check: UInt8 = 0
    var credentials: ICEPlan?

    /// What it heard: the numbers in the payloads of packets it could read; how many it could not.
    private(set) var heard: [UInt32] = []
    private(set) var reports: Int = 0
    private(set) var unreadable: Int = 0
    private(set) var handshakeDatagrams: [[UInt8]] = []
    private(set) var answers: [STUNMessage] = []

    init(_ address: IPEndpoint, certificate: DTLSCertificate? = nil, firstNumber: UInt16 = 65_000) throws {
        self.address = address
        self.certificate = try certificate ?? SecurePhone.makeCertificate()
        number = firstNumber
    }

    static func makeCertificate() throws -> DTLSCertificate {
        try DTLSCertificate(now: WallTime(secondsSinceEpoch: 1_795_262_400))
    }

    /// Prepares a handshake with the certificate of the server.
    func expect(
        _ server: DTLSFingerprint, role: DTLSPlan.Role, ports: [Int] = [0], settings: DTLSSettings = .standard,
        now: Moment
    ) throws {
        for port in ports {
            ends[port] = try DTLSEndpoint(
                certificate, plan: DTLSPlan(role: role, fingerprints: [server]), settings: settings, now: now)
        }
    }

    func use(_ keys: DTLSKeys, port: Int = 0) throws { try use(local: keys.local, remote: keys.remote, port: port) }

    func use(local: SRTPKey, remote: SRTPKey, port: Int = 0) throws {
        if senders[port] == nil {
            senders.set(port, try SRTPSender(local))
            receivers.set(port, try SRTPReceiver(remote))
        } else {
            _ = try senders[port]!.pointee.use(local)
            _ = try receivers[port]!.pointee.use(remote)
        }
    }

    /// The next packet of 20 ms; its payload begins with `text`.
    func speak(_ text: UInt32) -> [UInt8] {
        number &+= 1
        stamp &+= 160
        var plain: [UInt8] = rtp(number, timestamp: stamp)
        plain.replaceSubrange(12..<16, with: words([text]))
        return protect(plain, port: 0, isRTCP: false)
    }

    /// A packet as it would go without any keys.
    func plain(_ text: UInt32) -> [UInt8] {
        number &+= 1
        stamp &+= 160
        return rtp(number, timestamp: stamp)
    }

    func report(port: Int) -> [UInt8] { protect(receiverReport(), port: port, isRTCP: true) }

    private func protect(_ plain: [UInt8], port: Int, isRTCP: Bool) -> [UInt8] {
        guard let sender = senders[port] else { return plain }
        var packet: [UInt8] = plain + [UInt8](repeating: 0, count: 64)
        let length: Int = packet.withUnsafeMutableBytes {
            (isRTCP
                ? sender.pointee.protectRTCP($0, length: plain.count)
                : sender.pointee.protectRTP($0, length: plain.count)) ?? 0
        }
        return Array(packet[..<length])
    }

    /// Takes what came; what it says at once.
    func take(_ datagram: [UInt8], port: Int, isMuxed: Bool, now: Moment) throws -> [[UInt8]] {
        switch DatagramKind(firstByte: datagram[0]) {
        case .stun:
            answers.append(try STUNMessage(datagram))
            return []
        case .dtls:
            handshakeDatagrams.append(datagram)
            guard let end = ends[port] else { return [] }
            let replies: [[UInt8]] = end.handle(datagram, now: now)
            if case .connected(let keys) = end.state { try use(keys, port: port) }
            return replies
        default:
            hear(datagram, port: isMuxed ? 0 : port)
            return []
        }
    }

    private func hear(_ datagram: [UInt8], port: Int) {
        var packet: [UInt8] = datagram
        let isReport: Bool = (192...223).contains(packet[1])
        guard let receiver = receivers[port] else {
            unreadable += 1
            return
        }
        let result: Result<Int, SRTPFailure> = packet.withUnsafeMutableBytes {
            isReport ? receiver.pointee.unprotectRTCP($0) : receiver.pointee.unprotectRTP($0)
        }
        guard case .success = result else {
            unreadable += 1
            return
        }
        if isReport {
            reports += 1
        } else {
            heard.append(packet[12..<16].reduce(0) { $0 << 8 | UInt32($1) })
        }
    }

    /// A connectivity check.
    func check(nominates: Bool, user: String? = nil, password: String? = nil, more: [STUNMessage.Attribute] = [])
        -> [UInt8]
    {
        typealias Attribute = STUNMessage.Attribute
        check &+= 1
        let plan: ICEPlan = credentials!
        var attributes: [Attribute] = [
            Attribute(Attribute.username, text: user ?? "\(plan.localUfrag):\(plan.remoteUfrag)"),
            Attribute(Attribute.priority, number: UInt32(100)), Attribute(Attribute.iceControlling, number: UInt64(9)),
        ]
        if nominates { attributes.append(Attribute(Attribute.useCandidate, [])) }
        return STUNMessage(
            class: .request, transaction: Array(repeating: check, count: 12), attributes: attributes + more
        ).wire(signedWith: Array((password ?? plan.localPassword).utf8))
    }
}

/// Two places for what cannot be copied.
private struct Slots<Value: ~Copyable>: ~Copyable {
    private var places: [UnsafeMutablePointer<Value>?] = [nil, nil]

    subscript(index: Int) -> UnsafeMutablePointer<Value>? { places[index] }

    mutating func set(_ index: Int, _ value: consuming Value) {
        let place = UnsafeMutablePointer<Value>.allocate(capacity: 1)
        place.initialize(to: value)
        places[index] = place
    }

    deinit {
        for case let place? in places {
            place.deinitialize(count: 1)
            place.deallocate()
        }
    }
}
