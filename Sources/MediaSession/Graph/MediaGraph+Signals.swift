internal import Basics
internal import RTP
internal import Signals

/// Keys that come from a leg, tones of machines, and voice: how they are listened for, told, and brought to who hears the leg.
extension MediaGraph {
    // MARK: Who needs what

    /// Decides how keys get from a source to one that hears it, after both its map and the plans are known.
    func bridgeKeys(_ listener: EndpointPointer) {
        guard let source = listener.pointee.heard else { return }
        let (way, out): (DigitTransport, DigitTransport) = (source.pointee.plan.digitsIn, listener.pointee.keyWay)
        let formats: [MediaFormat] = source.pointee.plan.incoming
        // Packets of events and packets made here cannot share a stream: the former's timestamps are the source's.
        let relays: Bool =
            way == .events && listener.pointee.plan.digitsOut == .events && listener.pointee.map.passesEvents(formats)
            && !listener.pointee.map.hasAudio
        if !relays { listener.pointee.map.convertEvents(formats) }
        let converts: Bool =
            switch (way, out) {
            case (.events, .events): !relays && source.pointee.hasEvents
            case (.events, .inBand), (.inBand, .inBand): source.pointee.hasEvents
            case (.inBand, .events): true
            case (_, .info), (_, .none), (.info, _), (.none, _): false
            }
        listener.pointee.isSparedTones = way == .inBand && (out == .events || out == .info)
        guard converts else { return unbridgeKeys(listener) }
        if let converter = listener.pointee.converter {
            if converter.pointee.speaker == way, converter.pointee.listener == out { return }
            unbridgeKeys(listener)
        }
        let converter = UnsafeMutablePointer<DigitConverter>.allocate(capacity: 1)
        converter.initialize(to: DigitConverter(from: way, to: out))
        listener.pointee.converter = converter
    }

    /// Keys of what was heard come no more; one that is held is released.
    func unbridgeKeys(_ listener: EndpointPointer) {
        guard let converter = listener.pointee.converter else { return }
        listener.pointee.presser?.pointee.release(durationMs: nil)
        converter.deinitialize(count: 1)
        converter.deallocate()
        listener.pointee.converter = nil
    }

    /// Begins or ends to listen to a leg, by its plan and by who hears it.
    func listenAnew(_ node: EndpointPointer) {
        let plan: MediaEndpointPlan = node.pointee.plan
        var isBridged = false
        var spares = false
        var listener = node.pointee.firstListener
        while let one = listener {
            listener = one.pointee.nextListener
            isBridged = isBridged || one.pointee.converter != nil
            spares = spares || one.pointee.isSparedTones
        }
        let keys: Bool =
            switch plan.digitsIn {
            // Who hears no other leg is with the server.
            case .inBand: spares || isBridged || node.pointee.heard == nil || plan.listensFor.contains(.keys)
            case .events: plan.listensFor.contains(.keys)
            case .info, .none: false
            }
        let listensFor: MediaListening = plan.listensFor.intersection([.machines, .voice])
        let wanted = SignalEar.Task(keys: keys, listensFor: listensFor, spares: spares)
        if node.pointee.signals == nil {
            guard plan.carriesRTP, !wanted.isNothing else { return }
            let ear = SignalEarPointer.allocate(capacity: 1)
            ear.initialize(to: SignalEar(digits: plan.digitsIn))
            node.pointee.signals = ear
        }
        node.pointee.signals?.pointee.wanted = plan.carriesRTP ? wanted : .init()
    }

    // MARK: What comes

    /// Takes in a packet of events.
    mutating func takeEvent(
        _ header: RTPHeader, _ packet: UnsafeRawBufferPointer, from node: EndpointPointer, now: Moment
    ) {
        guard node.pointee.plan.digitsIn == .events || node.pointee.plan.digitsIn == .inBand,
            let range = header.payload(of: packet)
        else { return }
        settle(node, now: now)
        let payload = UnsafeRawBufferPointer(rebasing: packet[range])
        let clockRate: UInt32 = node.pointee.eventClockRate(header.payloadType)
        if node.pointee.events?.clockRate != clockRate {
            node.pointee.events?.restart()
            takeKeys(of: node, now: now)
            node.pointee.events = EventReceiver(clockRate: clockRate)
        }
        node.pointee.events?.receive(payload, timestamp: header.timestamp, marker: header.marker, now: now)
        takeKeys(of: node, now: now)
    }

