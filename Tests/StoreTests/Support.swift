import Basics
import CallControl
import Foundation
import Identity
import Registration
import SIPMessage
import SIPTransaction
import Store
import Synchronization
import Testing

/// A folder of its own that is gone with the value.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        path = NSTemporaryDirectory() + "/martinet-store-\(UUID().uuidString)"
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

struct FixedClock: MartinetClock {
    var now: Moment = .zero
    var wallNow = WallTime(secondsSinceEpoch: 1_000)
}

/// What a writer answered.
final class Answers: Sendable {
    let list = Mutex<[(StoreToken, StoreError.Kind?)]>([])

    var done: StoreWriter.Done {
        { [self] _, tokens, result in
            let kind: StoreError.Kind? = if case .failure(let error) = result { error.kind } else { nil }
            list.withLock { list in for token in tokens { list.append((token, kind)) } }
        }
    }

    func kind(of number: UInt64) -> StoreError.Kind?? {
        list.withLock { list in list.first { $0.0.number == number }.map(\.1) }
    }
    var count: Int { list.withLock(\.count) }
}

/// A database with one tenant and users 100, 101, …
struct Fixture {
    let folder = TemporaryFolder()
    let database: Database
    let tenant: Tenant
    let users: [User]

    init(users count: Int = 2) throws {
        database = try Database(folder: folder.path)
        tenant = try database.tenants.create(NewTenant(name: "acme", domains: ["acme.example", "pbx.acme.example"]))
        users = try database.users.create(
            (0..<count).map {
                try NewUser(extension: String(100 + $0), displayName: "User \($0)", password: "quite-secret")
            }, in: tenant)
    }

    /// The listener of ``binding(_:key:cseq:expiresAt:transport:)``.
    static let listeners = ListenerMap(
        [(0, SIPTransportKind.udp, "0.0.0.0:5060"), (1, .udp, "[::]:5060"), (2, .tcp, "[::]:5060")].compactMap { row in
            IPEndpoint(row.2).map { ListenerMap.Listener(id: ListenerID(row.0), transport: row.1, bound: $0) }
        })

    func aor(_ user: Int) -> AddressOfRecord { AddressOfRecord(tenant: tenant.id, user: users[user].id) }

    func binding(
        _ user: Int, key: String = "one", cseq: UInt32 = 1, expiresAt: Int64 = 5_000, transport: SIPTransportKind = .udp
    ) throws -> Binding {
        let terminal = try #require(try database.loadDirectory().terminals(of: users[user].id).first)
        return Binding(
            key: key, contact: try SIPURI("sip:\(100 + user)@192.0.2.7:5062;ob"), callID: "abc@192.0.2.7", cseq: cseq,
            expiresAt: WallTime(secondsSinceEpoch: expiresAt), deadline: .zero,
            flow: SIPFlow(
                listener: ListenerID(1), transport: transport, remote: try #require(IPEndpoint("[2001:db8::7]:5062")),
                connection: 77),
            terminal: terminal.id, registeredAt: WallTime(secondsSinceEpoch: 900),
            updatedAt: WallTime(secondsSinceEpoch: 950))
    }

    func record(_ number: UInt32, startedAt: Int64 = 1_000, epoch: UInt32 = 1) -> CallRecord {
        CallRecord(
            id: CallID(epoch: epoch, shard: ShardID(0), number: number), tenant: tenant.id, callerUser: users[0].id,
            callerURI: "sip:100@acme.example", callerDisplay: "Ann \"A\" Smith, Dr.", dialled: "101",
            startedAt: WallTime(secondsSinceEpoch: startedAt))
    }
}
