import AudioFiles
import Basics
import Codecs
import Glibc
import MediaSession
import MediaTransport
import SRTP
import Synchronization

enum Work: String {
    case relay, record, room, play
}

struct SystemClock: MartinetClock {
    var now: Moment {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Moment(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
    var wallNow: WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(microsecondsSinceEpoch: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}

/// What the packet threads told.
final class Told: Sendable {
    struct Counts {
        var facts = 0
        var latched = 0
        var recorded = 0
    }
    let counts = Mutex(Counts())

    func take(_ facts: [MediaFact]) {
        for fact in facts {
            switch fact {
            case .latched: counts.withLock { $0.latched += 1 }
            case .recorded(_, let result):
                if case .failed(let why) = result.end { complain("recording: \(why)") }
                counts.withLock { $0.recorded += 1 }
            case .failed(let id, let why): complain("\(id): \(why)")
            case .played(_, .failed(let why)): complain("player: \(why)")
            case .insecure(let id, let why): complain("\(id): \(why)")
            default: break
            }
        }
        counts.withLock { $0.facts += facts.count }
    }
}

/// One prompt, in memory.
struct OnePrompt: AudioLibrary {
    let clip: AudioClip

    func clip(_ name: PromptName, sampleRate: Int, ready: @escaping @Sendable (Result<AudioClip, PromptError>) -> Void)
    {
        ready(sampleRate == clip.sampleRate ? .success(clip) : .failure(PromptError(name, .badSampleRate)))
    }
}

/// A telephone's coding as a call negotiates it, with events beside it.
struct Coding {
    let codec: AudioCodec
    let payloadType: UInt8

    init(_ name: String) {
        switch name {
        case "PCMU": (codec, payloadType) = (.pcmu, 0)
        case "PCMA": (codec, payloadType) = (.pcma, 8)
        case "G722": (codec, payloadType) = (.g722, 9)
        case "opus": (codec, payloadType) = (.opus(OpusParameters()), 107)
        case let other: fail("no codec \(other): PCMU, PCMA, G722 or opus")
        }
    }

    var formats: [MediaFormat] {
        [
            MediaFormat(payloadType: payloadType, .audio(codec)),
            MediaFormat(payloadType: 101, .telephoneEvent(clockRate: codec.clockRate)),
        ]
    }
}

final class Bench {
    let work: Work
    let count: Int
    let firstPort: UInt16
    let options: [String: String]
    private let plane: PacketThreads
    private let files: RecordingFiles?
    private let told = Told()
    /// Of ours: for the first and the second leg of a call.
    private let interfaces: [MediaInterface]
    private let telephones: [IPAddress]
    private var legs: [MediaEndpointID] = []
    private var random = SeededRandom(seed: 1)

    init(_ work: Work, count: Int, firstPort: UInt16, options: [String: String]) throws {
        (self.work, self.count, self.firstPort, self.options) = (work, count, firstPort, options)
        var limit = rlimit(rlim_cur: 65_536, rlim_max: 65_536)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let ports: [UInt16] = (options["ports"] ?? "10000-19999").split(separator: "-").compactMap { UInt16($0) }
        guard ports.count == 2, ports[0] <= ports[1] else { fail("ports=FIRST-LAST") }
        func addresses(_ option: String) -> [IPAddress] {
            let all: [IPAddress] = (options[option] ?? "127.0.0.1").split(separator: ",").compactMap { IPAddress($0) }
            guard (1...2).contains(all.count) else { fail("\(option)=ADDRESS[,ADDRESS]") }
            return all
        }
        telephones = addresses("telephones")
        interfaces = addresses("bind").enumerated().map { index, address in
            MediaInterface(
                id: MediaInterfaceID(UInt8(index)), bindAddress: address, ports: ports[0]...ports[1], dscp: 0)
        }
        var settings = MediaTransportSettings(
            interfaces: interfaces,
            threads: options["threads"].flatMap { Int($0) } ?? MediaTransportSettings.coreCount)
        files = work == .record ? RecordingFiles(folder: options["folder"] ?? "recordings") : nil
        settings.recordings = files
        if let prompt = options["prompt"] {
            settings.library = OnePrompt(clip: AudioClip(sampleRate: 8000, samples: readSamples(prompt)))
        }
        settings.forwarding = options["forwarding"].flatMap { Forwarding(rawValue: $0) } ?? .off
        let told = self.told
        plane = try PacketThreads(settings, clock: SystemClock()) { told.take($0) }
    }

    /// Opens everything.
    func open() {
        let coding = Coding(options["codec"] ?? "PCMU")
        switch work {
        case .record where options["alone"] != nil:
            for number in 0..<count {
                let call = CallID(epoch: 1, shard: ShardID(0), number: UInt32(number))
                var commands: [MediaCommand] = []
                let one: MediaEndpointID = leg(call, 0, coding, into: &commands)
                record([one], of: call, into: &commands)
                plane.perform(commands)
            }
        case .relay, .record:
            let other = Coding(options["other"] ?? options["codec"] ?? "PCMU")
            for number in 0..<count {
                let call = CallID(epoch: 1, shard: ShardID(0), number: UInt32(number))
                var commands: [MediaCommand] = []
                let one: MediaEndpointID = leg(call, 0, coding, srtp: options["srtp"] != nil, into: &commands)
                let two: MediaEndpointID = leg(call, 1, other, into: &commands)
                commands.append(.join(one, two))
                if work == .record { record([one, two], of: call, into: &commands) }
                plane.perform(commands)
            }
        case .room:
            let call = CallID(epoch: 1, shard: ShardID(0), number: 0)
            let room = MediaRoomID(call: call, number: 0)
            let talkers: Int = options["talkers"].flatMap { Int($0) } ?? count
            var commands: [MediaCommand] = [.openRoom(RoomPlan(id: room, announces: false, sampleRate: 8000))]
            for number in 0..<count {
                let id: MediaEndpointID = leg(call, number, coding, talks: number < talkers, into: &commands)
                commands.append(.enter(room, RoomMember(endpoint: id, role: number < talkers ? .talker : .listener)))
            }
            plane.perform(commands)
        case .play:
            for number in 0..<count {
                let call = CallID(epoch: 1, shard: ShardID(0), number: UInt32(number))
                var commands: [MediaCommand] = []
                let id: MediaEndpointID = leg(call, 0, coding, talks: false, into: &commands)
                let player = MediaPlayerID(call: call, number: 0)
                let plan = PlaybackPlan(id: player, items: [.prompt(PromptName("prompt"))], repeats: nil)
                commands += [.play(plan), .hear(id, .player(player))]
                plane.perform(commands)
            }
        }
    }

    private func record(_ ids: [MediaEndpointID], of call: CallID, into commands: inout [MediaCommand]) {
        for (number, id) in ids.enumerated() {
            commands.append(
                .record(
                    RecordingPlan(
                        id: MediaRecorderID(call: call, number: UInt16(number)), endpoint: id,
                        name: "\(call.number)-\(number)", content: .peer)))
        }
    }

    /// Plans a leg and prints its telephone.
    private func leg(
        _ call: CallID, _ index: Int, _ coding: Coding, srtp: Bool = false, talks: Bool = true,
        into commands: inout [MediaCommand]
    ) -> MediaEndpointID {
        let interface: MediaInterface = interfaces[index % interfaces.count]
        let address: IPAddress = telephones[index % telephones.count]
        guard let ports = plane.reserve(interface: interface.id, for: call) else { fail("no ports left") }
        let telephone: UInt16 = firstPort + UInt16(2 * legs.count)
        var plan = MediaEndpointPlan(
            id: MediaEndpointID(leg: LegID(call: call, index: UInt16(index)), stream: 0), ports: ports)
        plan.remoteRTP = IPEndpoint(address, telephone)
        plan.remoteRTCP = IPEndpoint(address, telephone + 1)
        plan.expectsMedia = talks
        plan.clockRate = coding.codec.clockRate
        (plan.incoming, plan.outgoing) = (coding.formats, coding.formats)
        var keys: [String] = ["-", "-"]
        if srtp {
            let (ours, theirs) = (
                SRTPKey.random(.aesCM128HMACSHA1Tag80, using: &random),
                SRTPKey.random(.aesCM128HMACSHA1Tag80, using: &random)
            )
            plan.security = .sdes(local: ours, remote: [theirs])
            keys = [theirs, ours].map { key in key.keyAndSalt.map(hexadecimal).joined() }
        }
        let frames: String = options["frames"].map { "\($0)/\(coding.codec.name)" } ?? "-"
        let units: UInt32 = coding.codec.clockRate / 50
        let place: String =
            options["spaces"].map {
                let names = $0.split(separator: ",")
                return "\(address):\(telephone)@\(names[index % names.count])"
            } ?? "\(telephone)"
        print(
            "\(place) \(interface.bindAddress) \(ports.rtp) \(frames) \(coding.payloadType) \(units) \(talks ? 1 : work == .room ? 50 : 0) \(keys[0]) \(keys[1])"
        )
        legs.append(plan.id)
        commands.append(.set(plan))
        return plan.id
    }

    private func hexadecimal(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

    /// The figures so far, summed over all legs.
    func figures() async -> String {
        var sum = MediaStatistics()
        for id in legs {
            guard let one = await plane.statistics(of: id) else { continue }
            sum.packetsReceived += one.packetsReceived
            sum.packetsSent += one.packetsSent
            sum.packetsDropped += one.packetsDropped
            sum.packetsLost += one.packetsLost
            sum.droppedUnauthenticated += one.droppedUnauthenticated
        }
        let counts = told.counts.withLock { $0 }
        return """
            {"received": \(sum.packetsReceived), "sent": \(sum.packetsSent), "dropped": \(sum.packetsDropped), \
            "lost": \(sum.packetsLost), "unauthentic": \(sum.droppedUnauthenticated), "facts": \(counts.facts), \
            "latched": \(counts.latched), "forwarded": \(plane.forwardingFigures.packets), \
            "forwarding": "\(plane.forwarding)"}
            """
    }

    func close() {
        plane.stop()
        files?.close()
        guard let files else { return }
        let figures = files.statistics
        print(
            "{\"finished\": \(figures.finished), \"failed\": \(figures.failed), \"bytes\": \(figures.bytesWritten), \"frames_lost\": \(figures.framesLost)}"
        )
    }
}

func readSamples(_ path: String) -> [Int16] {
    guard let file = fopen(path, "rb") else { fail("cannot read \(path)") }
    defer { fclose(file) }
    var samples: [Int16] = []
    var chunk = [Int16](repeating: 0, count: 32_768)
    while true {
        let count: Int = fread(&chunk, 2, chunk.count, file)
        if count == 0 { return samples }
        samples += chunk[..<count]
    }
}
