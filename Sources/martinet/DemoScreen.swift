import Basics
import SIPTransaction
import Server

/// What a newcomer needs to know once the demo runs.
struct DemoScreen {
    let demo: Demo
    let configuration: ServerConfiguration
    /// What phones are pointed at.
    let domain: String
    let dataFolder: String

    func text(_ server: Server) -> String {
        var lines: [String] = ["", "Martinet \(Martinet.version) is running. Ctrl-C ends it.", ""]
        lines += server.listening.map { "  \($0)" }
        lines.append("")
        lines += accounts()
        lines.append("")
        if demo.accounts.isEmpty {
            lines.append(
                "\(demo.userCount) users are there; \(demo.credentialsFile) is gone, so that their passwords can't be shown."
            )
        } else {
            lines.append("All \(demo.accounts.count) accounts: \(demo.credentialsFile) (only you can read it)")
        }
        if let authority = server.authorityFile {
            lines.append("For TLS, phones trust the server by the certificate \(authority)")
        }
        let http: IPAddress = configuration.http.address.isUnspecified ? .loopbackV4 : configuration.http.address
        let web = "http://\(IPEndpoint(http, configuration.http.port))"
        lines.append("Health: \(web)/health/ready   Metrics: \(web)/metrics")
        lines.append(
            "In another window: martinet registrations | calls | cdr | trace CALL   (each with --data \(dataFolder))")
        return lines.joined(separator: "\n") + "\n\n"
    }

    private func accounts() -> [String] {
        guard let first = demo.accounts.first else { return [] }
        let two: [DemoAccount] = Array(demo.accounts.prefix(2))
        func row(_ label: String, _ values: [String]) -> String {
            "  " + Console.padded(label, 10) + values.dropLast().map { Console.padded($0, 24) }.joined()
                + (values.last ?? "")
        }
        let server: String = sipPort == 5060 ? domain : "\(domain):\(sipPort)"
        var lines: [String] = ["Two telephones to try it with:", ""]
        lines.append(row("", two.indices.map { "phone \($0 + 1)" }))
        lines.append(row("username", two.map(\.username)))
        lines.append(row("password", two.map(\.password)))
        lines.append(row("domain", two.map { _ in server }))
        lines.append("  " + Console.padded("transport", 10) + transports())
        lines.append("")
        lines.append("In Linphone: \"Use a SIP account\", then username, password, domain \(server), transport UDP.")
        if two.count > 1 {
            lines.append(
                "Then dial \(two[1].extension) on phone 1; or 600 for an echo test, 601 for music, 602 for a conference."
            )
        } else {
            lines.append("Its number is \(first.extension).")
        }
        if isLoopback {
            lines.append(
                "The server listens on this machine alone: phones elsewhere need another --bind, such as 0.0.0.0.")
        }
        return lines
    }

    private var sipPort: UInt16 { configuration.sip.first?.port ?? 5060 }

    private var isLoopback: Bool { configuration.sip.allSatisfy { $0.bind.isLoopback } }

    private func transports() -> String {
        var text = "UDP or TCP, port \(sipPort)"
        if let second = configuration.sip.first(where: { $0.transport == .udp && $0.port != sipPort }) {
            text += " (or \(second.port), where a router's SIP ALG is in the way)"
        }
        if let tls = configuration.sip.first(where: { $0.transport == .tls }) { text += "; TLS, port \(tls.port)" }
        return text
    }
}
