import Basics
import Crypto
import FoundationEssentials
import Glibc
import X509

/// The authority and certificate the server makes itself, as four files in a folder.
struct OwnAuthority: Sendable {
    let folder: String
    let names: [String]
    let addresses: [IPAddress]

    func file(_ name: String) -> String { folder + "/" + name }

    /// Makes what is missing, and a new server certificate when the old one nears its end or lacks a name.
    func ensure(now: WallTime) throws(TLSIdentityError) {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let authority = try authority(now: now)
            if let server = read("server.pem", "server.key"),
                CertificateMaker.isFit(
                    server.certificate, names: names, addresses: addresses, authority: authority, now: now)
            {
                return
            }
            let made = try CertificateMaker.makeServer(
                names: names, addresses: addresses, signedBy: authority, now: now)
            // The key first: a certificate without its key would be refused, an old certificate beside a new key too.
            try write(made.keyPEM, to: "server.key", mode: 0o600)
            try write(made.certificatePEM, to: "server.pem", mode: 0o644)
        } catch let error as TLSIdentityError {
            throw error
        } catch {
            throw TLSIdentityError(file: folder, problem: "can't hold the server's own certificate: \(error)")
        }
    }

    private func authority(now: WallTime) throws -> CertificateMaker.Made {
        if let found = read("ca.pem", "ca.key") { return found }
        // Phones trust the old authority; it is not replaced just because it can't be read.
        for name in ["ca.pem", "ca.key"] where FileManager.default.fileExists(atPath: file(name)) {
            throw TLSIdentityError(
                file: file(name),
                problem: "is not usable; restore it, or remove ca.pem and ca.key to make a new authority")
        }
        let made = try CertificateMaker.makeAuthority(now: now)
        try write(made.keyPEM, to: "ca.key", mode: 0o600)
        try write(made.certificatePEM, to: "ca.pem", mode: 0o644)
        return made
    }

    private func read(_ certificate: String, _ key: String) -> CertificateMaker.Made? {
        guard let certificatePEM = try? String(contentsOfFile: file(certificate), encoding: .utf8),
            let keyPEM = try? String(contentsOfFile: file(key), encoding: .utf8),
            let made = try? CertificateMaker.read(certificatePEM: certificatePEM, keyPEM: keyPEM),
            made.certificate.publicKey == .init(made.key.publicKey)
        else { return nil }
        return made
    }

    /// Whole or not at all, and never readable by others in between.
    private func write(_ text: String, to name: String, mode: mode_t) throws(TLSIdentityError) {
        let temporary = file(name + ".new")
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw TLSIdentityError(file: temporary, problem: errorText(errno)) }
        let bytes = Array(text.utf8)
        let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        let code = errno
        let synced = fsync(descriptor)
        close(descriptor)
        guard written == bytes.count, synced == 0, rename(temporary, file(name)) == 0 else {
            throw TLSIdentityError(file: file(name), problem: errorText(written < 0 ? code : errno))
        }
    }
}
