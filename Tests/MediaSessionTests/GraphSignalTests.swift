import Basics
import Codecs
import MediaSession
import RTP
import Signals
import Testing

/// What a leg of tones hears.
enum HeardThing: CaseIterable { case nothing, relayed, madeAnew, player, sharedMusic, room }

/// MV-MEDIA-01 names the sending and receiving of DTMF. partly: MV-MEDIA-01
@Suite("Keys pressed as tones, and what the server listens for")
struct GraphSignalTests {
    static let keys = "18*D"

    static func studio(_ source: HeardThing, listensFor: MediaListening = []) -> Studio {
        var studio = Studio()
        let other: MediaFormat = source == .madeAnew ? g722Format : pcmaFormat
        for format in [pcmaFormat, other] {
            _ = studio.open {
                ($0.incoming, $0.outgoing, $0.digitsIn, $0.digitsOut) = ([format], [format], .inBand, .inBand)
                $0.listensFor = listensFor
            }
        }
        switch source {
        case .nothing: break
        case .relayed, .madeAnew: studio.graph.join(studio.nodes[0], studio.nodes[1])
        case .player, .sharedMusic:
            for line in 0..<2 {
                let id = MediaPlayerID(call: GraphPlayingTests.call, number: UInt16(line) + 1)
                var plan = PlaybackPlan(id: id, items: [.tone(.ringback, country: "FR", duration: nil)], repeats: nil)
                plan.isShared = source == .sharedMusic
                studio.graph.perform(.play(plan), now: .zero)
                studio.graph.perform(.hear(Studio.id(line), .player(id)), now: .zero)
            }
        case .room:
            studio.graph.perform(
                .openRoom(RoomPlan(id: GraphRoomTests.id, announces: false, sampleRate: 8000)), now: .zero)
            for line in 0..<2 {
                studio.graph.perform(
                    .enter(GraphRoomTests.id, RoomMember(endpoint: Studio.id(line))), now: .zero)
            }
        }
        return studio
    }

    @Test(
        "keys pressed towards a leg of tones sound in its audio whatever it hears, and in nobody else's",
        arguments: HeardThing.allCases)
    func pressed(_ source: HeardThing) {
        var studio = Self.studio(source)
        var heard = [Reception(), Reception()]
        var one = Handset(0, pcmaFormat)
        var other = Handset(1, source == .madeAnew ? g722Format : pcmaFormat)
        studio.talk(&one, &other, from: 0, to: 300, &heard)
        studio.graph.perform(
            .press(Studio.id(0), Self.keys.map { Digit($0)! }, durationMs: 100), now: at(300))
        studio.talk(&one, &other, from: 300, to: 1500, &heard)
        let tones: [Reception.Tone] = heard[0].tones(pcmaFormat)
        #expect(String(tones.map(\.key)) == Self.keys && tones.allSatisfy { (95...105).contains($0.ms) }, "\(tones)")
        #expect(heard[0].isUnbroken)
        #expect(heard[1].tones(source == .madeAnew ? g722Format : pcmaFormat).isEmpty)
        #expect(studio.graph.facts.allSatisfy { if case .notPressed = $0 { false } else { true } })
        // Four keys and their pauses take 640 ms; then it is as before.
        let after: Int = heard[0].packets.count { $0.at >= 1000 }
        #expect(source == .nothing ? after == 0 : (24...26).contains(after), "\(after)")
        let stamps: [UInt32] = heard[0].packets.map(\.sent.header.timestamp)
        #expect(zip(stamps, stamps.dropFirst()).allSatisfy { Int32(bitPattern: $1 &- $0) > 0 })
    }

    @Test("a leg that hears packets of 60 ms gets whole keys too")
    func longPackets() {
        var studio = Studio()
        _ = studio.open {
            ($0.incoming, $0.outgoing, $0.digitsOut, $0.packetTimeMs) = ([pcmaFormat], [pcmaFormat], .inBand, 60)
        }
        var heard = [Reception()]
        studio.graph.perform(.press(Studio.id(0), Self.keys.map { Digit($0)! }, durationMs: 70), now: .zero)
        studio.tick(from: 0, to: 1000, &heard)
        #expect(String(heard[0].tones(pcmaFormat).map(\.key)) == Self.keys && heard[0].isUnbroken)
    }

    @Test("a leg that takes no keys from the media plane says so, and its call goes on")
    func refused() {
        for way in [DigitTransport.events, .info, .none] {
            var studio = Studio()
            _ = studio.open { ($0.incoming, $0.outgoing, $0.digitsOut) = ([pcmaFormat], [pcmaFormat], way) }
            studio.graph.perform(.press(Studio.id(0), [Digit("1")!], durationMs: 100), now: .zero)
            guard case .notPressed(Studio.id(0), let why)? = studio.graph.facts.first else {
                Issue.record("\(studio.graph.facts)")
                continue
            }
            #expect(!why.isEmpty && studio.graph.facts.count == 1)
        }
    }

