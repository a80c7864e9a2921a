import Basics
import CallControl
import Identity
import MediaSession
import SIPMessage
import TestKit
import Testing

@Suite("Digits during a call")
struct DigitTests {
    /// A call between Alice and Bob.
    private func office(
        alice: DTMFUse = .auto, bob: DTMFUse = .auto, bobHasEvents: Bool = true, aliceHasEvents: Bool = true
    ) -> (office: Office, alice: PhoneCall, bob: PhoneCall) {
        var settings = TenantSettings()
        settings.dtmf = bob
        let office = Office(settings: settings, firstTerminal: ["dtmf": .word(alice.rawValue)])
        (office.alice.hasEvents, office.bob.hasEvents) = (aliceHasEvents, bobHasEvents)
        let (call, other) = office.talk()
        return (office, call, other)
    }

    /// Keys the media plane was told to press, by leg.
    private func pressed(_ office: Office) -> [UInt16] {
        office.server.media.log.compactMap {
            if case .press(let endpoint, _, _) = $0 { endpoint.leg.index } else { nil }
        }
    }

    private func key(_ office: Office) {
        office.server.media.press("5", by: office.alice.address.address)
        office.server.reportMedia()
    }

    private func digits(_ office: Office) -> [DigitTransport] {
        office.server.media.openEndpoints.flatMap { [$0.digitsIn, $0.digitsOut] }
    }

    @Test("a digit by INFO is pressed towards a party that takes events or tones", arguments: [true, false])
    func infoToMedia(hasEvents: Bool) {
        let (office, call, _) = office(alice: .info, bobHasEvents: hasEvents)
        office.alice.perform(.info, call)
        office.run(1)
        #expect(pressed(office) == [1])
        #expect(office.bob.requests(.info).isEmpty)
        #expect(office.alice.responses(200, to: .info).count == 1)
        office.close()
    }

    @Test("between two parties of INFO it passes as it came, and the answer comes back")
    func infoToInfo() {
        let (office, call, _) = office(alice: .info, bob: .info)
        office.bob.manners.refusesINFO = true
        office.alice.perform(.info, call)
        office.run(1)
        #expect(pressed(office).isEmpty)
        #expect(office.bob.requests(.info).count == 1)
        #expect(office.alice.responses(405, to: .info).count == 1)
        office.close()
    }

    @Test("a digit in the media becomes an INFO for a party that takes those alone")
    func mediaToInfo() throws {
        let (office, _, _) = office(bob: .info)
        #expect(digits(office) == [.events, .events, .info, .info])
        key(office)
        office.run(1)
        let info = try #require(office.bob.requests(.info).first)
        #expect(info.first(.contentType) == "application/dtmf-relay")
        #expect(String(decoding: info.body, as: UTF8.self) == "Signal=5\r\nDuration=160\r\n")
        #expect(pressed(office).isEmpty)
        office.close()
    }

    @Test("between parties with events the media plane is alone with its digits")
    func mediaToMedia() {
        let (office, _, _) = office()
        key(office)
        office.run(1)
        #expect(pressed(office).isEmpty && office.bob.requests(.info).isEmpty)
        office.close()
    }

    @Test(
        "a phone that sends each digit as event and as INFO: the INFO is answered and no more",
        arguments: [true, false])
    func both(infoFirst: Bool) {
        let (office, call, _) = office()
        for round in 0..<3 {
            if infoFirst, round == 0 {
                office.alice.perform(.info, call)
                office.run(0.1)
                key(office)
            } else {
                key(office)
                office.run(0.05)
                office.alice.perform(.info, call)
            }
            office.run(1)
        }
        #expect(pressed(office).isEmpty && office.bob.requests(.info).isEmpty)
        #expect(office.alice.responses(200, to: .info).count == 3)
        #expect(digits(office).first == .events)
        office.close()
    }

