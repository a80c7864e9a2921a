import Basics
import SDP
import Testing

/// The lines, each ended by CRLF.
func sdp(_ lines: String...) -> [UInt8] { Array(lines.map { $0 + "\r\n" }.joined().utf8) }

/// A session with these media lines after `v o s c t`.
func session(_ lines: String...) throws -> SessionDescription {
    let head = ["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0"]
    return try SessionDescription.parse(Array((head + lines).map { $0 + "\r\n" }.joined().utf8))
}

func text(_ session: SessionDescription) throws -> String { String(decoding: try session.serialised(), as: UTF8.self) }

func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }
