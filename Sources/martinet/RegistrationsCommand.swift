import ArgumentParser
import Basics
import Identity
import Registration
import SIPTransaction
import Store

struct RegistrationsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "registrations",
        abstract: "Shows which phones are registered, from where, and what is in their way.")

    @Option(name: .customLong("tenant"), help: "Only of this tenant.")
    var tenant: String?

    @OptionGroup var data: DataOption

    func run() throws {
        let database: Database = try data.open()
        let directory: Directory = try database.loadDirectory()
        let tenants: [Tenant] = try directory.chosen(tenant)
        let now: WallTime = wallNow()
        var table = TextTable([
            "EXTENSION", "TENANT", "CONTACT", "SOURCE", "VIA", "PHONE", "EXPIRES", "STATE", "RTT", "NAT", "ALG",
        ])
        var advice: [String] = []
        var count: Int = 0
        for tenant in tenants {
            for (aor, binding) in try database.bindings.list(in: tenant.id, wall: now) {
                let name: String = directory.user(aor.user)?.extension ?? "user \(aor.user)"
                table.add([
                    name, directory.tenants.count > 1 ? tenant.name : "", "\(binding.contact)",
                    binding.receivedFrom.description,
                    binding.flow.transport.rawValue, binding.userAgent ?? "", "in \(binding.secondsLeft(now: .zero)) s",
                    binding.isReachable == false
                        ? (binding.flow.transport.isReliable ? "connection gone" : "silent") : "",
                    binding.roundTrip.map(RegistrationsCommand.milliseconds) ?? "", binding.isBehindNAT ? "yes" : "",
                    binding.suspectedALG == nil ? "" : "suspected",
                ])
                if let sign = binding.suspectedALG {
                    advice.append("\(name) at \(binding.receivedFrom): \(sign.finding).\n  Cure: \(sign.cure).")
                }
                count += 1
            }
        }
        guard count > 0 else {
            Console.showLine("No phone is registered.")
            return
        }
        Console.show(table.text)
        for text in advice { Console.showLine("\n\(text)") }
    }

    /// Tenths matter below 10 ms only.
    private static func milliseconds(_ time: Duration) -> String {
        let tenths: Int64 = time.wholeNanoseconds / 100_000
        return tenths < 100 ? "\(tenths / 10).\(tenths % 10) ms" : "\(tenths / 10) ms"
    }
}
