public import Basics
import RTP

/// One leg's half of a media stream: which packets are taken, where its own go, what is counted.
///
/// A plain value without references: handling a packet allocates nothing. Its driver, a packet thread, feeds it every
/// packet of the endpoint's two ports and a tick now and then.
///
/// A source is pinned ("latched") as address, port and SSRC:
/// - Until the peer's first SDP (generation 0 and no address) nothing is taken, whatever the policy.
/// - The first RTP packet from a named address, on any port, pins its source. `anySource` drops the check of the address.
/// - From then on every other source is dropped, unless the pinned one sent nothing for `relatchAfter`, or a new SDP came
///   within `generationWindow`. Dropped packets change nothing: a flood can neither move the latch nor keep it open.
/// - A new SDP that no longer names the pinned address ends the latch at once.
/// - Another SSRC from the pinned address and port is taken at once in that window; else only after `ssrcRun` packets in
///   sequence while the pinned SSRC was quiet for `ssrcQuiet`. So somebody who forges the address cannot talk into a
///   stream that flows, and a peer that swaps its source (music on hold, transfer) is heard after a tenth of a second.
///
/// Where the peer speaks ICE (RFC 8445), checks take the place of addresses: the graph feeds only what came the way of an authentic
/// check, media goes where the peer nominated, and a packet from there takes over at once.
public struct MediaEndpoint: Sendable {
    private(set) var plan: MediaPath
    let silenceLimit: Int64
    let relatchAfter: Int64
    let generationWindow: Int64
    let relatchRTCPAfter: Int64
    let ssrcQuiet: Int64
    let ssrcRun: UInt8

    /// The source RTP is taken from; nil before the first packet.
    public internal(set) var pinned: IPEndpoint?
    /// The SSRC taken from it; 0 without RTP.
    public internal(set) var pinnedSSRC: UInt32 = 0
    var pinnedRTCP: IPEndpoint?
    /// What the peer nominated for each component.
    private(set) var selectedRTP: IPEndpoint?
    private(set) var selectedRTCP: IPEndpoint?
    /// Whether it still lets itself be sent to (RFC 7675).
    private var hasConsent: Bool = true
    /// The last source whose packets were not taken.
    var elsewhere: IPEndpoint?
    /// The last RTP packet that was taken.
    var lastRTP: Moment
    var lastRTCP: Moment
    /// Until when a new SDP lets another source take over; before now when it does not.
    var windowEnd: Int64 = .min
    /// A new SDP named a new address, which is sent to until a packet shows where the peer really is.
    var followsPlan: Bool = false

    /// An SSRC that wants in: how many packets in sequence it showed.
    var candidateSSRC: UInt32 = 0
    var candidateNext: UInt16 = 0
    var candidateRun: UInt8 = 0

    /// The last packet taken, RTP or RTCP; at first when the endpoint was opened.
    var heardAt: Moment
    /// Since when media is expected.
    var expectedSince: Moment
    /// When silence was last told; nil while the peer is heard.
    var silenceToldAt: Moment?

    var counters = MediaStatistics()
    /// What comes from the peer.
    var meter: ReceptionMeter
    var reports = SentReports()

    public init(plan: MediaEndpointPlan, settings: MediaEndpointSettings, now: Moment) {
        self.plan = MediaPath(plan)
        silenceLimit = max(settings.silenceLimit.wholeNanoseconds, 1)
        relatchAfter = settings.relatchAfter.wholeNanoseconds
        generationWindow = settings.generationWindow.wholeNanoseconds
        relatchRTCPAfter = settings.relatchRTCPAfter.wholeNanoseconds
        ssrcQuiet = settings.ssrcQuiet.wholeNanoseconds
        ssrcRun = settings.ssrcRun
        meter = ReceptionMeter(clockRate: plan.clockRate, now: now)
        (lastRTP, lastRTCP, heardAt, expectedSince) = (now, now, now, now)
    }

    /// Replaces the plan; a higher generation opens the window for a new latch. Ids and ports stay as they were.
    public mutating func update(_ new: MediaEndpointPlan, now: Moment) {
        let old: MediaPath = plan
        plan = MediaPath(new)
        if !plan.usesICE { (selectedRTP, selectedRTCP, hasConsent) = (nil, nil, true) }
        meter.setClockRate(new.clockRate)
        if new.expectsMedia, !old.expectsMedia {
            meter.expect(from: now)
            expectedSince = now
            silenceToldAt = nil
        }
        guard new.generation != old.generation else { return }
        windowEnd = now.nanoseconds &+ generationWindow
        followsPlan = new.remoteRTP != old.remoteRTP && plannedRTP != nil
        if let source = pinned, !isAllowed(source.address) { pinned = nil }
        if let source = pinnedRTCP, !isAllowed(source.address) { pinnedRTCP = nil }
    }

