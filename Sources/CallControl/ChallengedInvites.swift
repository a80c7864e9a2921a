internal import Basics
internal import SIPMessage

/// What belongs to no dialog of ours is told apart by these: an INVITE before it is authenticated, its 401 and the ACK to that,
/// a CANCEL, a 100.
struct InviteKey: Hashable, Sendable {
    let callID: String
    let fromTag: String

    /// nil for a message that can't belong to the set-up of a call.
    init?(_ message: SIPMessage) {
        guard let fromTag = message.fromTag,
            message.method == .invite || message.method == .ack || message.method == .cancel
        else { return nil }
        (callID, self.fromTag) = (message.callID, fromTag)
    }
}

/// The INVITEs that were challenged lately, with their 401 and ACK, kept for the trace of the calls they may become.
///
/// A ring: bounded by dialogs, by lines a dialog and by bytes, whoever sends what; the oldest go first.
struct ChallengedInvites: Sendable {
    struct Line: Sendable {
        let at: WallTime
        let content: CallTrace.Content
    }

    private struct Entry: Sendable {
        let key: InviteKey
        var lines: [Line] = []
        var bytes: Int = 0
    }

    /// Dialogs kept.
    static let entryLimit: Int = 128
    /// Lines kept of one dialog.
    static let lineLimit: Int = 16
    /// Bytes of messages kept in all.
    static let byteLimit: Int = 512 << 10

    private var slots: [Entry?] = []
    private var slotOf: [InviteKey: Int] = [:]
    private var nextSlot: Int = 0
    private(set) var bytes: Int = 0

    var count: Int { slotOf.count }
    var isEmpty: Bool { slotOf.isEmpty }

    /// An INVITE that is being challenged; the messages that belong to it are kept from here on.
    ///
    /// One that is challenged again was kept by ``add(_:_:_:)`` when it came.
    mutating func begin(_ key: InviteKey, _ wire: [UInt8], _ line: Line) {
        guard slotOf[key] == nil else { return }
        if slots.count < ChallengedInvites.entryLimit { slots.append(nil) }
        drop(nextSlot)
        slots[nextSlot] = Entry(key: key)
        slotOf[key] = nextSlot
        nextSlot = (nextSlot + 1) % ChallengedInvites.entryLimit
        add(key, wire, line)
    }

    /// One more message of a challenged INVITE; anything else is none of ours.
    mutating func add(_ key: InviteKey, _ wire: [UInt8], _ line: Line) {
        guard let slot = slotOf[key], slots[slot]?.lines.count ?? 0 < ChallengedInvites.lineLimit else { return }
        slots[slot]?.lines.append(line)
        slots[slot]?.bytes += wire.count
        bytes += wire.count
        // From the oldest on; the newest too, should it be too large by itself.
        let oldest: Int = slots.count < ChallengedInvites.entryLimit ? 0 : nextSlot
        for step in slots.indices {
            guard bytes > ChallengedInvites.byteLimit else { return }
            drop((oldest + step) % slots.count)
        }
    }

    /// What was kept before `invite`, which now is a call; it is forgotten here.
    mutating func take(_ key: InviteKey, before invite: [UInt8]) -> [Line] {
        guard let slot = slotOf[key] else { return [] }
        let lines: [Line] = slots[slot]?.lines ?? []
        drop(slot)
        return lines.filter { line in
            if case .received(let wire, _) = line.content { return wire != invite }
            return true
        }
    }

    private mutating func drop(_ slot: Int) {
        guard let entry = slots[slot] else { return }
        bytes -= entry.bytes
        slotOf[entry.key] = nil
        slots[slot] = nil
    }
}
