internal import COpus

/// What an encoder of Opus is set to, as the library itself says.
public struct OpusEncoderState: Hashable, Sendable {
    /// What the audio is taken for: speech and quality of speech first (OPUS_APPLICATION_VOIP) in every encoder of ours.
    public let isForVoice: Bool
    /// Of the audio that goes in, in Hz.
    public let sampleRate: Int
    public let channels: Int
    /// In bit/s.
    public let bitrate: Int
    /// 0 ... 10.
    public let complexity: Int
    /// The widest band it may send, by the highest frequency in it, in Hz: 4 000 ... 20 000.
    public let bandwidthHz: Int
    public let isVariableRate: Bool
    public let inBandFEC: Bool
    public let expectedLossPercent: Int
    public let dtx: Bool

    init(_ state: OpaquePointer, sampleRate: Int) {
        func value(_ request: Int32) -> Int { Int(copus_encoder_get(state, request)) }
        isForVoice = value(OPUS_GET_APPLICATION_REQUEST) == Int(OPUS_APPLICATION_VOIP)
        (self.sampleRate, channels) = (sampleRate, 1)
        bitrate = value(OPUS_GET_BITRATE_REQUEST)
        complexity = value(OPUS_GET_COMPLEXITY_REQUEST)
        let band: Int = value(OPUS_GET_MAX_BANDWIDTH_REQUEST) - Int(OPUS_BANDWIDTH_NARROWBAND)
        let bands = [4_000, 6_000, 8_000, 12_000, 20_000]
        bandwidthHz = bands.indices.contains(band) ? bands[band] : 0
        isVariableRate = value(OPUS_GET_VBR_REQUEST) != 0
        inBandFEC = value(OPUS_GET_INBAND_FEC_REQUEST) != 0
        expectedLossPercent = value(OPUS_GET_PACKET_LOSS_PERC_REQUEST)
        dtx = value(OPUS_GET_DTX_REQUEST) != 0
    }
}
