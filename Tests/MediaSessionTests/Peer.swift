import Basics
import MediaSession

/// An address and port of the tests: host 1 is the one of the SDP, 2 the one the SIP comes from, others are strangers.
func host(_ number: UInt32, _ port: UInt16 = 4000) -> IPEndpoint {
    IPEndpoint(IPAddress(v4: 0xC000_0200 | number), port)
}

func at(_ milliseconds: Int64) -> Moment { Moment(nanoseconds: milliseconds * 1_000_000) }

let endpointID = MediaEndpointID(leg: LegID(call: CallID(epoch: 1, shard: ShardID(0), number: 1), index: 0), stream: 0)

func plan(_ change: (inout MediaEndpointPlan) -> Void = { _ in }) -> MediaEndpointPlan {
    var plan = MediaEndpointPlan(id: endpointID, ports: MediaPorts(interface: MediaInterfaceID(0), rtp: 10_000))
    plan.remoteRTP = host(1)
    plan.remoteRTCP = host(1, 4001)
    plan.signallingAddress = host(2).address
    change(&plan)
    return plan
}

/// An endpoint's machine with packets made for it.
struct Peer {
    var machine: MediaEndpoint
    var number: UInt16 = 100

    init(_ plan: MediaEndpointPlan = plan(), settings: MediaEndpointSettings = .standard, now: Moment = .zero) {
        machine = MediaEndpoint(plan: plan, settings: settings, now: now)
    }

    /// The next packet of a source.
    @discardableResult
    mutating func rtp(from source: IPEndpoint, ssrc: UInt32 = 7, number given: UInt16? = nil, at milliseconds: Int64)
        -> MediaVerdict
    {
        if given == nil { number &+= 1 }
        let timestamp = UInt32(truncatingIfNeeded: milliseconds * 8)
        return raw(packet(ssrc: ssrc, number: given ?? number, timestamp: timestamp), from: source, at: milliseconds)
    }

    @discardableResult
    mutating func raw(_ bytes: [UInt8], from source: IPEndpoint, at milliseconds: Int64) -> MediaVerdict {
        bytes.withUnsafeBytes {
            machine.receiveRTP($0, from: source, now: Basics.Moment(nanoseconds: milliseconds * 1_000_000))
        }
    }

    @discardableResult
    mutating func rtcp(_ bytes: [UInt8] = receiverReport(), from source: IPEndpoint, at milliseconds: Int64)
        -> MediaVerdict
    {
        bytes.withUnsafeBytes {
            machine.receiveRTCP($0, from: source, now: Basics.Moment(nanoseconds: milliseconds * 1_000_000))
        }
    }
}

func words(_ values: [UInt32]) -> [UInt8] {
    values.flatMap { value in [24, 16, 8, 0].map { UInt8(value >> UInt32($0) & 0xFF) } }
}

/// 172 bytes, as 20 ms of G.711.
func packet(ssrc: UInt32, number: UInt16, timestamp: UInt32) -> [UInt8] {
    words([0x8000_0000 | UInt32(number), timestamp, ssrc]) + [UInt8](repeating: 0xD5, count: 160)
}

func receiverReport(fraction: UInt8 = 0, lsr: UInt32 = 0, dlsr: UInt32 = 0) -> [UInt8] {
    words([0x81C9_0007, 7, 9, UInt32(fraction) << 24, 0, 0, lsr, dlsr])
}

func senderReport(ntp: UInt64) -> [UInt8] {
    words([0x80C8_0006, 7, UInt32(ntp >> 32), UInt32(truncatingIfNeeded: ntp), 0, 0, 0])
}
