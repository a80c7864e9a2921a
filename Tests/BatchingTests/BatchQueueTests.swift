import Batching
import Foundation
import Synchronization
import Testing

@Suite("Queue to a thread that takes in batches")
struct BatchQueueTests {
    /// Takes until the end, and remembers the batches.
    private final class Taker: Sendable {
        let batches = Mutex<[[Int]]>([])
        let queue: BatchQueue<Int>

        init(limit: Int = 1000, enough: Int = 100, window: Duration = .milliseconds(1)) {
            queue = BatchQueue(limit: limit, enough: enough)
            Thread.detachNewThread { [self] in
                while true {
                    let batch = queue.take()
                    if !batch.elements.isEmpty { batches.withLock { $0.append(batch.elements) } }
                    batch.done()
                    if batch.isClosing, batch.elements.isEmpty { break }
                    if !batch.isClosing { _ = queue.rest(gathering: window) }
                }
                queue.finish()
            }
        }
        var all: [Int] { batches.withLock { $0.flatMap(\.self) } }
    }

    @Test("everything is taken once and in order, and a flush returns after it")
    func order() {
        let taker = Taker()
        for number in 0..<500 {
            #expect(taker.queue.submit(number))
            if number % 100 == 99 {
                taker.queue.flush()
                #expect(taker.all == Array(0...number))
            }
        }
        taker.queue.close()
        #expect(taker.all == Array(0..<500))
    }

    @Test("what is too much is refused by weight, and everything after the end; the end takes what waits")
    func bounds() {
        let queue = BatchQueue<Int>(limit: 10, enough: 100)
        #expect(queue.submit(1, weight: 7))
        #expect(!queue.submit(2, weight: 4))
        #expect(queue.submit(3, weight: 3))
        #expect(queue.count == 2)
        #expect(queue.take().elements == [1, 3])
        #expect(queue.submit(4, weight: 10))
        let taker = Taker(limit: 10, enough: 100, window: .seconds(30))
        #expect(taker.queue.submit(5))
        taker.queue.close()
        #expect(taker.all == [5])
        #expect(!taker.queue.submit(6))
        taker.queue.flush()
        taker.queue.close()
    }

    @Test("a full house, a flush and the end cut the gathering short")
    func gathering() {
        let taker = Taker(limit: 1000, enough: 5, window: .seconds(60))
        let began = ContinuousClock.now
        _ = taker.queue.submit(0)
        usleep(50_000)  // lets the taker gather; however many it has taken before, five of the ten are a full house
        for number in 1..<10 { _ = taker.queue.submit(number) }
        while taker.all.count < 5, ContinuousClock.now - began < .seconds(50) { usleep(1000) }
        #expect(ContinuousClock.now - began < .seconds(30))
        _ = taker.queue.submit(10)
        taker.queue.flush()
        #expect(taker.all == Array(0...10))
        taker.queue.close()
    }

    @Test("a thread without work is told so after its idle time")
    func idle() {
        let queue = BatchQueue<Int>(limit: 10, enough: 5)
        #expect(!queue.rest(gathering: .seconds(60), idle: .milliseconds(1)))
        _ = queue.submit(1)
        #expect(queue.rest(gathering: .milliseconds(1), idle: .seconds(60)))
    }
}
