import Basics
import SRTP
import Testing

@Suite("SRTP: a stream's counter through loss, wraps, holds and new keys")
struct StreamTests {
    static let first: [SRTPProfile] = [.aesCM128HMACSHA1Tag80, .aeadAES128GCM]

    @Test(
        "a call of 150,000 packets with loss, reordering, re-offers of the same key and new keys in it",
        arguments: first)
    func longCall(profile: SRTPProfile) throws {
        var random = SeededRandom(seed: 4)
        var key = profile.key(1)
        let (sender, receiver) = (try Sender(key), try Receiver(key))
        var onTheWay: [(packet: [UInt8], plain: [UInt8])] = []
        var arrived = 0
        var sequence = 65_000
        for number in 0..<150_000 {
            if number % 20_000 == 5_000 {
                // A hold: the same key is offered again, on both sides.
                #expect(try !sender.use(key))
                #expect(try !receiver.use(key))
            }
            if number == 40_000 || number == 110_000 {
                key = profile.key(UInt64(number))
                #expect(try sender.use(key))
                #expect(try receiver.use(key))
            }
            sequence += Int.random(in: 0..<500, using: &random) == 0 ? Int.random(in: 2...100, using: &random) : 1
            let plain = rtp(sequence)
            let packet = try #require(sender.protect(plain))
            if Int.random(in: 0..<100, using: &random) < 3 { continue }
            onTheWay.insert(
                (packet, plain), at: Int.random(in: max(0, onTheWay.count - 5)...onTheWay.count, using: &random))
            if onTheWay.count > 20 {
                let next = onTheWay.removeFirst()
                guard case .success(next.plain) = receiver.take(next.packet) else {
                    Issue.record("packet \(number) was refused: \(receiver.counters)")
                    return
                }
                arrived += 1
            }
        }
        #expect(arrived > 145_000 - 20)
        #expect(receiver.counters.refused == 0)
        #expect(receiver.hasReplacedKeys == false)
    }

    @Test("packets that change places at the wrap are all taken", arguments: first)
    func reorderedWrap(profile: SRTPProfile) throws {
        let (sender, receiver) = (try Sender(profile.key(1)), try Receiver(profile.key(1)))
        let plain: [[UInt8]] = (65_530..<65_545).map { rtp($0) }
        let packets: [[UInt8]] = plain.compactMap { sender.protect($0) }
        for place in [0, 3, 1, 7, 8, 5, 6, 4, 2, 14, 9] {
            #expect(receiver.take(packets[place]) == .success(plain[place]))
        }
        #expect(receiver.counters.refused == 0)
    }

    @Test("a wrap that is lost itself, up to 2^15 packets, is noticed")
    func lostWrap() throws {
        let key = SRTPProfile.aesCM128HMACSHA1Tag80.key(1)
        let (sender, receiver) = (try Sender(key), try Receiver(key))
        for sequence in [60_000, 60_000 + 32_767, 60_000 + 65_535] {
            let packet = try #require(sender.protect(rtp(sequence)))
            #expect(receiver.take(packet) == .success(rtp(sequence)))
        }
        #expect(receiver.counters.refused == 0)
    }

    @Test(
        "a stream whose first packets are lost, and the wrap among them, is taken from its first packet",
        arguments: first)
    func wrapBeforeTheFirst(profile: SRTPProfile) throws {
        let (sender, receiver) = (try Sender(profile.key(1)), try Receiver(profile.key(1)))
        let packets: [[UInt8]] = (65_530..<65_560).compactMap { sender.protect(rtp($0)) }
        #expect(receiver.take(packets[10]) == .success(rtp(65_540)))
        #expect(receiver.take(packets[2]) == .success(rtp(65_532)))
        #expect(receiver.take(packets[11]) == .success(rtp(65_541)))
        #expect(receiver.counters.refused == 0)
    }

