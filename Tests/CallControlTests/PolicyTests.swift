import Basics
import CallControl
import Identity
import Registration
import SIPMessage
import SIPTransaction
import TestKit
import Testing

@Suite("Who may do what, and when")
struct PolicyTests {
    @Test("nothing of one leg's addresses, Via, Call-ID, tags or product reaches the other")
    func topologyIsHidden() {
        let office = Office()
        var offer = CallerPlan()
        offer.reliability = .supported
        var plan = CalleePlan()
        (plan.isReliable, plan.earlyMediaAfter) = (true, .seconds(1))
        let (call, other) = office.talk(offer, plan)
        office.alice.perform(.hold(.sendonly), call)
        office.run(2)
        office.alice.hangUp(call)
        office.run(2)
        #expect(call.callID != other.callID)
        for message in office.bob.received {
            let text = String(decoding: message.wire, as: UTF8.self)
            #expect(!text.contains("10.77.0.1:"), "\(text)")
            #expect(!text.contains("zQmark0k"), "\(text)")
        }
        for message in office.alice.received {
            let text = String(decoding: message.wire, as: UTF8.self)
            #expect(!text.contains("zQmark1k"), "\(text)")
        }
        #expect(office.bob.requests(.invite).first?.userAgent == "Martinet")
        #expect(office.bob.requests(.invite).first?.count(of: .via) == 1)
        office.close()
    }

    /// partly: MV-CALL-04
    @Test("a caller that asks for privacy is anonymous to the callee")
    func privacy() {
        let office = Office()
        var offer = CallerPlan()
        offer.wantsPrivacy = true
        _ = office.talk(offer)
        let invite = office.bob.requests(.invite).first
        #expect(invite?.from.uri.host == "anonymous.invalid")
        #expect(invite?.has(.pAssertedIdentity) == false)
        office.close()
    }

    @Test("a wrong password is 403 for REGISTER and INVITE, and places no call")
    func wrongPassword() {
        let office = Office(registers: false)
        office.bob.register()
        office.alice.password = "guess"
        office.alice.register()
        office.run(2)
        #expect(office.alice.registration.statuses.map(\.code) == [401, 403])
        #expect(!office.alice.isRegistered)
        let call = office.alice.call("1002")
        office.run(2)
        #expect(call.finalStatus == .forbidden)
        #expect(office.bob.calls.isEmpty)
        #expect(office.server.book.all.isEmpty)
        office.close()
    }

    @Test("an interval below the minimum is 423 with Min-Expires, and the next one is granted")
    func intervalTooBrief() {
        let office = Office(registers: false)
        office.alice.registration.expires = 20
        office.alice.register()
        office.run(2)
        #expect(office.alice.registration.statuses.map(\.code) == [401, 423, 401, 200])
        #expect(office.alice.registration.expires == 60)
        #expect(office.alice.isRegistered)
        office.close()
    }

    @Test("the 200 to a REGISTER waits for the store, and a failed write is 500")
    func storeFirst() {
        let office = Office(registers: false)
        office.server.storeDelay = 400...400
        office.alice.register()
        office.run(0.3)
        #expect(office.alice.registration.statuses.map(\.code) == [401])
        #expect(office.server.locations.registeredCount == 0)
        office.run(1)
        #expect(office.alice.isRegistered)
        office.server.storeFailuresPerMille = 1000
        office.bob.register()
        office.run(1)
        #expect(office.bob.registration.statuses.map(\.code) == [401, 500])
        office.server.storeFailuresPerMille = 0
        office.run(20)
        #expect(office.bob.isRegistered)
        office.close()
    }

    @Test(
        "wrong passwords ban no address where a phone is registered, however long the registration",
        arguments: [(UInt32(86_400), 0), (UInt32(600), 1)])
    func registeredAddressesAreNotBanned(expires: UInt32, bans: Int) {
        var settings = TenantSettings()
        settings.maximumRegistrationSeconds = 86_400
        let office = Office(settings: settings, registers: false)
        office.alice.registration.expires = expires
        office.alice.register()
        office.run(1)
        office.alice.stopRegistering()
        // Longer than an address is trusted after any success.
        office.run(8000)
        office.alice.password = "wrong"
        for _ in 0..<55 {
            _ = office.alice.call("1002")
            office.run(10)
        }
        let told: Int = office.server.alarms.count { if case .banned = $0 { true } else { false } }
        #expect(told == bans)
    }

    @Test("a phone that unregisters is not rung any more")
    func unregistered() {
        let office = Office()
        office.bob.unregister()
        office.run(1)
        let call = office.alice.call("1002")
        office.run(1)
        #expect(call.finalStatus == .temporarilyUnavailable)
        office.close()
    }

    @Test("a registration that is not renewed ends")
    func expiry() {
        var settings = TenantSettings()
        settings.maximumRegistrationSeconds = 100
        let office = Office(settings: settings)
        office.bob.stopRegistering()
        office.run(150)
        let call = office.alice.call("1002")
        office.run(1)
        #expect(call.finalStatus == .temporarilyUnavailable)
        #expect(office.alice.isRegistered)
        office.close()
    }

    @Test(
        "messages that waited a moment are no overload: stalls that are over refuse nobody, whether others came between them or none",
        arguments: [true, false])
    func stall(othersBetween: Bool) {
        let office = Office([1, 1, 1])
        for _ in 0..<4 {
            office.server.handle(.queueDelay(.milliseconds(300)), on: 0)
            let call = office.alice.call("1003")
            office.run(0.4)
            if othersBetween { office.server.handle(.queueDelay(.milliseconds(100)), on: 0) }
            office.run(5)
            #expect(call.state == .up)
            office.alice.hangUp(call)
            office.run(1)
        }
        #expect(office.alice.responses(503).isEmpty)
        office.close()
    }

