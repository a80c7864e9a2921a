import Basics
import NIOCore
import NIOPosix
import SIPTransport
import Synchronization

/// Writes DNS messages (RFC 1035 §4), without compression.
enum DNSWriter {
    static func name(_ name: String) -> [UInt8] {
        name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }

    static func u16(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }

    static func record(_ name: String, type: UInt16, ttl: UInt32, _ content: [UInt8]) -> [UInt8] {
        DNSWriter.name(name) + u16(type) + u16(1) + u16(UInt16(ttl >> 16)) + u16(UInt16(ttl & 0xFFFF))
            + u16(UInt16(content.count)) + content
    }

    static func content(_ record: DNSRecord) -> (type: UInt16, [UInt8]) {
        switch record {
        case .address(let address):
            let bytes = address.v4.map { value in
                stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
            }
            let wide = [address.high, address.low].flatMap { half in
                stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: half >> UInt64($0)) }
            }
            return (address.isV4 ? 1 : 28, bytes ?? wide)
        case .srv(let srv): return (33, u16(srv.priority) + u16(srv.weight) + u16(srv.port) + name(srv.target))
        case .naptr(let naptr):
            let texts = [naptr.flags, naptr.services, ""].flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
            return (35, u16(naptr.order) + u16(naptr.preference) + texts + name(naptr.replacement))
        }
    }

    /// - Parameter code: 0 no error, 2 server failure, 3 no such name.
    static func response(
        id: UInt16, question: DNSQuestion, code: UInt16 = 0, records: [[UInt8]], authority: [[UInt8]] = []
    ) -> [UInt8] {
        var out = u16(id) + u16(0x8180 | code) + u16(1)
        out += u16(UInt16(records.count)) + u16(UInt16(authority.count)) + u16(0)
        out += name(question.name) + u16(question.type.rawValue) + u16(1)
        return out + records.flatMap { $0 } + authority.flatMap { $0 }
    }
}

/// A DNS server over loopback that answers from a table, or not at all.
final class DNSServer: Sendable {
    private struct State {
        var zone: Zone
        var ttl: UInt32 = 300
        var isSilent = false
        var asked: [String] = []
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>
        typealias OutboundOut = AddressedEnvelope<ByteBuffer>
        let answer: @Sendable ([UInt8]) -> [UInt8]?
        init(_ answer: @escaping @Sendable ([UInt8]) -> [UInt8]?) { self.answer = answer }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let envelope = unwrapInboundIn(data)
            guard let bytes = answer(Array(envelope.data.readableBytesView)) else { return }
            context.writeAndFlush(
                wrapOutboundOut(
                    AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: bytes))),
                promise: nil)
        }
    }

    private let state: Box
    private let channel: any Channel
    private let group: MultiThreadedEventLoopGroup

    private final class Box: Sendable {
        let state: Mutex<State>
        init(_ zone: Zone) { state = Mutex(State(zone: zone)) }

        func answer(_ query: [UInt8]) -> [UInt8]? {
            guard query.count > 12 else { return nil }
            var labels: [String] = []
            var index = 12
            while index < query.count, query[index] != 0 {
                let end = index + 1 + Int(query[index])
                guard end < query.count else { return nil }
                labels.append(String(decoding: query[(index + 1)..<end], as: UTF8.self))
                index = end
            }
            guard index + 2 < query.count,
                let type = DNSRecordType(rawValue: UInt16(query[index + 1]) << 8 | UInt16(query[index + 2]))
            else { return nil }
            let question = DNSQuestion(labels.joined(separator: "."), type)
            return state.withLock { state in
                state.asked.append("\(question.name) \(type)")
                guard !state.isSilent else { return nil }
                let id = UInt16(query[0]) << 8 | UInt16(query[1])
                guard case .records(let records)? = state.zone.answers[question] else {
                    return DNSWriter.response(id: id, question: question, code: 3, records: [])
                }
                return DNSWriter.response(
                    id: id, question: question,
                    records: records.map { record in
                        let (type, content) = DNSWriter.content(record)
                        return DNSWriter.record(question.name, type: type, ttl: state.ttl, content)
                    })
            }
        }
    }

    init(_ zone: Zone) async throws {
        let box = Box(zone)
        state = box
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        channel = try await DatagramBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler { box.answer($0) })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    var address: String { "127.0.0.1:\(channel.localAddress?.port ?? 0)" }
    var asked: [String] { state.state.withLock { $0.asked } }
    func setSilent(_ isSilent: Bool) { state.state.withLock { $0.isSilent = isSilent } }
    func setTTL(_ ttl: UInt32) { state.state.withLock { $0.ttl = ttl } }
    func stop() async throws {
        try await channel.close().get()
        try await group.shutdownGracefully()
    }
}
