import Basics
import Codecs
import MediaSession
import RTP
import Testing

@Suite("A call changes packet threads")
struct GraphMovingTests {
    private static let call = CallID(epoch: 1, shard: ShardID(0), number: 1)

    /// Everything of the call in `studio` goes to another graph.
    private func move(_ studio: inout Studio, at milliseconds: Int64) -> Studio {
        var other = Studio()
        other.nodes = studio.nodes
        other.graph.adopt(studio.graph.extract(Self.call, now: at(milliseconds)), now: at(milliseconds))
        studio.nodes = []
        let (isEmpty, next): (Bool, Moment?) = (studio.graph.isEmpty, studio.graph.nextTick)
        #expect(isEmpty && next == nil)
        return other
    }

    @Test("a player goes on where it was, and asks again for what was still being loaded")
    func players() throws {
        var studio = Studio()
        let line: Int = studio.open { ($0.incoming, $0.outgoing) = ([pcmaFormat], [pcmaFormat]) }
        let id = MediaPlayerID(call: Self.call, number: 1)
        studio.graph.perform(
            .play(PlaybackPlan(id: id, items: [.silence(.milliseconds(100)), .prompt(PromptName("hello"))])), now: .zero
        )
        studio.graph.perform(.hear(Studio.id(line), .player(id)), now: .zero)
        let asked: Int = studio.graph.requests.count
        #expect(asked == 1)
        var heard: [Sent] = []
        for time: Int64 in [0, 20, 40] {
            studio.graph.tick(now: at(time))
            heard += studio.take()
        }
        var other: Studio = move(&studio, at: 50)
        let requests: [ClipRequest] = other.graph.requests
        let request: ClipRequest = try #require(requests.first)
        #expect(request.name == PromptName("hello") && requests.count == 1)
        other.graph.supply(
            request, .success(AudioClip(sampleRate: 8000, samples: [Int16](repeating: 4000, count: 800))))
        for _ in 0..<12 {
            guard let due = other.graph.nextTick else { break }
            other.graph.tick(now: due)
            heard += other.take()
        }
        // 100 ms of silence, then 100 ms of the clip; one stream.
        let numbers: [UInt16] = heard.map(\.header.sequenceNumber)
        #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $1 == $0 &+ 1 })
        #expect(heard.prefix(5).allSatisfy { Set($0.payload) == [0xD5] } && heard.count == 10)
        #expect(heard.suffix(5).allSatisfy { Set($0.payload).count == 1 && $0.payload[0] != 0xD5 })
        let facts: [MediaFact] = other.graph.facts
        #expect(facts.contains(.played(id, .finished)))
    }

    @Test("shared music goes on for the others, and for the call with those of its new thread")
    func sharedMusic() {
        var studio = Studio()
        let line: Int = studio.open { ($0.incoming, $0.outgoing) = ([pcmaFormat], [pcmaFormat]) }
        let (own, others) = (
            MediaPlayerID(call: Self.call, number: 1),
            MediaPlayerID(call: CallID(epoch: 1, shard: ShardID(0), number: 2), number: 1)
        )
        let items: [PlaybackItem] = [.digits("1", toneMs: 100, gapMs: 100)]
        for id in [others, own] {
            studio.graph.perform(.play(PlaybackPlan(id: id, items: items, repeats: nil, isShared: true)), now: .zero)
        }
        studio.graph.perform(.hear(Studio.id(line), .player(own)), now: .zero)
        var other = Studio()
        other.nodes = studio.nodes
        other.graph.adopt(studio.graph.extract(Self.call, now: at(10)), now: at(10))
        studio.graph.perform(.stopPlaying(others), now: at(10))
        let told: [MediaFact] = studio.graph.facts
        #expect(told == [.played(others, .stopped)])
        var heard = 0
        for time in 1...10 {
            other.graph.tick(now: at(Int64(time) * 20 + 10))
            heard += other.take().count
        }
        #expect(heard >= 9)
        other.graph.perform(.stopPlaying(own), now: at(300))
        let last: [MediaFact] = other.graph.facts
        #expect(last == [.played(own, .stopped)])
    }

    @Test("what it had to do with calls that stay ends on both sides")
    func cut() {
        var studio = Studio()
        let (a, b) = (studio.open(), studio.open())
        var plan = MediaEndpointPlan(
            id: MediaEndpointID(leg: LegID(call: CallID(epoch: 1, shard: ShardID(0), number: 9), index: 0), stream: 0),
            ports: MediaPorts(interface: MediaInterfaceID(0), rtp: 12_000))
        plan.remoteRTP = host(9)
        let stranger: EndpointPointer = studio.graph.open(plan, line: 9, now: .zero)
        studio.graph.join(studio.nodes[a], studio.nodes[b])
        studio.graph.hear(stranger, studio.nodes[a])
        #expect(studio.send(rtp(1, timestamp: 0), from: a, at: 0).map(\.line).sorted() == [b, 9])
        var other = Studio()
        other.nodes = studio.nodes
        other.graph.adopt(studio.graph.extract(Self.call, now: at(10)), now: at(10))
        // The parties of the call still hear each other, as one stream.
        #expect(other.send(rtp(2, timestamp: 160), from: a, at: 20).map(\.line) == [b])
        let left: [MediaEndpointID] = studio.graph.endpointIDs
        #expect(left == [plan.id])
        _ = studio.graph.close(plan.id, now: at(30))
        let isEmpty: Bool = studio.graph.isEmpty
        #expect(isEmpty)
    }
}
