internal import Basics
internal import Codecs
internal import RTP

extension MediaGraph {
    /// A packet whose audio somebody needs: a listener of another coding, a recorder, a detector.
    mutating func hearAudio(
        _ header: RTPHeader, _ packet: UnsafeRawBufferPointer, from node: EndpointPointer, isTone: Bool = false,
        now: Moment
    ) {
        if node.pointee.ingress == nil {
            let fresh = UnsafeMutablePointer<Ingress>.allocate(capacity: 1)
            fresh.initialize(to: Ingress(sampleRate: node.pointee.neededRate))
            node.pointee.ingress = fresh
        }
        if header.payloadType == node.pointee.noiseType { return hearNoise(header, packet, from: node, now: now) }
        if node.pointee.pause?.pointee.isRunning == true { fillUp(to: header, of: node, now: now) }
        guard let ingress = node.pointee.ingress,
            let audio = ingress.pointee.receive(header, packet, codecOf: { node.pointee.codec(of: $0) })
        else { return }
        notePause(of: node, heardMs: Int(audio.units) * 1000 / Int(audio.clockRate), now: now)
        recordPeer(audio, of: node, now: now)
        var listener = node.pointee.firstListener
        while let one = listener {
            listener = one.pointee.nextListener
            let isSpared: Bool = isTone && one.pointee.isSparedTones
            if !isSpared, one.pointee.presser?.pointee.isTones != true {
                recordHeard(audio.samples, rate: audio.rate, gapMs: audio.gapMs, of: one, now: now)
            }
            guard one.pointee.map[header.payloadType] == PayloadMap.audio else { continue }
            guard one.pointee.takesRTP else {
                node.pointee.endpoint.undeliverable()
                continue
            }
            // A key that is pressed here is all it hears.
            guard one.pointee.presser == nil else { continue }
            if isSpared {
                one.pointee.made.stop()
            } else {
                transcode(audio, to: one, now: now)
            }
        }
    }

    mutating func transcode(_ audio: Ingress.Audio, to node: EndpointPointer, now: Moment) {
        guard let packer = packer(of: node) else { return }
        if audio.gap > 0 {
            let left: UInt32 = packer.pointee.pause(audio.gap, clock: audio.clockRate)
            emit(packer, to: node, now: now)
            if left > 0 { node.pointee.made.skip(left) }
        }
        if packer.pointee.takesWhole(audio.samples.count, rate: audio.rate) {
            return emit(whole: audio.samples, packer, to: node, now: now)
        }
        packer.pointee.push(audio.samples, rate: audio.rate)
        emit(packer, to: node, now: now)
    }

    /// Encodes and sends audio that is just a packet, without letting it wait anywhere.
    private mutating func emit(
        whole samples: UnsafeBufferPointer<Int16>, _ packer: UnsafeMutablePointer<AudioPacker>,
        to node: EndpointPointer, now: Moment
    ) {
        let stamp: UInt32 = node.pointee.made.take(
            packer.pointee.packetUnits, stream: node.pointee.stream, clockRate: packer.pointee.codec.clockRate, now: now
        )
        guard let room = outbox.reserve(RTPHeader.minimumLength + AudioPacker.wholeSize + Self.tailroom) else { return }
        let count: Int = packer.pointee.encodeWhole(
            samples,
            into: UnsafeMutableRawBufferPointer(
                start: room + RTPHeader.minimumLength, count: AudioPacker.wholeSize))
        guard count > 0 else { return node.pointee.made.pause() }
        guard node.pointee.takesRTP else { return }
        node.pointee.stream.make(
            in: room, payloadType: node.pointee.madePayloadType, timestamp: stamp, marker: node.pointee.made.marks,
            payload: count, now: now)
        node.pointee.made.sent()
        send(room, RTPHeader.minimumLength + count, .rtp, to: node)
    }

    /// The packer of what is made for a listener alone; nil when its peer takes no coding that can be made.
    func packer(of node: EndpointPointer) -> UnsafeMutablePointer<AudioPacker>? {
        if let packer = node.pointee.packer { return packer }
        guard let format = node.pointee.madeFormat, let codec = format.codec,
            let made = try? AudioPacker(
                codec, packetTimeMs: node.pointee.plan.packetTimeMs,
                settings: AudioEncoderSettings(for: node.pointee.plan))
        else { return nil }
        let packer = UnsafeMutablePointer<AudioPacker>.allocate(capacity: 1)
        packer.initialize(to: made)
        node.pointee.packer = packer
        return packer
    }

    /// Sends the packets that are ready.
    mutating func emit(_ packer: UnsafeMutablePointer<AudioPacker>, to node: EndpointPointer, now: Moment) {
        while let payload = packer.pointee.next() {
            emit(
                payload, units: packer.pointee.packetUnits, clockRate: packer.pointee.codec.clockRate, to: node,
                now: now)
        }
    }

    /// Sends one payload made for a listener; an empty one takes its time and sends nothing.
    mutating func emit(
        _ payload: UnsafeRawBufferPointer, units: UInt32, clockRate: UInt32, to node: EndpointPointer, now: Moment
    ) {
        let stamp: UInt32 = node.pointee.made.take(units, stream: node.pointee.stream, clockRate: clockRate, now: now)
        guard payload.count > 0, let from = payload.baseAddress else {
            node.pointee.made.pause()
            return
        }
        guard node.pointee.takesRTP,
            let room = outbox.reserve(RTPHeader.minimumLength + payload.count + Self.tailroom)
        else { return }
        node.pointee.stream.make(
            in: room, payloadType: node.pointee.madePayloadType, timestamp: stamp, marker: node.pointee.made.marks,
            payload: payload.count, now: now)
        node.pointee.made.sent()
        (room + RTPHeader.minimumLength).copyMemory(from: from, byteCount: payload.count)
        send(room, RTPHeader.minimumLength + payload.count, .rtp, to: node)
    }
}

extension AudioEncoderSettings {
    init(for plan: MediaEndpointPlan) {
        self.init()
        packetTimeMs = plan.packetTimeMs
        if case .opus(let parameters)? = plan.outgoing.lazy.compactMap(\.codec).first {
            bitrate = parameters.maxAverageBitrate
            fec = parameters.inBandFEC
            dtx = parameters.dtx
        }
    }
}
