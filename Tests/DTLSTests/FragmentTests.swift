import Basics
import DTLS
import SRTP
import Testing

/// ClientHellos that come in pieces to a server that asks for cookies (RFC 6347 §4.2.3).
@Suite("DTLS-SRTP: ClientHellos in pieces")
struct FragmentTests {
    private let home = IPEndpoint(IPAddress(v4: 0xC000_0201), 4000)

    private func pair(mtu: Int = 1200) throws -> (client: DTLSEndpoint, server: DTLSEndpoint) {
        let (certificate, other) = (try Certificates.make(), try Certificates.make())
        return (
            try DTLSEndpoint(
                other, plan: DTLSPlan(role: .client, fingerprints: [certificate.fingerprint]),
                settings: DTLSSettings(mtu: mtu), now: .zero),
            try DTLSEndpoint(
                certificate, plan: DTLSPlan(role: .server, fingerprints: [other.fingerprint]),
                settings: DTLSSettings(verifiesAddress: true), now: .zero)
        )
    }

    /// A datagram of one whole ClientHello as datagrams of pieces of so many bytes each.
    private static func cut(_ datagram: [UInt8], _ sizes: [Int]) -> [[UInt8]] {
        guard datagram.count > 25, datagram[13] == 1 else { return [datagram] }
        let body = Array(datagram[25...])
        var pieces: [[UInt8]] = []
        var offset = 0
        var number = 0
        while offset < body.count {
            let size: Int = min(sizes[min(number, sizes.count - 1)], body.count - offset)
            var piece: [UInt8] = Array(datagram[0..<25])
            // Each piece is a record of its own.
            let sequence: Int = Int(datagram[10]) * 16 + number
            (piece[9], piece[10]) = (UInt8(sequence >> 8 & 0xFF), UInt8(sequence & 0xFF))
            let length: Int = size + 12
            (piece[11], piece[12]) = (UInt8(length >> 8), UInt8(length & 0xFF))
            (piece[19], piece[20], piece[21]) = (0, UInt8(offset >> 8), UInt8(offset & 0xFF))
            (piece[22], piece[23], piece[24]) = (0, UInt8(size >> 8), UInt8(size & 0xFF))
            pieces.append(piece + body[offset..<(offset + size)])
            offset += size
            number += 1
        }
        return pieces
    }

    /// Carries datagrams to and fro, those of the client cut and put into another order on their way.
    private func shake(
        _ client: DTLSEndpoint, _ server: DTLSEndpoint, cut sizes: [Int], at now: Moment = .zero,
        order: ([[UInt8]]) -> [[UInt8]] = { $0 }, before: () -> Void = {}
    ) {
        var datagrams: [[UInt8]] = client.start(now: now)
        for _ in 0..<10 where !datagrams.isEmpty {
            let answers: [[UInt8]] = datagrams.flatMap { order(Self.cut($0, sizes)) }.flatMap {
                before()
                return server.handle($0, from: home, now: now)
            }
            datagrams = answers.flatMap { client.handle($0, now: now) }
        }
    }

    private static let cuts: [[Int]] = [[100], [60], [200, 10], [40], [34, 200], [13, 200], [1, 1, 300], [5]]

    @Test("each piece a datagram, in order, backwards, and each twice", arguments: cuts, 0..<3)
    func comeTogether(_ sizes: [Int], order: Int) throws {
        let (client, server) = try pair()
        let orders: [([[UInt8]]) -> [[UInt8]]] = [{ $0 }, { $0.reversed() }, { $0.flatMap { [$0, $0] } }]
        shake(client, server, cut: sizes, order: orders[order])
        #expect(server.keys != nil && server.keys?.local == client.keys?.remote)
        #expect(!server.isListening)
    }

    @Test("pieces that overlap come together")
    func overlap() throws {
        let (client, server) = try pair()
        shake(client, server, cut: [30], order: { $0 + Self.again($0) })
        #expect(server.keys != nil && server.keys?.local == client.keys?.remote)
    }

    /// The same hello in pieces of other places, out of those it came in.
    private static func again(_ pieces: [[UInt8]]) -> [[UInt8]] {
        guard pieces.count > 1, pieces[0].count > 25 else { return [] }
        var whole: [UInt8] = Array(pieces[0][0..<25])
        whole += pieces.flatMap { $0[25...] }
        return cut(whole, [41]).reversed()
    }

