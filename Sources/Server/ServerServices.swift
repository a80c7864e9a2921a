import Basics
import CallControl
import Identity
import Logging
import MediaTransport
import Registration
import SIPTransaction
import SIPTransport
import Store
import Synchronization
import Telemetry

/// What the shards' effects are performed with; made once at the start.
final class ServerServices: Sendable {
    let clock: any MartinetClock
    let transport: SIPTransport
    let media: PacketThreads
    let writer: StoreWriter
    /// Nil where tracing is switched off.
    let tracer: TraceWriter?
    let resolver: SIPResolver
    let audio: AudioServices
    let addresses: AddressBook
    let logger: Logger
    private let draining = Mutex(false)

    /// No new calls are taken.
    var isDraining: Bool { draining.withLock { $0 } }

    func beginDraining() { draining.withLock { $0 = true } }

    init(
        clock: any MartinetClock, transport: SIPTransport, media: PacketThreads, writer: StoreWriter,
        tracer: TraceWriter?,
        resolver: SIPResolver, audio: AudioServices, addresses: AddressBook, logger: Logger
    ) {
        (self.clock, self.transport, self.media, self.writer) = (clock, transport, media, writer)
        (self.tracer, self.resolver, self.audio) = (tracer, resolver, audio)
        (self.addresses, self.logger) = (addresses, logger)
    }

    func trace(_ line: CallTrace) {
        guard let tracer else { return }
        let content: TraceRecord.Content
        switch line.content {
        case .received(let wire, let flow):
            let local = addresses.signalling(flow.listener, towards: flow.remote.address)
            content = .sip(.received, flow.transport, local: local, remote: flow.remote, wire)
        case .sent(let wire, let target):
            let local = addresses.signalling(target.listener, towards: target.remote.address)
            content = .sip(.sent, target.transport, local: local, remote: target.remote, wire)
        case .note(let text): content = .note(text)
        }
        tracer.submit(TraceRecord(call: line.call, leg: line.leg, at: line.at, content: content))
    }

    func report(_ alarm: ShardAlarm) {
        switch alarm {
        case .banned(let event):
            logger.warning(
                "address banned after wrong passwords",
                metadata: [
                    "source": "\(event.source)", "failures": "\(event.failures)",
                    "seconds": "\(event.length.wholeSeconds)",
                    "last-account": "\(event.lastAccount)",
                ])
        case .suspectedALG(let aor, let sign):
            logger.warning(
                "a router on the phone's side rewrites SIP",
                metadata: ["user": "\(aor)", "finding": "\(sign.finding)", "cure": "\(sign.cure)"])
        case .storeFailed(let aor):
            logger.error("a registration could not be written to disk and was refused", metadata: ["user": "\(aor)"])
        case .recordFailed(let call):
            logger.error("a call record could not be written to disk", metadata: ["call": "\(call)"])
        case .foreignHost(let host, let user):
            logger.warning(
                "a phone asks for a host that is neither a tenant's domain nor this server; if it is, name it by host-names or advertise",
                metadata: ["host": "\(host)", "user": "\(user)"])
        case .reachability(let aor, let isReachable):
            logger.info("phone reachability changed", metadata: ["user": "\(aor)", "reachable": "\(isReachable)"])
        }
    }
}
