extension PromptLanguage {
    /// How many messages there are in a mailbox: `vous avez trois nouveaux messages`.
    public func messages(new: Int, old: Int) -> [PhrasePart] {
        guard new > 0 || old > 0 else { return [.prompt("vm-none")] }
        var parts: [PhrasePart] = [.prompt("vm-you-have")]
        if new > 0 { parts += number(new) + [.prompt("vm-new")] }
        if new > 0, old > 0 { parts.append(.prompt("number-and")) }
        if old > 0 { parts += number(old) + [.prompt("vm-old")] }
        return parts + [.prompt((old > 0 ? old : new) == 1 ? "vm-message" : "vm-messages")]
    }

    /// A caller's place in a queue; 1 is the next to be answered.
    public func queuePosition(_ position: Int) -> [PhrasePart] {
        position <= 1 ? [.prompt("queue-next")] : [.prompt("queue-position")] + number(position)
    }

    /// The time a caller will wait, in minutes rounded up.
    public func holdTime(_ duration: Duration) -> [PhrasePart] {
        let seconds = Int(max(0, duration.components.seconds))
        let minutes: Int = max(1, (seconds + 59) / 60)
        let amount = self.amount(minutes, one: "time-one-minute", singular: "queue-minute", plural: "queue-minutes")
        return [.prompt("queue-hold-time")] + (seconds < 60 ? [.prompt("queue-less-than")] : []) + amount
    }

    /// Who is in a conference beside the listener.
    public func otherParticipants(_ count: Int) -> [PhrasePart] {
        switch count {
        case ...0: [.prompt("conf-only-person")]
        case 1: [.prompt("conf-one-other")]
        default: [.prompt("conf-there-are")] + number(count) + [.prompt("conf-other-participants")]
        }
    }
}
