import Basics

extension ServerCheck {
    /// What phones will be told, in plain words.
    static func natFindings(
        _ configuration: ServerConfiguration, usesFlags: Bool, primary: (IPAddress.Family) -> IPAddress?
    ) -> [CheckFinding] {
        let advertise: String = usesFlags ? "--advertise ADDRESS" : "the key advertise"
        let localNet: String = usesFlags ? "--local-net NETWORK" : "the key local-net"
        var findings: [CheckFinding] = []
        var seen: Set<IPAddress> = []
        for listener in configuration.sip where seen.insert(listener.bind).inserted {
            if let told = listener.advertise?.address {
                findings.append(advertised(told, by: listener.bind, configuration, localNet))
                continue
            }
            let own: IPAddress? = listener.bind.isUnspecified ? primary(listener.bind.family) : listener.bind
            guard let own else {
                findings.append(
                    CheckFinding(
                        .warn, "NAT",
                        "\(listener.bind): this machine has no address that other machines reach; only programs on it can call"
                    ))
                continue
            }
            if own.isLoopback {
                findings.append(CheckFinding(.ok, "NAT", "\(own): only programs on this machine can register and call"))
            } else if own.isPrivate {
                findings.append(
                    CheckFinding(
                        .warn, "NAT",
                        "phones are told \(own), a private address: those in the same network can call, those on the Internet can not. "
                            + "For them give the public address with \(advertise) and forward the ports"))
            } else {
                findings.append(
                    CheckFinding(.ok, "NAT", "phones are told \(own), a public address: phones anywhere can call"))
            }
        }
        return findings
    }

    private static func advertised(
        _ told: IPAddress, by bind: IPAddress, _ configuration: ServerConfiguration, _ localNet: String
    ) -> CheckFinding {
        if told.isPrivate, !told.isLoopback {
            return CheckFinding(
                .warn, "NAT",
                "phones are told \(told), which is a private address: phones on the Internet can't send there; advertise the public one"
            )
        }
        let isLocal: Bool = configuration.localNetworks.contains { $0.base.family == told.family }
        guard isLocal else {
            return CheckFinding(
                .warn, "NAT",
                "phones are told \(told); those in the server's own network too, and many routers do not send that back in. "
                    + "Name that network with \(localNet), such as 192.168.0.0/16")
        }
        let networks: String = configuration.localNetworks.map(\.description).joined(separator: ", ")
        return CheckFinding(
            .ok, "NAT",
            "phones are told \(told), those in \(networks) the server's own address (\(bind)); "
                + "the router must forward the SIP, TLS and media ports to it unchanged")
    }
}
