import API
import Basics
import CallControl
import MediaSession
import MediaTransport
import Registration
import SIPTransport
import Store
import Telemetry

/// The server's state in figures, for `/metrics` and `/health/ready`.
final class ServerMetrics: Sendable {
    private let loops: [ShardLoop]
    private let services: ServerServices
    private let locations: LocationTable

    init(loops: [ShardLoop], services: ServerServices, locations: LocationTable) {
        (self.loops, self.services, self.locations) = (loops, services, locations)
    }

    func checks() -> [HealthCheck] {
        let store = services.writer.statistics
        let isDraining = services.isDraining
        return [
            HealthCheck("store", isPassed: store.lastError == nil, detail: store.lastError.map { "\($0)" } ?? ""),
            HealthCheck("listeners", isPassed: !services.transport.counters().isEmpty),
            HealthCheck("accepting", isPassed: !isDraining, detail: isDraining ? "draining: no new calls" : ""),
        ]
    }

    func page() async -> String {
        let shards = await Server.figures(of: loops)
        func total(_ value: (ShardFigures) -> UInt64) -> UInt64 { shards.reduce(0) { $0 + value($1) } }
        let sockets: ListenerCounters = services.transport.counters().values.reduce(ListenerCounters(), +)
        var page = MetricsPage()
        page.gauge(
            "martinet_calls", "Calls that are ringing, up or being ended.", Double(shards.reduce(0) { $0 + $1.calls }))
        page.gauge("martinet_bindings", "Registered contacts.", Double(locations.count))
        page.gauge(
            "martinet_sip_transactions", "Transactions held, answered ones that wait for copies included.",
            Double(shards.reduce(0) { $0 + $1.transactions }))
        page.gauge(
            "martinet_sip_connections", "Open TCP and TLS connections.", Double(services.transport.connectionCount))
        page.counter("martinet_sip_requests_total", "SIP requests received.", total { $0.counters.requests })
        page.counter("martinet_sip_responses_total", "SIP responses received.", total { $0.counters.responses })
        page.counter(
            "martinet_sip_malformed_total", "Datagrams and streams that were no SIP.", total { $0.counters.malformed })
        page.counter(
            "martinet_sip_retransmissions_total", "Messages sent again by a timer.", total { $0.retransmissions })
        page.counter("martinet_sip_timeouts_total", "Requests of ours without an answer.", total { $0.timeouts })
        page.counter(
            "martinet_auth_challenges_total", "Requests answered with a challenge.", total { $0.counters.challenges })
        page.counter(
            "martinet_auth_failures_total", "Wrong passwords and unknown users.", total { $0.counters.wrongPasswords })
        page.counter(
            "martinet_scanners_dropped_total", "Requests of known attack tools, not answered.",
            total { $0.counters.scannersDropped })
        page.counter(
            "martinet_banned_dropped_total", "Messages and connections of banned addresses, not answered.",
            total { $0.counters.bannedDropped } + UInt64(sockets.banned))
        page.counter(
            "martinet_registrations_total", "Registrations written and confirmed.", total { $0.counters.registrations })
        page.counter("martinet_calls_started_total", "Calls begun.", total { $0.counters.callsStarted })
        page.counter("martinet_calls_answered_total", "Calls answered.", total { $0.counters.callsAnswered })
        page.samples(
            "martinet_overload_refusals_total", .counter, "Requests answered 503 in overload or while draining.",
            [
                MetricSample(Double(total { $0.counters.callsRefusedByOverload }), [(name: "method", value: "INVITE")]),
                MetricSample(
                    Double(total { $0.counters.registrationsRefusedByOverload }), [(name: "method", value: "REGISTER")]),
            ])
        addDelays(shards, to: &page)
        let plane: any MediaPlane = services.media
        MediaMetrics.add(
            shards.reduce(MediaCounters()) { $0 + $1.counters.media }, (plane as? any MeasuredMediaPlane)?.figures,
            to: &page)
        addForwarding(to: &page)
        addStore(to: &page)
        services.audio.addMetrics(to: &page)
        return page.text
    }

    private func addForwarding(to page: inout MetricsPage) {
        guard case .kernel = services.media.forwarding else { return }
        let figures: (packets: UInt64, streams: Int) = services.media.forwardingFigures
        page.gauge(
            "martinet_media_forwarded_streams", "Media streams that the kernel forwards now.", Double(figures.streams))
        page.counter(
            "martinet_media_forwarded_total", "Media packets that the kernel forwarded, as far as they were counted.",
            figures.packets)
    }

    private func addDelays(_ shards: [ShardFigures], to page: inout MetricsPage) {
        var samples: [MetricSample] = []
        for (index, shard) in shards.enumerated() {
            for (kind, delay) in [("socket", shard.socketDelay), ("loop", shard.loopDelay)] {
                samples.append(
                    MetricSample(delay.inSeconds, [(name: "shard", value: String(index)), (name: "kind", value: kind)]))
            }
        }
        page.samples(
            "martinet_sip_delay_seconds", .gauge,
            "Longest wait of the last 10 to 20 s: of datagrams in their socket, and for the event loop. The larger decides on overload, once it has lasted.",
            samples)
        let sockets = services.transport.counters().values.reduce(ListenerCounters(), +)
        page.counter(
            "martinet_stun_answered_total", "STUN Binding requests answered.", UInt64(clamping: sockets.stunAnswered))
        page.counter(
            "martinet_stun_dropped_total", "STUN requests above the limit, and what only looks like STUN.",
            UInt64(clamping: sockets.stunDropped))
    }

    private func addStore(to page: inout MetricsPage) {
        let store = services.writer.statistics
        page.counter("martinet_store_writes_total", "Registrations and call records written.", store.writes)
        page.counter("martinet_store_transactions_total", "Database transactions.", store.transactions)
        page.counter("martinet_store_failures_total", "Writes that failed.", store.failures)
        page.gauge("martinet_store_queue", "Writes that wait.", Double(store.queued))
        guard let trace = services.tracer?.statistics else { return }
        page.counter("martinet_trace_records_total", "Messages and notes traced.", trace.recordsWritten)
        page.counter(
            "martinet_trace_dropped_total", "Messages and notes not traced, as too many waited.", trace.recordsDropped)
    }
}
