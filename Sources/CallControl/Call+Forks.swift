internal import Basics
internal import Identity
internal import SIPDialog
internal import SIPMessage
internal import SIPTransaction

/// The dialogs a forked INVITE of ours makes: one per To tag.
extension Call {
    /// One of a leg's dialogs, by the peer's tag.
    subscript(session tag: String, of index: Int) -> Session? {
        get {
            if legs[index].session?.dialog.id.remoteTag == tag { return legs[index].session }
            return legs[index].forks.first { $0.dialog.id.remoteTag == tag }
        }
        _modify {
            if legs[index].session?.dialog.id.remoteTag == tag {
                yield &legs[index].session
            } else if let position = legs[index].forks.firstIndex(where: { $0.dialog.id.remoteTag == tag }) {
                var fork: Session? = legs[index].forks[position]
                yield &fork
                if let fork { legs[index].forks[position] = fork }
            } else {
                var none: Session?
                yield &none
            }
        }
    }

    /// The dialog a response belongs to, made where it is the first with its tag; nil for a response that makes none.
    mutating func fork(for response: SIPMessage, leg index: Int, in env: inout CallEnvironment) -> String? {
        guard let invite = legs[index].invite, response.toTag != nil || response.status?.code ?? 0 >= 200 else {
            return nil
        }
        let tag = response.toTag ?? ""
        if self[session: tag, of: index] != nil { return tag }
        guard legs[index].forks.count < 16 else { return nil }
        do {
            let dialog = try Dialog(sent: invite, received: response)
            var offers = legs[index].versions
            _ = offers.sending(.invite, sdp: Call.sdpBytes(of: invite))
            var session = Session(dialog: dialog, offers: offers)
            session.timer = legs[index].sessionTimer()
            if legs[index].session == nil {
                legs[index].session = session
            } else {
                legs[index].forks.append(session)
                legs[index].mayAnswerAgain = true
            }
            return tag
        } catch {
            note("a response made no dialog: \(error)", leg: index, in: &env)
            return nil
        }
    }

    /// Makes an early dialog the one that counts for now: what is written to the leg is written to it.
    mutating func prefer(_ tag: String, of index: Int) {
        guard let position = legs[index].forks.firstIndex(where: { $0.dialog.id.remoteTag == tag }),
            let first = legs[index].session
        else { return }
        legs[index].session = legs[index].forks[position]
        legs[index].forks[position] = first
    }

    /// Makes the dialog with this tag the leg's own; the others are kept for their late answers alone.
    mutating func choose(_ tag: String, of index: Int) {
        if let position = legs[index].forks.firstIndex(where: { $0.dialog.id.remoteTag == tag }) {
            let chosen: Session = legs[index].forks.remove(at: position)
            if let first = legs[index].session { legs[index].others.append(first) }
            legs[index].session = chosen
        }
        legs[index].others += legs[index].forks
        legs[index].forks = []
    }

    /// A branch behind the peer ends its early dialog; the others ring on.
    mutating func forkEnded(_ tag: String, of index: Int) {
        legs[index].forks.removeAll { $0.dialog.id.remoteTag == tag }
    }

    mutating func sendPrack(
        _ rack: RAck, sdp: [UInt8]?, fork tag: String, leg index: Int, in env: inout CallEnvironment
    ) {
        guard let via = legs[index].via(in: &env), var session = self[session: tag, of: index] else { return }
        var builder = session.dialog.request(.prack, via: via)
        _ = session.offers.sending(.prack, sdp: sdp)
        self[session: tag, of: index] = session
        builder.add(.rack, rack.description)
        builder.add(.userAgent, env.settings.serverName)
        guard let message = seal(builder, sdp: sdp, leg: index, in: &env) else { return }
        let exchange = openExchange(index, .prack, .prack)
        env.effects.append(.request(message, legs[index].target, exchange, leg: UInt16(index)))
    }

    mutating func prackAnswered(
        _ response: SIPMessage, _ status: SIPStatus, leg index: Int, in env: inout CallEnvironment
    ) {
        if status.code >= 300 { note("PRACK was refused: \(status.code)", leg: index, in: &env) }
    }
}
