internal import Foundation
internal import Synchronization
internal import TestKit
import Testing

/// The whole server core under a seeded network with scripted phones: after every run nothing may be left, and no rule broken.
///
/// `MARTINET_SEEDS=20000` runs more; `MARTINET_SEED=123 swift test -c release --filter Simulation` plays one again, and
/// with `MARTINET_LOG=file` writes every message on the wire to that file.
@Suite("Simulation")
struct SimulationTests {
    /// How many seeds are run; 2,000 unless the environment says otherwise.
    static let count: Int = ProcessInfo.processInfo.environment["MARTINET_SEEDS"].flatMap { Int($0) } ?? 2000
    static let single: UInt64? = ProcessInfo.processInfo.environment["MARTINET_SEED"].flatMap { UInt64($0) }
    static let shares: Int = 8
    private static let played = Mutex(0)
    /// Plans that need transcoding, over all seeds.
    private static let transcoded = Mutex(0)
    /// Plans of encrypted streams that were compared with their phones' keys.
    private static let secrets = Mutex(0)
    /// How often a gateway was between T.38 and sound when a fax went.
    private static let faxes = Mutex(0)

    @Test("nothing is left of any call, whatever the network and the phones do", arguments: 0..<SimulationTests.shares)
    func nothingIsLeft(share: Int) {
        if let single = SimulationTests.single {
            guard share == 0 else { return }
            return SimulationTests.play(single)
        }
        var played: Int = 0
        for seed in stride(from: share, to: SimulationTests.count, by: SimulationTests.shares) {
            SimulationTests.play(UInt64(seed))
            played += 1
        }
        let total: Int = SimulationTests.played.withLock { sum in
            sum += played
            return sum
        }
        guard total == SimulationTests.count else { return }
        let transcoded: Int = SimulationTests.transcoded.withLock { $0 }
        let secrets: Int = SimulationTests.secrets.withLock { $0 }
        let faxes: Int = SimulationTests.faxes.withLock { $0 }
        print(
            "simulation: \(total) seeds played, \(transcoded) plans of transcoding, \(secrets) encrypted plans with the phones' keys, \(faxes) faxes through gateways"
        )
        #expect(total < 2000 || (transcoded > 1000 && secrets > 200 && faxes > 200))
    }

    private static func play(_ seed: UInt64) {
        let scenario = Scenario(seed: seed)
        let path: String? = single == nil ? nil : ProcessInfo.processInfo.environment["MARTINET_LOG"]
        scenario.world.keepsLog = path != nil
        let found: [String] = scenario.run()
        let transcoded: Int = scenario.world.server.media.transcodedPlans
        SimulationTests.transcoded.withLock { $0 += transcoded }
        let secrets: Int = scenario.world.server.media.comparedSecrets
        SimulationTests.secrets.withLock { $0 += secrets }
        let faxes: Int = scenario.world.server.media.faxesReported
        SimulationTests.faxes.withLock { $0 += faxes }
        if let path {
            let text: String = scenario.world.log.joined(separator: "\n")
            do { try text.write(toFile: path, atomically: true, encoding: .utf8) } catch { Issue.record(error) }
        }
        guard !found.isEmpty else { return }
        let shown: String = found.prefix(10).joined(separator: "\n  ")
        Issue.record(
            "seed \(seed): \(found.count) fault(s); replay: MARTINET_SEED=\(seed) swift test -c release --filter Simulation\n  \(shown)"
        )
    }
}
