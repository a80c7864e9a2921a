import CSRTP2
import SRTP
import Testing

/// libsrtp, one direction of it.
final class Oracle {
    private var context: srtp_t?
    private let usesMKI: Bool
    private static let ready: Bool = srtp_init() == srtp_err_status_ok

    init(_ keys: [SRTPKey], sends: Bool) throws {
        try #require(Oracle.ready)
        usesMKI = keys[0].mki != nil
        var policy = srtp_policy_t()
        policy.ssrc.type = sends ? ssrc_any_outbound : ssrc_any_inbound
        switch keys[0].profile {
        case .aesCM128HMACSHA1Tag80: srtp_crypto_policy_set_rtp_default(&policy.rtp)
        case .aesCM128HMACSHA1Tag32: srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy.rtp)
        case .aesCM256HMACSHA1Tag80: srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&policy.rtp)
        case .aesCM256HMACSHA1Tag32: srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32(&policy.rtp)
        case .aeadAES128GCM: srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp)
        case .aeadAES256GCM: srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp)
        }
        policy.rtcp = policy.rtp
        if !keys[0].profile.isAEAD { policy.rtcp.auth_tag_len = 10 }
        policy.window_size = 1024
        var masters: [UnsafeMutablePointer<srtp_master_key_t>?] = []
        for key in keys {
            let material = UnsafeMutablePointer<UInt8>.allocate(capacity: 64)
            material.initialize(repeating: 0, count: 64)
            for (index, byte) in key.keyAndSalt.enumerated() { material[index] = byte }
            let mki = UnsafeMutablePointer<UInt8>.allocate(capacity: 128)
            for (index, byte) in (key.mki ?? []).enumerated() { mki[index] = byte }
            let master = UnsafeMutablePointer<srtp_master_key_t>.allocate(capacity: 1)
            master.initialize(
                to: srtp_master_key_t(
                    key: material, mki_id: key.mki == nil ? nil : mki, mki_size: UInt32(key.mki?.count ?? 0)))
            masters.append(master)
        }
        defer {
            for master in masters {
                master?.pointee.key.deallocate()
                master?.pointee.mki_id?.deallocate()
                master?.deallocate()
            }
        }
        let status: srtp_err_status_t = masters.withUnsafeMutableBufferPointer { list in
            if usesMKI {
                policy.keys = list.baseAddress
                policy.num_master_keys = UInt(keys.count)
            } else {
                policy.key = list[0]?.pointee.key
            }
            return srtp_create(&context, &policy)
        }
        try #require(status == srtp_err_status_ok)
    }

    convenience init(_ key: SRTPKey, sends: Bool) throws { try self.init([key], sends: sends) }

    deinit { _ = srtp_dealloc(context) }

    func protect(_ packet: [UInt8], rtcp: Bool = false, key: UInt32 = 0) -> [UInt8]? {
        var buffer: [UInt8] = packet + Array(repeating: 0, count: Int(SRTP_MAX_TRAILER_LEN) + 128)
        var length = Int32(packet.count)
        let status: srtp_err_status_t =
            rtcp
            ? srtp_protect_rtcp_mki(context, &buffer, &length, usesMKI ? 1 : 0, key)
            : srtp_protect_mki(context, &buffer, &length, usesMKI ? 1 : 0, key)
        return status == srtp_err_status_ok ? Array(buffer[..<Int(length)]) : nil
    }

    func take(_ packet: [UInt8], rtcp: Bool = false) -> [UInt8]? {
        var buffer: [UInt8] = packet
        var length = Int32(packet.count)
        let status: srtp_err_status_t =
            rtcp
            ? srtp_unprotect_rtcp_mki(context, &buffer, &length, usesMKI ? 1 : 0)
            : srtp_unprotect_mki(context, &buffer, &length, usesMKI ? 1 : 0)
        return status == srtp_err_status_ok ? Array(buffer[..<Int(length)]) : nil
    }
}
