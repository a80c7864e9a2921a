import Basics
import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import SIPMessage
import SIPTransaction

/// One TCP or TLS connection, from the wish to have it to its end; confined to its loop.
final class Connection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer

    private enum State {
        /// TCP or TLS is still shaking hands.
        case opening(unsent: [Unsent], bytes: Int)
        case open
        /// Nothing is read or written any more; what was written before may still be going out.
        case closed
    }

    let id: UInt64
    let key: ConnectionKey
    let accepted: Bool
    let loop: TransportLoop
    private let counters: LoopCounters?
    private var state: State = .opening(unsent: [], bytes: 0)
    private var channel: (any Channel)?
    private var reader: SIPStreamReader
    private var isReading = false
    private var needsFlush = false
    private let begunAt: Moment
    private var lastReceived: Moment
    private var messageBegunAt: Moment?
    private var hasReceived = false

    /// A keep-alive (RFC 5626 §3.5.1).
    static let doubleCRLF: [UInt8] = [13, 10, 13, 10]

    init(id: UInt64, key: ConnectionKey, accepted: Bool, loop: TransportLoop) {
        (self.id, self.key, self.accepted, self.loop) = (id, key, accepted, loop)
        counters = loop.counters(of: key.listener)
        reader = SIPStreamReader(limits: loop.context.messageLimits)
        begunAt = loop.context.clock.now
        lastReceived = begunAt
    }

    var flow: SIPFlow {
        SIPFlow(listener: key.listener, transport: key.transport, remote: key.remote, connection: id)
    }

    private var isOpen: Bool { if case .open = state { true } else { false } }

    // MARK: Sending

    func send(_ unsent: Unsent) {
        switch state {
        case .opening(var waiting, let bytes):
            guard bytes + unsent.wire.count <= loop.context.limits.unsentBytes else {
                return loop.fail(unsent.wire, to: unsent.target, .congestion, origin: unsent.origin)
            }
            state = .closed  // so that the array below is not copied
            waiting.append(unsent)
            state = .opening(unsent: waiting, bytes: bytes + unsent.wire.count)
        case .open: write(unsent)
        case .closed: loop.fail(unsent.wire, to: unsent.target, .flowClosed, origin: unsent.origin)
        }
    }

    private func write(_ unsent: Unsent) {
        guard let channel else { return loop.fail(unsent.wire, to: unsent.target, .flowClosed, origin: unsent.origin) }
        if !channel.isWritable, unsentBytes(channel) + unsent.wire.count > loop.context.limits.unsentBytes {
            loop.fail(unsent.wire, to: unsent.target, .congestion, origin: unsent.origin)
            return close(.unsentBytes)
        }
        if unsent.wire == Connection.doubleCRLF { reader.expectsPong = true }
        write(ByteBuffer(bytes: unsent.wire), channel)
        counters?.sent.add()
        counters?.bytesSent.add(unsent.wire.count)
    }

    private func write(_ buffer: ByteBuffer, _ channel: any Channel) {
        channel.write(buffer, promise: nil)
        // Answers to one read leave together, at its end.
        if isReading { needsFlush = true } else { channel.flush() }
    }

    private func unsentBytes(_ channel: any Channel) -> Int {
        (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        channel = context.channel
        if context.channel.isActive { channelActive(context: context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        if key.transport == .tcp { becomeOpen() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSUserEvent, case .handshakeCompleted = event {
            if let problem = peerProblem(context.channel) {
                finish(.handshake(problem))
                context.close(promise: nil)
            } else {
                becomeOpen()
            }
        }
        if let event = event as? ChannelEvent, case .inputClosed = event { close(.peer) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(.peer)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError, !isOpen {
            finish(.handshake("\(error)"))
        } else {
            finish(.network((error as? IOError)?.errnoCode ?? EIO))
        }
        context.close(promise: nil)
    }

    /// A peer that does not read what we answer is not read either.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        _ = try? context.channel.syncOptions?.setOption(.autoRead, value: context.channel.isWritable)
        context.fireChannelWritabilityChanged()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isOpen else { return }
        let buffer = unwrapInboundIn(data)
        counters?.bytesReceived.add(buffer.readableBytes)
        lastReceived = loop.context.clock.now
        isReading = true
        reader.append([UInt8](buffer.readableBytesView))
        while isOpen, readOne() {}
        isReading = false
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if needsFlush {
            needsFlush = false
            context.flush()
        }
        context.fireChannelReadComplete()
    }

    // MARK: Reading

    /// Delivers the next thing in the stream; false when more bytes are needed, or none will be read any more.
    private func readOne() -> Bool {
        do throws(SIPParseError) {
            guard let framed = try reader.next() else {
                // Up to three bytes may be half of a keep-alive.
                messageBegunAt = reader.pendingBytes > 3 ? messageBegunAt ?? lastReceived : nil
                return false
            }
            messageBegunAt = nil
            hasReceived = true
            deliver(framed)
            return true
        } catch {
            counters?.malformed.add()
            loop.deliver(.malformed(error, wire: [], flow))
            // Where the next message begins can't be known any more; the answer just sent still goes out.
            if reader.isBroken { close(.malformed) }
            return !reader.isBroken
        }
    }

    private func deliver(_ framed: SIPStreamReader.Framed) {
        switch framed {
        case .message(let message):
            counters?.received.add()
            loop.deliver(.message(message, flow))
        case .ping:
            counters?.keepAlives.add()
            if let channel { write(ByteBuffer(bytes: [13, 10]), channel) }
            loop.deliver(.ping(flow))
        case .pong:
            counters?.keepAlives.add()
            loop.deliver(.pong(flow))
        }
    }

    // MARK: Life and death

    private func becomeOpen() {
        guard case .opening(let unsent, _) = state else { return }
        state = .open
        lastReceived = loop.context.clock.now
        counters?.connectionsOpened.add()
        loop.deliver(.opened(flow))
        for item in unsent { send(item) }
    }

    func checkTime(_ now: Moment) {
        let limits = loop.context.limits
        switch state {
        case .opening: if now.since(begunAt) > limits.connectTimeout { close(.noData) }
        case .open:
            if let messageBegunAt, now.since(messageBegunAt) > limits.messageTimeout { return close(.slowMessage) }
            if accepted, !hasReceived, now.since(begunAt) > limits.firstDataTimeout { return close(.noData) }
            if now.since(lastReceived) > limits.idleTimeout { close(.idle) }
        case .closed: break
        }
    }

    /// Sends what was written, then closes.
    func close(_ reason: CloseReason) {
        guard let channel, isOpen else {
            finish(reason)
            channel?.close(promise: nil)
            return
        }
        finish(reason)
        guard reason != .unsentBytes else { return channel.close(promise: nil) }
        // A peer that does not read may not keep the connection.
        let limit = loop.eventLoop.scheduleTask(in: .nanoseconds(loop.context.limits.connectTimeout.wholeNanoseconds)) {
            channel.close(promise: nil)
        }
        channel.writeAndFlush(ByteBuffer()).whenComplete { _ in
            limit.cancel()
            channel.close(promise: nil)
        }
    }

    /// Forgets the connection and tells whoever waits for it; the first reason counts.
    private func finish(_ reason: CloseReason) {
        switch state {
        case .closed: return
        case .opening(let unsent, _):
            state = .closed
            for item in unsent { loop.fail(item.wire, to: item.target, SendFailure(reason), origin: item.origin) }
        case .open:
            state = .closed
            counters?.connectionsClosed.add()
            loop.announceClosed(flow, reason)
        }
        loop.forget(self)
        loop.context.connections.remove(id, key: key, accepted: accepted)
    }
}

extension SendFailure {
    init(_ reason: CloseReason) {
        switch reason {
        case .handshake(let text): self = .handshake(text)
        case .network(let code): self = code == ECONNREFUSED ? .refused : .network(code)
        case .noData: self = .connectTimeout
        case .peer, .idle, .slowMessage, .malformed, .unsentBytes, .stopped: self = .flowClosed
        }
    }
}
