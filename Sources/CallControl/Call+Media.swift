internal import Basics
internal import Identity
internal import MediaNegotiation
internal import MediaSession
internal import SDP
internal import SIPDialog
internal import SIPMessage
internal import SIPTransaction

extension Call {
    /// A negotiated `description` as a leg is told it: the same streams, at ports of ours.
    ///
    /// Ports are opened for streams that have none yet. Those it refuses keep theirs until both parties have agreed to that; see
    /// ``closeRejected(by:of:in:)``.
    mutating func describe(
        _ description: SessionDescription, _ transports: LegTransports, to index: Int,
        in env: inout CallEnvironment
    ) throws(MediaRefusal) -> Written {
        guard let network = env.addresses.mediaNetwork(towards: legs[index].target.remote.address) else {
            note("no media network reaches \(legs[index].target.remote.address)", leg: index, in: &env)
            throw .noPort
        }
        let description = padded(description, for: index)
        guard let endpoints = openStreams(for: description, leg: index, on: network, in: &env) else { throw .noPort }
        let ours = description.withoutTransport(profiles: transports.streams.map { $0?.profile })
        guard let written = write(ours, transports, endpoints: endpoints, address: network.address, leg: index) else {
            throw .unwritable
        }
        return written
    }

    /// With as many streams as the leg has seen, as none may ever be left out (RFC 3264 §8); those the other leg has not are refused.
    private func padded(_ description: SessionDescription, for index: Int) -> SessionDescription {
        guard let agreed = legs[index].session?.offers.agreed, let known = try? SessionDescription.parse(agreed.local),
            known.media.count > description.media.count
        else { return description }
        var result = description
        for stream in known.media[description.media.count...] {
            result.media.append(
                MediaDescription(
                    kind: stream.kind, port: 0, transportProtocol: stream.transportProtocol, formats: stream.formats))
        }
        return result
    }

    /// Opens ports on a leg that describes its streams itself, before it is told of any; nothing is written to it yet.
    /// - Returns: false when no port is free; nothing is open then that was not before.
    @discardableResult
    mutating func ensureStreams(
        for description: SessionDescription, leg index: Int, in env: inout CallEnvironment
    ) -> Bool {
        guard let network = env.addresses.mediaNetwork(towards: legs[index].target.remote.address) else { return false }
        return openStreams(for: description, leg: index, on: network, in: &env) != nil
    }

    private mutating func openStreams(
        for description: SessionDescription, leg index: Int, on network: (id: MediaInterfaceID, address: IPAddress),
        in env: inout CallEnvironment
    ) -> [SDPRelayEndpoint?]? {
        var endpoints: [SDPRelayEndpoint?] = []
        for (position, stream) in description.media.enumerated() {
            if stream.isRejected {
                endpoints.append(nil)
                continue
            }
            guard position < 64, let ports = openStream(position, of: index, on: network, in: &env) else {
                note("no media port is free", leg: index, in: &env)
                closeUnagreed(of: index, in: &env)
                return nil
            }
            endpoints.append(
                SDPRelayEndpoint(
                    address: network.address, rtpPort: ports.rtp, rtcpPort: stream.rtcpMux ? nil : ports.rtcp))
        }
        return endpoints
    }

    private mutating func write(
        _ description: SessionDescription, _ transports: LegTransports, endpoints: [SDPRelayEndpoint?],
        address: IPAddress, leg index: Int
    ) -> Written? {
        let session = legs[index].sdpSessionID
        let blank = SDPOrigin(sessionID: session, version: 0, address: address)
        var told: [SDPRelayEndpoint?] = endpoints
        for (position, transport) in transports.streams.enumerated() where position < told.count {
            if let transport { told[position]?.rtcpMux = transport.sharesRTCPPort }
        }
        var relayed = description.relayed(origin: blank, endpoints: told)
        relayed.write(transports.streams, groups: transports.groups, address: address)
        guard let unversioned = try? relayed.serialised() else { return nil }
        relayed.origin = SDPOrigin(
            sessionID: session, version: legs[index].sdpVersion(of: unversioned), address: address)
        return (try? relayed.serialised()).map { Written(bytes: $0, description: relayed) }
    }