    /// The peer nominated a path for a component (RFC 8445 §8.1.1).
    mutating func select(_ remote: IPEndpoint, component: UInt8) {
        if component == 1 { selectedRTP = remote } else { selectedRTCP = remote }
    }

    /// Nothing may be sent without the peer's consent (RFC 7675 §5.1).
    mutating func consent(_ isGiven: Bool) { hasConsent = isGiven }

    /// Where RTP for the peer goes; nil while unknown. Does not say whether the plan sends.
    public var rtpDestination: IPEndpoint? {
        if plan.usesICE { return hasConsent ? selectedRTP : nil }
        if let pinned, !followsPlan { return pinned }
        return plannedRTP ?? pinned
    }

    /// Where RTCP for the peer goes; nil while unknown.
    public var rtcpDestination: IPEndpoint? {
        if plan.rtcpMux { return rtpDestination }
        if plan.usesICE { return hasConsent ? selectedRTCP : nil }
        if let pinnedRTCP { return pinnedRTCP }
        guard let planned = plan.remoteRTCP, planned.port != 0, !planned.address.isUnspecified else { return nil }
        // Behind a NAT the address of the SDP leads nowhere, and the port is known only once its RTCP came.
        guard let pinned, !followsPlan else { return planned }
        return pinned.address == planned.address ? planned : nil
    }

    private var plannedRTP: IPEndpoint? {
        guard let planned = plan.remoteRTP, planned.port != 0, !planned.address.isUnspecified else { return nil }
        return planned
    }

    /// A packet was sent to the peer.
    @inline(__always)
    public mutating func sent(bytes: Int) {
        counters.packetsSent &+= 1
        counters.bytesSent &+= UInt64(truncatingIfNeeded: bytes)
    }

    /// A packet counted by ``sent(bytes:)`` did not leave.
    mutating func unsent(bytes: Int, isRTP: Bool) {
        guard isRTP else { return }
        counters.packetsSent &-= 1
        counters.bytesSent &-= UInt64(truncatingIfNeeded: bytes)
        counters.packetsUnsent &+= 1
    }

    /// A packet is not protected by the stream's keys, was changed on its way, or came before.
    mutating func unauthenticated() {
        counters.packetsDropped &+= 1
        counters.droppedUnauthenticated &+= 1
    }

    /// A packet for the peer waited for keys in vain.
    mutating func heldBack() { counters.packetsHeldBack &+= 1 }

    /// A connectivity check was not answered with success.
    mutating func refusedCheck() {
        counters.packetsDropped &+= 1
        counters.droppedChecks &+= 1
    }

    /// A datagram of DTLS from somebody who may not begin a handshake, or of too many.
    mutating func refusedHandshake() {
        counters.packetsDropped &+= 1
        counters.droppedHandshakes &+= 1
    }

    /// A packet has a payload type that nobody announced.
    mutating func unknownPayloadType() {
        counters.packetsDropped &+= 1
        counters.droppedPayloadType &+= 1
    }

    /// A packet that was routed on could not be: no partner, or it takes none.
    public mutating func undeliverable() {
        counters.packetsDropped &+= 1
        counters.droppedUndeliverable &+= 1
    }

    /// Looks at the time; to be called every second or more often.
    ///
    /// - Returns: events, and since when the peer is silent, where that is to be told now.
    public mutating func tick(now: Moment) -> (events: MediaEvents, silentSince: Moment?) {
        var events: MediaEvents = []
        if followsPlan, now.nanoseconds >= windowEnd {
            followsPlan = false
            events.insert(.destination)
        }
        guard plan.expectsMedia else { return (events, nil) }
        let since: Moment = max(heardAt, expectedSince)
        guard
            now.nanoseconds &- max(since, silenceToldAt ?? since).nanoseconds
                >= (plan.silenceLimit.map { max($0.wholeNanoseconds, 1) } ?? silenceLimit)
        else {
            return (events, nil)
        }
        silenceToldAt = now
        return (events, since)
    }

    /// The figures so far.
    public var statistics: MediaStatistics {
        var result: MediaStatistics = counters
        result.packetsLost = meter.packetsLost
        result.jitterMicroseconds = meter.jitterMicroseconds
        result.source = pinned
        if counters.packetsReceived > 0 { result.lastPacketAt = lastRTP }
        return result
    }

    @inline(__always)
    mutating func heard(at now: Moment) -> MediaEvents {
        heardAt = now
        guard silenceToldAt != nil else { return [] }
        silenceToldAt = nil
        return .heardAgain
    }
}
