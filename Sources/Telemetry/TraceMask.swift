/// Blanks the secrets of a SIP message in place, byte for byte, so that its length and its Content-Length stay true.
///
/// Blanked by `*`: the values of response, nonce, cnonce and rspauth in Authorization and Proxy-Authorization and the token of
/// any other scheme there (RFC 7616), the keys of `a=crypto` (RFC 4568), `a=key-mgmt` (RFC 4567) and `k=` (RFC 4566 §5.12)
/// in a body, and the whole body of what carries people's words or digits: MESSAGE (RFC 3428) and the answers to it, and every
/// message whose Content-Type tells of digits or is an INFO's that tells of nothing harmless.
enum TraceMask {
    private static let star: UInt8 = UInt8(ascii: "*")
    private static let carriageReturn: UInt8 = 0x0D
    private static let lineFeed: UInt8 = 0x0A

    static func mask(_ bytes: inout [UInt8], from start: Int) {
        let end: Int = bytes.count
        bytes.withUnsafeMutableBufferPointer { buffer in
            var masker = Masker(bytes: buffer, end: end)
            masker.run(from: start)
        }
    }

    private struct Masker {
        let bytes: UnsafeMutableBufferPointer<UInt8>
        let end: Int

        mutating func run(from start: Int) {
            var line: Int = start
            var inSecretField = false
            // `MESSAGE sip:…`; of an answer the CSeq names the method.
            var isPrivate: Bool = matches(start, end, "message ")
            let isInfo: Bool = matches(start, end, "info ")
            var isHarmless = false
            while line < end {
                let next: Int = lineEnd(line)
                let textEnd: Int = trimmed(line, next)
                if textEnd == line {
                    if isPrivate || (isInfo && !isHarmless) { blankText(next, end) } else { maskBody(from: next) }
                    return
                }
                let first: UInt8 = bytes[line]
                if first == 0x20 || first == 0x09 {
                    if inSecretField { maskCredentials(line, textEnd) }
                } else {
                    inSecretField = false
                    switch first | 0x20 {
                    case UInt8(ascii: "a"), UInt8(ascii: "p"):
                        if let value = fieldValue(line, textEnd, "authorization")
                            ?? fieldValue(line, textEnd, "proxy-authorization")
                        {
                            inSecretField = true
                            maskCredentials(value, textEnd)
                        }
                    case UInt8(ascii: "c"):
                        if let value = fieldValue(line, textEnd, "content-type") ?? fieldValue(line, textEnd, "c") {
                            for type: StaticString in ["dtmf", "digits", "kpml", "telephone-event"] {
                                isPrivate = isPrivate || contains(value, textEnd, type)
                            }
                            // Nothing but a request for a video picture (RFC 5168).
                            isHarmless = contains(value, textEnd, "media_control")
                        } else if let value = fieldValue(line, textEnd, "cseq") {
                            isPrivate = isPrivate || contains(value, textEnd, " message")
                        }
                    default: break
                    }
                }
                line = next
            }
        }

        /// Where the value starts if the line at `line` is the field `name`, given in lower case.
        private func fieldValue(_ line: Int, _ lineEnd: Int, _ name: StaticString) -> Int? {
            guard matches(line, lineEnd, name) else { return nil }
            var position: Int = line + name.utf8CodeUnitCount
            while position < lineEnd, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
            return position < lineEnd && bytes[position] == UInt8(ascii: ":") ? position + 1 : nil
        }

        private func matches(_ position: Int, _ limit: Int, _ text: StaticString) -> Bool {
            let count: Int = text.utf8CodeUnitCount
            guard position + count <= limit else { return false }
            for index in 0..<count {
                let byte: UInt8 = bytes[position + index]
                let lower: UInt8 = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
                if lower != text.utf8Start[index] { return false }
            }
            return true
        }

        private func contains(_ start: Int, _ limit: Int, _ text: StaticString) -> Bool {
            var position: Int = start
            while position < limit {
                if matches(position, limit, text) { return true }
                position += 1
            }
            return false
        }

