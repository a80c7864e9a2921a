public import Basics
internal import ICE
public import SDP
internal import SRTP

extension StreamTransport {
    /// Crypto-suites offered, the one most phones have first; any other that is known here is taken.
    private static let offered: [SRTPProfile] = [.aesCM128HMACSHA1Tag80, .aeadAES128GCM, .aeadAES256GCM]

    /// Of an offer: as it is where the stream exists, else as the policy has it.
    /// - Parameters:
    ///   - source: the other party's m-line.
    ///   - before: what holds on the leg; nil where nothing is agreed yet.
    ///   - random: where keys are drawn from; must be cryptographically strong in production.
    public static func offer(
        after source: MediaDescription, at index: Int, before: Agreement?, in context: Context,
        random: inout AnyRandom
    ) -> StreamTransport {
        if let before, let known = before.stream(index), isRTP(known.own) {
            return kept(known.own, known.remote, before, at: index, in: context)
        }
        // Without feedback, which is not passed, AVPF is AVP, and many phones refuse what calls itself by that name.
        let hasFeedback: Bool = source.kind != .audio && (Profile(source.transportProtocol)?.hasFeedback ?? false)
        let feedback: String = hasFeedback ? "F" : ""
        switch context.policy {
        case .forbidden: return StreamTransport("RTP/AVP\(feedback)", sharesRTCPPort: source.rtcpMux, mid: source.mid)
        case .offered:
            var plain = StreamTransport("RTP/AVP\(feedback)", sharesRTCPPort: source.rtcpMux, mid: source.mid)
            if context.isSignallingEncrypted { plain.crypto = lines(&random) }
            return plain
        case .webRTC where context.fingerprint != nil:
            var browser = StreamTransport("UDP/TLS/RTP/SAVPF", sharesRTCPPort: true, mid: source.mid ?? String(index))
            (browser.fingerprint, browser.setup) = (context.ownFingerprint, .actpass)
            browser.tlsID = newTLSID(&random)
            browser.ice = .random(using: &random)
            return browser
        case .required, .webRTC:
            var secure = StreamTransport("RTP/SAVP\(feedback)", sharesRTCPPort: source.rtcpMux, mid: source.mid)
            secure.crypto = lines(&random)
            return secure
        }
    }

    private static func lines(_ random: inout AnyRandom) -> [SDPCrypto] {
        SDPCrypto.offer(suites: offered.map(\.rawValue), using: &random)
    }

    /// A stream that exists, offered again: the same keys and credentials, so that nothing begins anew.
    private static func kept(
        _ own: MediaDescription, _ remote: MediaDescription, _ before: Agreement, at index: Int, in context: Context
    ) -> StreamTransport {
        var result = StreamTransport(own.transportProtocol, sharesRTCPPort: own.rtcpMux && remote.rtcpMux, mid: own.mid)
        if let pair = CryptoPair(own, remote) {
            result.crypto = [pair.own]
        } else if !before.own.usableFingerprints(ofMedia: index).isEmpty,
            !before.remote.usableFingerprints(ofMedia: index).isEmpty
        {
            // RFC 8842 §5.5: the answer keeps the parts as they are.
            (result.fingerprint, result.setup) = (context.ownFingerprint, .actpass)
            result.tlsID = before.own.transport(ofMedia: index)?.tlsID
        }
        result.ice = before.credentials(index)
        return result
    }
}