    /// Keys whose ends were lost, and those of another stream, end.
    mutating func keepKeys(of node: EndpointPointer, now: Moment) {
        guard node.pointee.events != nil else { return }
        node.pointee.events?.tick(now: now)
        takeKeys(of: node, now: now)
    }

    /// Tells of the keys that came as events, and brings them on.
    mutating func takeKeys(of node: EndpointPointer, now: Moment) {
        while let fact = node.pointee.events?.nextFact() {
            if let ear = node.pointee.signals, ear.pointee.hasKeys {
                ear.pointee.converter.came(fact, now: now)
            } else if case .began(let event, _, _, _) = fact, let digit = Digit(rawValue: event) {
                facts.append(.digit(node.pointee.id, digit))
            }
            var listener = node.pointee.firstListener
            while let one = listener {
                listener = one.pointee.nextListener
                one.pointee.converter?.pointee.came(fact, now: now)
            }
        }
        bringKeys(of: node, now: now)
    }

    /// Listens to a packet of audio.
    /// - Returns: whether it waits: it is passed on later.
    mutating func listen(
        _ header: RTPHeader, _ packet: UnsafeRawBufferPointer, from node: EndpointPointer, now: Moment
    ) -> Bool {
        settle(node, now: now)
        guard let ear = node.pointee.signals else { return false }
        let samples: Range<Int64> = ear.pointee.hear(header, packet, now: now) { node.pointee.codec(of: $0) }
        takeSignals(of: node, now: now)
        guard let held = ear.pointee.held else { return false }
        let waits: Bool = HeldPackets.fits(packet.count)
        release(from: node, all: !waits, now: now)
        if waits { held.pointee.put(header, packet, samples: samples, now: now) }
        return waits
    }

    /// Tells of what was found in the audio of a leg, and brings its keys on.
    private mutating func takeSignals(of node: EndpointPointer, now: Moment) {
        guard let ear = node.pointee.signals else { return }
        let position: Int64 = ear.pointee.position
        let rate = UInt32(SignalEar.rate)
        while let event = ear.pointee.nextKey() {
            ear.pointee.converter.came(event, position: position, sampleRate: rate, now: now)
            var listener = node.pointee.firstListener
            while let one = listener {
                listener = one.pointee.nextListener
                one.pointee.converter?.pointee.came(event, position: position, sampleRate: rate, now: now)
            }
        }
        while let tone = ear.pointee.nextMachine() { facts.append(.heard(node.pointee.id, tone)) }
        if let isVoice = ear.pointee.changeOfVoice() { facts.append(.voice(node.pointee.id, isVoice)) }
        bringKeys(of: node, now: now)
    }

    /// Tells of keys that are new, and presses them towards those that hear the leg.
    private mutating func bringKeys(of node: EndpointPointer, now: Moment) {
        while let effect = node.pointee.signals?.pointee.converter.nextEffect() {
            if case .tell(let digit) = effect { facts.append(.digit(node.pointee.id, digit)) }
        }
        var listener = node.pointee.firstListener
        while let one = listener {
            listener = one.pointee.nextListener
            while let effect = one.pointee.converter?.pointee.nextEffect() {
                switch effect {
                // Told for all listeners at once, and INFO is call control's.
                case .tell, .info: break
                case .hold(let digit, let volume):
                    presser(of: one, now: now)?.pointee.hold(digit, volume: volume)
                case .release(let duration): one.pointee.presser?.pointee.release(durationMs: duration)
                case .press(let digit, let duration):
                    presser(of: one, now: now)?.pointee.press(digit, durationMs: duration)
                }
            }
        }
    }

