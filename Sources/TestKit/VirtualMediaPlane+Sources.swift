package import Basics
package import Fax
package import MediaSession
internal import Synchronization

extension VirtualMediaPlane {
    /// Players, rooms and recorders, and who hears what of them.
    struct Sources {
        var players: [MediaPlayerID: PlaybackPlan] = [:]
        var heard: [MediaEndpointID: MediaSource] = [:]
        var rooms: [MediaRoomID: Set<MediaEndpointID>] = [:]
        var recorders: [MediaRecorderID: RecordingPlan] = [:]
    }

    // MARK: What tests ask

    /// What an endpoint hears that is no partner it was joined to.
    package func heard(by endpoint: MediaEndpointID) -> MediaSource? {
        state.withLock { $0.sources.heard[endpoint] }
    }

    /// What the player that an endpoint hears plays.
    package func played(to endpoint: MediaEndpointID) -> [PlaybackItem]? {
        state.withLock { state in
            guard case .player(let id)? = state.sources.heard[endpoint] else { return nil }
            return state.sources.players[id]?.items
        }
    }

    /// Who is in each room.
    package var rooms: [Set<MediaEndpointID>] { state.withLock { Array($0.sources.rooms.values) } }
    package var recorders: [RecordingPlan] { state.withLock { Array($0.sources.recorders.values) } }

    /// What is still there of players, rooms and recorders, in words.
    package var leftSources: [String] {
        state.withLock { state in
            state.sources.players.keys.map { "player \($0.number) of call \($0.call) still plays" }
                + state.sources.rooms.keys.map { "room \($0.number) of call \($0.call) is still open" }
                + state.sources.recorders.keys.map { "recorder \($0.number) of call \($0.call) still runs" }
        }
    }

    /// Players that do not go on for ever come to their end.
    package func endPlaying() {
        state.withLock { state in
            let ending: [MediaPlayerID] = state.sources.players.values.filter { $0.repeats != nil }.map(\.id)
            for id in ending.sorted(by: { ($0.call, $0.number) < ($1.call, $1.number) }) {
                VirtualMediaPlane.end(id, .finished, &state)
            }
        }
    }

    // MARK: Faxes

    /// The flags of a fax are heard wherever they are listened for; of the party that signals from this address alone where one is given.
    package func hearFaxes(of address: IPAddress? = nil) {
        state.withLock { state in
            let heard = state.open.values.filter {
                $0.listensFor.contains(.machines) && (address == nil || $0.signallingAddress == address)
            }
            for plan in heard.sorted(by: { ($0.id.leg, $0.id.stream) < ($1.id.leg, $1.id.stream) }) {
                state.facts.append(.heard(plan.id, .faxPreamble))
            }
        }
    }

    /// The faxes that gateways are between come to this.
    package func reportFaxes(_ figures: FaxFigures) {
        state.withLock { state in
            let found = state.gateways.sorted { ($0.leg, $0.stream) < ($1.leg, $1.stream) }
            for id in found { state.facts.append(.fax(id, figures)) }
            state.faxes += found.count
        }
    }

    /// How often a gateway was between T.38 and sound when ``reportFaxes(_:)`` was called.
    package var faxesReported: Int { state.withLock { $0.faxes } }

    // MARK: Commands

    private static func end(_ id: MediaPlayerID, _ end: PlaybackEnd, _ state: inout State) {
        guard state.sources.players.removeValue(forKey: id) != nil else { return }
        state.sources.heard = state.sources.heard.filter { $0.value != .player(id) }
        state.facts.append(.played(id, end))
    }

    static func perform(sound command: MediaCommand, _ state: inout State) {
        switch command {
        case .play(let plan):
            if state.sources.players[plan.id] != nil { state.faults.append("plays \(plan.id) twice") }
            if plan.items.isEmpty { state.faults.append("plays nothing") }
            state.sources.players[plan.id] = plan
        case .stopPlaying(let id): end(id, .stopped, &state)
        case .hear(let id, let source): hear(id, source, &state)
        case .openRoom(let plan): if state.sources.rooms[plan.id] == nil { state.sources.rooms[plan.id] = [] }
        case .closeRoom(let id):
            guard let members = state.sources.rooms.removeValue(forKey: id) else {
                return state.faults.append("closes a room that is not open")
            }
            for member in members { state.sources.heard[member] = nil }
        case .enter(let room, let member):
            guard state.sources.rooms[room] != nil, state.open[member.endpoint] != nil else {
                return state.faults.append("\(member.endpoint) enters a room, and one of them is not open")
            }
            state.sources.rooms[room]?.insert(member.endpoint)
            state.sources.heard[member.endpoint] = .room(room)
        case .leave(let room, let id):
            state.sources.rooms[room]?.remove(id)
            state.sources.heard[id] = nil
        case .record(let plan):
            if state.open[plan.endpoint] == nil { state.faults.append("records \(plan.endpoint), which is not open") }
            state.sources.recorders[plan.id] = plan
        case .stopRecording(let id): endRecording(id, .stopped, &state)
        default: break
        }
    }

    private static func hear(_ id: MediaEndpointID, _ source: MediaSource, _ state: inout State) {
        if state.open[id] == nil { state.faults.append("\(id) hears something and is not open") }
        for room in state.sources.rooms.keys { state.sources.rooms[room]?.remove(id) }
        switch source {
        case .nothing: state.sources.heard[id] = nil
        case .endpoint(let other):
            if state.open[other] == nil { state.faults.append("\(id) hears \(other), which is not open") }
            state.sources.heard[id] = state.joined[id] == other ? nil : source
        case .player(let player):
            if state.sources.players[player] == nil { state.faults.append("\(id) hears a player that is not there") }
            state.sources.heard[id] = source
        case .room: state.faults.append("a room is heard by entering it")
        }
    }

    /// An endpoint is closed.
    static func forget(_ id: MediaEndpointID, _ state: inout State) {
        state.sources.heard[id] = nil
        for room in state.sources.rooms.keys { state.sources.rooms[room]?.remove(id) }
        for (recorder, plan) in state.sources.recorders where plan.endpoint == id {
            endRecording(recorder, .endpointClosed, &state)
        }
    }

    private static func endRecording(_ id: MediaRecorderID, _ end: RecordingResult.End, _ state: inout State) {
        guard state.sources.recorders.removeValue(forKey: id) != nil else { return }
        state.facts.append(.recorded(id, RecordingResult(end: end, duration: .seconds(1), bytes: 16_044)))
    }
}