    @Test("tones of a leg that is with the server are told, and those between two legs where that is asked for")
    func listened() {
        let cases: [(HeardThing, MediaListening, Bool)] = [
            (.nothing, [], true), (.player, [], true), (.room, [], true), (.relayed, .keys, true),
            (.madeAnew, .keys, true), (.relayed, [], false),
        ]
        for (source, listensFor, isTold) in cases {
            var studio = Self.studio(source, listensFor: listensFor)
            var heard = [Reception(), Reception()]
            var phone = Handset(0, pcmaFormat)
            phone.sound(Self.keys, ms: 60, gap: 60)
            studio.talk(&phone, from: 0, to: 800, &heard)
            #expect(studio.told(0) == (isTold ? Self.keys : ""), "\(source)")
        }
    }

    @Test("a telephone of events whose tones are listened for too presses each key once")
    func eventsAndTones() {
        var studio = Studio()
        _ = studio.open {
            ($0.incoming, $0.outgoing, $0.listensFor) = ([pcmaFormat, eventFormat(8000)], [pcmaFormat], .keys)
        }
        var heard = [Reception()]
        var phone = Handset(0, pcmaFormat, events: eventFormat(8000))
        phone.isEither = false
        phone.press("1223", ms: 100)
        phone.sound("1223", ms: 100, gap: 60)
        studio.talk(&phone, from: 0, to: 1200, &heard)
        phone.sound("45", ms: 80)
        studio.talk(&phone, from: 1200, to: 2000, &heard)
        #expect(studio.told(0) == "122345")
    }

    static let machines: [(MachineTone, [ToneSegment])] = [
        (.faxCalling, [ToneSegment([ToneFrequency(1100, -13)], durationMs: 500)]),
        (.answering, [ToneSegment([ToneFrequency(2100, -13)], durationMs: 2600)]),
    ]

    @Test("machines are told of once, where they are asked for", arguments: machines)
    func machinesTold(tone: MachineTone, segments: [ToneSegment]) {
        for (listensFor, told) in [(MediaListening.machines, 1), ([], 0)] {
            var studio = Self.studio(.relayed, listensFor: listensFor)
            var heard = [Reception(), Reception()]
            var phone = Handset(0, pcmaFormat)
            phone.hum = 0
            phone.sound(TonePattern(segments, repeats: 1, rampMs: 1))
            studio.talk(&phone, from: 0, to: 3000, &heard)
            #expect(studio.graph.facts.filter { $0 == .heard(Studio.id(0), tone) }.count == told)
            #expect(heard[1].packets.count == 150, "nothing is held back")
        }
    }

    @Test("voice and its end are told where they are asked for, the end too when packets stop")
    func voice() {
        var studio = Self.studio(.relayed, listensFor: .voice)
        var heard = [Reception(), Reception()]
        var phone = Handset(0, pcmaFormat)
        phone.hum = 0
        studio.talk(&phone, from: 0, to: 500, &heard)
        #expect(!studio.voices.contains(true))
        phone.hum = 8000
        studio.talk(&phone, from: 500, to: 900, &heard)
        #expect(studio.voices == [true])
        phone.hum = 0
        studio.talk(&phone, from: 900, to: 2000, &heard)
        #expect(studio.voices == [true, false])
        phone.hum = 8000
        studio.talk(&phone, from: 2000, to: 2400, &heard)
        studio.tick(from: 2400, to: 4000, &heard)
        #expect(studio.voices == [true, false, true, false])
    }

    // MARK: Changes

    @Test(
        "a key that sounds ends where its listener turns to somebody else, and the stream goes on",
        arguments: [true, false])
    func turnedAway(isEvents: Bool) {
        let event: MediaFormat = eventFormat(8000)
        var studio = Studio()
        for (way, format) in [(DigitTransport.inBand, pcmaFormat), (.events, pcmaFormat), (.inBand, pcmuFormat)] {
            _ = studio.open {
                $0.incoming = [format] + (way == .events ? [event] : [])
                ($0.outgoing, $0.digitsIn, $0.digitsOut) = ($0.incoming, way, way)
            }
        }
        studio.graph.join(studio.nodes[0], studio.nodes[1])
        var heard = [Reception(), Reception(), Reception()]
        let (speaker, listener): (Int, Int) = isEvents ? (1, 0) : (0, 1)
        var phone = Handset(speaker, pcmaFormat, events: isEvents ? event : nil)
        if isEvents { phone.press("6", ms: 2000) } else { phone.sound("6", ms: 2000) }
        studio.talk(&phone, from: 0, to: 400, &heard)
        studio.graph.perform(.join(Studio.id(listener), Studio.id(2)), now: at(400))
        var third = Handset(2, pcmuFormat)
        studio.talk(&third, &phone, from: 400, to: 1000, &heard)
        let length: Int
        if isEvents {
            let tones: [Reception.Tone] = heard[0].tones(pcmaFormat)
            #expect(tones.count == 1)
            length = tones.first?.ms ?? 0
        } else {
            let keys: [Reception.Key] = heard[1].keys(event)
            #expect(keys.count == 1 && keys[0].ends == 3)
            length = Int(keys.first?.durationMs ?? 0)
        }
        #expect((340...440).contains(length), "\(length)")
        #expect(heard[listener].isUnbroken)
        #expect(heard[listener].packets.count { $0.at >= 700 } == 15, "it hears the third")
        #expect(studio.told(speaker) == "6")
    }

