internal import Basics
internal import Identity
internal import MediaNegotiation
internal import MediaSession
internal import Prompts
internal import SDP
internal import SIPDialog
internal import SIPMessage
internal import SIPTransaction

/// Calls to numbers that the server itself answers: a second leg without a dialog and without streams stands for the server.
extension Call {
    mutating func attend(_ number: ServiceNumber, in env: inout CallEnvironment) {
        if let offer = caller.remoteDescription, Call.faxStream(of: offer) != nil {
            return refuseCaller(
                .notAcceptableHere, outcome: .rejected(status: 488), reason: "the server itself takes no T.38",
                by: .server, in: &env)
        }
        var leg = makeLeg(target: caller.target, in: &env)
        (leg.isServer, leg.stage) = (true, .up)
        leg.destination = "sip:\(number.extension)@\(tenant.realm)"
        legs.append(leg)
        let own: Written
        do throws(MediaRefusal) {
            if let offer = caller.remoteDescription {
                own = try serverAnswer(to: offer, in: &env)
            } else {
                let blank = SDPOrigin(sessionID: 0, version: 0, address: .anyV4)
                own = try offer(
                    MediaNegotiation.serverOffer(to: caller.codecPolicy, origin: blank), from: 1, to: 0, in: &env)
            }
        } catch {
            legs[1].stage = .over
            return refuseCaller(
                error.status, outcome: .rejected(status: error.status.code), reason: "the media can't be agreed on",
                by: .server, fields: error.fields(offerer: Call.party(0), answerer: Call.party(1)), in: &env)
        }
        attendance = Attendance(number: number)
        phase = .connected(1)
        record.answeredAt = env.wall
        answeredLeg = 1
        record.calleeURI = legs[1].destination
        note("answered by the server: \(number.service.summary)", in: &env)
        env.effects.append(.record(.answered(record)))
        if let offer = caller.remoteDescription { apply(offer, from: 0, own: own.description, isFinal: true, in: &env) }
        answerCaller(sdp: own.bytes, in: &env)
    }

    /// The server's answer to an offer of the caller.
    private mutating func serverAnswer(
        to offer: SessionDescription, in env: inout CallEnvironment
    ) throws(MediaRefusal) -> Written {
        let description: SessionDescription
        do throws(MediaIncompatibility) {
            description = try MediaNegotiation.served(offer, to: caller.codecPolicy)
        } catch {
            note(error.explanation(offerer: Call.party(0), answerer: "server"), leg: 0, in: &env)
            throw .incompatible(error)
        }
        return try answer(description, from: 1, to: 0, offer: offer, in: &env)
    }

    /// The caller changes its session, or refreshes it.
    mutating func serverChange(
        _ passed: PassedRequest, _ description: SessionDescription?, timer: SessionTimerFields,
        in env: inout CallEnvironment
    ) {
        guard let description else {
            let own: [UInt8]? = passed.message.method == .invite ? repeated(to: 0, answering: nil, in: &env) : nil
            return answerChange(passed, timer: timer, sdp: own, in: &env)
        }
        do throws(MediaRefusal) {
            let own: Written = try serverAnswer(to: description, in: &env)
            apply(description, from: 0, own: own.description, isFinal: true, in: &env)
            closeRejected(by: own.description, of: 0, in: &env)
            answerChange(passed, timer: timer, sdp: own.bytes, in: &env)
        } catch {
            closeUnagreed(of: 0, in: &env)
            refuse(
                passed, error.status, fields: error.fields(offerer: Call.party(0), answerer: Call.party(1)), in: &env)
        }
    }

    /// The caller's answer to an offer of the server's, in its ACK.
    mutating func serverOfferAnswered(_ sdp: [UInt8], in env: inout CallEnvironment) {
        guard let description = try? SessionDescription.parse(sdp) else {
            return hangUp(
                by: .server, outcome: nil, reason: "the answer can't be read", status: .notAcceptableHere, in: &env)
        }
        apply(description, from: 0, own: ownDescription(of: 0), isFinal: true, in: &env)
        guard servedStream == nil else { return }
        hangUp(by: .server, outcome: .failed, reason: "no common codec", status: .notAcceptableHere, in: &env)
    }

    /// The caller's stream that the server talks on.
    private var servedStream: MediaEndpointID? {
        caller.streams.lazy.compactMap { $0 }.first { $0.audio != nil }?.plan.id
    }

