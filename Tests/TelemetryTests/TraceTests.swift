import Basics
import Foundation
import SIPTransaction
import Telemetry
import Testing

/// A folder of its own that is gone with the value.
final class TemporaryFolder: Sendable {
    let path: String = NSTemporaryDirectory() + "/martinet-trace-\(UUID().uuidString)"
    deinit { try? FileManager.default.removeItem(atPath: path) }

    var segments: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.sorted { $0.count == $1.count ? $0 < $1 : $0.count < $1.count }.map { path + "/" + $0 }
    }
}

/// Makes records of one call on a made-up network.
struct Story {
    static let call = CallID(epoch: 0x5F3A01, shard: ShardID(2), number: 42)
    static let server = IPEndpoint(IPAddress(v4: 0xC633_6401), 5060)

    static func note(_ text: String, leg: UInt16? = nil, at milliseconds: Int64 = 0, call: CallID? = call)
        -> TraceRecord
    {
        TraceRecord(call: call, leg: leg, at: time(milliseconds), content: .note(text))
    }

    static func sip(
        _ direction: TraceRecord.Direction, leg: UInt16?, at milliseconds: Int64, _ peer: String, _ text: String,
        _ transport: SIPTransportKind = .udp, call: CallID? = call
    ) throws -> TraceRecord {
        let bytes = Array(text.replacing("\r\n", with: "\n").replacing("\n", with: "\r\n").utf8)
        return TraceRecord(
            call: call, leg: leg, at: time(milliseconds),
            content: .sip(direction, transport, local: server, remote: try #require(IPEndpoint(peer)), bytes))
    }

    static func time(_ milliseconds: Int64) -> WallTime {
        WallTime(microsecondsSinceEpoch: 1_795_264_702_000_000 + milliseconds * 1000)
    }
}

@Suite struct TraceTests {
    @Test("what was written is read back, by call, in order of time")
    func roundTrip() throws {
        let folder = TemporaryFolder()
        let writer = try TraceWriter(folder: folder.path)
        let records: [TraceRecord] = [
            try Story.sip(.received, leg: 0, at: 0, "192.0.2.10:5060", "INVITE sip:101@a.example SIP/2.0\n\n"),
            Story.note("routed to user 101", at: 1),
            try Story.sip(.sent, leg: 1, at: 2, "[2001:db8::20]:5061", "INVITE sip:101@a.example SIP/2.0\n\n", .tls),
        ]
        let other = CallID(epoch: 0x5F3A01, shard: ShardID(2), number: 421)
        writer.submit(records[2])
        writer.submit(Story.note("someone else's", call: other))
        writer.submit(Story.note("a registration", call: nil))
        writer.submit(records[0])
        writer.submit(records[1])
        writer.close()
        let reader = TraceReader(folder: folder.path)
        #expect(try reader.records(of: Story.call) == records)
        #expect(try reader.calls(matching: "5f3a01-2-4") == [Story.call, other])
        #expect(try reader.calls(matching: "5f3a01-2-42") == [Story.call])
        #expect(try reader.calls(matching: "6").isEmpty)
        #expect(writer.statistics.recordsWritten == 5)
    }

    @Test("a torn tail is skipped, whatever its length, and what is written after a restart is read")
    func tornTail() throws {
        let folder = TemporaryFolder()
        let writer = try TraceWriter(folder: folder.path)
        for index in 0..<3 { writer.submit(Story.note("note \(index)")) }
        writer.close()
        let file = try #require(folder.segments.first)
        let whole = try #require(FileManager.default.contents(atPath: file))
        for cut in [1, 7, 20, 45] {
            try whole.dropLast(cut).write(to: URL(fileURLWithPath: file))
            let left = try TraceReader(folder: folder.path).records(of: Story.call).count
            #expect(left == (cut == 45 ? 1 : 2))
        }
        var damaged = [UInt8](whole)
        damaged[damaged.count - 3] ^= 1
        try Data(damaged).write(to: URL(fileURLWithPath: file))
        let second = try TraceWriter(folder: folder.path)
        second.submit(Story.note("after"))
        second.close()
        let notes = try TraceReader(folder: folder.path).records(of: Story.call).map(\.content)
        #expect(notes == [.note("note 0"), .note("note 1"), .note("after")])
    }

    @Test("the ring keeps to its size and loses the oldest first")
    func ring() throws {
        let folder = TemporaryFolder()
        var settings = TraceSettings()
        (settings.segmentBytes, settings.segmentCount) = (64 << 10, 3)
        let writer = try TraceWriter(folder: folder.path, settings: settings)
        let filler = String(repeating: "x", count: 3_900)
        for index in 0..<200 {
            writer.submit(Story.note("\(index) \(filler)", at: Int64(index)))
            if index % 10 == 9 { writer.flush() }
        }
        writer.close()
        let total = try folder.segments.reduce(0) { total, path in
            total + (try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0)
        }
        #expect(total <= 3 * 64 << 10)
        #expect(total > 64 << 10)
        let left = try TraceReader(folder: folder.path).records(of: Story.call)
        guard case .note(let last)? = left.last?.content, case .note(let first)? = left.first?.content else {
            Issue.record("nothing is left")
            return
        }
        #expect(last.hasPrefix("199 "))
        #expect(!first.hasPrefix("0 "))
    }

    @Test("records beyond the queue's bound are dropped and counted")
    func overload() throws {
        let folder = TemporaryFolder()
        var settings = TraceSettings()
        settings.queueBytes = 1_000
        let writer = try TraceWriter(folder: folder.path, settings: settings)
        writer.submit(Story.note(String(repeating: "x", count: 2_000)))
        writer.submit(Story.note("small"))
        writer.close()
        #expect(writer.statistics.recordsDropped == 1)
        #expect(writer.statistics.recordsWritten == 1)
    }

    @Test("a folder that can't be made is named with the reason")
    func badFolder() {
        let error = #expect(throws: TraceError.self) { try TraceWriter(folder: "/proc/nowhere") }
        #expect(error?.description.hasPrefix("cannot create the folder /proc/nowhere: ") == true)
    }

    static let secrets: [(label: String, text: String, masked: String)] = [
        (
            "digest",
            "REGISTER sip:a SIP/2.0\nAuthorization: Digest username=\"101\", realm=\"a\", nonce=\"abc\\\"d,ef\", uri=\"sip:a\", response=\"0123\", cnonce = xyz, nc=00000001\nFrom: <sip:1@a>;response=kept\n\n",
            "REGISTER sip:a SIP/2.0\nAuthorization: Digest username=\"101\", realm=\"a\", nonce=\"*********\", uri=\"sip:a\", response=\"****\", cnonce = ***, nc=00000001\nFrom: <sip:1@a>;response=kept\n\n"
        ),
        (
            "folded, any case, space before the colon",
            "INVITE sip:a SIP/2.0\npROXY-authorization  : Digest username=\"1\",\n Response=\"feed\",\n\tnonce=\"1\"\nVia: SIP/2.0/UDP a;nonce=kept\n\n",
            "INVITE sip:a SIP/2.0\npROXY-authorization  : Digest username=\"1\",\n Response=\"****\",\n\tnonce=\"*\"\nVia: SIP/2.0/UDP a;nonce=kept\n\n"
        ),
        (
            "basic and bearer", "A sip:a SIP/2.0\nAuthorization: Basic dXNlcg==\nAuthorization: Bearer ab.cd\n\n",
            "A sip:a SIP/2.0\nAuthorization: Basic ********\nAuthorization: Bearer *****\n\n"
        ),
        (
            "challenge stays", "SIP/2.0 401 Unauthorized\nWWW-Authenticate: Digest realm=\"a\", nonce=\"abc\"\n\n",
            "SIP/2.0 401 Unauthorized\nWWW-Authenticate: Digest realm=\"a\", nonce=\"abc\"\n\n"
        ),
        (
            "SDP keys",
            "INVITE sip:a SIP/2.0\nContent-Type: application/sdp\n\nv=0\nk=base64:c2VjcmV0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNf|2^20 KDR=1\na=key-mgmt:mikey AQAFgM0\na=sendrecv\n",
            "INVITE sip:a SIP/2.0\nContent-Type: application/sdp\n\nv=0\nk=***************\na=crypto:1 AES_CM_128_HMAC_SHA1_80 **************** *****\na=key-mgmt:mikey *******\na=sendrecv\n"
        ),
        (
            "digits by INFO", "INFO sip:a SIP/2.0\nc: application/dtmf-relay\n\nSignal=5\nDuration=160\n",
            "INFO sip:a SIP/2.0\nc: application/dtmf-relay\n\n********\n************\n"
        ),
        (
            "digits by KPML",
            "NOTIFY sip:a SIP/2.0\nContent-Type: application/kpml-response+xml\n\n<r digits=\"42\"/>\n",
            "NOTIFY sip:a SIP/2.0\nContent-Type: application/kpml-response+xml\n\n****************\n"
        ),
        (
            "INFO of a type nobody knows", "INFO sip:a SIP/2.0\nContent-Type: application/x-acme\n\npin 1234\n",
            "INFO sip:a SIP/2.0\nContent-Type: application/x-acme\n\n********\n"
        ),
        (
            "INFO that asks for a picture",
            "INFO sip:a SIP/2.0\nContent-Type: application/media_control+xml\n\n<picture_fast_update/>\n",
            "INFO sip:a SIP/2.0\nContent-Type: application/media_control+xml\n\n<picture_fast_update/>\n"
        ),
        (
            "words of a message",
            "MESSAGE sip:a SIP/2.0\nSubject: kept\nContent-Type: text/plain\n\nMeet \"at\" noön\n",
            "MESSAGE sip:a SIP/2.0\nSubject: kept\nContent-Type: text/plain\n\n***************\n"
        ),
        (
            "words in the answer to a message", "SIP/2.0 200 OK\nCSeq: 3 MESSAGE\nContent-Type: text/plain\n\nfine\n",
            "SIP/2.0 200 OK\nCSeq: 3 MESSAGE\nContent-Type: text/plain\n\n****\n"
        ),
        (
            "cut short", "INVITE sip:a SIP/2.0\nAuthorization: Digest response=\"01",
            "INVITE sip:a SIP/2.0\nAuthorization: Digest response=\"**"
        ),
    ]

    @Test("secrets are blanked before they reach the disk, and nothing else is", arguments: secrets)
    func masking(row: (label: String, text: String, masked: String)) throws {
        let folder = TemporaryFolder()
        let writer = try TraceWriter(folder: folder.path)
        writer.submit(try Story.sip(.received, leg: 0, at: 0, "192.0.2.10:5060", row.text))
        writer.close()
        let expected = try Story.sip(.received, leg: 0, at: 0, "192.0.2.10:5060", row.masked)
        #expect(try TraceReader(folder: folder.path).records(of: Story.call) == [expected])
    }
}
