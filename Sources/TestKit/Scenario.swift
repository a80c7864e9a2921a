internal import Basics
internal import CallControl
internal import Fax
internal import Identity
internal import SIPMessage
internal import SIPTransaction

/// A world and what happens in it, all drawn from one seed: phones of every kind call each other for a while over a bad network, then
/// everything is given time to end, and nothing may be left.
package final class Scenario {
    package let seed: UInt64
    package let world: VirtualWorld
    private var random: AnyRandom
    private var users: [[VirtualPhone]] = []
    private let activeTime: Duration
    private let callCount: Int
    /// Phones have keys of many kinds.
    private let isEncrypted: Bool

    package init(seed: UInt64) {
        self.seed = seed
        var random = AnyRandom(SeededRandom(seed: seed &* 0x9E37_79B9 &+ 1))
        func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
        var tenant = TenantSettings()
        tenant.sessionExpiresSeconds = [90, 120, 300, 1800][Int.random(in: 0..<4, using: &random)]
        tenant.maximumRegistrationSeconds = 600
        tenant.noAnswerSeconds = [15, 40, 120][Int.random(in: 0..<3, using: &random)]
        tenant.maxRedirects = Int.random(in: 0...3, using: &random)
        tenant.transcoding = chance(85)
        if chance(20) {
            tenant.codecs = [["pcma", "pcmu"], ["opus", "pcma", "others"]][Int.random(in: 0...1, using: &random)]
        }
        let isEncrypted: Bool = chance(50)
        if isEncrypted {
            tenant.encryption = chance(60) ? .offered : EncryptionUse.allCases[Int.random(in: 0...3, using: &random)]
        }
        tenant.dtmf = chance(70) ? .auto : DTMFUse.allCases[Int.random(in: 0...3, using: &random)]
        tenant.fax = chance(60) ? .auto : FaxUse.allCases[Int.random(in: 0..<FaxUse.allCases.count, using: &random)]
        let counts: [Int] = (0..<Int.random(in: 3...5, using: &random)).map { _ in
            [1, 1, 2, 3][Int.random(in: 0..<4, using: &random)]
        }
        if Int.random(in: 0..<100, using: &random) < 10 { tenant.recordsCalls = .all }
        var accounts = Accounts(terminals: counts, settings: tenant)
        accounts.add(.echo)
        accounts.add(.announcement(.init(prompt: "test-call", repeats: 2)))
        accounts.add(.music(prompt: "music"))
        accounts.add(.conference(.init()))
        accounts.add(.conference(.init(pin: "5555", limit: 2)))
        let ports: Int = chance(10) ? Int.random(in: 1...8, using: &random) : 400
        var abuse = AbuseSettings()
        abuse.banThreshold = 1000
        world = VirtualWorld(
            seed: seed, accounts: accounts, shards: chance(50) ? 2 : 1, abuse: abuse,
            media: VirtualMediaPlane(ports: ports))
        world.weather = Scenario.weather(&random)
        world.server.storeDelay = chance(30) ? (chance(20) ? 1...45_000 : 1...2000) : 1...20
        world.server.storeFailuresPerMille = chance(20) ? 100 : 0
        world.server.recordFailuresPerMille = chance(20) ? 300 : 0
        activeTime = .seconds(Int.random(in: 60...1500, using: &random))
        callCount = Int.random(in: 3...12, using: &random)
        self.random = random
        self.isEncrypted = isEncrypted
        var index: Int = 0
        for user in accounts.accounts {
            users.append(
                user.map { account in
                    let phone = makePhone(account, index)
                    index += 1
                    return phone
                })
        }
    }

    private func makePhone(_ account: Accounts.Account, _ index: Int) -> VirtualPhone {
        let transport: SIPTransportKind = percent(65) ? .udp : percent(60) ? .tcp : .tls
        let phone = VirtualPhone(
            account, index: index, in: world, transport: transport, isBehindNAT: percent(20), isIPv6: percent(20),
            hasInstance: percent(40), isConnected: percent(90))
        if percent(60) {
            let known: [[PhoneCodec]] = [
                [.pcma, .pcmu], [.pcmu], [.g722, .pcma], [.opus, .g722, .pcmu, .pcma], [.opus], [.g729],
                [.g729, .pcma],
                [.pcma, .opus], [.iLBC, .pcma], [.iLBC],
            ]
            phone.codecs = known[Int.random(in: 0..<known.count, using: &random)]
            phone.hasEvents = percent(70)
            phone.isStubborn = percent(40)
        }
        if percent(35) {
            phone.fax = percent(75) ? .speaks : .refusesStream
            phone.tellsFax = percent(60)
        }
        guard isEncrypted, percent(70) else { return phone }
        phone.encryption = PhoneEncryption.allCases[Int.random(in: 0..<6, using: &random)]
        phone.suites =
            [
                ["AES_CM_128_HMAC_SHA1_80", "AEAD_AES_256_GCM"], ["AES_CM_128_HMAC_SHA1_80"], ["AEAD_AES_128_GCM"],
                ["AES_CM_128_HMAC_SHA1_32", "AES_CM_128_HMAC_SHA1_80"],
            ][Int.random(in: 0..<4, using: &random)]
        return phone
    }

    private func percent(_ limit: Int) -> Bool { Int.random(in: 0..<100, using: &random) < limit }

    private func seconds(_ range: ClosedRange<Double>) -> Duration {
        .seconds(Double.random(in: range, using: &random))
    }

    private static func weather(_ random: inout AnyRandom) -> NetworkWeather {
        var weather = NetworkWeather()
        weather.shortestDelay = .milliseconds(Int.random(in: 1...40, using: &random))
        weather.longestDelay =
            weather.shortestDelay + .milliseconds([0, 20, 300, 1200][Int.random(in: 0..<4, using: &random)])
        weather.lossPerMille = [0, 0, 20, 100, 250][Int.random(in: 0..<5, using: &random)]
        weather.duplicatesPerMille = [0, 0, 50, 200][Int.random(in: 0..<4, using: &random)]
        weather.stragglersPerMille = [0, 0, 20][Int.random(in: 0..<3, using: &random)]
        return weather
    }

    // MARK: Running

    /// Plays the scenario to its end.
    /// - Returns: everything that is wrong; empty where nothing is.
    package func run() -> [String] {
        for phone in world.phones { world.after(seconds(0...5)) { phone.register() } }
        for phone in world.phones { scheduleTroubles(of: phone) }
        for _ in 0..<callCount { scheduleCall() }
        if percent(5) { world.after(seconds(20...60)) { [unowned self] in world.server.handleEverywhere(.shutDown) } }
        if percent(5) { world.after(seconds(20...60)) { [unowned self] in world.server.handleEverywhere(.drain) } }
        if percent(20) { scheduleOverload() }
        world.run(for: activeTime)
        endEverything()
        return verdict()
    }

    /// Connections that open late, break and come back or do not, second flows, broken phones and such that vanish: at any time,
    /// whatever the phone is doing.
    private func scheduleTroubles(of phone: VirtualPhone) {
        let length: Double = activeTime.inSeconds
        if phone.transport != .udp {
            world.after(seconds(0...40)) { phone.connect() }
            if phone.hasInstance, percent(50) {
                world.after(seconds(1...20)) { phone.openBackupFlow() }
                if percent(40) {
                    let pause: Duration = seconds(1...60)
                    world.after(seconds(20...length)) { phone.cutBackupFlow(reconnectAfter: pause) }
                }
            }
            let cuts: Int = percent(40) ? Int.random(in: 1...3, using: &random) : 0
            for _ in 0..<cuts {
                // Some stay away for good.
                let pause: Duration = percent(10) ? .seconds(100_000) : seconds(0...60)
                world.after(seconds(5...length)) { phone.cutConnection(reconnectAfter: pause) }
            }
        }
        if percent(4) { world.after(seconds(10...length)) { phone.die() } }
        guard percent(20) else { return }
        for _ in 0..<Int.random(in: 1...5, using: &random) {
            guard let how = VirtualPhone.Misbehaviour.allCases.randomElement(using: &random) else { continue }
            world.after(seconds(10...(length + 100))) { phone.misbehave(how) }
        }
    }

    private func scheduleOverload() {
        world.after(seconds(20...60)) { [unowned self] in world.server.handleEverywhere(.queueDelay(.milliseconds(300)))
        }
        world.after(seconds(61...90)) { [unowned self] in world.server.handleEverywhere(.queueDelay(.zero)) }
    }

    /// The phones hang up and let their registrations end; the network heals, and everything has time to be over.
    private func endEverything() {
        for phone in world.phones {
            phone.stopRegistering()
            for call in phone.calls where !call.isOver {
                world.after(seconds(0...5)) {
                    phone.cancel(call)
                    phone.hangUp(call)
                }
            }
        }
        world.run(for: .seconds(200))
        world.weather = .calm
        // A call of a dead phone ends with its session timer, a registration after its time.
        world.run(for: .seconds(2000))
    }

    private func verdict() -> [String] {
        var found: [String] =
            world.faults + world.server.leftovers() + world.server.book.faults + world.server.media.faults
        found += world.checks.unsettled()
        for phone in world.phones where !phone.isDead {
            for call in phone.calls where !call.isOver && !call.isExcused {
                found.append("\(phone.name) believes the call \(call.callID) to be up (\(call.state))")
            }
        }
        return found
    }

    // MARK: Calls

    private func scheduleCall() {
        let from: Int = Int.random(in: 0..<users.count, using: &random)
        var to: Int = Int.random(in: 0..<users.count, using: &random)
        if to == from { to = (to + 1) % users.count }
        let caller: VirtualPhone = users[from][Int.random(in: 0..<users[from].count, using: &random)]
        var number: String = users[to][0].account.extension
        if percent(4) { number = "1999" }
        if percent(8) { number = String(1800 + Int.random(in: 0..<5, using: &random)) }
        let at: Duration = seconds(8...max(9, activeTime.inSeconds * 0.7))
        var plan: CallerPlan = callerPlan()
        if caller.fax == .speaks, plan.hasOffer, percent(20) { plan.fax = percent(60) ? .alone : .beside }
        scheduleFaxes(after: at)
        let callees: [VirtualPhone] = users[to]
        let callsGRUU: Bool = percent(10)
        let taking: [CalleePlan] = callees.map { _ in calleePlan() }
        let refuses: Bool = percent(5)
        let delay: Duration = percent(30) ? seconds(0...8) : .zero
        for _ in 0..<2 {
            world.after(at + seconds(1...20)) { [unowned self] in
                world.server.media.endPlaying()
                world.server.reportMedia()
            }
        }
        world.after(at) {
            for (phone, plan) in zip(callees, taking) {
                phone.plan = plan
                phone.manners.refusesChanges = refuses ? .notAcceptableHere : nil
                phone.manners.changeDelay = delay
            }
            if callsGRUU { plan.target = callees[0].publicGRUU }
            caller.call(number, plan)
            // Both sides may change the session at once.
            for step in plan.actions where step.action == .hold(.sendonly) {
                for phone in callees {
                    caller.world.after(.seconds(3) + step.after) {
                        phone.calls.last.map { phone.perform(.refresh, $0) }
                    }
                }
            }
        }
    }

    /// Faxes are heard, and some go through gateways: well, badly, or not at all.
    private func scheduleFaxes(after at: Duration) {
        guard percent(50) else { return }
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let heard: Duration = at + seconds(0...60)
            let (runs, ends): (Duration, Duration) = (heard + seconds(0...20), heard + seconds(10...60))
            var figures = FaxFigures()
            figures.result = percent(70) ? .completed : .broken
            figures.pages = 2
            world.after(heard) { [unowned self] in
                world.server.media.hearFaxes()
                world.server.reportMedia()
            }
            for (time, told) in [(runs, FaxFigures.Result.running), (ends, figures.result)] where percent(85) {
                figures.result = told
                let figures: FaxFigures = figures
                world.after(time) { [unowned self] in
                    world.server.media.reportFaxes(figures)
                    world.server.reportMedia()
                }
            }
        }
    }

    private func callerPlan() -> CallerPlan {
        var plan = CallerPlan()
        plan.hasOffer = !percent(15)
        plan.reliability = percent(30) ? .supported : percent(8) ? .required : .none
        plan.timer = timerPlan()
        plan.hasVideo = percent(15)
        plan.allowsUpdate = percent(70)
        if percent(20) { plan.cancelAfter = seconds(0...12) }
        if percent(30) { plan.earlyUpdateAfter = seconds(0...2) }
        plan.wantsPrivacy = percent(10)
        plan.actions = actions(includesEnd: percent(60))
        return plan
    }

    private func calleePlan() -> CalleePlan {
        var plan = CalleePlan()
        plan.decision = decision()
        plan.ringsAfter = percent(85) ? seconds(0...1) : nil
        if percent(30) { plan.earlyMediaAfter = seconds(0...3) }
        plan.isReliable = percent(40)
        plan.timer = timerPlan()
        plan.allowsUpdate = percent(70)
        plan.refusesVideo = percent(60)
        plan.answersOnCancel = percent(10)
        plan.forks = percent(8)
        plan.answersTwice = percent(50)
        plan.describesInProvisionalOnly = percent(5)
        plan.actions = actions(includesEnd: percent(60))
        return plan
    }

    private func decision() -> CalleePlan.Decision {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<62: return .answer(seconds(0...12))
        case 62..<80:
            let codes: [SIPStatus] = [
                .busyHere, .decline, .temporarilyUnavailable, .notFound, .serverInternalError, .busyEverywhere,
                .serviceUnavailable,
            ]
            return .reject(codes[Int.random(in: 0..<codes.count, using: &random)], seconds(0...4))
        case 80..<88:
            return .redirect(String(1001 + Int.random(in: 0...users.count, using: &random)), seconds(0...3))
        case 88..<95: return .none
        default: return .silence
        }
    }

    private func timerPlan() -> TimerPlan {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: .none
        case 1: .supported
        default: .asks([90, 90, 200, 1800][Int.random(in: 0..<4, using: &random)], refresherIsSelf: percent(50))
        }
    }

    private func actions(includesEnd: Bool) -> [TimedAction] {
        var actions: [TimedAction] = []
        for _ in 0..<Int.random(in: 0...4, using: &random) { actions.append(TimedAction(seconds(0...60), action())) }
        let talk: Duration = percent(20) ? seconds(100...900) : seconds(0...70)
        if includesEnd { actions.append(TimedAction(talk, percent(94) ? .bye : percent(50) ? .die : .reboot)) }
        return actions
    }

    private func action() -> MidCallAction {
        switch Int.random(in: 0..<23, using: &random) {
        case 19, 20: .fax(beside: percent(30))
        case 21, 22: .speech
        case 0, 1: .hold(.sendonly)
        case 2: .hold(.inactive)
        case 3: .hold(.zeroAddress)
        case 4, 5: .resume
        case 6: .offerless
        case 7: .refresh
        case 8: .update(withOffer: true)
        case 9: .update(withOffer: false)
        case 10: .info
        case 11: .message
        case 12: .options
        case 13: .addVideo
        case 14, 15: .key
        case 16, 17: .rekey
        default: .cutConnection
        }
    }
}
