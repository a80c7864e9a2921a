import Basics
import CVirtualTime
import DTLS
import SRTP
import Testing

/// Two endpoints and the network between them, in virtual time.
final class Link {
    struct Weather {
        var loss: Double = 0
        var duplicates: Double = 0
        /// The longest delay; each datagram has its own, so that they overtake each other.
        var delay: Duration = .milliseconds(10)
        /// Spoils or drops a datagram by its number, on the way from the client or to it.
        var meddle: (_ number: Int, _ fromClient: Bool, _ datagram: [UInt8]) -> [UInt8]? = { $2 }
    }
    private struct Arrival {
        var at: Moment
        var toClient: Bool
        var datagram: [UInt8]
    }

    let client: DTLSEndpoint
    let server: DTLSEndpoint
    private(set) var now: Moment = .zero
    private(set) var sent: [(fromClient: Bool, datagram: [UInt8])] = []
    private var arrivals: [Arrival] = []
    private var random: SeededRandom
    private let weather: Weather
    /// 2026-11-21, somewhere.
    private static let epochMicroseconds: Int64 = 1_795_262_400_000_000

    init(
        client: DTLSEndpoint, server: DTLSEndpoint, weather: Weather = Weather(), seed: UInt64 = 1
    ) {
        (self.client, self.server, self.weather) = (client, server, weather)
        random = SeededRandom(seed: seed)
    }

    /// A pair that expects each other's certificates.
    static func pair(
        client: DTLSCertificate, server: DTLSCertificate, clientSettings: DTLSSettings = .standard,
        serverSettings: DTLSSettings = .standard, weather: Weather = Weather(), seed: UInt64 = 1
    ) throws -> Link {
        virtual_time_set(epochMicroseconds)
        defer { virtual_time_end() }
        return Link(
            client: try DTLSEndpoint(
                client, plan: DTLSPlan(role: .client, fingerprints: [server.fingerprint]), settings: clientSettings,
                now: .zero),
            server: try DTLSEndpoint(
                server, plan: DTLSPlan(role: .server, fingerprints: [client.fingerprint]), settings: serverSettings,
                now: .zero),
            weather: weather, seed: seed)
    }

    /// Runs until nothing is on the way and nobody waits.
    func run(until limit: Moment = .zero.advanced(by: .seconds(120))) {
        atThisTime { $0.send($0.client.start(now: $0.now), fromClient: true) }
        atThisTime { $0.send($0.server.start(now: $0.now), fromClient: false) }
        while let next = nextEvent, next <= limit {
            now = next
            atThisTime { $0.step() }
        }
    }

    /// A stranger's datagram for both ends; what they answer is lost.
    func feed(_ datagram: [UInt8]) {
        atThisTime { link in
            _ = link.client.handle(datagram, now: link.now)
            _ = link.server.handle(datagram, now: link.now)
        }
    }

    func send(_ datagrams: [[UInt8]], fromClient: Bool) {
        for datagram in datagrams {
            sent.append((fromClient, datagram))
            guard let passed = weather.meddle(sent.count - 1, fromClient, datagram) else { continue }
            let copies = Double.random(in: 0..<1, using: &random) < weather.duplicates ? 2 : 1
            for _ in 0..<copies where Double.random(in: 0..<1, using: &random) >= weather.loss {
                let delay = Int64.random(in: 1...max(1, weather.delay.wholeMilliseconds), using: &random)
                arrivals.append(
                    Arrival(at: now.advanced(by: .milliseconds(delay)), toClient: !fromClient, datagram: passed))
            }
        }
    }

    private var nextEvent: Moment? {
        (arrivals.map(\.at) + [client.nextDeadline, server.nextDeadline].compactMap { $0 }).min()
    }

    private func step() {
        if let index = arrivals.firstIndex(where: { $0.at <= now }) {
            let arrival = arrivals.remove(at: index)
            let endpoint = arrival.toClient ? client : server
            send(endpoint.handle(arrival.datagram, now: now), fromClient: arrival.toClient)
            return
        }
        send(client.deadlineReached(now: now), fromClient: true)
        send(server.deadlineReached(now: now), fromClient: false)
    }

    private func atThisTime(_ body: (Link) -> Void) {
        virtual_time_set(Self.epochMicroseconds + now.sinceStart.wholeNanoseconds / 1000)
        defer { virtual_time_end() }
        body(self)
    }
}

extension DTLSEndpoint.State {
    var keys: DTLSKeys? {
        if case .connected(let keys) = self { keys } else { nil }
    }
}

enum Certificates {
    static func make() throws -> DTLSCertificate {
        try DTLSCertificate(now: WallTime(secondsSinceEpoch: 1_795_262_400))
    }
}
