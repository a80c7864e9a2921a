import SIPMessage
import Testing

@Suite("stream framing")
struct StreamTests {
    private func drain(_ reader: inout SIPStreamReader) throws -> [SIPStreamReader.Framed] {
        var result: [SIPStreamReader.Framed] = []
        while let framed = try reader.next() { result.append(framed) }
        return result
    }

    @Test("messages come out whole however the stream is cut", arguments: [1, 2, 3, 7, 64, 10_000])
    func cuts(_ size: Int) throws {
        let one = invite(body: "hello")
        let two = invite("X: y\r\n")
        let stream: [UInt8] = one + [13, 10, 13, 10] + two + one
        var reader = SIPStreamReader()
        var result: [SIPStreamReader.Framed] = []
        for start in stride(from: 0, to: stream.count, by: size) {
            reader.append(Array(stream[start..<min(start + size, stream.count)]))
            result += try drain(&reader)
        }
        let (first, second) = (try SIPMessage.parse(one), try SIPMessage.parse(two))
        #expect(result == [.message(first), .ping, .message(second), .message(first)])
        #expect(reader.pendingBytes == 0)
    }

    @Test("a double CRLF is a ping, a single one a pong where one is waited for, and otherwise nothing")
    func keepAlives() throws {
        var reader = SIPStreamReader()
        reader.append([13, 10])
        #expect(try drain(&reader).isEmpty)
        reader.append([13, 10])
        #expect(try drain(&reader) == [.ping])
        reader.expectsPong = true
        reader.append([13, 10])
        #expect(try drain(&reader) == [.pong])
        #expect(!reader.expectsPong)
        reader.append([13, 10] + invite())
        #expect(try drain(&reader).count == 1)
        reader.append([13, 10, 13, 10, 13, 10, 13, 10])
        #expect(try drain(&reader) == [.ping, .ping])
    }

    @Test("a spoilt message does not spoil the next")
    func recovers() throws {
        var bad = invite()
        let place = try #require(bad.firstRange(of: Array("1 INVITE".utf8)))
        bad.replaceSubrange(place, with: Array("1 OPTION".utf8))
        var reader = SIPStreamReader()
        reader.append(bad + invite())
        #expect(throws: SIPParseError.self) { try reader.next() }
        #expect(!reader.isBroken)
        #expect(try drain(&reader).count == 1)
    }

    static let breaking: [(String, SIPStatus)] = [
        ("Content-Length: -1", 400), ("Content-Length: 99999999999999999999999", 413), ("Content-Length: 70000", 413),
        ("X: y", 400),
        ("Content-Length: 1\r\nl: 2", 400), ("Content-Length: 1x", 400),
    ]

    @Test("a length that can't be known or borne breaks the stream, with an answer", arguments: breaking)
    func breaks(_ line: String, _ status: SIPStatus) throws {
        var bytes = invite()
        let place = try #require(bytes.firstRange(of: Array("Content-Length: 0".utf8)))
        bytes.replaceSubrange(place, with: Array(line.utf8))
        var reader = SIPStreamReader()
        reader.append(bytes)
        do throws(SIPParseError) {
            _ = try reader.next()
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.status == status)
            #expect(error.response(source: nil, toTag: "t")?.starts(with: "SIP/2.0 \(status)".utf8) == true)
        }
        #expect(reader.isBroken)
        reader.append(invite())
        #expect(try reader.next() == nil)
        #expect(reader.pendingBytes == 0)
    }

    @Test("a header without an end is cut at the limit")
    func endless() throws {
        var reader = SIPStreamReader(limits: SIPLimits(messageBytes: 4096, headerBytes: 4096))
        reader.append(Array("INVITE sip:a@b SIP/2.0\r\n".utf8))
        var thrown: SIPParseError?
        for _ in 0..<1000 where thrown == nil {
            reader.append(Array("X: y\r\n".utf8))
            do throws(SIPParseError) { _ = try reader.next() } catch { thrown = error }
            #expect(reader.pendingBytes < 4200)
        }
        #expect(thrown?.status == .messageTooLarge)
        #expect(reader.isBroken)
    }

    enum Excess: String, CaseIterable {
        case fields, longField, manyBytes

        var text: String {
            switch self {
            case .fields: String(repeating: "X: y\r\n", count: 300)
            case .longField: "X: " + String(repeating: "y", count: 70_000) + "\r\n"
            case .manyBytes: String(repeating: "X: " + String(repeating: "y", count: 997) + "\r\n", count: 70)
            }
        }
    }

    @Test(
        "300 fields, and 70 kB of header, are 513 whatever Content-Length may be beyond them",
        arguments: Excess.allCases,
        [1400, 1_000_000])
    func tooLarge(_ excess: Excess, cut: Int) throws {
        let bytes = invite()
        let end = try #require(bytes.firstRange(of: Array("Content-Length".utf8))).lowerBound
        let stream = bytes[..<end] + Array(excess.text.utf8) + bytes[end...]
        var reader = SIPStreamReader()
        var thrown: SIPParseError?
        for start in stride(from: 0, to: stream.count, by: cut) where thrown == nil {
            reader.append(Array(stream[start..<min(start + cut, stream.count)]))
            do throws(SIPParseError) { _ = try reader.next() } catch { thrown = error }
        }
        let error = try #require(thrown)
        #expect(error.status == .messageTooLarge)
        #expect(reader.isBroken)
        let answer = try #require(error.response(source: nil, toTag: "t"))
        #expect(try SIPMessage.parse(answer).status == .messageTooLarge)
    }
}
