import RTP
import Testing

@Suite("telephone events (RFC 4733)")
struct TelephoneEventTests {
    @Test("a payload is read and written as in the figure of §2.3")
    func wire() throws {
        let bytes: [UInt8] = [11, 0x8A, 0x03, 0x20]
        let event = try #require(bytes.withUnsafeBytes { TelephoneEvent($0) })
        #expect(event == TelephoneEvent(event: 11, isEnd: true, volume: 10, duration: 800))
        var written = [UInt8](repeating: 0xFF, count: 4)
        written.withUnsafeMutableBytes { event.write(to: $0) }
        #expect(written == bytes)
    }

    @Test("the reserved bit is ignored and never sent")
    func reservedBit() throws {
        let event = try #require(([5, 0x4A, 0, 160] as [UInt8]).withUnsafeBytes { TelephoneEvent($0) })
        #expect(event == TelephoneEvent(event: 5, isEnd: false, volume: 10, duration: 160))
        var written = [UInt8](repeating: 0, count: 4)
        written.withUnsafeMutableBytes { event.write(to: $0) }
        #expect(written == [5, 10, 0, 160])
    }

    @Test("what is shorter than an event is none", arguments: 0..<4)
    func short(count: Int) {
        let bytes = [UInt8](repeating: 1, count: count)
        #expect(bytes.withUnsafeBytes { TelephoneEvent($0) } == nil)
        #expect([UInt8](repeating: 1, count: 6).withUnsafeBytes { TelephoneEvent($0, at: 4) } == nil)
        #expect([UInt8](repeating: 1, count: 6).withUnsafeBytes { TelephoneEvent($0, at: -1) } == nil)
    }

    @Test(
        "durations are scaled between clocks, rounded",
        arguments: [
            (UInt32(160), UInt32(8000), UInt32(48_000), UInt32(960)), (960, 48_000, 8000, 160),
            (100, 8000, 16_000, 200),
            (5, 48_000, 8000, 1), (2, 48_000, 8000, 0), (77, 0, 8000, 77), (.max, 8000, 48_000, .max),
        ])
    func scaling(duration: UInt32, from: UInt32, to: UInt32, expected: UInt32) {
        #expect(TelephoneEvent.scale(duration, from: from, to: to) == expected)
    }
}