    @Test("a whole answer comes to the first piece that shows there is no cookie, and is shorter than it")
    func answer() throws {
        let (client, server) = try pair()
        let pieces: [[UInt8]] = Self.cut(try #require(client.start(now: .zero).first), [100])
        #expect(pieces.count > 1)
        let answers: [[[UInt8]]] = pieces.map { server.handle($0, from: home, now: .zero) }
        #expect(answers.map(\.count) == [1] + [Int](repeating: 0, count: pieces.count - 1))
        #expect(answers[0][0][13] == 3 && answers[0][0].count < pieces[0].count)
        #expect(server.isListening && server.nextDeadline == nil)
    }

    @Test("forged pieces of many senders are forgotten, and stop nobody whose pieces follow each other")
    func flood() throws {
        let (client, server) = try pair()
        let (stranger, _) = try pair()
        let forged: [[UInt8]] = Self.cut(try #require(stranger.start(now: .zero).first), [40])
        var random = SeededRandom(seed: 7)
        func strangers(_ count: Int) {
            for _ in 0..<count {
                let source = IPEndpoint(home.address, UInt16.random(in: 5000...60_000, using: &random))
                guard let piece = forged.randomElement(using: &random) else { return }
                let answers = server.handle(piece, from: source, now: .zero)
                #expect(answers.allSatisfy { $0[13] == 3 })
            }
        }
        strangers(20_000)
        #expect(server.isListening)
        // Three more senders push none of these out.
        let order: ([[UInt8]]) -> [[UInt8]] = { pieces in
            strangers(1)
            return pieces
        }
        shake(client, server, cut: [40], order: order)
        #expect(server.keys != nil && server.keys?.local == client.keys?.remote)
    }

    @Test(
        "a flood between the pieces loses them; a hello whose first piece has room for the cookie needs nobody's memory"
    )
    func floodBetween() throws {
        let (stranger, _) = try pair()
        let forged: [UInt8] = Self.cut(try #require(stranger.start(now: .zero).first), [40])[1]
        for (sizes, isThrough) in [([30], false), ([100], true)] {
            let (client, server) = try pair()
            let flood: () -> Void = {
                guard server.isListening else { return }
                for port in 0..<8 {
                    _ = server.handle(forged, from: IPEndpoint(home.address, 6000 + UInt16(port)), now: .zero)
                }
            }
            shake(client, server, cut: sizes, before: flood)
            #expect((server.keys != nil) == isThrough)
        }
    }

    @Test("pieces wait for the others for 2 s and no longer", arguments: [(1900, true), (2000, false)])
    func patience(_ row: (Int64, Bool)) throws {
        let (client, server) = try pair()
        let pieces: [[UInt8]] = Self.cut(try #require(client.start(now: .zero).first), [30])
        var answers: [[UInt8]] = server.handle(pieces[0], from: home, now: .zero)
        for piece in pieces.dropFirst() {
            answers += server.handle(piece, from: home, now: .zero.advanced(by: .milliseconds(row.0)))
        }
        #expect(answers.count == (row.1 ? 1 : 0))
    }

    @Test("pieces of two senders are not put together")
    func twoSenders() throws {
        let (client, server) = try pair()
        let pieces: [[UInt8]] = Self.cut(try #require(client.start(now: .zero).first), [30])
        for (index, piece) in pieces.enumerated() {
            let source = IPEndpoint(home.address, home.port + UInt16(index % 2))
            #expect(server.handle(piece, from: source, now: .zero).isEmpty)
        }
    }

    /// What is wrong with a piece, by the bytes that are changed.
    struct Fault: Sendable, CustomTestStringConvertible {
        let name: String
        let place: Int
        let bytes: [UInt8]
        init(_ name: String, _ place: Int, _ bytes: [UInt8]) {
            (self.name, self.place, self.bytes) = (name, place, bytes)
        }
        var testDescription: String { name }
    }

    private static let faults: [Fault] = [
        Fault("a message of 16 MB", 14, [0xFF, 0xFF, 0xFF]), Fault("a piece beyond its message", 20, [0xFF]),
        Fault("a piece of nothing", 23, [0, 0]), Fault("more than the record holds", 23, [1]),
        Fault("a record longer than the datagram", 11, [0x40]), Fault("of a later epoch", 4, [1]),
        Fault("a ServerHello", 13, [2]), Fault("a message of no length", 14, [0, 0, 0]),
    ]

    @Test("pieces that can't be right are passed over, and so are cut ones", arguments: faults)
    func bad(_ fault: Fault) throws {
        let (client, server) = try pair()
        let (stranger, _) = try pair()
        var piece: [UInt8] = Self.cut(try #require(stranger.start(now: .zero).first), [30])[1]
        for (offset, byte) in fault.bytes.enumerated() { piece[fault.place + offset] = byte }
        for port in 0..<20 {
            #expect(server.handle(piece, from: IPEndpoint(home.address, UInt16(port)), now: .zero).isEmpty)
        }
        for count in 0..<piece.count { _ = server.handle(Array(piece[..<count]), from: home, now: .zero) }
        #expect(server.isListening)
        shake(client, server, cut: [30])
        #expect(server.keys != nil && server.keys?.local == client.keys?.remote)
    }

    @Test("random pieces do no harm", arguments: 1...20)
    func fuzz(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let (client, server) = try pair()
        let (stranger, _) = try pair()
        let pieces: [[UInt8]] = Self.cut(try #require(stranger.start(now: .zero).first), [20])
        for _ in 0..<2000 {
            guard var piece = pieces.randomElement(using: &random) else { return }
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                piece[Int.random(in: 0..<piece.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let from = IPEndpoint(home.address, UInt16.random(in: 4000...4005, using: &random))
            _ = server.handle(piece, from: from, now: .zero)
        }
        #expect(server.isListening)
        // What they left behind is gone after 2 s.
        shake(client, server, cut: [30], at: .zero.advanced(by: .seconds(2)))
        #expect(server.keys != nil && server.keys?.local == client.keys?.remote)
    }
}