    // MARK: What is said

    /// Once the caller is there and its audio is agreed, the service begins.
    mutating func beginService(in env: inout CallEnvironment) {
        guard let attendance, !attendance.hasBegun, isInviteAnswered, caller.session?.answer == nil, phase != .ending,
            servedStream != nil
        else { return }
        self.attendance?.hasBegun = true
        switch attendance.number.service {
        case .echo: say([prompt("echo-start")], then: .echo, in: &env)
        case .announcement(let what):
            let text: PlaybackItem = prompt(what.prompt)
            let items: [PlaybackItem] = (0..<what.repeats).flatMap { $0 == 0 ? [text] : [.silence(.seconds(1)), text] }
            say([.silence(.milliseconds(300))] + items, then: .hangUp("the announcement is over"), in: &env)
        case .music(let name):
            let music = PlaybackItem.prompt(PromptName(name, tenant: tenant.id.rawValue))
            say([music], then: .nothing, isLoop: true, in: &env)
        case .conference(let room):
            if room.pin == nil { welcome(to: room, in: &env) } else { askForPIN(room, first: nil, in: &env) }
        }
    }

    private func prompt(_ name: String) -> PlaybackItem {
        let language: String? = tenant.settings.language == .server ? nil : tenant.settings.language.rawValue
        return .prompt(PromptName(name, tenant: tenant.id.rawValue, language: language))
    }

    private func items(_ parts: [PhrasePart]) -> [PlaybackItem] {
        parts.map { part in
            switch part {
            case .prompt(let id): prompt(id.rawValue)
            case .pause(let duration): .silence(duration)
            }
        }
    }

    /// Says something in place of what the caller hears.
    private mutating func say(
        _ items: [PlaybackItem], then next: Attendance.Next, isLoop: Bool = false, in env: inout CallEnvironment
    ) {
        guard let stream = servedStream else { return }
        stopSaying(in: &env)
        let player = nextPlayer()
        env.effects.append(
            .media(.play(PlaybackPlan(id: player, items: items, repeats: isLoop ? nil : 1, isShared: isLoop))))
        env.effects.append(.media(.hear(stream, .player(player))))
        attendance?.saying = (player, next)
    }

    private mutating func stopSaying(in env: inout CallEnvironment) {
        guard let saying = attendance?.saying else { return }
        attendance?.saying = nil
        env.effects.append(.media(.stopPlaying(saying.player)))
    }

    mutating func nextPlayer() -> MediaPlayerID {
        playersMade &+= 1
        return MediaPlayerID(call: id, number: playersMade)
    }

    /// A player of the call has ended.
    mutating func served(_ player: MediaPlayerID, _ end: PlaybackEnd, in env: inout CallEnvironment) {
        if case .failed(let why) = end { note("not all could be played: \(why)", in: &env) }
        guard let saying = attendance?.saying, saying.player == player else { return }
        attendance?.saying = nil
        attendance?.collector?.promptEnded(now: env.now)
        follow(saying.next, in: &env)
    }

    private mutating func follow(_ next: Attendance.Next, in env: inout CallEnvironment) {
        switch next {
        case .nothing, .enterPIN: break
        case .echo:
            guard let stream = servedStream else { return }
            note("echo begins", in: &env)
            env.effects.append(.media(.hear(stream, .endpoint(stream))))
        case .conference: enterConference(in: &env)
        case .hangUp(let reason): hangUp(by: .server, outcome: .answered, reason: reason, status: .ok, in: &env)
        }
    }

    // MARK: Keys

    /// The caller pressed a key.
    mutating func serviceKey(_ digit: Digit, in env: inout CallEnvironment) {
        guard attendance != nil, phase != .ending else { return }
        if attendance?.collector != nil {
            // Who knows the number needs not hear the rest.
            if attendance?.saying?.next == .enterPIN { stopSaying(in: &env) }
            if let outcome = attendance?.collector?.press(digit, now: env.now) { collected(outcome, in: &env) }
            return
        }
        switch attendance?.number.service {
        case .echo where digit == Digit("#"):
            say([prompt("echo-done")], then: .hangUp("the echo test is over"), in: &env)
        case .conference where attendance?.room != nil && digit == Digit("1"): toggleMute(in: &env)
        default: break
        }
    }

