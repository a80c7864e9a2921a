internal import Basics

/// Pieces of ClientHellos whose senders have not shown yet that they are where they say.
///
/// A piece that shows a cookie is answered without this. What is kept here are those that come before it, and all of hellos whose first
/// piece is too small for one: of few senders, not much of each, and not for long, so that forged pieces can fill nothing. They can push
/// out what others have here, who send it again.
struct HelloPieces {
    /// Of one sender.
    private struct Hello {
        let source: IPEndpoint?
        let since: Moment
        let message: UInt16
        let length: Int
        var pieces: [HelloPiece]
        /// As they came.
        var datagrams: [[UInt8]]
        var bytes: Int
    }

    static let mostSenders: Int = 4
    static let mostPieces: Int = 64
    /// A ClientHello with a post-quantum key share has 1,500 to 2,000 bytes.
    static let mostBytes: Int = 8192
    static let patience: Duration = .seconds(2)

    private var hellos: [Hello] = []

    /// All bytes that are kept.
    var bytes: Int { hellos.reduce(0) { $0 + $1.bytes } }

    /// Keeps a piece.
    /// - Returns: the whole message as one datagram, once it is there.
    mutating func add(_ piece: HelloPiece, _ datagram: [UInt8], from source: IPEndpoint?, now: Moment) -> [UInt8]? {
        hellos.removeAll { now.since($0.since) >= Self.patience }
        guard piece.length <= Self.mostBytes, datagram.count <= Self.mostBytes else { return nil }
        var place: Int? = hellos.firstIndex { $0.source == source }
        if let known = place, hellos[known].message != piece.message || hellos[known].length != piece.length {
            // A later hello takes the place of an earlier one; a straggler does not.
            guard piece.message >= hellos[known].message else { return nil }
            hellos.remove(at: known)
            place = nil
        }
        if place == nil {
            if hellos.count >= Self.mostSenders { hellos.removeFirst() }
            hellos.append(
                Hello(
                    source: source, since: now, message: piece.message, length: piece.length, pieces: [],
                    datagrams: [], bytes: 0))
        }
        let index: Int = place ?? hellos.count - 1
        let isKnown: Bool = hellos[index].pieces.contains {
            $0.offset == piece.offset && $0.body.count == piece.body.count
        }
        guard !isKnown, hellos[index].pieces.count < Self.mostPieces,
            hellos[index].bytes + datagram.count <= 2 * Self.mostBytes
        else { return nil }
        hellos[index].pieces.append(piece)
        hellos[index].datagrams.append(datagram)
        hellos[index].bytes += datagram.count
        return Self.whole(hellos[index])
    }

    /// Takes out what a sender's hello has here.
    mutating func take(from source: IPEndpoint?, message: UInt16) -> [[UInt8]] {
        guard let index = hellos.firstIndex(where: { $0.source == source }) else { return [] }
        guard hellos[index].message <= message else { return [] }
        let hello: Hello = hellos.remove(at: index)
        return hello.message == message ? hello.datagrams : []
    }

    mutating func removeAll() { hellos = [] }

    private static func whole(_ hello: Hello) -> [UInt8]? {
        var body: [UInt8] = []
        body.reserveCapacity(hello.length)
        for piece in hello.pieces.sorted(by: { $0.offset < $1.offset }) {
            // They may overlap (RFC 6347 §4.2.3).
            guard piece.offset <= body.count else { return nil }
            body += piece.body.dropFirst(body.count - piece.offset)
        }
        guard body.count == hello.length, let last = hello.pieces.last else { return nil }
        return HelloPiece.datagram(of: body, message: hello.message, recordHead: last.recordHead)
    }
}
