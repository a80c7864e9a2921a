import Basics
import DTLS
import MediaNegotiation
import MediaSession
import SDP
import SRTP
import Testing

@Suite("How a stream's packets travel")
struct StreamTransportTests {
    var random = AnyRandom(SeededRandom(seed: 1))

    private func context(
        _ policy: EncryptionPolicy = .offered, overTLS: Bool = false, handshakes: Bool = true
    ) -> StreamTransport.Context {
        StreamTransport.Context(
            policy: policy, isSignallingEncrypted: overTLS,
            fingerprint: handshakes ? DTLSFingerprint(hash: "sha-256", value: [UInt8](repeating: 0xAB, count: 32)) : nil
        )
    }

    @Test("AVPF is offered as AVP, which every phone takes; a stream keeps the transport it has")
    mutating func profile() throws {
        let caller = try audio("8", proto: "RTP/AVPF")
        let first = StreamTransport.offer(
            after: caller.media[0], at: 0, before: nil, in: context(), random: &random)
        #expect(first.profile == "RTP/AVP")
        let before = StreamTransport.Agreement(own: caller, remote: caller)
        let again = try StreamTransport.offer(
            after: audio("8").media[0], at: 0, before: before, in: context(), random: &random)
        #expect(again.profile == "RTP/AVPF")
        let answer = try StreamTransport.answer(to: caller, at: 0, before: nil, in: context(), random: &random)
        #expect(answer.profile == "RTP/AVPF")
    }
}
