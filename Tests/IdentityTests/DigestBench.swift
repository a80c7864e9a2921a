import Basics
import Identity
import SIPMessage
import Testing

let home = IPAddress(v4: 0xCB00_7109)
let elsewhere = IPAddress(v4: 0xC633_6401)

/// A tenant with users 100 (enabled) and 101 (disabled), and a phone that answers challenges.
struct DigestBench {
    var tenant: Tenant
    var directory: Directory
    let authenticator: DigestAuthenticator
    let gate: AccessGate
    var now: Moment = .zero.advanced(by: .seconds(1000))

    init(
        algorithms: [DigestAlgorithm] = [.md5], legacy: Bool = true, settings: DigestSettings = DigestSettings(),
        seed: UInt64 = 1,
        abuse: AbuseSettings = AbuseSettings()
    ) {
        var tenantSettings = TenantSettings()
        tenantSettings.digestAlgorithms = algorithms
        tenantSettings.acceptsDigestWithoutQop = legacy
        tenant = Tenant(id: TenantID(1), name: "Demo", domains: ["demo.example"], settings: tenantSettings)
        let names: [(Int64, String)] = [(100, "100"), (101, "101")]
        let users = names.map {
            User(id: UserID($0.0), tenant: TenantID(1), extension: $0.1, displayName: $0.1, isEnabled: $0.0 != 101)
        }
        let terminals = names.map { id, name in
            Terminal(
                id: TerminalID(id), user: UserID(id), name: "desk", authUsername: name,
                secrets: DigestSecrets(username: name, realm: "demo.example", password: "secret-\(name)"))
        }
        directory = Directory(tenants: [tenant], users: users, terminals: terminals)
        var random = AnyRandom(SeededRandom(seed: seed))
        authenticator = DigestAuthenticator(key: Array(repeating: 7, count: 32), settings: settings, random: &random)
        gate = AccessGate(authenticator: authenticator, abuse: AbuseGuard(settings: abuse))
    }

    func nonce(to source: IPAddress = home) throws -> String {
        let values = authenticator.challenges(
            realm: tenant.realm, algorithms: tenant.settings.digestAlgorithms, stale: false, to: source, now: now)
        let message = try message(["WWW-Authenticate: \(values[0])"])
        return try #require(try message.challenges(.wwwAuthenticate).first?.nonce)
    }

    func message(_ lines: [String], uri: String = "sip:demo.example", agent: String = "phone", from: String = "100")
        throws -> SIPMessage
    {
        var text =
            "REGISTER \(uri) SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\nFrom: <sip:\(from)@demo.example>;tag=1\r\n"
        text +=
            "To: <sip:100@demo.example>\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nUser-Agent: \(agent)\r\n"
        for line in lines { text += line + "\r\n" }
        return try SIPMessage.parse(Array((text + "Content-Length: 4\r\n\r\nbody").utf8))
    }

    struct Answer {
        var username: String = "100"
        var password: String = "secret-100"
        var realm: String = "demo.example"
        var uri: String = "sip:demo.example"
        var algorithm: DigestAlgorithm = .md5
        var qop: String? = "auth"
        var count: UInt32 = 1
        var cnonce: String? = "abc"
    }

    func field(_ nonce: String, _ answer: Answer = Answer()) -> String {
        func h(_ text: String) -> String { DigestHash.hexadecimal(of: Array(text.utf8), answer.algorithm) }
        let secret = h("\(answer.username):\(answer.realm):\(answer.password)")
        let target = h("REGISTER:\(answer.uri)" + (answer.qop == "auth-int" ? ":\(h("body"))" : ""))
        let digits = String(answer.count, radix: 16)
        let nc = String(repeating: "0", count: 8 - digits.count) + digits
        var middle = nonce
        if let qop = answer.qop { middle += ":\(nc):\(answer.cnonce ?? ""):\(qop)" }
        var text =
            "Authorization: Digest username=\"\(answer.username)\", realm=\"\(answer.realm)\", nonce=\"\(nonce)\", "
        text +=
            "uri=\"\(answer.uri)\", response=\"\(h("\(secret):\(middle):\(target)"))\", algorithm=\(answer.algorithm)"
        if let qop = answer.qop { text += ", qop=\(qop), nc=\(nc)" }
        if let cnonce = answer.cnonce { text += ", cnonce=\"\(cnonce)\"" }
        return text
    }

    func check(
        _ nonce: String, _ answer: Answer = Answer(), from source: IPAddress = home, uri: String = "sip:demo.example"
    ) throws -> DigestVerdict {
        authenticator.check(
            try message([field(nonce, answer)], uri: uri), tenant: tenant, directory: directory, from: source, now: now
        ) { ["demo.example", "192.0.2.5"].contains($0.lowercased()) }
    }

    /// One challenge and its answer through the gate.
    func login(_ username: String, _ password: String, from source: IPAddress = home) throws -> (
        outcome: AccessGate.Outcome, event: AbuseEvent?
    ) {
        var answer = Answer()
        (answer.username, answer.password) = (username, password)
        return gate.check(
            try message([field(nonce(to: source), answer)]), tenant: tenant, directory: directory, from: source,
            now: now)
    }

    mutating func advance(_ time: Duration) { now = now.advanced(by: time) }
}
