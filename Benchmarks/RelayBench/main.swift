// Relays CALLS calls of two legs each between ports of the loopback address, for a load generator to drive:
//   RelayBench CALLS FIRST_PORT [THREADS]
// Leg n is a telephone at 127.0.0.1:(FIRST_PORT + 2n). Prints one line a leg, `TELEPHONE_PORT 127.0.0.1 RELAY_PORT`, then `READY`.
// Each line read from standard input is answered with the figures so far, as JSON; the end of input ends the program.
import Basics
import Glibc
import MediaSession
import MediaTransport
import Synchronization

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

final class Latches: Sendable {
    let count = Mutex(0)
}

func complain(_ text: String) {
    let line = Array((text + "\n").utf8)
    _ = write(STDERR_FILENO, line, line.count)
}

func fail(_ text: String) -> Never {
    complain(text)
    exit(2)
}

func argument(_ index: Int, default value: Int) -> Int {
    guard CommandLine.arguments.count > index else { return value }
    guard let number = Int(CommandLine.arguments[index]) else { fail("not a number: \(CommandLine.arguments[index])") }
    return number
}

func processCPU() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + Double(
        usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
}

func run(calls: Int, firstPort: Int, threads: Int) async throws {
    var limit = rlimit(rlim_cur: 65_536, rlim_max: 65_536)
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    let interface = MediaInterface(id: MediaInterfaceID(0), bindAddress: .loopbackV4)
    let settings = MediaTransportSettings(interfaces: [interface], threads: threads)
    let latches = Latches()
    let plane = try PacketThreads(settings, clock: SystemClock()) { facts in
        for fact in facts {
            if case .latched = fact { latches.count.withLock { $0 += 1 } }
            if case .failed(let id, let why) = fact { complain("\(id): \(why)") }
        }
    }
    var first: [MediaEndpointID] = []
    for number in 0..<calls {
        let call = CallID(epoch: 1, shard: ShardID(0), number: UInt32(number))
        var commands: [MediaCommand] = []
        var ids: [MediaEndpointID] = []
        for leg in 0..<2 {
            guard let ports = plane.reserve(interface: interface.id, for: call) else {
                fail("no ports left at call \(number)")
            }
            let telephone: Int = firstPort + 2 * (2 * number + leg)
            var plan = MediaEndpointPlan(
                id: MediaEndpointID(leg: LegID(call: call, index: UInt16(leg)), stream: 0), ports: ports)
            plan.remoteRTP = IPEndpoint(.loopbackV4, UInt16(telephone))
            plan.expectsMedia = true
            ids.append(plan.id)
            commands.append(.set(plan))
            print("\(telephone) 127.0.0.1 \(ports.rtp)")
        }
        commands.append(.join(ids[0], ids[1]))
        plane.perform(commands)
        first.append(ids[0])
    }
    print("READY")
    fflush(nil)
    while readLine() != nil {
        let cpu: Double = processCPU()
        var received: UInt64 = 0
        var sent: UInt64 = 0
        var dropped: UInt64 = 0
        for id in first {
            guard let figures = await plane.statistics(of: id) else { continue }
            received += figures.packetsReceived
            sent += figures.packetsSent
            dropped += figures.packetsDropped
        }
        print(
            "{\"cpu\": \(cpu), \"relayed\": \(received + sent), \"dropped\": \(dropped), \"latched\": \(latches.count.withLock { $0 })}"
        )
        fflush(nil)
    }
    plane.stop()
}

try await run(
    calls: argument(1, default: 200), firstPort: argument(2, default: 30_000),
    threads: argument(3, default: MediaTransportSettings.coreCount))
