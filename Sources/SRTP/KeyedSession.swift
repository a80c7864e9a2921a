/// The result of one packet: its new length in bytes, or why it was refused.
typealias Outcome = Result<Int, SRTPFailure>

/// A master key in use in one direction: its ciphers, and the state of each source.
struct KeyedSession: ~Copyable {
    let key: SRTPKey
    let rtp: PacketCipher
    let rtcp: PacketCipher
    let isAEAD: Bool
    let rtpTagLength: Int
    let rtcpTagLength: Int
    let mkiLength: Int
    private let mki: UnsafeMutablePointer<UInt8>
    var sources = SourceTable()
    /// Packets protected with the key, or found good.
    private(set) var rtpCount: UInt64 = 0
    private(set) var rtcpCount: UInt64 = 0
    /// Failed packets in a row of sources that are not known yet.
    var strangerFailures: UInt32 = 0

    init(_ key: SRTPKey) throws(SRTPKeyFault) {
        guard key.key.count == key.profile.keyLength else { throw .wrongKeyLength }
        guard key.salt.count == key.profile.saltLength else { throw .wrongSaltLength }
        guard (1...128).contains(key.mki?.count ?? 1) else { throw .badMKI }
        try self.init(
            key, rtp: SessionKeys(key, forRTCP: false), rtcp: SessionKeys(key, forRTCP: true))
    }

    init(_ key: SRTPKey, rtp rtpKeys: SessionKeys, rtcp rtcpKeys: SessionKeys) throws(SRTPKeyFault) {
        let rtpCipher = try PacketCipher(rtpKeys, isAEAD: key.profile.isAEAD)
        let rtcpCipher = try PacketCipher(rtcpKeys, isAEAD: key.profile.isAEAD)
        rtp = rtpCipher
        rtcp = rtcpCipher
        isAEAD = key.profile.isAEAD
        self.key = key
        rtpTagLength = key.profile.rtpTagLength
        rtcpTagLength = key.profile.rtcpTagLength
        let identifier: [UInt8] = key.mki ?? []
        mkiLength = identifier.count
        mki = .allocate(capacity: max(identifier.count, 1))
        mki.initialize(repeating: 0, count: max(identifier.count, 1))
        for (index, byte) in identifier.enumerated() { mki[index] = byte }
    }

    deinit { mki.deallocate() }

    // MARK: Limits

    /// RFC 3711 §9.2, and the lifetime of the crypto line.
    static let rtpLimit: UInt64 = 1 << 48
    static let rtcpLimit: UInt64 = 1 << 31

    var rtpLeft: UInt64 { Self.left(rtpCount, min(Self.rtpLimit, key.lifetime ?? .max)) }
    var rtcpLeft: UInt64 { Self.left(rtcpCount, min(Self.rtcpLimit, key.lifetime ?? .max)) }

    private static func left(_ count: UInt64, _ limit: UInt64) -> UInt64 { count < limit ? limit - count : 0 }

    @inline(__always)
    mutating func countRTP() { rtpCount &+= 1 }
    @inline(__always)
    mutating func countRTCP() { rtcpCount &+= 1 }

    // MARK: The identifier

    @inline(__always)
    func hasMKI(at place: UnsafeMutableRawPointer) -> Bool {
        let there = place.assumingMemoryBound(to: UInt8.self)
        for index in 0..<mkiLength where there[index] != mki[index] { return false }
        return true
    }

    @inline(__always)
    func putMKI(at place: UnsafeMutableRawPointer) {
        if mkiLength > 0 { place.copyMemory(from: mki, byteCount: mkiLength) }
    }
}
