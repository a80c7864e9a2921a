import Foundation
import SIPMessage

/// The golden files beside the tests.
enum Golden {
    static let folder: URL = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
        "Golden")

    static func torture(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appendingPathComponent("torture/\(name).dat")))
    }

    static func tortureNames() throws -> Set<String> {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("torture").path)
        return Set(files.filter { $0.hasSuffix(".dat") }.map { String($0.dropLast(4)) })
    }
}

/// Text with its line ends made CRLF, where they are not.
func wire(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
        if byte == 0x0A, bytes.last != 0x0D { bytes.append(0x0D) }
        bytes.append(byte)
    }
    return bytes
}

/// NUL as tables write it, since a test's log had better be text.
func withNUL(_ text: String) -> String { text.replacing("␀", with: "\0") }

/// A small INVITE with `extra` header lines, each ending in a line end.
func invite(_ extra: String = "", body: String = "", uri: String = "sip:bob@example.com") -> [UInt8] {
    wire(
        """
        INVITE \(uri) SIP/2.0
        Via: SIP/2.0/UDP 192.0.2.1:5070;rport;branch=z9hG4bK1
        From: "Alice" <sip:alice@example.com>;tag=a1
        To: <sip:bob@example.com>
        Call-ID: c1@192.0.2.1
        CSeq: 1 INVITE
        Max-Forwards: 70
        \(extra)Content-Length: \(body.utf8.count)


        """) + Array(body.utf8)
}

/// What parsing throws, or nil.
func parseError(_ bytes: [UInt8], limits: SIPLimits = .standard) -> SIPParseError? {
    do throws(SIPParseError) {
        _ = try SIPMessage.parse(bytes, limits: limits)
        return nil
    } catch {
        return error
    }
}
