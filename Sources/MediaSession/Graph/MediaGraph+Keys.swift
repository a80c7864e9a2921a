internal import Basics
internal import Codecs
internal import RTP
internal import Signals

/// Keys pressed towards a leg, as events (RFC 4733) or as tones.
extension MediaGraph {
    mutating func press(_ id: MediaEndpointID, _ digits: [Digit], durationMs: UInt16, now: Moment) {
        guard let node = nodes[id] else { return }
        guard let presser = presser(of: node, now: now) else {
            facts.append(.notPressed(id, node.pointee.whyNoKeys))
            return
        }
        for digit in digits { presser.pointee.press(digit, durationMs: UInt32(durationMs)) }
    }

    /// What presses keys towards a leg; nil where the media plane can press none.
    mutating func presser(of node: EndpointPointer, now: Moment) -> PresserPointer? {
        if let presser = node.pointee.presser { return presser }
        let presser: PresserPointer
        switch node.pointee.keyWay {
        case .events:
            guard let format = node.pointee.eventFormat, case .telephoneEvent(let clockRate) = format.content else {
                return nil
            }
            presser = .allocate(capacity: 1)
            presser.initialize(
                to: KeyPresser(payloadType: format.payloadType, clockRate: clockRate, phase: wheel.enter(now: now)))
        case .inBand:
            guard let packer = packer(of: node) else { return nil }
            // What was heard until now is cut off.
            packer.pointee.clear()
            let leadIn: Int = node.pointee.made.isRunning ? 0 : packer.pointee.codec.leadIn
            presser = .allocate(capacity: 1)
            presser.initialize(
                to: KeyPresser(
                    sampleRate: packer.pointee.sampleRate, leadIn: leadIn, phase: wheel.enter(now: now)))
        case .info, .none: return nil
        }
        node.pointee.made.stop()
        node.pointee.presser = presser
        phasePressers[presser.pointee.phase].append(node)
        return presser
    }

    /// Sends what the keys of one leg have to say in this tick.
    mutating func runPresser(of node: EndpointPointer, now: Moment) {
        if let source = node.pointee.heard { keepKeys(of: source, now: now) }
        guard let presser = node.pointee.presser else { return }
        if presser.pointee.isTones {
            let audio: UnsafeBufferPointer<Int16> = presser.pointee.sound()
            recordHeard(audio, rate: presser.pointee.sampleRate, of: node, now: now)
            if let packer = packer(of: node) {
                packer.pointee.push(audio, rate: presser.pointee.sampleRate)
                emit(packer, to: node, now: now)
            }
        } else {
            sendEvents(of: presser, to: node, now: now)
        }
        if presser.pointee.isIdle { endPressing(node, now: now) }
    }

    private mutating func sendEvents(of presser: PresserPointer, to node: EndpointPointer, now: Moment) {
        let stamp: UInt32 = node.pointee.stream.timestampNow(clockRate: presser.pointee.clockRate, now: now)
        presser.pointee.events?.tick(timestamp: stamp)
        while let packet = presser.pointee.events?.nextPacket() {
            let length: Int = RTPHeader.minimumLength + TelephoneEvent.length
            guard node.pointee.takesRTP, let room = outbox.reserve(length + Self.tailroom) else { continue }
            node.pointee.stream.makeEvent(
                in: room, payloadType: presser.pointee.payloadType, timestamp: packet.timestamp, marker: packet.marker,
                payload: TelephoneEvent.length)
            packet.event.write(
                to: UnsafeMutableRawBufferPointer(start: room + RTPHeader.minimumLength, count: TelephoneEvent.length))
            send(room, length, .rtp, to: node)
        }
    }

    /// Audio goes on after the last key.
    mutating func endPressing(_ node: EndpointPointer, now: Moment) {
        guard let presser = node.pointee.presser else { return }
        if presser.pointee.isTones, let packer = node.pointee.packer {
            packer.pointee.pad()
            emit(packer, to: node, now: now)
            packer.pointee.clear()
        }
        wheel.leave(presser.pointee.phase)
        phasePressers[presser.pointee.phase].removeAll { $0 == node }
        presser.deinitialize(count: 1)
        presser.deallocate()
        node.pointee.presser = nil
        node.pointee.made.stop()
    }
}

extension EndpointNode {
    /// How keys can go to the peer: what its plan says, as far as it takes what that needs.
    var keyWay: DigitTransport {
        switch plan.digitsOut {
        case .events: eventFormat == nil ? .none : .events
        case .inBand: madeFormat == nil ? .none : .inBand
        case .info: .info
        case .none: .none
        }
    }

    /// Why the media plane presses no keys towards the peer.
    var whyNoKeys: String {
        switch plan.digitsOut {
        case .events: "the leg takes no keys as events (RFC 4733)"
        case .inBand: "the leg takes no audio that tones can be made in"
        case .info: "the leg takes keys by INFO, which is call control's"
        case .none: "the leg takes no keys"
        }
    }
}

extension AudioCodec {
    /// How many times 20 ms of silence bring a decoder together with an encoder it is not used to.
    fileprivate var leadIn: Int {
        switch self {
        case .pcmu, .pcma, .l16: 0
        case .g729, .opus: 1
        // Its predictors forget by a third in 32 ms.
        case .g722: 5
        }
    }
}
