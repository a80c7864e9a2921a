public import Basics
import Foundation
import Glibc
import SIPTransaction
import SIPTransport

/// One finding about a configuration and the machine it is to run on.
public struct CheckFinding: Hashable, Sendable, CustomStringConvertible {
    public enum Verdict: String, Hashable, Sendable { case ok, warn, fail }

    public let verdict: Verdict
    /// What was looked at: one word.
    public let subject: String
    /// What was found and, unless all is well, what to do.
    public let text: String

    init(_ verdict: Verdict, _ subject: String, _ text: String) {
        (self.verdict, self.subject, self.text) = (verdict, subject, text)
    }

    /// A configuration file that was read.
    public static func configuration(_ text: String) -> CheckFinding { CheckFinding(.ok, "config", text) }

    public var description: String {
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count))
        }
        return "\(padded(verdict.rawValue, 4))  \(padded(subject, 12))  \(text)"
    }
}

/// Looks at everything a start needs, and changes nothing.
public struct ServerCheck {
    private let configuration: ServerConfiguration
    private let now: WallTime
    /// Where ports and addresses are set: flags or keys.
    private let usesFlags: Bool
    private var findings: [CheckFinding] = []

    /// - Parameter usesFlags: advice names flags such as `--sip-port`, else keys of the configuration file.
    public init(_ configuration: ServerConfiguration, now: WallTime, usesFlags: Bool) {
        (self.configuration, self.now, self.usesFlags) = (configuration, now, usesFlags)
    }

    /// Everything that was found, in the order it matters.
    public static func run(_ configuration: ServerConfiguration, now: WallTime, usesFlags: Bool) -> [CheckFinding] {
        var check = ServerCheck(configuration, now: now, usesFlags: usesFlags)
        let holder = check.dataFolder()
        check.ports(holder)
        check.certificate()
        check.openFiles()
        check.prompts()
        check.findings += natFindings(configuration, usesFlags: usesFlags, primary: HostFacts.primaryAddress)
        return check.findings
    }

    /// What keeps the ports from being opened; empty where nothing does.
    public static func portComplaints(_ configuration: ServerConfiguration, usesFlags: Bool) -> [String] {
        let check = ServerCheck(configuration, now: WallTime(secondsSinceEpoch: 0), usesFlags: usesFlags)
        return check.places.compactMap { place in
            PortProbe.probe(place.kind, place.endpoint).complaint(place.name, remedy: place.remedy)
        }
    }

    private mutating func prompts() { findings += ServerCheck.promptFindings(configuration.audio) }

    // MARK: Data folder

    /// - Returns: the server that runs on the data folder.
    private mutating func dataFolder() -> DataFolderState.Holder? {
        let folder: String = configuration.dataFolder
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else {
            let parent: String = ServerCheck.existingParent(of: folder)
            if access(parent, W_OK | X_OK) == 0 {
                findings.append(CheckFinding(.ok, "data", "\(folder) is not there yet and will be made"))
            } else {
                findings.append(
                    CheckFinding(
                        .fail, "data",
                        "\(folder) is not there and \(parent) can't be written; make it for this account, or choose another"
                    ))
            }
            return nil
        }
        guard isFolder.boolValue else {
            findings.append(
                CheckFinding(.fail, "data", "\(folder) is a file; choose another folder, or move the file away"))
            return nil
        }
        guard access(folder, W_OK | X_OK) == 0 else {
            findings.append(
                CheckFinding(
                    .fail, "data", "\(folder) can't be written by this account; change its owner or choose another"))
            return nil
        }
        let holder = DataFolderState.holder(of: folder)
        let text: String = holder.map { "\(folder) is in use by \($0)" } ?? "\(folder) can be written"
        findings.append(CheckFinding(.ok, "data", text))
        return holder
    }

    private static func existingParent(of path: String) -> String {
        var parent: String = path
        while !parent.isEmpty, !FileManager.default.fileExists(atPath: parent) {
            guard let slash = parent.lastIndex(of: "/") else { return "." }
            parent = slash == parent.startIndex ? "/" : String(parent[..<slash])
        }
        return parent.isEmpty ? "/" : parent
    }

    // MARK: Ports

    private struct Place {
        let kind: PortProbe.Kind
        let endpoint: IPEndpoint
        let name: String
        let remedy: String
    }

    private var places: [Place] {
        func setting(_ name: String) -> String { usesFlags ? "--\(name)" : "key \(name)" }
        var places: [Place] = configuration.sip.map { listener in
            Place(
                kind: listener.transport == .udp ? .udp : .tcp, endpoint: IPEndpoint(listener.bind, listener.port),
                name: "SIP over \(listener.place)",
                remedy: setting(listener.transport == .tls ? "tls-port" : "sip-port"))
        }
        places.append(
            Place(
                kind: .tcp, endpoint: configuration.http, name: "HTTP \(configuration.http)",
                remedy: setting("http-port")))
        return places
    }

