extension RTCPWriter {
    /// Adds a VoIP metrics block to the extended report written last (RFC 3611 §4.7).
    @discardableResult
    public mutating func voipMetrics(_ metrics: RTCPVoIPMetrics) -> Bool {
        guard let start = block(RTCPVoIPMetrics.blockType, words: RTCPVoIPMetrics.length / 4) else { return false }
        metrics.write(memory, at: start)
        return true
    }

    /// Adds the time of a receiver that sends no media, so that it too learns its round trip (RFC 3611 §4.4).
    @discardableResult
    public mutating func receiverReferenceTime(_ ntpTimestamp: UInt64) -> Bool {
        guard let start = block(4, words: 2) else { return false }
        store64(ntpTimestamp, memory, start)
        return true
    }

    /// Adds the answer to a ``receiverReferenceTime(_:)`` (RFC 3611 §4.5).
    @discardableResult
    public mutating func delaySinceReferenceTime(_ answer: RTCPReferenceTimeAnswer) -> Bool {
        guard let start = block(5, words: 3) else { return false }
        store32(answer.ssrc, memory, start)
        store32(answer.lastReferenceTime, memory, start + 4)
        store32(answer.delay, memory, start + 8)
        return true
    }

    /// Adds a statistics summary (RFC 3611 §4.6).
    @discardableResult
    public mutating func statisticsSummary(_ summary: RTCPStatisticsSummary) -> Bool {
        guard
            let start = block(
                RTCPStatisticsSummary.blockType, specific: summary.flags, words: RTCPStatisticsSummary.length / 4)
        else { return false }
        summary.write(memory, at: start)
        return true
    }
}
