import Basics
import Glibc
import Logging
import NIOCore
import SIPMessage
import SIPTransaction
import STUN

/// One UDP socket of a listener, on one loop.
///
/// Datagrams are sent by a system call at once: on the loop's own socket that costs less than a write queue, and tells
/// at once what went wrong. Only when the socket's buffer is full does NIO's queue take over.
///
/// Confined to its loop, which is what makes `@unchecked Sendable` true.
final class DatagramPort: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    let listener: ListenerID
    private let loop: TransportLoop
    private let descriptor: Int32
    private let reader: DatagramReader
    private let counters: LoopCounters
    private var channel: (any Channel)?
    /// Datagrams handled per wake-up, so that connections and timers get their turn.
    private static let burst = 64

    init(listener: ListenerID, descriptor: Int32, loop: TransportLoop, counters: LoopCounters) {
        (self.listener, self.descriptor, self.loop, self.counters) = (listener, descriptor, loop, counters)
        reader = DatagramReader(descriptor: descriptor)
    }

    /// The channel's own word: its socket is closed a little before the handler hears of it.
    private var isActive: Bool { channel?.isActive ?? false }

    func handlerAdded(context: ChannelHandlerContext) { channel = context.channel }
    func channelInactive(context: ChannelHandlerContext) {
        channel = nil
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        guard let remote = IPEndpoint(envelope.remoteAddress) else { return }
        receive([UInt8](envelope.data.readableBytesView), from: remote)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        for _ in 0..<DatagramPort.burst {
            guard isActive, let datagram = reader.next() else {
                // The queue is empty: what comes next has not waited.
                loop.queueDelay = .zero
                return
            }
            loop.queueDelay = datagram.waited
            receive(datagram.bytes, from: datagram.remote)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An ICMP error of something sent earlier: the socket itself is sound, and the transaction has its timers.
        loop.context.logger.debug("datagram socket error", metadata: ["error": "\(error)"])
    }

    private func receive(_ bytes: [UInt8], from remote: IPEndpoint) {
        counters.received.add()
        counters.bytesReceived.add(bytes.count)
        guard loop.context.shouldAccept(remote.address) else { return counters.banned.add() }
        // SIP begins with a letter; empty lines keep a NAT open, 0 to 3 begin STUN (RFC 7983 §7).
        guard let first = bytes.first, first > 0x20 else {
            if let first = bytes.first, first < 4 { return answerSTUN(bytes, from: remote) }
            return counters.keepAlives.add()
        }
        let flow = SIPFlow(listener: listener, transport: .udp, remote: remote)
        do throws(SIPParseError) {
            loop.deliver(.message(try SIPMessage.parse(bytes, limits: loop.context.messageLimits), flow))
        } catch {
            counters.malformed.add()
            loop.deliver(.malformed(error, wire: bytes, flow))
        }
    }

    private func answerSTUN(_ bytes: [UInt8], from remote: IPEndpoint) {
        counters.keepAlives.add()
        guard loop.stunBudget.takes(remote.address, now: loop.context.clock.now),
            let answer = BindingServer.answer(bytes, source: remote), send(answer, to: remote) == nil
        else { return counters.stunDropped.add() }
        counters.stunAnswered.add()
    }

    /// - Returns: nil when the kernel or the write queue took it.
    func send(_ wire: [UInt8], to remote: IPEndpoint) -> SendFailure? {
        guard let channel, channel.isActive else { return .noSuchListener }
        let code = RawSocket.send(wire, on: descriptor, to: remote)
        switch code {
        case 0: break
        case EAGAIN:
            guard channel.isWritable, let address = try? remote.socketAddress else { return .congestion }
            let envelope = AddressedEnvelope(remoteAddress: address, data: ByteBuffer(bytes: wire))
            channel.writeAndFlush(envelope, promise: nil)
        case EMSGSIZE: return .tooLarge
        case ENOBUFS: return .congestion
        default: return .network(code)
        }
        counters.sent.add()
        counters.bytesSent.add(wire.count)
        return nil
    }
}
