internal import Basics
internal import RTP

/// Keys as events (RFC 4733).
extension MediaGraph {
    /// Tells of the keys in an event packet.
    mutating func takeEvent(
        _ header: RTPHeader, _ packet: UnsafeRawBufferPointer, from node: EndpointPointer, now: Moment
    ) {
        guard let range = header.payload(of: packet) else { return }
        let payload = UnsafeRawBufferPointer(rebasing: packet[range])
        if node.pointee.events == nil { node.pointee.events = EventReceiver(clockRate: node.pointee.eventClockRate) }
        node.pointee.events?.receive(payload, timestamp: header.timestamp, marker: header.marker, now: now)
        while let fact = node.pointee.events?.nextFact() {
            guard case .began(let event, _, _, _) = fact, let digit = Digit(rawValue: event) else { continue }
            facts.append(.digit(node.pointee.id, digit))
        }
    }

    mutating func press(_ id: MediaEndpointID, _ digits: [Digit], durationMs: UInt16, now: Moment) {
        guard let node = nodes[id] else { return }
        guard let format = node.pointee.eventFormat, case .telephoneEvent(let clockRate) = format.content else {
            facts.append(.failed(id, "the leg takes no keys as events (RFC 4733)"))
            return
        }
        if node.pointee.presser == nil {
            let fresh = UnsafeMutablePointer<KeyPresser>.allocate(capacity: 1)
            fresh.initialize(
                to: KeyPresser(
                    payloadType: format.payloadType, clockRate: clockRate, phase: wheel.enter(now: now)))
            node.pointee.presser = fresh
            phasePressers[fresh.pointee.phase].append(node)
        }
        for digit in digits {
            _ = node.pointee.presser?.pointee.sender.press(digit.rawValue, durationMs: UInt32(durationMs))
        }
    }

    /// Sends what a pressed key has to say in this tick.
    mutating func runPresser(of node: EndpointPointer, now: Moment) {
        guard let presser = node.pointee.presser else { return }
        let stamp: UInt32 = node.pointee.stream.timestampNow(clockRate: presser.pointee.clockRate, now: now)
        presser.pointee.sender.tick(timestamp: stamp)
        while let packet = presser.pointee.sender.nextPacket() {
            let length: Int = RTPHeader.minimumLength + TelephoneEvent.length
            guard node.pointee.takesRTP, let room = outbox.reserve(length + Self.tailroom) else { continue }
            node.pointee.stream.makeEvent(
                in: room, payloadType: presser.pointee.payloadType, timestamp: packet.timestamp, marker: packet.marker,
                payload: TelephoneEvent.length)
            packet.event.write(
                to: UnsafeMutableRawBufferPointer(start: room + RTPHeader.minimumLength, count: TelephoneEvent.length))
            send(room, length, .rtp, to: node)
        }
        if presser.pointee.sender.isIdle { endPressing(node) }
    }

    /// Audio goes on after the last key.
    mutating func endPressing(_ node: EndpointPointer) {
        guard let presser = node.pointee.presser else { return }
        wheel.leave(presser.pointee.phase)
        phasePressers[presser.pointee.phase].removeAll { $0 == node }
        presser.deinitialize(count: 1)
        presser.deallocate()
        node.pointee.presser = nil
        node.pointee.made.stop()
    }
}

/// The keys that are pressed towards one leg. While it is there, the leg gets no audio: a key is heard once.
struct KeyPresser {
    let payloadType: UInt8
    let clockRate: UInt32
    var phase: Int
    var sender: EventSender

    init(payloadType: UInt8, clockRate: UInt32, phase: Int) {
        self.payloadType = payloadType
        self.clockRate = clockRate
        self.phase = phase
        sender = EventSender(clockRate: clockRate)
    }
}