    @Test("a call that goes to another thread takes its keys and waiting packets along")
    func moved() {
        let event: MediaFormat = eventFormat(8000)
        for isEvents in [false, true] {
            var studio = GraphDigitTests.studio(pcmaFormat, pcmaFormat, event: event)
            var heard = [Reception(), Reception()]
            var phone = Handset(isEvents ? 1 : 0, pcmaFormat, events: isEvents ? event : nil)
            if isEvents { phone.press("6", ms: 600) } else { phone.sound("6", ms: 600) }
            studio.talk(&phone, from: 0, to: 300, &heard)
            let call: MovedCall = studio.graph.extract(Studio.id(0).leg.call, now: at(300))
            #expect(studio.graph.nextTick == nil)
            let facts: [MediaFact] = studio.graph.facts
            studio.graph = MediaGraph(random: AnyRandom(SeededRandom(seed: 2)))
            studio.graph.facts = facts
            studio.graph.adopt(call, now: at(300))
            studio.talk(&phone, from: 300, to: 1400, &heard)
            let (keys, tones) = (heard[1].keys(event), heard[0].tones(pcmaFormat))
            #expect(studio.told(phone.line) == "6")
            if isEvents {
                #expect(tones.map(\.key) == ["6"] && (595...640).contains(tones[0].ms), "\(tones)")
            } else {
                #expect(keys.map(\.key) == ["6"] && keys[0].ends == 3 && (590...640).contains(keys[0].durationMs))
            }
            #expect(heard[0].isUnbroken && heard[1].isUnbroken)
            for line in 0..<2 { _ = studio.graph.close(Studio.id(line), now: at(1400)) }
            #expect(studio.graph.nextTick == nil)
        }
    }

    @Test("plans change while keys sound, packets wait and everything is closed: no packet of audio waits for ever")
    func replanned() {
        let event: MediaFormat = eventFormat(8000)
        for change in 0..<6 {
            var studio = Studio()
            func plan(_ number: Int, _ way: DigitTransport, _ formats: [MediaFormat]) -> MediaEndpointPlan {
                var plan = MediaEndpointPlan(
                    id: Studio.id(number),
                    ports: MediaPorts(interface: MediaInterfaceID(0), rtp: UInt16(10_000 + 2 * number)))
                plan.remoteRTP = host(UInt32(number + 1))
                (plan.incoming, plan.outgoing, plan.digitsIn, plan.digitsOut) = (formats, formats, way, way)
                return plan
            }
            let plans: [MediaEndpointPlan] = [plan(0, .inBand, [pcmaFormat]), plan(1, .events, [pcmaFormat, event])]
            for number in 0..<2 { _ = studio.open { $0 = plans[number] } }
            studio.graph.join(studio.nodes[0], studio.nodes[1])
            var heard = [Reception(), Reception()]
            var phone = Handset(0, pcmaFormat)
            phone.sound("5", ms: 600)
            studio.talk(&phone, from: 0, to: 300, &heard)
            switch change {
            case 0: _ = studio.graph.update(studio.nodes[1], plan(1, .inBand, [pcmaFormat]), now: at(300))
            case 1: _ = studio.graph.update(studio.nodes[1], plan(1, .info, [pcmaFormat, event]), now: at(300))
            case 2: _ = studio.graph.update(studio.nodes[1], plan(1, .events, [pcmuFormat, event]), now: at(300))
            case 3: _ = studio.graph.update(studio.nodes[0], plan(0, .events, [pcmaFormat, event]), now: at(300))
            case 4: studio.graph.perform(.unjoin(Studio.id(0)), now: at(300))
            default:
                _ = studio.graph.close(Studio.id(0), now: at(300))
                studio.tick(from: 300, to: 800, &heard)
                _ = studio.graph.close(Studio.id(1), now: at(800))
                #expect(studio.graph.nextTick == nil, "nothing is left that ticks")
                continue
            }
            studio.talk(&phone, from: 300, to: 1200, &heard)
            #expect(studio.told(0) == "5", "change \(change)")
            #expect(heard[1].keys(event).count == 1 && heard[1].isUnbroken, "change \(change)")
            let late: Int = heard[1].packets.count { $0.at >= 1000 }
            #expect(change == 4 ? late == 0 : late == 10, "change \(change): \(late)")
            for line in 0..<2 { _ = studio.graph.close(Studio.id(line), now: at(1200)) }
            #expect(studio.graph.nextTick == nil, "change \(change)")
        }
    }
}

extension Studio {
    fileprivate var voices: [Bool] {
        graph.facts.compactMap { if case .voice(Studio.id(0), let isVoice) = $0 { isVoice } else { nil } }
    }
}