    /// What a leg was told last, to be said again: streams that ended meanwhile are refused, and an answer to `offer` sends, takes
    /// and names no more than that allows (RFC 3264 §6), which an offer of ours may have.
    mutating func repeated(
        to index: Int, answering offer: SessionDescription?, in env: inout CallEnvironment
    ) -> [UInt8]? {
        guard let agreed = legs[index].session?.offers.agreed, var own = try? SessionDescription.parse(agreed.local)
        else { return nil }
        let asked: [MediaDescription] = offer?.media ?? own.media
        guard asked.count >= own.media.count else { return nil }
        for stream in asked[own.media.count...] {
            own.media.append(
                MediaDescription(
                    kind: stream.kind, port: 0, transportProtocol: stream.transportProtocol, formats: stream.formats))
        }
        for position in own.media.indices {
            let isOpen: Bool = position < legs[index].streams.count && legs[index].streams[position] != nil
            if !isOpen { own.media[position].port = 0 }
            if offer != nil { own.media[position].restrict(to: asked[position]) }
        }
        guard protect(&own, to: index, answering: offer, in: &env) else { return nil }
        own.origin = SDPOrigin(
            sessionID: legs[index].sdpSessionID, version: 0, address: own.origin.address.ip ?? .anyV4)
        guard let unversioned = try? own.serialised() else { return nil }
        let version: UInt64 = legs[index].sdpVersion(of: unversioned)
        own.origin = SDPOrigin(
            sessionID: legs[index].sdpSessionID, version: version, address: own.origin.address.ip ?? .anyV4)
        return try? own.serialised()
    }

    private mutating func openStream(
        _ position: Int, of index: Int, on network: (id: MediaInterfaceID, address: IPAddress),
        in env: inout CallEnvironment
    ) -> MediaPorts? {
        while legs[index].streams.count <= position { legs[index].streams.append(nil) }
        if let stream = legs[index].streams[position] { return stream.plan.ports }
        // Nothing is opened on a call that is over: nobody would close it.
        guard phase != .ending, legs[index].stage != .over else { return nil }
        guard let ports = env.media.reserve(interface: network.id, for: id) else { return nil }
        var plan = MediaEndpointPlan(id: MediaEndpointID(leg: legs[index].id, stream: UInt8(position)), ports: ports)
        plan.signallingAddress = legs[index].target.remote.address
        plan.latch = legs[index].settings.latchAnySource ? .anySource : .signalled
        plan.silenceLimit = silenceLimit(of: index)
        openEndpoints.insert(plan.id)
        legs[index].streams[position] = LegStream(localAddress: network.address, plan: plan, told: plan)
        env.effects.append(.media(.set(plan)))
        return ports
    }

    /// 0 never asks.
    private func silenceLimit(of index: Int) -> Duration {
        let seconds: Int = legs[index].settings.mediaSilenceSeconds
        return seconds > 0 ? .seconds(seconds) : .seconds(365 * 86_400)
    }

    private mutating func closeStream(_ position: Int, of index: Int, in env: inout CallEnvironment) {
        guard position < legs[index].streams.count, let stream = legs[index].streams[position] else { return }
        legs[index].streams[position] = nil
        env.effects.append(.media(.close(stream.plan.id)))
    }

    /// Closes the streams of a leg that an agreed description has no more part in.
    mutating func closeRejected(by description: SessionDescription, of index: Int, in env: inout CallEnvironment) {
        for (position, stream) in description.media.enumerated() where stream.isRejected {
            closeStream(position, of: index, in: &env)
        }
    }

    /// Closes streams a refused change had opened: those the peer has no part in.
    mutating func closeUnagreed(of index: Int, in env: inout CallEnvironment) {
        guard let known = legs[index].remoteDescription else { return }
        for position in legs[index].streams.indices
        where position >= known.media.count || known.media[position].isRejected {
            closeStream(position, of: index, in: &env)
        }
    }

    mutating func closeMedia(of index: Int, in env: inout CallEnvironment) {
        for position in legs[index].streams.indices { closeStream(position, of: index, in: &env) }
    }

    /// Takes the description a leg's peer sent into its streams' plans; ``settleMedia(in:)`` tells the media plane.
    /// - Parameter own: what we said on the leg, to which it belongs; nil for an offer that has no answer yet.
    mutating func apply(
        _ description: SessionDescription, from index: Int, own: SessionDescription?, isFinal: Bool,
        in env: inout CallEnvironment
    ) {
        legs[index].remoteDescription = description
        legs[index].learnFax(from: description)
        for position in legs[index].streams.indices {
            guard let stream = legs[index].streams[position] else { continue }
            guard position < description.media.count, !description.media[position].isRejected else {
                closeStream(position, of: index, in: &env)
                continue
            }
            let media = description.media[position]
            var plan = stream.plan
            let remote = media.hasNoAddress ? nil : media.rtpEndpoint
            if remote != plan.remoteRTP || plan.generation == 0 { plan.generation += 1 }
            plan.remoteRTP = remote
            plan.remoteRTCP = media.hasNoAddress ? nil : media.rtcpEndpoint
            plan.sends = media.meantDirection.receives
            plan.receives = media.meantDirection.sends
            plan.expectsMedia =
                isFinal && media.meantDirection == .sendrecv && (media.kind == .audio || media.kind == .video)
            expectedMedia = expectedMedia || plan.expectsMedia
            plan.carriesRTP =
                media.transportProtocol.utf8.starts(with: "RTP/".utf8) || media.transportProtocol.contains("/RTP/")
            plan.clockRate = media.clockRate
            legs[index].streams[position]?.plan = plan
        }
        if let own { agree(index, own: own, remote: description, in: &env) }
    }