    // MARK: Packets that wait

    /// Passes on those that waited long enough.
    private mutating func release(from node: EndpointPointer, all: Bool, now: Moment) {
        guard let ear = node.pointee.signals, let held = ear.pointee.held else { return }
        let known: Int64 = ear.pointee.position - Int64(DTMFDetector.longestDetectionDelayMs * SignalEar.rate / 1000)
        while let packet = held.pointee.first {
            let isDue: Bool =
                all || packet.samples.upperBound <= known || held.pointee.isFull
                || now >= packet.heldAt.advanced(by: HeldPackets.patience)
            guard isDue else { return }
            _ = held.pointee.takeFirst()
            pass(
                packet.header, packet.bytes, packet.count, from: node,
                isTone: ear.pointee.converter.hasTone(in: packet.samples), now: now)
        }
    }

    /// Looks at the time, every 20 ms where packets wait.
    mutating func runHolder(_ node: EndpointPointer, now: Moment) {
        settle(node, now: now)
        guard let ear = node.pointee.signals, ear.pointee.held != nil else { return }
        ear.pointee.tick(now: now)
        takeSignals(of: node, now: now)
        release(from: node, all: false, now: now)
    }

    /// Begins and ends to listen, as is wanted.
    private mutating func settle(_ node: EndpointPointer, now: Moment) {
        guard let ear = node.pointee.signals, ear.pointee.wanted != ear.pointee.task else { return }
        if !ear.pointee.wanted.spares || !ear.pointee.wanted.keys {
            release(from: node, all: true, now: now)
            endHolding(node)
        }
        ear.pointee.settle()
        if ear.pointee.task.isNothing { return node.pointee.forgetSignals() }
        guard ear.pointee.task.spares, ear.pointee.held == nil else { return }
        let phase: Int = wheel.enter(now: now)
        ear.pointee.hold(phase: phase)
        phaseHolders[phase].append(node)
    }

    /// Lets nothing wait any more.
    private mutating func endHolding(_ node: EndpointPointer) {
        guard let ear = node.pointee.signals, let phase = ear.pointee.held?.pointee.phase else { return }
        wheel.leave(phase)
        phaseHolders[phase].removeAll { $0 == node }
        ear.pointee.endHolding()
    }

    /// An endpoint goes to another graph, with the keys that are pressed towards it and the packets of it that wait.
    mutating func leaveWheel(_ node: EndpointPointer) {
        endPause(of: node)
        if let presser = node.pointee.presser {
            wheel.leave(presser.pointee.phase)
            phasePressers[presser.pointee.phase].removeAll { $0 == node }
        }
        guard let held = node.pointee.signals?.pointee.held else { return }
        wheel.leave(held.pointee.phase)
        phaseHolders[held.pointee.phase].removeAll { $0 == node }
    }

    mutating func enterWheel(_ node: EndpointPointer, now: Moment) {
        if let presser = node.pointee.presser {
            presser.pointee.phase = wheel.enter(now: now)
            phasePressers[presser.pointee.phase].append(node)
        }
        guard let held = node.pointee.signals?.pointee.held else { return }
        held.pointee.phase = wheel.enter(now: now)
        phaseHolders[held.pointee.phase].append(node)
    }

    /// What listens to an endpoint ends with it.
    mutating func closeSignals(of node: EndpointPointer) {
        unbridgeKeys(node)
        endHolding(node)
        node.pointee.forgetSignals()
    }

    /// Looks at the time, now and then.
    mutating func watchSignals(of node: EndpointPointer, now: Moment) {
        keepKeys(of: node, now: now)
        settle(node, now: now)
        if let ear = node.pointee.signals, ear.pointee.held == nil {
            ear.pointee.tick(now: now)
            takeSignals(of: node, now: now)
        }
        guard let converter = node.pointee.converter, let source = node.pointee.heard else { return }
        converter.pointee.tick(now: now)
        bringKeys(of: source, now: now)
    }
}