    private mutating func ports(_ holder: DataFolderState.Holder?) {
        for place in places {
            let finding = PortProbe.probe(place.kind, place.endpoint)
            if let holder, let pid = holder.pid, case .busy = finding,
                PortProbe.isHeld(place.kind, place.endpoint, by: pid)
            {
                findings.append(CheckFinding(.ok, "port", "\(place.name): held by \(holder)"))
            } else if let complaint = finding.complaint(place.name, remedy: place.remedy) {
                findings.append(CheckFinding(.fail, "port", complaint))
            } else {
                findings.append(CheckFinding(.ok, "port", "\(place.name): free"))
            }
        }
        for network in configuration.media { mediaPorts(network, isRunning: holder != nil) }
    }

    private mutating func mediaPorts(_ network: MediaNetworkConfiguration, isRunning: Bool) {
        let name = "media UDP \(network.bind.uriHost), ports \(network.ports.lowerBound)-\(network.ports.upperBound)"
        let first: UInt16 = network.ports.lowerBound + network.ports.lowerBound & 1
        let pairs: Int = (Int(network.ports.upperBound) - Int(first) + 1) / 2
        if case .noSuchAddress = PortProbe.probe(.udp, IPEndpoint(network.bind, 0)) {
            findings.append(
                CheckFinding(
                    .fail, "media",
                    "\(name): this machine does not have that address; bind one it has, or 0.0.0.0 for all"))
            return
        }
        // A sample: ports in use are passed over when the server runs, so that only many of them matter.
        let step: Int = max(1, pairs / 64)
        var busy: Int = 0
        var tried: Int = 0
        for pair in stride(from: 0, to: pairs, by: step) {
            tried += 1
            if PortProbe.probe(.udp, IPEndpoint(network.bind, first + UInt16(2 * pair))) != .free { busy += 1 }
        }
        if busy == tried, !isRunning {
            findings.append(CheckFinding(.fail, "media", "\(name): every port tried is in use; choose another range"))
        } else if busy * 4 > tried, !isRunning {
            findings.append(
                CheckFinding(
                    .warn, "media", "\(name): \(busy) of \(tried) ports tried are in use; choose another range"))
        } else {
            findings.append(CheckFinding(.ok, "media", "\(name): enough for \(pairs / 2) calls with audio alone"))
        }
    }

    // MARK: Certificate

    private mutating func certificate() {
        guard configuration.sip.contains(where: { $0.transport == .tls }) else { return }
        let tls = configuration.tls
        let own: String = configuration.certificateFolder
        let certificate: String = tls.certificateFile ?? "\(own)/server.pem"
        let key: String = tls.keyFile ?? "\(own)/server.key"
        if tls.isOwn, !FileManager.default.fileExists(atPath: certificate) {
            findings.append(
                CheckFinding(
                    .ok, "certificate",
                    "the server will make its own at its first start; phones then trust \(own)/ca.pem"))
            return
        }
        do {
            let identity = try TLSIdentity(
                certificateFile: certificate, keyFile: key, authorityFile: tls.authorityFile, now: now)
            let days: Int64 = identity.validUntil.since(now).wholeSeconds / 86_400
            let until = String(identity.validUntil.iso8601.prefix(10))
            if days < 30, !tls.isOwn {
                findings.append(
                    CheckFinding(
                        .warn, "certificate",
                        "\(certificate) ends in \(days) days, on \(until); renew it, it is re-read while running"))
            } else {
                findings.append(CheckFinding(.ok, "certificate", "\(certificate) is good until \(until)"))
            }
        } catch  where tls.isOwn {
            findings.append(CheckFinding(.warn, "certificate", "\(error); the server makes a new one when it starts"))
        } catch {
            findings.append(
                CheckFinding(
                    .fail, "certificate",
                    "\(error); give the chain and its key in PEM (keys tls.certificate and tls.key)"))
        }
    }

    // MARK: Open files

    private mutating func openFiles() {
        let (soft, hard) = HostFacts.openFileLimit
        // A call with audio: two legs, each with RTP and RTCP.
        let calls: UInt64 = (hard > 1000 ? hard - 1000 : 0) / 4
        let wanted: UInt64 = UInt64(configuration.media.reduce(0) { $0 + $1.ports.count }) + 1000
        let limit: String = soft < hard ? "\(soft), which the server raises to \(hard)" : "\(soft)"
        if hard < 4096 {
            findings.append(
                CheckFinding(
                    .fail, "open files",
                    "only \(hard) are allowed (ulimit -Hn), enough for \(calls) calls; raise it, for instance LimitNOFILE=65536 in the systemd unit"
                ))
        } else if hard < wanted {
            findings.append(
                CheckFinding(
                    .warn, "open files",
                    "the limit is \(limit): enough for about \(calls) calls, while the media ports would do for more; "
                        + "raise it to \(wanted) (LimitNOFILE=\(wanted)) if so many are wanted"))
        } else {
            findings.append(CheckFinding(.ok, "open files", "the limit is \(limit)"))
        }
    }
}
