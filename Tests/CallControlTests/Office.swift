import Basics
import CallControl
import Identity
import SIPMessage
import SIPTransaction
import TestKit
import Testing

/// A server and registered phones on a network that loses nothing.
final class Office {
    let world: VirtualWorld
    /// By user, then by terminal.
    let phones: [[VirtualPhone]]

    /// - Parameter terminals: how many each user has; the users are 1001, 1002, …
    init(
        _ terminals: [Int] = [1, 1], settings: TenantSettings = TenantSettings(),
        shard: ShardSettings = ShardSettings(), ports: Int = 100,
        transport: SIPTransportKind = .udp, registers: Bool = true, disabling disabled: Int? = nil,
        firstTerminal: SettingValues? = nil, packets: UInt64 = 50, services: [Service] = []
    ) {
        var accounts = Accounts(terminals: terminals, settings: settings)
        if let disabled { accounts.disable(user: disabled) }
        if let firstTerminal { accounts.set(firstTerminal, ofTerminal: 0) }
        for service in services { accounts.add(service) }
        let world = VirtualWorld(
            seed: 42, accounts: accounts, settings: shard,
            media: VirtualMediaPlane(ports: ports, keepsLog: true, packets: packets))
        world.server.keepsNotes = true
        var index: Int = 0
        phones = accounts.accounts.map { own in
            own.map { account in
                let phone = VirtualPhone(account, index: index, in: world, transport: transport)
                phone.keepsMessages = true
                index += 1
                return phone
            }
        }
        self.world = world
        guard registers else { return }
        for phone in world.phones { phone.register() }
        run(1)
    }

    /// The first terminal of the first and second user.
    var alice: VirtualPhone { phones[0][0] }
    var bob: VirtualPhone { phones[1][0] }
    var server: VirtualServer { world.server }
    var record: CallRecord? { server.book.all.last }

    func run(_ seconds: Double) { world.run(for: .seconds(seconds)) }

    /// Alice calls Bob, who answers after 3 s; 5 s later both are talking.
    func talk(_ caller: CallerPlan = CallerPlan(), _ callee: CalleePlan = CalleePlan()) -> (
        alice: PhoneCall, bob: PhoneCall
    ) {
        bob.plan = callee
        let call = alice.call("1002", caller)
        run(5)
        #expect(call.state == .up)
        guard let other = bob.calls.last else { preconditionFailure("Bob was not called") }
        #expect(other.state == .up)
        return (call, other)
    }

    /// Lets registrations and calls end; then nothing may be left and no rule broken.
    func close(_ location: SourceLocation = #_sourceLocation) {
        for phone in world.phones {
            phone.stopRegistering()
            for call in phone.calls { phone.hangUp(call) }
        }
        world.run(for: .seconds(4200))
        let found: [String] =
            world.faults + server.leftovers() + server.book.faults + server.media.faults + world.checks.unsettled()
        #expect(found == [], sourceLocation: location)
        for phone in world.phones where !phone.isDead {
            #expect(
                phone.calls.allSatisfy { $0.isOver }, "\(phone.name) believes a call to be up", sourceLocation: location
            )
        }
    }
}

extension VirtualPhone {
    func requests(_ method: SIPMethod) -> [SIPMessage] { received.filter { $0.isRequest && $0.method == method } }
    func responses(_ code: Int, to method: SIPMethod = .invite) -> [SIPMessage] {
        received.filter { $0.status?.code == code && $0.method == method }
    }
    /// What the server described last to this phone.
    var lastDescription: String {
        received.last { !$0.body.isEmpty && $0.has(.contentType) }.map { String(decoding: $0.body, as: UTF8.self) }
            ?? ""
    }
}

extension PhoneCall {
    var codes: [Int] { statuses.map(\.code) }
}
