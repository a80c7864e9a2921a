public import CallControl
public import MediaSession

/// The metrics of media: what calls counted, and what the packet threads have in hand.
public enum MediaMetrics {
    /// - Parameters:
    ///   - counters: of all shards.
    ///   - figures: nil where the media plane tells none.
    public static func add(_ counters: MediaCounters, _ figures: MediaPlaneFigures?, to page: inout MetricsPage) {
        addPackets(counters, to: &page)
        page.histogram(
            "martinet_media_mos", "Listening scores (ITU-T G.107) of each leg's intervals of 5 s.",
            [snapshot(counters.scores, MediaCounters.scoreBounds, unit: 1)])
        page.histogram(
            "martinet_media_jitter_seconds", "Interarrival jitter (RFC 3550) of each leg's intervals of 5 s.",
            [snapshot(counters.jitters, MediaCounters.jitterBounds, unit: 0.001)])
        page.samples(
            "martinet_media_verdicts_total", .counter, "Ended calls by the gravest finding on their audio.",
            zip(QualityCause.allCases, counters.verdicts).map { cause, count in
                MetricSample(Double(count), [(name: "verdict", value: cause.rawValue)])
            })
        guard let figures else { return }
        page.gauge("martinet_media_endpoints", "Open media streams of legs.", Double(figures.endpoints))
        page.gauge(
            "martinet_media_transcoded", "Streams whose audio is coded anew for the other party.",
            Double(figures.transcoded))
        page.gauge("martinet_media_players", "Prompts, tones and music that play.", Double(figures.players))
        page.gauge("martinet_media_recorders", "Recordings that run.", Double(figures.recorders))
        page.gauge("martinet_media_rooms", "Open conference rooms.", Double(figures.rooms))
        page.counter(
            "martinet_media_relay_received_total", "Packets the packet threads took, up to this moment.",
            figures.packetsReceived)
        page.counter(
            "martinet_media_relay_sent_total", "Packets the packet threads sent, up to this moment.",
            figures.packetsSent)
    }

    private static func addPackets(_ counters: MediaCounters, to page: inout MetricsPage) {
        page.counter(
            "martinet_media_packets_received_total", "Media packets taken, of legs that have ended.",
            counters.packetsReceived)
        page.counter(
            "martinet_media_packets_sent_total", "Media packets sent, of legs that have ended.", counters.packetsSent)
        page.counter(
            "martinet_media_packets_lost_total", "Packets missing by number, of legs that have ended.",
            counters.packetsLost)
        page.samples(
            "martinet_media_packets_dropped_total", .counter,
            "Media packets dropped, of legs that have ended: by why.",
            zip(PacketDrop.allCases, counters.packetsDropped).map { kind, count in
                MetricSample(Double(count), [(name: "kind", value: kind.rawValue)])
            })
    }

    private static func snapshot(_ histogram: MediaCounters.Histogram, _ bounds: [Double], unit: Double)
        -> HistogramSnapshot
    {
        HistogramSnapshot(
            bounds: bounds.map { $0 * unit }, counts: histogram.counts, sum: Double(histogram.thousandths) / 1000 * unit
        )
    }
}