        /// Blanks the secret parameters between `start` and `limit`, and the token after a scheme that is not Digest.
        private func maskCredentials(_ start: Int, _ limit: Int) {
            var position: Int = start
            while position < limit {
                let byte: UInt8 = bytes[position]
                if byte == UInt8(ascii: "\"") {
                    position = quotedEnd(position, limit)
                } else if isNameByte(byte) {
                    let nameStart: Int = position
                    while position < limit, isNameByte(bytes[position]) { position += 1 }
                    let nameEnd: Int = position
                    while position < limit, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
                    guard position < limit, bytes[position] == UInt8(ascii: "=") else {
                        if isOpaqueScheme(nameStart, nameEnd) { return blank(position, limit) }
                        continue
                    }
                    position += 1
                    while position < limit, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
                    let valueStart: Int = position
                    position = valueEnd(position, limit)
                    if isSecret(nameStart, nameEnd) { blankValue(valueStart, position) }
                } else {
                    position += 1
                }
            }
        }

        /// Stars over a whole value, but for the quotation marks around it.
        private func blankValue(_ start: Int, _ limit: Int) {
            guard start < limit else { return }
            let isQuoted: Bool = bytes[start] == UInt8(ascii: "\"")
            let isClosed: Bool = isQuoted && limit - start > 1 && bytes[limit - 1] == UInt8(ascii: "\"")
            for position in stride(from: isQuoted ? start + 1 : start, to: isClosed ? limit - 1 : limit, by: 1) {
                bytes[position] = star
            }
        }

        private func isOpaqueScheme(_ start: Int, _ limit: Int) -> Bool {
            (limit - start == 5 && matches(start, limit, "basic"))
                || (limit - start == 6 && matches(start, limit, "bearer"))
        }

        private func isSecret(_ start: Int, _ limit: Int) -> Bool {
            switch limit - start {
            case 8: matches(start, limit, "response")
            case 5: matches(start, limit, "nonce")
            case 6: matches(start, limit, "cnonce")
            case 7: matches(start, limit, "rspauth")
            default: false
            }
        }

        private func valueEnd(_ start: Int, _ limit: Int) -> Int {
            guard start < limit else { return limit }
            if bytes[start] == UInt8(ascii: "\"") { return quotedEnd(start, limit) }
            var position: Int = start
            while position < limit, bytes[position] != UInt8(ascii: ","), bytes[position] != 0x20 { position += 1 }
            return position
        }

        private func quotedEnd(_ start: Int, _ limit: Int) -> Int {
            var position: Int = start + 1
            while position < limit {
                if bytes[position] == UInt8(ascii: "\\") {
                    position += 2
                    continue
                }
                if bytes[position] == UInt8(ascii: "\"") { return position + 1 }
                position += 1
            }
            return limit
        }

        private func isNameByte(_ byte: UInt8) -> Bool {
            (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A) || (byte >= 0x30 && byte <= 0x39) || byte == UInt8(ascii: "-")
                || byte == UInt8(ascii: "_")
        }

        private func maskBody(from start: Int) {
            var line: Int = start
            while line < end {
                let next: Int = lineEnd(line)
                let textEnd: Int = trimmed(line, next)
                if matches(line, textEnd, "a=crypto:") {
                    // a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^20|1:32; tag and suite stay readable.
                    blankAfterSpaces(2, line, textEnd)
                } else if matches(line, textEnd, "a=key-mgmt:") {
                    blankAfterSpaces(1, line, textEnd)
                } else if matches(line, textEnd, "k=") {
                    blank(line + 2, textEnd)
                }
                line = next
            }
        }

        private func blankAfterSpaces(_ count: Int, _ line: Int, _ limit: Int) {
            var left: Int = count
            var position: Int = line
            while position < limit, left > 0 {
                if bytes[position] == 0x20 { left -= 1 }
                position += 1
            }
            blank(position, limit)
        }

        /// Stars over everything but spaces and quotes, so that the shape stays.
        private func blank(_ start: Int, _ limit: Int) {
            var position: Int = start
            while position < limit {
                switch bytes[position] {
                case 0x20, carriageReturn, lineFeed, UInt8(ascii: "\""): break
                default: bytes[position] = star
                }
                position += 1
            }
        }

        /// Stars over everything but line ends: how long the words were is nobody's business either.
        private func blankText(_ start: Int, _ limit: Int) {
            for position in stride(from: start, to: limit, by: 1)
            where bytes[position] != carriageReturn && bytes[position] != lineFeed {
                bytes[position] = star
            }
        }

        /// The first byte behind the line's LF.
        private func lineEnd(_ start: Int) -> Int {
            var position: Int = start
            while position < end, bytes[position] != lineFeed { position += 1 }
            return position < end ? position + 1 : end
        }

        private func trimmed(_ start: Int, _ next: Int) -> Int {
            var position: Int = next
            while position > start, bytes[position - 1] == lineFeed || bytes[position - 1] == carriageReturn {
                position -= 1
            }
            return position
        }
    }
}
