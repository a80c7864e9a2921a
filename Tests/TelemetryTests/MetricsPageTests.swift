import Telemetry
import Testing

@Suite struct MetricsPageTests {
    @Test("a page holds each family once, with escaped labels and cumulative buckets")
    func page() {
        var page = MetricsPage()
        page.counter("sip_requests_total", "Requests received.", 12)
        page.samples(
            "sip_responses_total", .counter, "By class \\ status.\nSecond line.",
            [MetricSample(3, [(name: "class", value: "2xx")]), MetricSample(1, [(name: "class", value: "a\"b\\c\nd")])])
        page.gauge("calls.up", "Calls up.", 2.5)
        page.histogram(
            "store_seconds", "Transactions.",
            [
                HistogramSnapshot(
                    bounds: [0.001, 0.01], counts: [5, 2, 1], sum: 0.25, labels: [(name: "kind", value: "write")])
            ])
        page.counter("sip_requests_total", "Ignored.", 4)
        #expect(
            page.text == """
                # HELP sip_requests_total Requests received.
                # TYPE sip_requests_total counter
                sip_requests_total 12
                sip_requests_total 4
                # HELP sip_responses_total By class \\\\ status.\\nSecond line.
                # TYPE sip_responses_total counter
                sip_responses_total{class="2xx"} 3
                sip_responses_total{class="a\\"b\\\\c\\nd"} 1
                # HELP calls_up Calls up.
                # TYPE calls_up gauge
                calls_up 2.5
                # HELP store_seconds Transactions.
                # TYPE store_seconds histogram
                store_seconds_bucket{kind="write",le="0.001"} 5
                store_seconds_bucket{kind="write",le="0.01"} 7
                store_seconds_bucket{kind="write",le="+Inf"} 8
                store_seconds_sum{kind="write"} 0.25
                store_seconds_count{kind="write"} 8

                """)
    }

    @Test(
        "numbers are written as Prometheus reads them",
        arguments: [
            (0.0, "0"), (-3, "-3"), (1e14, "100000000000000"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
            (0.1, "0.1"),
        ])
    func numbers(value: Double, text: String) {
        var page = MetricsPage()
        page.gauge("g", "h", value)
        #expect(page.text == "# HELP g h\n# TYPE g gauge\ng \(text)\n")
    }
}
