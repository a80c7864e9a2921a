import Basics
import CVirtualTime
import DTLS
import ICE
import MediaSession
import RTP
import Testing

/// A graph, telephones with keys, and the network between them, in virtual time. Telephone n is the peer of endpoint n; one without
/// keys hears and speaks plainly.
struct SecureStudio: ~Copyable {
    private struct Flight {
        var at: Moment
        var datagram: [UInt8]
        /// The telephone it comes from or goes to.
        var phone: Int
        var toServer: Bool
        var isRTCP: Bool
        var source: IPEndpoint
    }

    var studio: Studio
    let certificate: DTLSCertificate
    var phones: [SecurePhone?] = []
    private var plans: [Int: MediaEndpointPlan] = [:]
    private(set) var now: Moment = .zero
    private var flights: [Flight] = []
    /// What plain telephones heard.
    private(set) var plainHeard: [UInt32] = []
    /// What went to no telephone.
    private(set) var astray: [[UInt8]] = []
    private(set) var ticks: Int = 0
    var random = SeededRandom(seed: 1)
    /// The share of datagrams of handshakes that is lost, and the longest delay in milliseconds; by it they overtake each other.
    var loss: Double = 0
    var delay: Int64 = 1
    /// Drops or spoils.
    var meddle: (_ toServer: Bool, _ datagram: [UInt8]) -> [UInt8]? = { $1 }
    /// The bytes of a piece, where the telephones' ClientHellos come in pieces.
    var pieceSize: Int?
    /// 2026-11-21, somewhere.
    private static let epochMicroseconds: Int64 = 1_795_262_400_000_000

    init() throws {
        certificate = try SecurePhone.makeCertificate()
        studio = Studio(certificate: certificate)
    }

    /// Opens the next endpoint; without a telephone its peer is a plain one at host(n + 1).
    @discardableResult
    mutating func open(_ phone: SecurePhone? = nil, _ change: (inout MediaEndpointPlan) -> Void = { _ in }) -> Int {
        phones.append(phone)
        return atThisTime { me in
            var kept: MediaEndpointPlan?
            let number: Int = me.studio.open { plan in
                plan.generation = 1
                if let phone { (plan.remoteRTP, plan.remoteRTCP) = (phone.address, phone.rtcpAddress) }
                change(&plan)
                kept = plan
            }
            me.plans[number] = kept
            me.collect()
            return number
        }
    }

    mutating func join(_ one: Int, _ other: Int) { studio.graph.join(studio.nodes[one], studio.nodes[other]) }

    /// A new description of a peer: changes its plan.
    @discardableResult
    mutating func update(_ number: Int, _ change: (inout MediaEndpointPlan) -> Void) -> Bool {
        guard var plan = plans[number] else { return false }
        plan.generation += 1
        change(&plan)
        plans[number] = plan
        return atThisTime { me in
            defer { me.collect() }
            return me.studio.graph.update(me.studio.nodes[number], plan, now: me.now)
        }
    }

    /// Takes the call out of the graph and back in, as when it changes threads.
    mutating func move() {
        atThisTime { me in
            let moved: MovedCall = me.studio.graph.extract(Studio.id(0).leg.call, now: me.now)
            me.studio.graph.adopt(moved, now: me.now)
            me.collect()
        }
    }

    mutating func farewell(_ number: Int) {
        atThisTime { me in
            me.studio.graph.bidFarewell(Studio.id(number))
            me.collect()
        }
    }

    /// Telephone `number` begins its handshakes.
    mutating func begin(_ number: Int) {
        atThisTime { me in
            for port in 0..<2 {
                let hello: [[UInt8]] = me.phones[number]?.ends[port]?.start(now: me.now) ?? []
                for datagram in hello { me.send(datagram, from: number, isRTCP: port == 1) }
            }
        }
    }

    /// Sends from a telephone's address, or from another.
    mutating func send(
        _ datagram: [UInt8], from number: Int, isRTCP: Bool = false, source: IPEndpoint? = nil
    ) {
        let home: IPEndpoint =
            phones[number].map { isRTCP ? $0.rtcpAddress : $0.address }
            ?? host(UInt32(number + 1), isRTCP ? 4001 : 4000)
        launch(
            Flight(
                at: now, datagram: datagram, phone: number, toServer: true, isRTCP: isRTCP, source: source ?? home))
    }

    private mutating func launch(_ flight: Flight) {
        if let pieceSize, flight.toServer, let pieces = Self.cut(flight.datagram, pieceSize) {
            for (number, piece) in pieces.enumerated() {
                var part: Flight = flight
                part.datagram = piece
                // The last comes first.
                part.at = now.advanced(by: .milliseconds(Int64(pieces.count - number)))
                flights.append(part)
            }
            return
        }
        var flight: Flight = flight
        guard let passed = meddle(flight.toServer, flight.datagram) else { return }
        flight.datagram = passed
        if (20...63).contains(passed[0]) {
            guard Double.random(in: 0..<1, using: &random) >= loss else { return }
            flight.at = now.advanced(by: .milliseconds(Int64.random(in: 1...max(1, delay), using: &random)))
        } else {
            flight.at = now.advanced(by: .milliseconds(1))
        }
        flights.append(flight)
    }