    @Test(
        "messages that all wait too long are overload, also where their delay changes seldom, or they are half a second apart"
    )
    func queue() {
        for (gap, delay) in [(0.1, Duration.milliseconds(150)), (0.7, .seconds(1))] {
            let office = Office([1, 1, 1])
            office.server.handle(.queueDelay(delay), on: 0)
            for _ in 0..<10 {
                office.bob.register()
                office.run(gap)
            }
            office.server.handle(.queueDelay(delay + .microseconds(1)), on: 0)
            let refused = office.alice.call("1003")
            office.run(1)
            #expect(refused.finalStatus == .serviceUnavailable)
            office.close()
        }
    }

    @Test("in overload new calls get 503 with Retry-After; what is up goes on; emergency calls pass")
    func overload() {
        var settings = TenantSettings()
        settings.emergencyNumbers = ["1002"]
        let office = Office([1, 1, 1], settings: settings)
        let (call, other) = office.talk()
        office.server.handle(.queueDelay(.milliseconds(150)), on: 0)
        office.run(0.5)
        let refused = office.alice.call("1003")
        office.alice.perform(.hold(.sendonly), call)
        office.run(1)
        #expect(refused.finalStatus == .serviceUnavailable)
        #expect(office.alice.responses(503).first?.has(.retryAfter) == true)
        #expect(office.bob.requests(.invite).count == 2)
        office.alice.hangUp(call)
        office.run(2)
        #expect(other.isOver)
        let emergency = office.phones[2][0].call("1002")
        office.run(5)
        #expect(emergency.state == .up)
        office.server.handle(.queueDelay(.milliseconds(300)), on: 0)
        office.run(200)
        #expect(office.alice.isRegistered)
        office.server.handle(.queueDelay(.zero), on: 0)
        office.close()
    }

    @Test(
        "without room for transactions calls get 503; requests in dialogs, refreshes and emergency calls have some left"
    )
    func crowded() {
        var (settings, shard) = (TenantSettings(), ShardSettings())
        settings.emergencyNumbers = ["1003"]
        shard.transactions = TransactionLimits(maximumPerSource: 1)
        let office = Office([1, 1, 1, 1], settings: settings, shard: shard)
        let (call, _) = office.talk()
        office.phones[3][0].plan.decision = .none
        let ringing = office.alice.call("1004")
        office.run(1)
        let refused = office.alice.call("1004")
        office.alice.perform(.hold(.sendonly), call)
        let registered = office.alice.registration.statuses.count
        office.alice.register()
        let emergency = office.alice.call("1003")
        office.run(5)
        #expect(refused.finalStatus == .serviceUnavailable)
        #expect(office.alice.responses(503).first?.has(.retryAfter) == true)
        #expect(office.bob.requests(.invite).count == 2)
        #expect(office.alice.registration.statuses.dropFirst(registered).map(\.code) == [401, 200])
        #expect(emergency.state == .up)
        #expect(ringing.finalStatus == nil)
        office.close()
    }

    @Test("in deep overload a phone that was not registered gets 503, one that was keeps its registration")
    func deepOverload() {
        let office = Office([1, 1], registers: false)
        office.alice.registration.expires = 100
        office.alice.register()
        office.run(1)
        office.server.handle(.queueDelay(.milliseconds(300)), on: 0)
        office.run(0.5)
        office.bob.register()
        office.run(200)
        #expect(office.bob.registration.statuses.first == .serviceUnavailable)
        #expect(office.alice.isRegistered)
        office.close()
    }

    @Test("draining refuses new calls and lets the others end by themselves")
    func drain() {
        let office = Office()
        let (call, _) = office.talk()
        office.server.handle(.drain, on: 0)
        let refused = office.bob.call("1001")
        office.run(2)
        #expect(refused.finalStatus == .serviceUnavailable)
        #expect(call.state == .up)
        office.close()
    }

    @Test("stopping ends every call, ringing or up, and settles its record")
    func shutDown() {
        let office = Office([1, 1, 1])
        let (call, other) = office.talk()
        office.phones[2][0].plan.decision = .none
        let ringing = office.alice.call("1003")
        office.run(1)
        office.server.handle(.shutDown, on: 0)
        office.run(2)
        #expect(call.isOver)
        #expect(other.isOver)
        #expect(ringing.finalStatus == .serviceUnavailable)
        #expect(office.server.book.open.isEmpty)
        office.close()
    }

    @Test("a request in a dialog that is not there is 481")
    func strayRequest() throws {
        let office = Office()
        var builder = SIPMessageBuilder(request: .bye, uri: try SIPURI("sip:1002@198.51.100.1"))
        builder.add(try Via(transport: "UDP", host: "10.77.0.1", port: 5060, branch: "z9hG4bKstray"))
        builder.addMaxForwards(70)
        builder.addFrom(try NameAddress("<sip:1001@pbx.example>;tag=a"))
        builder.addTo(try NameAddress("<sip:1002@pbx.example>;tag=b"))
        builder.addCallID("stray")
        builder.add(.cseq, "1 BYE")
        office.alice.inject(try builder.finish())
        office.run(1)
        #expect(office.alice.received.last?.status == .callTransactionDoesNotExist)
        office.close()
    }
}
