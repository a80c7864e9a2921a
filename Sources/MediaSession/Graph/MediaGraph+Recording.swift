public import Basics
internal import Codecs

extension MediaGraph {
    /// The rate that loses nothing of what a leg says and hears; 8 000, 16 000 or 48 000 Hz.
    public func recordingRate(of endpoint: MediaEndpointID) -> Int {
        clipRate(for: nodes[endpoint]?.pointee.madeFormat?.codec)
    }

    /// Changes a recorder that runs; false when there is none.
    public mutating func change(_ plan: RecordingPlan) -> Bool {
        guard let recorder = recorders[plan.id] else { return false }
        recorder.pointee.change(plan)
        return true
    }

    /// Starts a recorder that writes to `sink`; its store tells of the end.
    public mutating func record(_ plan: RecordingPlan, to sink: RecordingSink, now: Moment) {
        guard let node = nodes[plan.endpoint] else { return sink.finish(.endpointClosed) }
        let recorder = RecorderPointer.allocate(capacity: 1)
        recorder.initialize(
            to: RecorderNode(plan, node: node, sink: sink, phase: wheel.enter(now: now), now: now))
        recorder.pointee.next = node.pointee.firstRecorder
        node.pointee.firstRecorder = recorder
        recorders[plan.id] = recorder
        phaseRecorders[recorder.pointee.phase].append(recorder)
        weigh(node)
        if let source = node.pointee.heard { weigh(source) }
    }

    mutating func stopRecording(_ id: MediaRecorderID, _ end: RecordingResult.End, now: Moment) {
        guard let recorder = recorders.removeValue(forKey: id) else { return }
        // Silence that ended it is not added to.
        if end != .silence { recorder.pointee.finish(now: now) }
        recorder.pointee.sink.finish(end)
        let node: EndpointPointer = recorder.pointee.node
        if node.pointee.firstRecorder == recorder {
            node.pointee.firstRecorder = recorder.pointee.next
        } else {
            var place = node.pointee.firstRecorder
            while let one = place, one.pointee.next != recorder { place = one.pointee.next }
            place?.pointee.next = recorder.pointee.next
        }
        wheel.leave(recorder.pointee.phase)
        phaseRecorders[recorder.pointee.phase].removeAll { $0 == recorder }
        recorder.deinitialize(count: 1)
        recorder.deallocate()
        weigh(node)
        if let source = node.pointee.heard { weigh(source) }
    }

    mutating func stopRecorders(of node: EndpointPointer, now: Moment) {
        for (id, recorder) in recorders where recorder.pointee.node == node {
            stopRecording(id, .endpointClosed, now: now)
        }
    }

    /// What the peer of `node` said goes to its recorders.
    func recordPeer(_ audio: Ingress.Audio, of node: EndpointPointer, now: Moment) {
        var recorder = node.pointee.firstRecorder
        while let one = recorder {
            recorder = one.pointee.next
            one.pointee.putPeer(audio.samples, rate: audio.rate, gapMs: audio.gapMs, now: now)
        }
    }

    /// What the peer of `node` hears goes to its recorders.
    func recordHeard(
        _ samples: UnsafeBufferPointer<Int16>, rate: Int, gapMs: Int = 0, of node: EndpointPointer, now: Moment
    ) {
        var recorder = node.pointee.firstRecorder
        while let one = recorder {
            recorder = one.pointee.next
            if one.pointee.wantsHeard { one.pointee.putHeard(samples, rate: rate, gapMs: gapMs, now: now) }
        }
    }
}
