import Basics
import SIPMessage

/// What must hold for any bytes: no crash, and what was read can be written and read again.
private enum Checks {
    static let source = IPEndpoint(.loopbackV4, 5060)
    static let screening = SIPRequestScreening(methods: SIPMethod.registered, extensions: ["100rel"])

    static func datagram(_ bytes: [UInt8]) {
        do throws(SIPParseError) {
            let message = try SIPMessage.parse(bytes)
            if bytes.starts(with: message.wire) == false { fatalError("the wire bytes are not the datagram's") }
            guard let again = try? SIPMessage.parse(message.wire), again == message else {
                fatalError("a message does not parse again")
            }
            fields(message)
            typed(message)
            uri(message.requestURI)
            uri(message.to.uri)
            addresses([message.from, message.to])
            if message.isRequest { response(message) }
        } catch {
            if let answer = error.response(source: source, toTag: "t") {
                if error.status == nil
                    || !answer.starts(with: "SIP/2.0 4".utf8) && !answer.starts(with: "SIP/2.0 5".utf8)
                {
                    fatalError("an answer without a status")
                }
            }
        }
    }

    static func fields(_ message: SIPMessage) {
        for (name, value) in message.fields {
            if message.has(name) == false { fatalError("a field is not found by its name") }
            if !message.values(name).contains(value) { fatalError("a value is not found by its name") }
            _ = message.list(name)
        }
        _ = screening.verdict(for: message)
    }

    static func typed(_ message: SIPMessage) {
        if let vias = try? message.vias(), vias.first != message.topVia { fatalError("the top Via is not the first") }
        if case .list(let list)? = try? message.contacts() { addresses(list) }
        _ = try? message.routes()
        _ = try? message.recordRoutes()
        _ = try? message.maxForwards()
        _ = try? message.expires()
        _ = try? message.contentLength()
        _ = try? message.contentType()
        _ = try? message.contentDisposition()
        _ = try? message.accepts()
        _ = try? message.allow()
        _ = try? message.rack()
        _ = try? message.rseq()
        _ = try? message.sessionExpires()
        _ = try? message.minSE()
        _ = try? message.reasons()
        _ = try? message.warnings()
        _ = try? message.privacy()
        _ = try? message.event()
        _ = try? message.subscriptionState()
        _ = try? message.replaces()
        _ = try? message.retryAfter()
        _ = try? message.timestamp()
        _ = try? message.date()
        _ = try? message.authenticationInfo()
        _ = try? message.infos(.alertInfo)
        for entry in (try? message.historyInfo()) ?? [] { _ = (entry.index, entry.reason, entry.privacy) }
        for name in [SIPFieldName.authorization, .proxyAuthorization] {
            for credentials in (try? message.credentials(name)) ?? [] {
                _ = (credentials.nonceCount, credentials.description)
            }
        }
        for challenge in (try? message.challenges(.wwwAuthenticate)) ?? [] {
            _ = (challenge.qop, challenge.description)
        }
    }

    static func uri(_ uri: SIPURI?) {
        guard let uri else { return }
        guard let again = try? SIPURI(uri.description) else { fatalError("a URI does not read again: \(uri)") }
        if again != uri { fatalError("a URI changes when written: \(uri) \(again)") }
        if !uri.isEquivalent(to: uri) { fatalError("a URI is not equivalent to itself: \(uri)") }
        _ = uri.addressOfRecord
    }

    static func addresses(_ list: [NameAddress]) {
        for address in list {
            guard let again = try? NameAddress(address.description) else {
                fatalError("an address does not read again: \(address)")
            }
            if again.uri != address.uri || again.displayName != address.displayName || again.tag != address.tag {
                fatalError("an address changes when written: \(address)")
            }
        }
    }

    static func response(_ request: SIPMessage) {
        var builder = SIPMessageBuilder(responseTo: request, status: 486, source: source, toTag: "t")
        guard let response = try? builder.finish() else {
            fatalError("a request that parsed can't be answered: \(request)")
        }
        if response.callID != request.callID || response.cseq != request.cseq || response.fromTag != request.fromTag {
            fatalError("a response does not match its request")
        }
        if response.topVia.branch != request.topVia.branch || response.toTag == nil {
            fatalError("a response goes astray")
        }
    }

    static func stream(_ bytes: [UInt8]) {
        var whole = SIPStreamReader()
        whole.append(bytes)
        var pieces = SIPStreamReader()
        var second: [SIPStreamReader.Framed] = []
        for byte in bytes {
            pieces.append([byte])
            second += drain(&pieces)
        }
        // Where a ping is cut in two, what is seen of it depends on when one looks; messages may not.
        if messages(drain(&whole)) != messages(second) { fatalError("the pieces of a stream are not its whole") }
    }

    static func messages(_ framed: [SIPStreamReader.Framed]) -> [SIPStreamReader.Framed] {
        framed.filter { if case .message = $0 { true } else { false } }
    }

    static func drain(_ reader: inout SIPStreamReader) -> [SIPStreamReader.Framed] {
        var result: [SIPStreamReader.Framed] = []
        while true {
            do throws(SIPParseError) {
                guard let framed = try reader.next() else { return result }
                result.append(framed)
            } catch {
                if reader.isBroken { return result }
            }
        }
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    Checks.datagram(bytes)
    Checks.stream(bytes)
    return 0
}
