internal import Basics
internal import Codecs
internal import RTP

/// Silence that a peer leaves out (Annex B of G.729, DTX of Opus, comfort noise of RFC 3389) is made for those that hear it transcoded.
///
/// Noise comes in the packets' own time and is counted into the source's timestamps, so that what is said after a pause has its place.
extension MediaGraph {
    /// A packet of comfort noise came.
    mutating func hearNoise(
        _ header: RTPHeader, _ packet: UnsafeRawBufferPointer, from node: EndpointPointer, now: Moment
    ) {
        guard let ingress = node.pointee.ingress, let range = header.payload(of: packet) else { return }
        if node.pointee.pause?.pointee.isRunning == true { fillUp(to: header, of: node, now: now) }
        let payload = UnsafeRawBufferPointer(rebasing: packet[range])
        guard ingress.pointee.receiveNoise(header, payload, clockRate: node.pointee.noiseClockRate) else { return }
        let isNew: Bool = node.pointee.pause?.pointee.isRunning != true
        notePause(of: node, heardMs: 0, now: now)
        node.pointee.pause?.pointee.take(payload)
        // It stands where a packet of audio would.
        if isNew { fill(node, now: now) }
    }

    /// A packet of audio was heard: silence is left out after it, or no longer.
    mutating func notePause(of node: EndpointPointer, heardMs: Int, now: Moment) {
        guard let pause = node.pointee.ingress?.pointee.pause, pause != .none else { return endPause(of: node) }
        if node.pointee.pause == nil {
            let fresh = UnsafeMutablePointer<PauseFiller>.allocate(capacity: 1)
            fresh.initialize(to: PauseFiller())
            node.pointee.pause = fresh
        }
        guard let filler = node.pointee.pause else { return }
        filler.pointee.nextAt = now.advanced(by: .milliseconds(heardMs))
        guard !filler.pointee.isRunning else { return }
        let phase: Int = wheel.enter(now: now, weight: PauseFiller.weight)
        filler.pointee.begin(phase: phase)
        phasePauses[phase].append(node)
    }

    mutating func endPause(of node: EndpointPointer) {
        guard let filler = node.pointee.pause, filler.pointee.isRunning else { return }
        filler.pointee.end()
        wheel.leave(filler.pointee.phase, weight: PauseFiller.weight)
        phasePauses[filler.pointee.phase].removeAll { $0 == node }
    }

    /// Looks at the time, every 20 ms while silence is left out.
    mutating func runPause(of node: EndpointPointer, now: Moment) {
        guard let filler = node.pointee.pause, let ingress = node.pointee.ingress, node.pointee.needsAudio else {
            return endPause(of: node)
        }
        let patience: Duration =
            switch ingress.pointee.pause {
            case .announced: ingress.pointee.isComfort ? PauseFiller.shortPatience : PauseFiller.patience
            case .likely, .none:
                ingress.pointee.expectsPauses ? PauseFiller.longPatience : PauseFiller.longestPatience
            }
        // Ticks may have been left out.
        var rounds = 0
        while filler.pointee.isRunning, rounds < 8, filler.pointee.nextAt.advanced(by: patience) <= now {
            fill(node, now: now)
            rounds += 1
        }
    }

    /// Fills what is left of a pause before a packet.
    mutating func fillUp(to header: RTPHeader, of node: EndpointPointer, now: Moment) {
        guard let ingress = node.pointee.ingress else { return }
        let clock: UInt32 = ingress.pointee.clockRate
        var left: UInt32 = ingress.pointee.pauseLeft(before: header)
        // A longer one is a gap: noise had come to its end, or the timestamps began anew.
        guard left <= clock / 10 else { return }
        while left >= clock / 100,
            let noise = ingress.pointee.makeNoise(units: left >= clock / 50 ? clock / 50 : clock / 100)
        {
            hear(noise, from: node, now: now)
            let before: UInt32 = left
            left = ingress.pointee.pauseLeft(before: header)
            guard left < before else { return }
        }
    }

    /// Makes 20 ms.
    private mutating func fill(_ node: EndpointPointer, now: Moment) {
        guard let ingress = node.pointee.ingress, let filler = node.pointee.pause else { return }
        if ingress.pointee.leaveOut(units: ingress.pointee.clockRate / 50) {
            filler.pointee.nextAt = filler.pointee.nextAt.advanced(by: .milliseconds(20))
            return
        }
        let isGone: Bool = now >= node.pointee.endpoint.heardAt.advanced(by: PauseFiller.limit)
        guard let noise = ingress.pointee.makeNoise(units: ingress.pointee.clockRate / 50, fades: isGone) else {
            return endPause(of: node)
        }
        filler.pointee.nextAt = filler.pointee.nextAt.advanced(by: .milliseconds(20))
        hear(noise, from: node, now: now)
        if isGone { endPause(of: node) }
    }

    private mutating func hear(_ noise: Ingress.Audio, from node: EndpointPointer, now: Moment) {
        guard let ingress = node.pointee.ingress, let filler = node.pointee.pause else { return }
        recordPeer(noise, of: node, now: now)
        var isDescribed = false
        var listener = node.pointee.firstListener
        while let one = listener {
            listener = one.pointee.nextListener
            if one.pointee.presser?.pointee.isTones != true {
                recordHeard(noise.samples, rate: noise.rate, of: one, now: now)
            }
            guard one.pointee.map[ingress.pointee.payloadType] == PayloadMap.audio, one.pointee.takesRTP,
                one.pointee.presser == nil
            else { continue }
            guard one.pointee.noisePayloadType < 128 else {
                transcode(noise, to: one, now: now)
                continue
            }
            if !isDescribed {
                filler.pointee.describe(noise, clockRate: 8000, isDescribed: ingress.pointee.isComfort)
                isDescribed = true
            }
            rest(one, noise, filler, now: now)
        }
    }

    /// Lets a listener make the noise itself: it is told what it sounds like when it begins and when it changes.
    private mutating func rest(
        _ node: EndpointPointer, _ noise: Ingress.Audio, _ filler: UnsafeMutablePointer<PauseFiller>, now: Moment
    ) {
        guard let packer = packer(of: node) else { return }
        let units = UInt32(truncatingIfNeeded: noise.samples.count * Int(noise.clockRate) / noise.rate)
        let left: UInt32 = packer.pointee.pause(units, clock: noise.clockRate)
        emit(packer, to: node, now: now)
        guard left > 0 else { return }
        let stamp: UInt32 = node.pointee.made.take(
            left, stream: node.pointee.stream, clockRate: packer.pointee.codec.clockRate, now: now)
        let isNews: Bool = node.pointee.noiseTold != filler.pointee.serial || !node.pointee.made.marks
        let description: UnsafeRawBufferPointer = filler.pointee.description
        if isNews, let from = description.baseAddress, description.count > 0,
            let room = outbox.reserve(RTPHeader.minimumLength + description.count + Self.tailroom)
        {
            node.pointee.noiseTold = filler.pointee.serial
            node.pointee.stream.make(
                in: room, payloadType: node.pointee.noisePayloadType, timestamp: stamp, marker: false,
                payload: description.count, now: now)
            (room + RTPHeader.minimumLength).copyMemory(from: from, byteCount: description.count)
            send(room, RTPHeader.minimumLength + description.count, .rtp, to: node)
        }
        node.pointee.made.pause()
    }
}
