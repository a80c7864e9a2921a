internal import Basics
internal import Codecs

/// The silence that one peer leaves out, while it does: noise is made for those that hear it transcoded.
struct PauseFiller: ~Copyable {
    /// Packets may be so much later than their time before noise takes their place.
    static let shortPatience: Duration = .milliseconds(10)
    /// The same for codings whose description of silence may come 10 ms before its time (RFC 3551 §4.5.6).
    static let patience: Duration = .milliseconds(20)
    /// The same where it is not certain that silence is left out, by a sender that does so.
    static let longPatience: Duration = .milliseconds(40)
    /// The same for one that never did, nor was asked to: what did not come was more likely lost or held up, and noise in its place would make
    /// all that follows late.
    static let longestPatience: Duration = .milliseconds(120)
    /// Noise ends when nothing came for so long, reports (RFC 3550 §6.2) included: the peer is gone.
    static let limit: Duration = .seconds(10)
    /// Noise is described anew after so many times 20 ms, where it did not change.
    private static let refresh: Int = 100
    static let weight: Int32 = 4

    var phase: Int = 0
    private(set) var isRunning: Bool = false
    /// When a packet would come that follows what was heard.
    var nextAt: Moment = .zero

    /// What is told to those that make the noise themselves (RFC 3389), and a number that changes with it.
    private(set) var serial: UInt32 = 0
    private let payload: UnsafeMutableRawPointer
    private var count: Int = 0
    private var age: Int = 0
    private var encoder: ComfortNoiseEncoder?
    private var encodedRate: Int = 0
    private static let payloadSize: Int = 32

    init() { payload = .allocate(byteCount: Self.payloadSize, alignment: 16) }

    deinit { payload.deallocate() }

    mutating func begin(phase: Int) {
        (self.phase, isRunning, count, age) = (phase, true, 0, 0)
        encoder?.reset()
    }

    mutating func end() { isRunning = false }

    var description: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: payload, count: count) }

    /// The peer described the noise itself.
    mutating func take(_ description: UnsafeRawBufferPointer) {
        count = min(description.count, Self.payloadSize)
        if let from = description.baseAddress { payload.copyMemory(from: from, byteCount: count) }
        tellAnew()
    }

    /// Describes noise that was made, unless the peer did.
    mutating func describe(_ audio: Ingress.Audio, clockRate: UInt32, isDescribed: Bool) {
        age += 1
        if age > Self.refresh, count > 0 { tellAnew() }
        guard !isDescribed else { return }
        if encodedRate != audio.rate {
            encoder = try? ComfortNoiseEncoder(sampleRate: audio.rate, clockRate: clockRate)
            encodedRate = audio.rate
        }
        guard encoder != nil else { return }
        encoder!.hear(audio.samples)
        guard count == 0 || encoder!.hasChangedSince() else { return }
        count = encoder!.encode(into: UnsafeMutableRawBufferPointer(start: payload, count: Self.payloadSize))
        tellAnew()
    }

    private mutating func tellAnew() {
        serial &+= 1
        age = 0
    }
}

extension ComfortNoiseEncoder {
    /// Mutating, as what lies in an optional cannot be lent out otherwise.
    fileprivate mutating func hasChangedSince() -> Bool { hasChanged }
}
