import Basics
import Testing

@Suite("Deadline queue")
struct DeadlineQueueTests {
    @Test("gives keys in the order of their deadlines, whatever was set, moved and cleared")
    func ordersLikeASortedList() {
        var random = SeededRandom(seed: 7)
        var queue = DeadlineQueue<Int>()
        var model: [Int: Moment] = [:]
        for _ in 0..<5000 {
            let key = Int.random(in: 0..<200, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                queue.set(key, to: nil)
                model[key] = nil
            case 1:
                let now = Moment(nanoseconds: Int64.random(in: 0..<1000, using: &random))
                let due = model.values.min()
                let popped = queue.popDue(now: now)
                #expect((popped != nil) == (due.map { $0 <= now } ?? false))
                if let popped {
                    #expect(model[popped] == due)
                    model[popped] = nil
                }
            default:
                let deadline = Moment(nanoseconds: Int64.random(in: 0..<1000, using: &random))
                queue.set(key, to: deadline)
                model[key] = deadline
            }
            #expect(queue.next == model.values.min())
            #expect(queue.count == model.count)
        }
    }
}

@Suite("Civil time")
struct WallTimeTests {
    @Test(
        "writes ISO 8601 in UTC, before and after the epoch",
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (1_763_729_102_000_123, "2025-11-21T12:45:02.000123Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
        ] as [(Int64, String)])
    func iso8601(microseconds: Int64, text: String) {
        #expect(WallTime(microsecondsSinceEpoch: microseconds).iso8601 == text)
    }

    @Test("knows the weekday", arguments: [(0, 4), (86_400 * 3, 0), (1_763_729_102, 5)] as [(Int64, Int)])
    func weekday(seconds: Int64, weekday: Int) {
        #expect(WallTime(secondsSinceEpoch: seconds).utc.weekday == weekday)
    }
}

@Suite("Identifiers and random text")
struct IdentifierTests {
    @Test("a call identifier is read back from its text")
    func callID() {
        let id = CallID(epoch: 0x5F3A01, shard: ShardID(3), number: 42)
        #expect(id.description == "5f3a01-3-42")
        #expect(CallID(id.description) == id)
        #expect(CallID("5f3a01-3") == nil)
        #expect(CallID("5f3a01-300-1") == nil)
    }

    @Test("a token has the asked length, only its alphabet, and follows from the seed")
    func token() {
        var first = AnyRandom(SeededRandom(seed: 1))
        var second = AnyRandom(SeededRandom(seed: 1))
        for length in [1, 12, 13, 40] {
            let token = first.token(length)
            #expect(token.utf8.count == length)
            #expect(token.allSatisfy { "0123456789abcdefghjkmnpqrstvwxyz".contains($0) })
            #expect(token == second.token(length))
        }
    }
}