    @Test(
        "after a hold in which the peer sent on unheard, its stream is found again within four packets",
        arguments: [32_000, 33_000, 40_000, 65_536, 70_000, 150_000, 250_000])
    func longHold(unheard: Int) throws {
        let key = SRTPProfile.aeadAES128GCM.key(1)
        let (sender, receiver) = (try Sender(key), try Receiver(key))
        for sequence in 100..<200 { _ = receiver.take(try #require(sender.protect(rtp(sequence)))) }
        for sequence in stride(from: 200, to: 200 + unheard, by: 20_000) { _ = sender.protect(rtp(sequence)) }
        var lost = 0
        for sequence in (200 + unheard)..<(300 + unheard) {
            let packet = try #require(sender.protect(rtp(sequence)))
            if receiver.take(packet) != .success(rtp(sequence)) { lost += 1 }
        }
        #expect(lost <= 4)
        #expect(receiver.counters.packets == UInt64(200 - lost))
    }

    @Test("what is on the way under the old key is still taken, then the old key is given up")
    func overlap() throws {
        let profile = SRTPProfile.aesCM128HMACSHA1Tag80
        let (sender, receiver) = (try Sender(profile.key(1)), try Receiver(profile.key(1)))
        let late: [[UInt8]] = (0..<400).compactMap { sender.protect(rtp($0)) }
        #expect(receiver.take(late[0]) == .success(rtp(0)))
        #expect(try sender.use(profile.key(2)))
        #expect(try receiver.use(profile.key(2)))
        for number in 0..<255 {
            #expect(receiver.take(try #require(sender.protect(rtp(400 + number)))) == .success(rtp(400 + number)))
            if number % 10 == 0 { #expect(receiver.take(late[number + 1]) == .success(rtp(number + 1))) }
        }
        #expect(receiver.hasReplacedKeys)
        #expect(receiver.take(try #require(sender.protect(rtp(700)))) == .success(rtp(700)))
        #expect(!receiver.hasReplacedKeys)
        #expect(receiver.take(late[399]) == .failure(.authenticationFailed))
    }

    @Test("a peer that keeps its roll-over counter through a change of key is understood as well (RFC 3711 §3.3.1)")
    func keptCounter() throws {
        let profile = SRTPProfile.aeadAES128GCM
        let (sender, receiver) = (try Sender(profile.key(1)), try Receiver(profile.key(1)))
        for sequence in stride(from: 0, to: 200_000, by: 10_000) {
            _ = receiver.take(try #require(sender.protect(rtp(sequence))))
        }
        // Brought to the same counter under the new key, as such a peer has it.
        let keeper = try Sender(profile.key(2))
        for sequence in stride(from: 0, to: 200_000, by: 10_000) { _ = keeper.protect(rtp(sequence)) }
        #expect(try receiver.use(profile.key(2)))
        for sequence in 200_001..<200_100 {
            #expect(receiver.take(try #require(keeper.protect(rtp(sequence)))) == .success(rtp(sequence)))
        }
        #expect(receiver.counters.refused == 0)
    }

    @Test("going back to the key before never uses an index twice")
    func backAgain() throws {
        let profile = SRTPProfile.aesCM128HMACSHA1Tag80
        let (sender, receiver) = (try Sender(profile.key(1)), try Receiver(profile.key(1)))
        let old = try #require(sender.protect(rtp(10)))
        #expect(receiver.take(old) == .success(rtp(10)))
        #expect(try sender.use(profile.key(2)))
        #expect(try receiver.use(profile.key(2)))
        #expect(try sender.use(profile.key(1)))
        #expect(try receiver.use(profile.key(1)))
        #expect(sender.protect(rtp(10, payload: [1, 2, 3])) == nil)
        #expect(sender.counters.replayed == 1)
        #expect(receiver.take(old) == .failure(.replayed))
        #expect(receiver.take(try #require(sender.protect(rtp(11)))) == .success(rtp(11)))
    }

    @Test("twelve sources share a receiver of eight places, and nothing of any is taken twice")
    func manySources() throws {
        let key = SRTPProfile.aeadAES128GCM.key(1)
        let oracle = try Oracle(key, sends: true)
        let receiver = try Receiver(key)
        var all: [[UInt8]] = []
        for round in 0..<50 {
            for source in 0..<12 {
                let plain = rtp(65_520 + round, ssrc: UInt32(source))
                let packet = try #require(oracle.protect(plain))
                #expect(receiver.take(packet) == .success(plain))
                all.append(packet)
            }
        }
        for packet in all { #expect(receiver.take(packet) == .failure(.replayed)) }
        #expect(receiver.counters.packets == 600 && receiver.counters.replayed == 600)
    }

    @Test("a sender serves eight sources and refuses the ninth, as a forgotten index would be used twice")
    func nineSources() throws {
        let sender = try Sender(SRTPProfile.aesCM128HMACSHA1Tag80.key(1))
        for source in 0..<8 { #expect(sender.protect(rtp(1, ssrc: UInt32(source))) != nil) }
        #expect(sender.protect(rtp(1, ssrc: 8)) == nil)
        #expect(sender.counters.tooManySources == 1)
        #expect(sender.protect(rtp(2, ssrc: 0)) != nil)
    }
}
