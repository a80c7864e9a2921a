import Basics
import Crypto
import FoundationEssentials
import SwiftASN1
import X509

/// Makes the server's own authority and the certificates it signs (P-256, RFC 5280).
struct CertificateMaker {
    struct Made {
        var certificate: Certificate
        var key: P256.Signing.PrivateKey
        var certificatePEM: String
        var keyPEM: String { key.pemRepresentation }
    }

    /// Ten years: replacing it means visiting every phone.
    static let authorityLifetime: Duration = .seconds(3650 * 86_400)
    /// Below the 398 days that strict clients accept.
    static let serverLifetime: Duration = .seconds(397 * 86_400)
    /// Clocks of phones are often wrong.
    private static let clockSlack: Duration = .seconds(86_400)

    static func makeAuthority(now: WallTime) throws -> Made {
        let key = P256.Signing.PrivateKey()
        // The end of the key's own bytes tells the authorities of two installations apart.
        let mark = key.publicKey.rawRepresentation.suffix(4).map { String($0, radix: 16) }.joined()
        let name = try DistinguishedName { CommonName("Martinet CA \(mark)") }
        let identifier = SubjectKeyIdentifier(hash: Certificate.PublicKey(key.publicKey))
        let extensions = try Certificate.Extensions {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
            Critical(KeyUsage(keyCertSign: true, cRLSign: true))
            identifier
        }
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey),
            notValidBefore: date(now.advanced(by: .zero - clockSlack)),
            notValidAfter: date(now.advanced(by: authorityLifetime)),
            issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions,
            issuerPrivateKey: .init(key))
        return Made(certificate: certificate, key: key, certificatePEM: try certificate.serializeAsPEM().pemString)
    }

    /// - Parameter names: host names and SIP domains the server answers for.
    static func makeServer(names: [String], addresses: [IPAddress], signedBy authority: Made, now: WallTime) throws
        -> Made
    {
        let key = P256.Signing.PrivateKey()
        let alternatives = names.map { GeneralName.dnsName($0) } + addresses.map { .ipAddress(octets($0)) }
        let subject = try DistinguishedName { CommonName(names.first ?? addresses.first?.description ?? "martinet") }
        let issuerIdentifier = SubjectKeyIdentifier(hash: authority.certificate.publicKey).keyIdentifier
        let extensions = try Certificate.Extensions {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
            try ExtendedKeyUsage([.serverAuth, .clientAuth])
            SubjectAlternativeNames(alternatives)
            AuthorityKeyIdentifier(keyIdentifier: issuerIdentifier)
        }
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey),
            notValidBefore: date(now.advanced(by: .zero - clockSlack)),
            notValidAfter: date(now.advanced(by: serverLifetime)),
            issuer: authority.certificate.subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: extensions, issuerPrivateKey: .init(authority.key))
        return Made(certificate: certificate, key: key, certificatePEM: try certificate.serializeAsPEM().pemString)
    }

    static func read(certificatePEM: String, keyPEM: String) throws -> Made {
        let certificate = try Certificate(pemEncoded: certificatePEM)
        return Made(
            certificate: certificate, key: try P256.Signing.PrivateKey(pemRepresentation: keyPEM),
            certificatePEM: certificatePEM)
    }

    /// True when `certificate` is signed by `authority`, names all of `names` and `addresses` and lasts 30 days yet.
    static func isFit(
        _ certificate: Certificate, names: [String], addresses: [IPAddress], authority: Made, now: WallTime
    ) -> Bool {
        let subject = PeerNames(certificate)
        return authority.certificate.publicKey.isValidSignature(certificate.signature, for: certificate)
            && certificate.notValidAfter > date(now.advanced(by: .seconds(30 * 86_400)))
            && names.allSatisfy { subject.dns.contains($0.lowercased()) }
            && addresses.allSatisfy(subject.addresses.contains)
    }

    static func date(_ time: WallTime) -> Date {
        Date(timeIntervalSince1970: Double(time.microsecondsSinceEpoch) / 1e6)
    }

    private static func octets(_ address: IPAddress) -> ASN1OctetString {
        var bytes: [UInt8] = []
        if !address.isV4 {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: address.high >> UInt64(shift)))
            }
        }
        let width = address.isV4 ? 24 : 56
        for shift in stride(from: width, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: address.low >> UInt64(shift)))
        }
        return ASN1OctetString(contentBytes: bytes[...])
    }
}
