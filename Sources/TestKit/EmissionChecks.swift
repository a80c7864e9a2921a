internal import Basics
internal import SDP
internal import SIPMessage

/// Judges every message the server puts on the wire, with what reached it as background.
package final class EmissionChecks {
    /// A dialog of the server: Call-ID and its own tag.
    private struct Own: Hashable { let callID: String, tag: String }
    private struct Peered: Hashable { let own: Own, remote: String }
    private struct Numbered: Hashable { let own: Own, remote: String, number: UInt32 }
    private struct Description { let session: UInt64, version: UInt64, rest: [UInt8] }

    private let media: VirtualMediaPlane
    private var seen: Set<[UInt8]> = []
    private var deliveredRequests: Set<String> = []
    private var finals: [String: Int] = [:]
    private var forgiven: Set<String> = []
    private var excused: Set<String> = []
    private var lastSequence: [Peered: (number: UInt32, place: String)] = [:]
    /// By number, then by branch: one for each place an INVITE was sent to (RFC 3263 §4.3).
    private var invites: [Own: [UInt32: [String: Moment]]] = [:]
    private var invitesHeard: Set<String> = []
    private var cancels: [String: Moment] = [:]
    /// 2xx that reached the server and have no ACK yet; and all that have one.
    private var owed: [Numbered: Moment] = [:]
    private var acknowledged: Set<Numbered> = []
    /// 2xx of the server whose ACK has not reached it.
    private var unacknowledged: [Numbered: Moment] = [:]
    private var ended: Set<Peered> = []
    private var descriptions: [Peered: Description] = [:]
    /// What each payload type stood for first, by stream (RFC 3264 §8.3.2).
    private var meanings: [Own: [Int: [UInt8: String]]] = [:]
    private var unreserved: [(own: Own, at: Moment, text: String)] = []
    private var reliable: [Own: UInt32] = [:]
    private var pracked: [Own: Set<UInt32>] = [:]
    /// Requests and responses the server sent, copies left out.
    package private(set) var emittedCount: Int = 0

    init(media: VirtualMediaPlane) { self.media = media }

    // MARK: What reaches the server

    /// A request that comes again long after its transaction: it may get another answer.
    func forgive(branch: String) { forgiven.insert(branch) }

    /// The connection an INVITE came over is gone before its answer: the server gave the INVITE up with it, and has no transaction for
    /// a 2xx that comes by another way.
    func excuse(callID: String) { excused.insert(callID) }

    func delivered(_ message: SIPMessage, now: Moment) {
        let branch: String = message.topVia.branch ?? ""
        guard !branch.hasPrefix(VirtualPhone.rogueBranch) else { return }
        guard message.isRequest else { return deliveredResponse(message, branch, now: now) }
        deliveredRequests.insert("\(branch) \(message.method)")
        let own = Own(callID: message.callID, tag: message.toTag ?? "")
        switch message.method {
        case .ack: unacknowledged[Numbered(own: own, remote: message.fromTag ?? "", number: message.cseq.number)] = nil
        case .invite:
            // Who asks for the next change has the answer to the last one.
            for key in unacknowledged.keys where key.own == own && key.number < message.cseq.number {
                unacknowledged[key] = nil
            }
        case .bye:
            ended.insert(Peered(own: own, remote: message.fromTag ?? ""))
            // The call was over when its 2xx left the disk, and the phone's BYE crossed the server's.
            unreserved.removeAll { $0.own == own && now.since($0.at) < .seconds(2) }
        case .prack:
            if let rack = (try? message.rack()) ?? nil { pracked[own, default: []].insert(rack.rseq) }
        default: break
        }
    }

    private func deliveredResponse(_ message: SIPMessage, _ branch: String, now: Moment) {
        guard message.method == .invite, let status = message.status else { return }
        let heard: Bool = !invitesHeard.insert(branch).inserted
        let own = Own(callID: message.callID, tag: message.fromTag ?? "")
        let key = Numbered(own: own, remote: message.toTag ?? "", number: message.cseq.number)
        guard status.isSuccess, owed[key] == nil, !acknowledged.contains(key),
            !ended.contains(Peered(own: own, remote: message.toTag ?? ""))
        else { return }
        guard let sentAt = invites[own]?[message.cseq.number]?[branch] else { return }
        // What comes after the server's own time limits is a stray it owes nothing.
        if let cancelled = cancels[branch], now.since(cancelled) > .seconds(31) { return }
        if !heard, now.since(sentAt) > .seconds(31) {
            // Nor for the copies of it (seed 418).
            acknowledged.insert(key)
            return
        }
        owed[key] = now
    }

    // MARK: What the server sends

    /// - Returns: what is wrong with it.
    func emitted(_ wire: [UInt8], to phone: VirtualPhone, now: Moment) -> [String] {
        guard seen.insert(wire).inserted else { return [] }
        emittedCount += 1
        guard let message = try? SIPMessage.parse(wire) else {
            // The answer to what could not be read repeats what was legible of it, and no more.
            if phone.isRogue, wire.starts(with: Array("SIP/2.0 400 ".utf8)) { return [] }
            return ["unreadable: \(String(decoding: wire, as: UTF8.self))"]
        }
        // Every terminal of a user may see the others in its registration (RFC 3261 §10.3).
        var found: [String] = message.method == .register ? [] : leaks(wire, to: phone)
        for name in [SIPFieldName.to, .from, .cseq, .callID, .contentLength] where message.count(of: name) != 1 {
            found.append("\(name) stands there \(message.count(of: name)) times")
        }
        found += message.isRequest ? request(message, to: phone, now: now) : response(message, now: now)
        found += description(message, now: now)
        found += network(message, of: phone)
        let first: Substring = String(decoding: wire.prefix(80), as: UTF8.self).split(separator: "\r\n").first ?? ""
        return found.map { "to \(phone.name): \($0) [\(first); CSeq \(message.cseq)]" }
    }

    private func request(_ message: SIPMessage, to phone: VirtualPhone, now: Moment) -> [String] {
        var found: [String] = []
        let own = Own(callID: message.callID, tag: message.fromTag ?? "")
        let branch: String = message.topVia.branch ?? ""
        let number: UInt32 = message.cseq.number
        if ((try? message.maxForwards()) ?? nil) == nil { found.append("no Max-Forwards") }
        if message.fromTag == nil { found.append("no From tag") }
        switch message.method {
        case .ack:
            if invites[own]?[number] == nil { found.append("ACK to an INVITE that was never sent") }
            let key = Numbered(own: own, remote: message.toTag ?? "", number: number)
            if owed.removeValue(forKey: key) != nil { acknowledged.insert(key) }
        case .cancel:
            if invites[own]?[number]?[branch] == nil { found.append("CANCEL of an INVITE that was never sent") }
            if cancels[branch] == nil { cancels[branch] = now }
        default:
            let dialog = Peered(own: own, remote: message.toTag ?? "")
            // The same request may go to another place, or over another transport, under its number; an INVITE over another flow of the
            // terminal too (RFC 3263 §4.3, RFC 5626 §5.3).
            let isRetried: Bool = message.method == .invite && message.toTag == nil
            let place: String = "\(phone.address) \(message.topVia.transport)"
            if let last = lastSequence[dialog] ?? lastSequence[Peered(own: own, remote: "")],
                number < last.number || (number == last.number && place == last.place && !isRetried)
            {
                found.append("CSeq \(number) after \(last.number)")
            }
            lastSequence[dialog] = (number, place)
            if message.method == .invite { invites[own, default: [:]][number, default: [:]][branch] = now }
            if message.method == .invite || message.method == .update, !message.has(.contact) {
                found.append("no Contact")
            }
            // Hung up meanwhile: a 2xx that waited for the disk, or two timers that were due at once.
            if message.method == .bye {
                unreserved.removeAll { $0.own == own && now.since($0.at) < .seconds(40) }
            }
            if message.method == .bye { found += bye(own, remote: message.toTag ?? "", now: now) }
            if ended.contains(dialog), message.method != .bye, message.method != .prack {
                found.append("a request after the dialog's end")
            }
        }
        return found
    }

    private func bye(_ own: Own, remote: String, now: Moment) -> [String] {
        var found: [String] = []
        if owed.contains(where: { $0.key.own == own && $0.key.remote == remote }) {
            found.append("BYE before the ACK to its 2xx")
        }
        let early = unacknowledged.first {
            $0.key.own == own && $0.key.remote == remote && now.since($0.value) < .seconds(31)
        }
        if early != nil { found.append("BYE before the peer's ACK") }
        ended.insert(Peered(own: own, remote: remote))
        return found
    }

    private func response(_ message: SIPMessage, now: Moment) -> [String] {
        guard let status = message.status else { return [] }
        if message.topVia.branch?.hasPrefix(VirtualPhone.rogueBranch) == true { return answerToRogue(status) }
        var found: [String] = []
        let key: String = "\(message.topVia.branch ?? "") \(message.method)"
        if !deliveredRequests.contains(key) { found.append("answers a request that never came") }
        if status.code > 100, message.toTag == nil { found.append("no To tag") }
        if let final = finals[key], !forgiven.contains(message.topVia.branch ?? "") {
            if status.isProvisional { found.append("\(status) after the final \(final)") }
            // A CANCEL has no state: what became of its INVITE meanwhile changes the answer (RFC 3261 §9.2).
            // And a copy that comes when the transaction is forgotten finds no dialog. A challenge is stateless (§8.2.7).
            if status.isFinal, final != status.code, final != 401, message.method != .cancel, status.code != 481 {
                found.append("a second final response after \(final)")
            }
        }
        if status.isFinal { finals[key] = status.code }
        let own = Own(callID: message.callID, tag: message.toTag ?? "")
        guard message.method == .invite, status.code > 100, status.code < 300 else { return found }
        if !message.has(.contact) { found.append("no Contact") }
        if status.isSuccess {
            unacknowledged[Numbered(own: own, remote: message.fromTag ?? "", number: message.cseq.number)] = now
        } else if let rseq = (try? message.rseq()) ?? nil {
            if let last = reliable[own] {
                if rseq != last + 1 { found.append("RSeq \(rseq) after \(last)") }
                if pracked[own]?.contains(last) != true {
                    found.append("a second reliable response before the PRACK to the first")
                }
            }
            reliable[own] = rseq
        }
        return found
    }

    // MARK: Descriptions

    private func description(_ message: SIPMessage, now: Moment) -> [String] {
        guard !message.body.isEmpty, let type = try? message.contentType(), type.subtype == "sdp" else { return [] }
        guard var parsed = try? SessionDescription.parse(message.body) else {
            return ["its session description can't be read"]
        }
        var found: [String] = []
        let (local, remote) = message.isRequest ? (message.fromTag, message.toTag) : (message.toTag, message.fromTag)
        let own = Own(callID: message.callID, tag: local ?? "")
        for stream in parsed.media where !stream.isRejected && !media.isReserved(port: stream.port) {
            unreserved.append(
                (
                    own, now,
                    "\(message.callID) names port \(stream.port), which is not reserved, at \(now.sinceStart.inSeconds) s"
                ))
        }
        found += payloadTypes(of: parsed, own)
        let key = Peered(own: own, remote: remote ?? "")
        let version: UInt64 = UInt64(parsed.origin.version) ?? 0
        let session: UInt64 = UInt64(parsed.origin.sessionID) ?? 0
        parsed.origin = SDPOrigin(sessionID: session, version: 0, address: VirtualServer.address.address)
        let current = Description(session: session, version: version, rest: (try? parsed.serialised()) ?? [])
        if let last = descriptions[key] ?? descriptions[Peered(own: own, remote: "")] {
            if last.session != current.session { found.append("another o= session than before") }
            let expected: UInt64 = last.rest == current.rest ? last.version : last.version + 1
            if current.version != expected { found.append("o= version \(version) where \(expected) is due") }
        }
        descriptions[key] = current
        return found
    }

    /// Each number once, none of RTCP's, and each with the meaning it always had.
    private func payloadTypes(of description: SessionDescription, _ own: Own) -> [String] {
        var found: [String] = []
        for (position, stream) in description.media.enumerated() where stream.kind == .audio && !stream.isRejected {
            let numbers: [UInt8] = stream.formats.compactMap { UInt8($0) }
            if Set(numbers).count != stream.formats.count { found.append("payload types \(stream.formats)") }
            for number in numbers {
                if (72...76).contains(number) { found.append("payload type \(number) is RTCP's") }
                guard let map = stream.rtpmap(number) else {
                    found.append("payload type \(number) without a=rtpmap")
                    continue
                }
                let meaning: String = map.encoding.lowercased() + "/\(map.clockRate)"
                let known: String = meanings[own, default: [:]][position, default: [:]][number] ?? meaning
                if known != meaning { found.append("payload type \(number) was \(known) and is \(meaning)") }
                meanings[own, default: [:]][position, default: [:]][number] = meaning
            }
        }
        return found
    }

    /// Whoever has one address family alone is told of no other (RFC 6157).
    private func network(_ message: SIPMessage, of phone: VirtualPhone) -> [String] {
        let wrong: String = phone.address.address.isV4 ? "IN IP6" : "IN IP4"
        guard !message.body.isEmpty, String(decoding: message.body, as: UTF8.self).contains(wrong) else { return [] }
        return ["describes a network the phone does not have: \(wrong)"]
    }

    /// Nonsense and repetitions out of time get a refusal, or nothing.
    private func answerToRogue(_ status: SIPStatus) -> [String] {
        status.code >= 400 || status.code == 100 ? [] : ["answers nonsense with \(status)"]
    }

    // MARK: Topology

    /// Marks and addresses of other phones in a message to this one.
    private func leaks(_ wire: [UInt8], to phone: VirtualPhone) -> [String] {
        var found: [String] = []
        for pattern in EmissionChecks.private
        where EmissionChecks.contains(wire, pattern, unlessFollowedBy: phone.identifyingBytes(pattern)) {
            found.append(
                "tells of another party: \(String(decoding: pattern, as: UTF8.self))… in \(String(decoding: wire, as: UTF8.self))"
            )
        }
        return found
    }

    /// What begins every phone's mark, public and private address.
    static let `private`: [[UInt8]] = [
        Array("zQmark".utf8), Array("10.77.".utf8), Array("192.168.".utf8), Array("2001:db8:77::".utf8),
    ]

    private static func contains(_ bytes: [UInt8], _ pattern: [UInt8], unlessFollowedBy own: [UInt8]) -> Bool {
        bytes.withUnsafeBufferPointer { buffer in
            let first: UInt8 = pattern[0]
            var position: Int = 0
            let end: Int = buffer.count - pattern.count
            while position <= end {
                defer { position += 1 }
                guard buffer[position] == first, buffer[position..<(position + pattern.count)].elementsEqual(pattern)
                else { continue }
                let rest = buffer[(position + pattern.count)...].prefix(own.count)
                if !rest.elementsEqual(own) { return true }
                // The whole number, and not the beginning of a longer one.
                let next: Int = position + pattern.count + own.count
                if next < buffer.count, (0x30...0x39).contains(buffer[next]) { return true }
            }
            return false
        }
    }

    // MARK: At the end

    /// What only the whole run shows: answers of phones that were never acknowledged, ports nobody listened on.
    package func unsettled() -> [String] {
        owed.keys.filter { !excused.contains($0.own.callID) }.map {
            "no ACK for the 2xx to INVITE \($0.number) of \($0.own.callID)"
        }.sorted()
            + unreserved.map(\.text)
    }
}