    @Test(
        "a phone that agreed to events, or has tones alone, and sends INFO alone is understood from the first digit on",
        arguments: [true, false])
    func infoAlone(hasEvents: Bool) {
        let (office, call, _) = office(aliceHasEvents: hasEvents)
        for _ in 0..<3 {
            office.alice.perform(.info, call)
            office.run(1)
        }
        #expect(pressed(office) == [1, 1, 1])
        #expect(digits(office).first == .info)
        let events = office.server.media.openEndpoints.first?.incoming.contains {
            if case .telephoneEvent = $0.content { true } else { false }
        }
        #expect(events == false)
        key(office)
        office.run(1)
        #expect(pressed(office).count == 3)
        office.close()
    }

    @Test(
        "settings that want another way than INFO: it is answered and not acted on",
        arguments: [DTMFUse.rfc4733, .inband])
    func ignored(_ use: DTMFUse) {
        let (office, call, _) = office(alice: use)
        office.alice.perform(.info, call)
        office.run(1)
        #expect(office.alice.responses(200, to: .info).count == 1)
        #expect(pressed(office).isEmpty && office.bob.requests(.info).isEmpty)
        #expect(office.alice.lastDescription.contains("telephone-event") == (use == .rfc4733))
        office.close()
    }

    @Test(
        "the forms digits by INFO come in, and what can't be read",
        arguments: [
            ("application/dtmf-relay", "Signal=5\r\nDuration=250\r\n", "5", 250),
            ("application/dtmf-relay", "Signal= #\nDuration= 100\n", "#", 100),
            ("application/dtmf-relay", "signal=d\r\n", "D", 160), ("application/dtmf-relay", "Signal=10\r\n", "*", 160),
            ("application/dtmf-relay", "Signal=11\r\nDuration=1\r\n", "#", 40),
            ("application/dtmf-relay", "Signal=1\r\nDuration=65535\r\n", "1", 5000),
            ("application/dtmf-relay", "Signal=1\r\nDuration=forever\r\n", "1", 160),
            ("Application/DTMF", "7", "7", 160), ("application/dtmf", "7\r\n", "7", 160),
            ("application/dtmf", "Signal=8\r\n", "8", 160), ("application/hook-flash", "", "!", 160),
            ("application/dtmf-relay", "", nil, 400), ("application/dtmf-relay", "Signal=\r\n", nil, 400),
            ("application/dtmf-relay", "Signal=E\r\n", nil, 400), ("application/dtmf-relay", "Signal=17\r\n", nil, 400),
            ("application/dtmf-relay", "Signal=01\r\n", nil, 400), ("application/dtmf", "hello", nil, 400),
        ] as [(String, String, Character?, Int)])
    func forms(_ type: String, _ content: String, _ key: Character?, _ number: Int) {
        let (office, call, _) = office(alice: .info)
        office.alice.send(.info, type, content, call)
        office.run(1)
        let presses: [MediaCommand] = office.server.media.log.filter {
            if case .press = $0 { true } else { false }
        }
        if let key, let digit = Digit(key), let endpoint = office.server.media.openEndpoints.last?.id {
            #expect(presses == [.press(endpoint, [digit], durationMs: UInt16(number))])
            #expect(office.alice.responses(200, to: .info).count == 1)
        } else {
            #expect(presses.isEmpty)
            #expect(office.alice.responses(number, to: .info).count == 1)
        }
        #expect(office.bob.requests(.info).isEmpty)
        office.close()
    }

    @Test("an INFO about anything else passes as it came")
    func otherInfo() {
        let (office, call, _) = office(alice: .info)
        office.alice.send(.info, "application/media_control+xml", "<media_control/>", call)
        office.run(1)
        #expect(office.bob.requests(.info).first.map { String(decoding: $0.body, as: UTF8.self) } == "<media_control/>")
        office.close()
    }

    @Test("a phone that knows no INFO after all gets this digit and the next ones as tones")
    func refusedINFO() {
        let (office, _, _) = office(bob: .info)
        office.bob.manners.refusesINFO = true
        for _ in 0..<2 {
            key(office)
            office.run(1)
        }
        #expect(office.bob.requests(.info).count == 1)
        #expect(pressed(office) == [1])
        #expect(digits(office) == [.events, .events, .inBand, .inBand])
        office.close()
    }
}