    /// A whole ClientHello in pieces, each a datagram (RFC 6347 §4.2.3); nil for any other datagram.
    private static func cut(_ datagram: [UInt8], _ size: Int) -> [[UInt8]]? {
        guard datagram.count > 25, datagram[0] == 22, datagram[13] == 1 else { return nil }
        let body: ArraySlice<UInt8> = datagram[25...]
        return stride(from: 0, to: body.count, by: size).enumerated().map { number, offset in
            let count: Int = min(size, body.count - offset)
            var piece: [UInt8] = Array(datagram[0..<25])
            piece[10] = datagram[10] &* 16 &+ UInt8(truncatingIfNeeded: number)
            (piece[11], piece[12]) = (0, UInt8(count + 12))
            (piece[19], piece[20], piece[21]) = (0, UInt8(offset >> 8), UInt8(offset & 0xFF))
            (piece[22], piece[23], piece[24]) = (0, 0, UInt8(count))
            return piece + body[(25 + offset)..<(25 + offset + count)]
        }
    }

    /// Runs the time on to `milliseconds`.
    mutating func run(until milliseconds: Int64) throws {
        let end: Moment = at(milliseconds)
        while let next = nextEvent, next <= end {
            now = max(now, next)
            virtual_time_set(Self.epochMicroseconds + now.sinceStart.wholeNanoseconds / 1000)
            defer { virtual_time_end() }
            try step()
        }
        now = end
    }

    private var nextEvent: Moment? {
        let deadlines: [Moment] = phones.compactMap { $0 }.flatMap { $0.ends.compactMap { $0?.nextDeadline } }
        return (flights.map(\.at) + deadlines + [studio.graph.nextTick].compactMap { $0 }).min()
    }

    private mutating func step() throws {
        if let index = flights.indices.filter({ flights[$0].at <= now }).min(by: { flights[$0].at < flights[$1].at }) {
            try arrive(flights.remove(at: index))
        } else if let tick = studio.graph.nextTick, tick <= now {
            ticks += 1
            studio.graph.tick(now: now)
            collect()
        } else {
            for (number, phone) in phones.enumerated() {
                for port in 0..<2 {
                    for datagram in phone?.ends[port]?.deadlineReached(now: now) ?? [] {
                        send(datagram, from: number, isRTCP: port == 1)
                    }
                }
            }
        }
    }

    private mutating func arrive(_ flight: Flight) throws {
        if flight.toServer {
            studio.receive(
                flight.datagram, on: flight.phone, isRTCP: flight.isRTCP, from: flight.source, now: now)
            return collect()
        }
        guard let phone = phones[flight.phone] else {
            if !flight.isRTCP { plainHeard.append(flight.datagram[12..<16].reduce(0) { $0 << 8 | UInt32($1) }) }
            return
        }
        let isMuxed: Bool = phone.ends[1] == nil
        let replies: [[UInt8]] = try phone.take(
            flight.datagram, port: flight.isRTCP ? 1 : 0, isMuxed: isMuxed, now: now)
        for reply in replies { send(reply, from: flight.phone, isRTCP: flight.isRTCP) }
    }

    /// Puts what the graph sends on its way.
    private mutating func collect() {
        let sent: [Sent] = studio.take()
        for packet in sent {
            let node: EndpointPointer = studio.nodes[packet.line]
            let isRTCPSocket: Bool = packet.isRTCP && !(packet.to == nil && node.pointee.muxesRTCP)
            let to: IPEndpoint? =
                packet.to ?? (packet.isRTCP ? node.pointee.rtcpDestination : node.pointee.rtpDestination)
            let home: IPEndpoint? = phones[packet.line].map { isRTCPSocket ? $0.rtcpAddress : $0.address }
            guard let to, home == nil || to == home else {
                astray.append(packet.bytes)
                continue
            }
            launch(
                Flight(
                    at: now, datagram: packet.bytes, phone: packet.line, toServer: false, isRTCP: isRTCPSocket,
                    source: to))
        }
    }

    private mutating func atThisTime<R>(_ body: (inout SecureStudio) -> R) -> R {
        virtual_time_set(Self.epochMicroseconds + now.sinceStart.wholeNanoseconds / 1000)
        defer { virtual_time_end() }
        return body(&self)
    }

    var facts: [MediaFact] { studio.graph.facts }

    func statistics(_ number: Int) -> MediaStatistics { studio.graph.statistics(of: Studio.id(number))! }

    var insecurities: [String] { facts.compactMap { if case .insecure(_, let why) = $0 { why } else { nil } } }
    var secured: Int { facts.count { if case .secured = $0 { true } else { false } } }
}
