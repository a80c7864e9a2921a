package import Basics
internal import Codecs
package import DTLS
package import MediaSession
internal import Synchronization

/// A media plane without packets: it keeps account of ports and endpoints, and complains of commands that make no sense.
package final class VirtualMediaPlane: MediaPlane {
    struct State {
        var free: [UInt16]
        /// Reserved, with or without an endpoint, by RTP port.
        var reserved: Set<UInt16> = []
        var open: [MediaEndpointID: MediaEndpointPlan] = [:]
        var joined: [MediaEndpointID: MediaEndpointID] = [:]
        var sources = Sources()
        var facts: [MediaFact] = []
        var log: [MediaCommand] = []
        var faults: [String] = []
        var packets: UInt64 = 50
        var counted: @Sendable (inout MediaStatistics) -> Void = { _ in }
        /// Changed since the plans were judged.
        var changed: Set<MediaEndpointID> = []
        var transcoded: Int = 0
        var faxes: Int = 0
        /// Plans compared with what their phones hold to, and how many of them were encrypted.
        var compared: (all: Int, secure: Int) = (0, 0)

        /// The ends of T.38 that are joined to one of G.711.
        var gateways: [MediaEndpointID] {
            open.values.filter { plan in
                guard plan.fax != nil, !plan.carriesRTP, let partner = joined[plan.id].flatMap({ open[$0] }) else {
                    return false
                }
                let name: String? = partner.outgoing.lazy.compactMap(\.codec).first?.name
                return partner.carriesRTP && (name == "PCMA" || name == "PCMU")
            }.map(\.id)
        }
    }

    let state: Mutex<State>
    private let keepsLog: Bool
    package let fingerprint: DTLSFingerprint?

    /// - Parameters:
    ///   - ports: how many port pairs there are, from 10000 on.
    ///   - keepsLog: remembers every command, for tests that look at them.
    ///   - makesHandshakes: has a certificate.
    ///   - packets: what each endpoint is said to have taken and sent when it is closed.
    package init(ports: Int = 500, keepsLog: Bool = false, packets: UInt64 = 50, makesHandshakes: Bool = true) {
        let free: [UInt16] = (0..<ports).reversed().map { UInt16(10_000 + 2 * $0) }
        state = Mutex(State(free: free, packets: packets))
        self.keepsLog = keepsLog
        fingerprint =
            makesHandshakes ? DTLSFingerprint(hash: "sha-256", value: [UInt8](repeating: 0x5A, count: 32)) : nil
    }

    // MARK: What tests ask

    package var reservedPorts: Int { state.withLock { $0.reserved.count } }
    package var openEndpoints: [MediaEndpointPlan] {
        state.withLock { $0.open.values.sorted { ($0.id.leg, $0.id.stream) < ($1.id.leg, $1.id.stream) } }
    }
    /// Commands since the start, where the log is kept.
    package var log: [MediaCommand] { state.withLock { $0.log } }
    package var faults: [String] { state.withLock { $0.faults } }

    /// What endpoints that are closed from now on have counted besides.
    package func count(_ change: @escaping @Sendable (inout MediaStatistics) -> Void) {
        state.withLock { $0.counted = change }
    }

    /// Whether media would be taken on this port.
    package func isOpen(port: UInt16) -> Bool { state.withLock { $0.open.values.contains { $0.ports.rtp == port } } }

    package func isReserved(port: UInt16) -> Bool { state.withLock { $0.reserved.contains(port) } }

    /// What an endpoint is relayed to.
    package func partner(of endpoint: MediaEndpointID) -> MediaEndpointID? { state.withLock { $0.joined[endpoint] } }

    /// Judges the plans that have changed, once all that belongs together was performed; what is wrong joins ``faults``.
    package func judgePlans() {
        state.withLock { state in
            for id in state.changed.sorted(by: { ($0.leg, $0.stream) < ($1.leg, $1.stream) }) {
                guard let plan = state.open[id] else { continue }
                let partner: MediaEndpointPlan? = state.joined[id].flatMap { state.open[$0] }
                let found: [String] = VirtualMediaPlane.faults(of: plan, partner)
                state.transcoded += found.isEmpty && VirtualMediaPlane.isTranscoded(plan, partner) ? 1 : 0
                state.faults += found
            }
            state.changed = []
        }
    }

    /// How often the plans of two joined endpoints were such as need transcoding.
    package var transcodedPlans: Int { state.withLock { $0.transcoded } }

    /// What an endpoint on this port was told last, where its peer is on that one.
    func plan(onPort port: UInt16, peerPort: UInt16) -> MediaEndpointPlan? {
        state.withLock { state in
            state.open.values.first { $0.ports.rtp == port && ($0.remoteRTP?.port ?? peerPort) == peerPort }
        }
    }

    func compared(isSecure: Bool) {
        state.withLock { state in
            state.compared.all += 1
            state.compared.secure += isSecure ? 1 : 0
        }
    }

    /// Plans of encrypted streams that were compared with what their phones hold to.
    package var comparedSecrets: Int { state.withLock { $0.compared.secure } }

    /// Facts since the last call, to be handed to the shards of their calls.
    package func takeFacts() -> [MediaFact] {
        state.withLock { state in
            let facts: [MediaFact] = state.facts
            state.facts = []
            return facts
        }
    }

    /// Something happened to an endpoint.
    package func report(_ fact: MediaFact) { state.withLock { $0.facts.append(fact) } }

    /// The party that signals from this address presses a key: its endpoints that listen for digits in the media say so.
    package func press(_ key: Character, by address: IPAddress) {
        guard let digit = Digit(key) else { return }
        state.withLock { state in
            for plan in state.open.values where plan.signallingAddress == address && plan.id.stream == 0 {
                if plan.digitsIn == .events || plan.digitsIn == .inBand { state.facts.append(.digit(plan.id, digit)) }
            }
        }
    }

    /// The party that signals from this address sends nothing any more: its endpoints that expect media say so.
    package func reportSilence(of address: IPAddress, since: Moment) {
        state.withLock { state in
            let silent = state.open.values.filter { $0.signallingAddress == address && $0.expectsMedia }
            for plan in silent.sorted(by: { ($0.id.leg, $0.id.stream) < ($1.id.leg, $1.id.stream) }) {
                state.facts.append(.silent(plan.id, since: since))
            }
        }
    }

    /// The first streams of the party that signals from this address have these figures to tell: what one packet thread would every
    /// 5 s. Each is given an interval of clean audio, to be changed.
    package func reportQuality(
        of address: IPAddress, from: Moment, to: Moment, _ change: (inout MediaQuality) -> Void = { _ in }
    ) {
        var quality = MediaQuality(from: from, to: to)
        let packets = UInt32(clamping: to.since(from).wholeMilliseconds / 20)
        (quality.packetsExpected, quality.packetsReceived, quality.packetsSent) = (packets, packets, packets)
        quality.rate(codec: .pcma, packetTimeMs: 20)
        change(&quality)
        let told: MediaQuality = quality
        state.withLock { state in
            let own = state.open.values.filter { $0.signallingAddress == address && $0.id.stream == 0 }
            for plan in own.sorted(by: { $0.id.leg < $1.id.leg }) { state.facts.append(.quality(plan.id, told)) }
        }
    }

    // MARK: MediaPlane

    package func reserve(interface: MediaInterfaceID, for call: CallID) -> MediaPorts? {
        state.withLock { state in
            guard let port = state.free.popLast() else { return nil }
            state.reserved.insert(port)
            return MediaPorts(interface: interface, rtp: port)
        }
    }

    package func release(_ ports: MediaPorts) {
        state.withLock { VirtualMediaPlane.giveBack(ports.rtp, &$0) }
    }

    package func perform(_ commands: [MediaCommand]) {
        state.withLock { state in
            for command in commands {
                if keepsLog { state.log.append(command) }
                VirtualMediaPlane.perform(command, &state)
            }
        }
    }

    static func perform(_ command: MediaCommand, _ state: inout State) {
        switch command {
        case .set(let plan):
            if !state.reserved.contains(plan.ports.rtp) {
                state.faults.append("endpoint \(plan.id) on port \(plan.ports.rtp), which is not reserved")
            }
            if let known = state.open[plan.id], known.ports != plan.ports {
                state.faults.append("endpoint \(plan.id) changed its ports")
            }
            if state.open.contains(where: { $0.value.ports == plan.ports && $0.key != plan.id }) {
                state.faults.append("two endpoints on port \(plan.ports.rtp)")
            }
            state.open[plan.id] = plan
            state.changed.insert(plan.id)
        case .join(let one, let other):
            for id in [one, other] where state.open[id] == nil { state.faults.append("joins \(id), which is not open") }
            if one == other { state.faults.append("joins \(one) to itself") }
            for id in [one, other] {
                VirtualMediaPlane.part(id, &state)
                state.sources.heard[id] = nil
            }
            (state.joined[one], state.joined[other]) = (other, one)
            state.changed.insert(one)
        case .unjoin(let id): VirtualMediaPlane.part(id, &state)
        case .hear, .play, .stopPlaying, .record, .stopRecording, .openRoom, .enter, .leave, .closeRoom, .press:
            perform(sound: command, &state)
        case .close(let id):
            guard let plan = state.open.removeValue(forKey: id) else {
                return state.faults.append("closes \(id), which is not open")
            }
            VirtualMediaPlane.part(id, &state)
            forget(id, &state)
            VirtualMediaPlane.giveBack(plan.ports.rtp, &state)
            var statistics = MediaStatistics()
            statistics.packetsReceived = state.packets
            statistics.packetsSent = state.packets
            state.counted(&statistics)
            state.facts.append(.closed(id, statistics))
        }
    }

    private static func part(_ id: MediaEndpointID, _ state: inout State) {
        guard let other = state.joined.removeValue(forKey: id) else { return }
        if state.joined[other] == id { state.joined[other] = nil }
    }

    private static func giveBack(_ port: UInt16, _ state: inout State) {
        if state.reserved.remove(port) == nil { state.faults.append("port \(port) is given back twice") }
        state.free.insert(port, at: 0)
    }
}