    /// Relays the streams of two legs to each other.
    mutating func join(_ first: Int, _ second: Int, in env: inout CallEnvironment) {
        for index in [first, second] { legs[index].music?.isHeard = false }
        for (one, other) in zip(legs[first].streams, legs[second].streams) {
            guard let one, let other else { continue }
            env.effects.append(.media(.join(one.plan.id, other.plan.id)))
        }
    }

    // MARK: Facts

    mutating func mediaReported(_ fact: MediaFact, in env: inout CallEnvironment) {
        switch fact {
        case .played(let player, let end): return served(player, end, in: &env)
        case .recorded(_, let result): return recordingEnded(result, in: &env)
        default: break
        }
        guard let index = fact.endpoint.map({ Int($0.leg.index) }) else { return }
        switch fact {
        case .latched(let endpoint, let source, _):
            note("media of stream \(endpoint.stream) comes from \(source)", leg: index, in: &env)
            sourceLatched(source, on: endpoint, in: &env)
        case .silent(let endpoint, let since):
            note(
                "nothing heard on stream \(endpoint.stream) for \(env.now.since(since).wholeSeconds) s", leg: index,
                in: &env)
            probe(index, in: &env)
        case .heardAgain(let endpoint):
            note("stream \(endpoint.stream) is heard again", leg: index, in: &env)
        case .failed(let endpoint, let why):
            note("stream \(endpoint.stream): \(why)", leg: index, in: &env)
            // Why may name addresses: that is for the trace, not for the parties.
            hangUp(by: .server, outcome: .failed, reason: "media failed", status: .serverInternalError, in: &env)
        case .quality(let endpoint, let quality): qualityReported(quality, of: endpoint, in: &env)
        case .digit(let endpoint, let digit): digitHeard(digit, on: endpoint, in: &env)
        case .notPressed(let endpoint, let why): note("stream \(endpoint.stream): \(why)", leg: index, in: &env)
        case .voice, .talking, .played, .recorded: break
        case .heard(let endpoint, let tone): machineHeard(tone, on: endpoint, in: &env)
        case .fax(let endpoint, let figures): faxReported(figures, of: endpoint, in: &env)
        case .secured(let endpoint): secured(endpoint, in: &env)
        case .insecure(let endpoint, let why): insecure(endpoint, why, in: &env)
        case .closed(let endpoint, let statistics):
            openEndpoints.remove(endpoint)
            noteFigures(statistics, of: endpoint, in: &env)
            record.add(
                statistics, of: endpoint, isParty: index == 0 || answeredLeg == UInt16(index),
                spoken: legs[index].spoken, fax: faxFacts(of: UInt16(index)))
            settleIfFinished(in: &env)
        }
    }

    /// When media came from a party and how much of it, for the call's trace.
    private mutating func noteFigures(
        _ figures: MediaStatistics, of endpoint: MediaEndpointID, in env: inout CallEnvironment
    ) {
        guard figures.packetsReceived > 0 || figures.packetsSent > 0 else { return }
        var text = "media of stream \(endpoint.stream): \(figures.packetsReceived) packets in"
        if let first = figures.firstPacketAt, let last = figures.lastPacketAt {
            let (start, end) = (first.since(startedAt).wholeMilliseconds, last.since(startedAt).wholeMilliseconds)
            text += " between \(Call.seconds(start)) and \(Call.seconds(end)) s of the call"
        }
        text += ", \(figures.packetsLost) lost, \(figures.packetsSent) out"
        if figures.packetsDropped > 0 { text += ", \(figures.droppedInWords)" }
        note(text, leg: Int(endpoint.leg.index), in: &env)
    }