    /// The time for a key may be over.
    mutating func serviceDeadline(in env: inout CallEnvironment) {
        if let outcome = attendance?.collector?.tick(now: env.now) { collected(outcome, in: &env) }
    }

    private mutating func askForPIN(
        _ room: Service.Conference, first: String?, in env: inout CallEnvironment
    ) {
        let length: Int = room.pin?.utf8.count ?? 4
        attendance?.collector = DigitCollector(
            DigitCollector.Settings(longest: length, shortest: 1), prompting: true, now: env.now)
        let items: [PlaybackItem] =
            [.silence(.milliseconds(300))] + [first, "conf-enter-pin"].compactMap { $0 }.map(prompt)
        say(items, then: .enterPIN, in: &env)
    }

    private mutating func collected(_ outcome: DigitCollector.Outcome, in env: inout CallEnvironment) {
        attendance?.collector = nil
        guard case .conference(let room)? = attendance?.number.service else { return }
        var entered: [Digit] = []
        switch outcome {
        case .collected(let digits, _), .tooFew(let digits): entered = digits
        case .nothing: break
        }
        guard String(entered.map(\.character)) != room.pin else {
            note("the PIN is right", leg: 0, in: &env)
            return welcome(to: room, in: &env)
        }
        attendance?.wrongPINs += 1
        note(entered.isEmpty ? "no PIN was entered" : "a wrong PIN was entered", leg: 0, in: &env)
        guard let wrong = attendance?.wrongPINs, wrong < Attendance.pinAttempts else {
            return say([prompt("conf-too-many-pins")], then: .hangUp("too many wrong PINs"), in: &env)
        }
        askForPIN(room, first: entered.isEmpty ? nil : "conf-invalid-pin", in: &env)
    }

    // MARK: Conferences

    /// Tells who is there, then lets the caller in.
    private mutating func welcome(to room: Service.Conference, in env: inout CallEnvironment) {
        guard let number = attendance?.number.id else { return }
        guard let entry = env.rooms.enter(number, as: id, limit: room.limit) else {
            note("the conference is full: \(room.limit) are in it", leg: 0, in: &env)
            return say([prompt("conf-full")], then: .hangUp("the conference is full"), in: &env)
        }
        attendance?.room = entry.room
        open(entry.room, for: room, in: &env)
        let spoken: String =
            tenant.settings.language == .server ? env.settings.language : tenant.settings.language.rawValue
        let language: PromptLanguage = spoken.lowercased().hasPrefix("fr") ? .french : .english
        say(
            [.silence(.milliseconds(300))] + items(language.otherParticipants(entry.others)), then: .conference,
            in: &env)
    }

    private mutating func enterConference(in env: inout CallEnvironment) {
        guard let attendance, let id = attendance.room, let stream = servedStream,
            case .conference(let room) = attendance.number.service
        else { return }
        note("enters the conference", leg: 0, in: &env)
        open(id, for: room, in: &env)
        env.effects.append(.media(.enter(id, RoomMember(endpoint: stream))))
    }

    /// Whoever comes opens it: who comes at the same time on another shard finds it there.
    private func open(_ id: MediaRoomID, for room: Service.Conference, in env: inout CallEnvironment) {
        let music = PromptName(tenant.settings.holdMusic, tenant: tenant.id.rawValue)
        let plan = RoomPlan(
            id: id, memberLimit: UInt16(clamping: room.limit), music: music, announces: room.announces)
        env.effects.append(.media(.openRoom(plan)))
    }

    private mutating func toggleMute(in env: inout CallEnvironment) {
        guard let attendance, let room = attendance.room, attendance.saying == nil, let stream = servedStream else {
            return
        }
        self.attendance?.isMuted.toggle()
        var member = RoomMember(endpoint: stream)
        member.isMuted = !attendance.isMuted
        note(member.isMuted ? "is muted" : "is not muted any more", leg: 0, in: &env)
        env.effects.append(.media(.enter(room, member)))
    }

    /// The call ends: nothing is said any more, and the conference goes on without it.
    mutating func endService(in env: inout CallEnvironment) {
        guard let attendance else { return }
        stopSaying(in: &env)
        self.attendance?.collector = nil
        guard let room = attendance.room else { return }
        self.attendance?.room = nil
        if env.rooms.leave(attendance.number.id, room) { env.effects.append(.media(.closeRoom(room))) }
    }
}
