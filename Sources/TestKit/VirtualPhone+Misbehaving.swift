internal import Basics
internal import SIPMessage
internal import SIPTransaction

/// What a broken phone does: the server refuses it, or is silent, and keeps nothing of it.
extension VirtualPhone {
    package enum Misbehaviour: CaseIterable, Sendable {
        /// A message of its dialogs again, much too late.
        case repeatsOldMessage
        /// A request whose CSeq number is lower than the INVITE's.
        case countsBackwards
        /// A BYE in a dialog that has ended.
        case hangsUpAgain
        /// A request in a dialog that never was.
        case inventsDialog
        /// A message cut in the middle.
        case cutsShort
        /// Bytes that are no SIP.
        case talksNonsense
    }

    /// What begins the branches of requests nobody may grant.
    package static let rogueBranch = "z9hG4bKrogue"

    package func misbehave(_ how: Misbehaviour) {
        guard !isDead else { return }
        isRogue = true
        let requests: [SIPMessage] = sentLately.filter { $0.isRequest && $0.method != .ack }
        switch how {
        case .repeatsOldMessage:
            guard let message = sentLately.randomElement(using: &random) else { return }
            world.checks.forgive(branch: message.topVia.branch ?? "")
            send(message.wire)
        case .countsBackwards:
            guard let message = requests.last(where: { callByTag[$0.fromTag ?? ""]?.isCaller == true }) else { return }
            send(altered(message) { $0.hasPrefix("CSeq:") ? "CSeq: 0 \(message.method)" : $0 })
        case .hangsUpAgain:
            guard let message = requests.last(where: { $0.method == .bye }) else { return }
            // Where the first one was lost this one is right, and judged as any other.
            send(altered(message, branch: "z9hG4bKagain") { $0.hasPrefix("CSeq:") ? "CSeq: 900000 BYE" : $0 })
        case .inventsDialog:
            guard let message = requests.last else { return }
            send(altered(message) { $0.hasPrefix("To:") ? "To: <sip:nobody@\(VirtualServer.domain)>;tag=none" : $0 })
        case .cutsShort:
            guard let message = requests.last else { return }
            let wire: [UInt8] = altered(message) { $0 }
            send(Array(wire.prefix(Int.random(in: 1...max(1, wire.count / 3), using: &random))))
        case .talksNonsense: send((0..<60).map { _ in UInt8.random(in: 0...255, using: &random) })
        }
    }

    private func send(_ wire: [UInt8]) { world.carry(wire, from: self, over: flow.connection) }

    /// The same message under a branch of its own, each line changed.
    private func altered(
        _ message: SIPMessage, branch: String = VirtualPhone.rogueBranch, _ change: (String) -> String
    ) -> [UInt8] {
        let text = String(decoding: message.wire, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n"), let old = message.topVia.branch else { return message.wire }
        let lines: [String] = text[..<end.lowerBound].split(separator: "\r\n").map { line in
            line.hasPrefix("Via:")
                ? String(line.replacing(old, with: branch + random.token(12), maxReplacements: 1))
                : change(String(line))
        }
        return Array((lines.joined(separator: "\r\n") + text[end.lowerBound...]).utf8)
    }
}