    /// `3.07` for 3070 ms.
    private static func seconds(_ milliseconds: Int64) -> String {
        let hundredths: Int64 = max(0, milliseconds / 10)
        let rest: Int64 = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    /// Asks a silent party, in the dialog, whether the call still exists.
    private mutating func probe(_ index: Int, in env: inout CallEnvironment) {
        guard index < legs.count, legs[index].stage == .up, phase != .ending else { return }
        let isOut = exchanges.values.contains { exchange in
            if case .probe = exchange.purpose { return exchange.leg == UInt16(index) }
            return false
        }
        guard !isOut else { return }
        send(.options, on: index, as: .probe, in: &env)
    }
}

extension SessionDescription {
    /// Without the streams a leg was asked about beyond those of the offer this answers; nil where some are missing.
    func answering(_ count: Int) -> SessionDescription? {
        guard media.count >= count else { return nil }
        var result = self
        result.media.removeLast(media.count - count)
        return result
    }
}

extension MediaDescription {
    /// Leaves what fits as an answer to `offer`.
    fileprivate mutating func restrict(to offer: MediaDescription) {
        if offer.isRejected { port = 0 }
        let asked: MediaDirection = offer.meantDirection
        let fitting = MediaDirection(
            sends: direction.sends && asked.receives, receives: direction.receives && asked.sends)
        if fitting != direction { direction = fitting }
        if MediaNegotiation.negotiates(self), MediaNegotiation.negotiates(offer) {
            return MediaNegotiation.repeat(&self, answering: offer)
        }
        let kept: [String] = formats.filter { offer.formats.contains($0) }
        guard !kept.isEmpty, kept.count < formats.count else { return }
        let dropped: [String] = formats.filter { !offer.formats.contains($0) }
        formats = kept
        attributes.removeAll { attribute in
            guard attribute.name == "rtpmap" || attribute.name == "fmtp", let value = attribute.value else {
                return false
            }
            return dropped.contains { value.hasPrefix($0 + " ") }
        }
    }
}

extension Leg {
    /// The o= version of a description about to be sent, grown where it differs from the last one (RFC 3264 §8).
    func sdpVersion(of description: [UInt8]) -> UInt64 {
        (session?.offers ?? versions).version(of: description)
    }
}

extension CallRecord {
    /// Adds an audio stream's final figures; those of further streams of the leg are added up.
    /// - Parameter isParty: the caller, or the terminal that answered; a terminal that only rang has nothing to tell.
    mutating func add(
        _ statistics: MediaStatistics, of endpoint: MediaEndpointID, isParty: Bool, spoken: SpokenAudio,
        fax: LegFaxFacts?
    ) {
        guard statistics.packetsReceived > 0 || statistics.packetsSent > 0 || (isParty && endpoint.stream == 0)
        else { return }
        let leg = endpoint.leg.index
        var facts = media.first { $0.leg == leg } ?? LegMediaFacts(leg: leg)
        (facts.codec, facts.isTranscoded, facts.encryption) = (spoken.codec, spoken.isTranscoded, spoken.encryption)
        facts.fax = fax
        facts.packetsIn += statistics.packetsReceived
        facts.packetsOut += statistics.packetsSent
        facts.packetsLost += statistics.packetsLost
        facts.jitterMicroseconds = max(facts.jitterMicroseconds, statistics.jitterMicroseconds)
        facts.roundTripMicroseconds = facts.roundTripMicroseconds ?? statistics.roundTripMicroseconds
        media.removeAll { $0.leg == leg }
        media.append(facts)
        media.sort { $0.leg < $1.leg }
    }

    /// Leaves out the terminals that lost an answered call, and names one-way audio: a party that got packets but from whom none
    /// came, or no packet from anybody.
    /// - Parameters:
    ///   - answered: ``LegID/index`` of the terminal that has the call; nil where none answered.
    ///   - wasExpected: the parties had agreed to talk at some time: a call held or without media throughout is silent by right.
    mutating func judgeMedia(answered: UInt16?, wasExpected: Bool) {
        guard let answered else { return }
        media.removeAll { $0.leg != 0 && $0.leg != answered }
        guard let talkTime, talkTime >= .seconds(2), wasExpected else { return }
        if media.count == 2, media.allSatisfy({ $0.packetsIn == 0 }) {
            for index in media.indices { media[index].verdict = "no media from either side" }
            return
        }
        for index in media.indices where media[index].packetsIn == 0 && media[index].packetsOut > 0 {
            media[index].verdict =
                media[index].leg == 0
                ? "the caller was not heard: no packet came from it"
                : "the callee was not heard: no packet came from it"
        }
    }
}
