import Basics
import Foundation
import Identity
import SIPMessage
import Testing

@Suite("Settings")
struct SettingTests {
    private func assigned(_ texts: [String], _ scope: SettingScope = .tenant) throws(SettingRefusal) -> TenantSettings {
        let values = try SettingAssignments(texts, scope: scope).applied(to: [:], above: TenantSettings())
        return values.applied(to: TenantSettings(), scope: scope)
    }

    private func problems(_ texts: [String], _ scope: SettingScope = .tenant) -> [String] {
        do {
            _ = try assigned(texts, scope)
            return []
        } catch { return error.problems.map(\.description) }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let text: String
        var scope: SettingScope = .tenant
        let change: @Sendable (inout TenantSettings) -> Void
        var testDescription: String { text }
    }

    static let legal: [Row] = [
        Row(text: "digest-algorithms=SHA-256, md5") { $0.digestAlgorithms = [.sha256, .md5] },
        Row(text: "digest-algorithms=sha-512-256") { $0.digestAlgorithms = [.sha512t256] },
        Row(text: "digest-without-qop=off") { $0.acceptsDigestWithoutQop = false },
        Row(text: "contact-limit=1") { $0.maxBindingsPerUser = 1 },
        Row(text: "contact-limit=64") { $0.maxBindingsPerUser = 64 },
        Row(text: "registration-min=10") { $0.minimumRegistrationSeconds = 10 },
        Row(text: "registration-max=86400") { $0.maximumRegistrationSeconds = 86_400 },
        Row(text: "registration-max-nat=2m") { $0.natRegistrationSeconds = 120 },
        Row(text: "registration-max-stream=1h") { $0.streamRegistrationSeconds = 3600 },
        Row(text: "registration-default=600s") { $0.defaultRegistrationSeconds = 600 },
        Row(text: "registration-spread=50%") { $0.registrationSpreadPercent = 50 },
        Row(text: "refuse-unsupported-path=yes") { $0.refusesUnsupportedPath = true },
        Row(text: "service-route=sip:edge.example;lr") { $0.serviceRoute = ["<sip:edge.example;lr>"] },
        Row(text: "service-route=<sip:a,b@c.example;lr>, <sips:d.example;lr>") {
            $0.serviceRoute = ["<sip:a,b@c.example;lr>", "<sips:d.example;lr>"]
        },
        Row(text: "service-route=none") { $0.serviceRoute = [] },
        Row(text: "flow-timer=0") { $0.flowTimerSeconds = 0 },
        Row(text: "keep-alive=10") { $0.keepAliveSeconds = 10 },
        Row(text: "keep-alive=0") { $0.keepAliveSeconds = 0 },
        Row(text: "keep-alive-kind=CRLF") { $0.keepAliveKind = .crlf },
        Row(text: "keep-alive-phones=all") { $0.keepAlivePhones = .all },
        Row(text: "no-answer=600") { $0.noAnswerSeconds = 600 },
        Row(text: "redirects=none") { $0.redirects = .none },
        Row(text: "redirect-limit=10") { $0.maxRedirects = 10 },
        Row(text: "session-timer=accept") { $0.sessionTimer = .accept },
        Row(text: "session-expires=90") { $0.sessionExpiresSeconds = 90 },
        Row(text: "session-min=1800") { $0.minimumSessionSeconds = 1800 },
        Row(text: "max-forwards=255") { $0.maxForwards = 255 },
        Row(text: "emergency-numbers=112,+33112,*9#") { $0.emergencyNumbers = ["112", "+33112", "*9#"] },
        Row(text: "emergency-numbers=") { $0.emergencyNumbers = [] },
        Row(text: "media-silence=3600") { $0.mediaSilenceSeconds = 3600 },
        Row(text: "codecs=PCMA, pcmu,others") { $0.codecs = ["pcma", "pcmu", "others"] },
        Row(text: "codecs=opus,g722,g729,l16", scope: .terminal) { $0.codecs = ["opus", "g722", "g729", "l16"] },
        Row(text: "transcoding=off") { $0.transcoding = false },
        Row(text: "packet-time=30") { $0.packetTime = .ms30 },
        Row(text: "encryption=required", scope: .terminal) { $0.encryption = .required },
        Row(text: "encryption=Forbidden") { $0.encryption = .forbidden },
        Row(text: "encryption=webrtc", scope: .terminal) { $0.encryption = .webrtc },
        Row(text: "dtmf=INFO", scope: .terminal) { $0.dtmf = .info },
        Row(text: "dtmf=rfc4733") { $0.dtmf = .rfc4733 },
        Row(text: "music-on-hold=off", scope: .terminal) { $0.musicOnHold = false },
        Row(text: "language=FR") { $0.language = .fr },
        Row(text: "record-calls=all", scope: .terminal) { $0.recordsCalls = .all },
        Row(text: "fax-t38=gateway", scope: .terminal) { $0.fax = .gateway },
        Row(text: "fax-t38=OFF") { $0.fax = .off },
        Row(text: "latch-any-source=on", scope: .terminal) { $0.latchAnySource = true },
        Row(text: "NO-ANSWER=5", scope: .terminal) { $0.noAnswerSeconds = 5 },
    ]

    @Test("a legal text changes its field and no other; what is shown of it is read back as the same", arguments: legal)
    func reads(_ row: Row) throws {
        var expected = TenantSettings()
        row.change(&expected)
        let settings = try assigned([row.text], row.scope)
        #expect(settings == expected)
        for setting in Setting.all(of: row.scope) {
            let value = setting.value(in: settings)
            #expect(setting.kind.accepts(value))
            let again: SettingValue = try setting.kind.value(setting.kind.text(value))
            #expect(again == value)
        }
    }

    @Test("every setting has a test of a legal value")
    func tableIsWhole() {
        let tested = Set(SettingTests.legal.map { String($0.text.prefix { $0 != "=" }).lowercased() })
        #expect(Set(Setting.all.map(\.key)) == tested)
        #expect(Set(Setting.all.map(\.key)).count == Setting.all.count)
    }

    @Test(
        "a wrong text is refused with the rule, and what is right",
        arguments: [
            ("no-anwser=30", "no-anwser: there is no such setting; did you mean \"no-answer\"?"),
            ("colour=red", "colour: there is no such setting; Keys are: digest-algorithms"),
            ("no-answer=4", "no-answer: must be from 5 to 600 seconds, not \"4\""),
            ("no-answer=11m", "no-answer: must be from 5 to 600 seconds, not \"11m\""),
            ("no-answer=99999999999999999999", "no-answer: must be from 5 to 600"),
            ("no-answer=999999999h", "no-answer: must be from 5 to 600"),
            ("no-answer=-30", "no-answer: must be from 5 to 600"),
            ("no-answer=soon", "no-answer: must be from 5 to 600 seconds, not \"soon\""),
            ("no-answer=", "no-answer: must be from 5 to 600 seconds; it is empty"),
            ("no-answer=0", "no-answer: must be from 5 to 600"),
            ("keep-alive=5", "keep-alive: must be from 10 to 3600 seconds, or 0, not \"5\""),
            ("contact-limit=65", "contact-limit: must be from 1 to 64 phones"),
            ("contact-limit=5m", "contact-limit: must be from 1 to 64 phones"),
            ("registration-spread=51", "registration-spread: must be from 0 to 50 percent"),
            (
                "keep-alive-kind=option",
                "keep-alive-kind: must be one of options, crlf, not \"option\"; did you mean \"options\"?"
            ),
            ("digest-without-qop=maybe", "digest-without-qop: must be on or off, not \"maybe\""),
            ("digest-algorithms=SHA-1", "\"SHA-1\" is not one of these"),
            ("digest-algorithms=none", "digest-algorithms: must be 1 to 3 of MD5, SHA-256, SHA-512-256"),
            ("digest-algorithms=MD5,md5", "\"MD5\" is there twice"),
            ("emergency-numbers=112,police", "\"police\" is not a number"),
            ("service-route=sip:edge.example", "\"sip:edge.example\" is not a SIP URI with the parameter lr"),
            ("service-route=<tel:+33>", "is not a SIP URI"),
            ("service-route=<sip:a;lr>\r\nX: y", "is not a SIP URI"),
            (
                "codecs=none",
                "codecs: must be 1 to 7 of opus, g722, pcma, pcmu, g729, l16, others, separated by commas, not empty"
            ),
            ("codecs=opus,speex", "\"speex\" is not one of these"),
            ("codecs=pcma,PCMA", "\"pcma\" is there twice"),
            ("transcoding=maybe", "transcoding: must be on or off"),
            ("packet-time=25", "packet-time: must be one of 10, 20, 30, 40, 60, not \"25\""),
            ("encryption=srtp", "encryption: must be one of forbidden, offered, required, webrtc"),
            ("dtmf=rfc2833", "dtmf: must be one of auto, rfc4733, inband, info"),
            ("latch-any-source=on", "latch-any-source: is a setting of single users: martinet user set"),
            ("no-answer", "no-answer: has no value; write no-answer=VALUE"),
            ("hello", "hello: is not of the form key=value"),
        ])
    func refuses(_ text: String, _ says: String) {
        let found = problems([text])
        #expect(found.count == 1)
        #expect(found.first?.contains(says) == true, "\(found)")
    }

    @Test("all that is wrong is told at once, and a setting of tenants is refused to a user")
    func tellsAll() {
        #expect(problems(["no-answer=1", "no-answer=30", "contact-limit=0", "no-answer=31"]).count == 3)
        #expect(problems(["emergency-numbers=112"], .terminal).first?.contains("martinet tenant set") == true)
    }

    @Test(
        "values that contradict each other are refused, together or with what is there",
        arguments: [
            (["registration-min=3600", "registration-max=1800"], "registration-max"),
            (["registration-min=600"], "registration-max-nat"),
            (["session-expires=120", "session-min=180"], "session-expires"),
        ])
    func refusesContradictions(_ texts: [String], _ key: String) {
        #expect(problems(texts).contains { $0.hasPrefix(key + ": (") })
    }

    @Test("a key goes back to what is above it, and a terminal's value goes before its tenant's")
    func layers() throws {
        let first = try SettingAssignments(["no-answer=30", "keep-alive=0"], scope: .tenant)
        var values = try first.applied(to: [:], above: TenantSettings())
        values = try SettingAssignments(["no-answer=default"], scope: .tenant).applied(
            to: values, above: TenantSettings())
        #expect(values.keys == ["keep-alive"])
        let tenant = Tenant(
            id: .init(1), name: "A", domains: [], settings: values.applied(to: TenantSettings(), scope: .tenant))
        var terminal = Terminal(
            id: .init(1), user: .init(1), name: "", authUsername: "", secrets: DigestSecrets(), settings: [:])
        #expect(tenant.settings(for: terminal).keepAliveSeconds == 0)
        terminal.settings["keep-alive"] = .number(20)
        #expect(tenant.settings(for: terminal).keepAliveSeconds == 20)
        #expect(tenant.settings(for: nil).keepAliveSeconds == 0)
    }

    @Test("stored values survive; what this version does not know or accept is kept and has no effect")
    func stores() throws {
        let json = """
            {"contact-limit":3,"digest-without-qop":false,"emergency-numbers":["112"],"from-the-future":"x","keep-alive-kind":"crlf",
            "no-answer":9999,"redirects":7,"latch-any-source":true}
            """
        let values = try JSONDecoder().decode(SettingValues.self, from: Data(json.utf8))
        var expected = TenantSettings()
        (expected.maxBindingsPerUser, expected.acceptsDigestWithoutQop) = (3, false)
        (expected.emergencyNumbers, expected.keepAliveKind) = (["112"], .crlf)
        #expect(values.applied(to: TenantSettings(), scope: .tenant) == expected)
        let again = try JSONDecoder().decode(SettingValues.self, from: JSONEncoder().encode(values))
        #expect(again == values && again.keys.contains("from-the-future"))
    }

    @Test("docs/guides/settings.md has the table that the settings give")
    func documentation() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appendingPathComponent("docs/guides/settings.md")
        let page = try String(contentsOf: file, encoding: .utf8)
        let (begin, end) = ("<!-- settings: begin -->\n", "<!-- settings: end -->")
        let start = try #require(page.range(of: begin)?.upperBound)
        let stop = try #require(page.range(of: end)?.lowerBound)
        if ProcessInfo.processInfo.environment["MARTINET_WRITE_DOCS"] != nil {
            try (page[..<start] + SettingsPage.text + page[stop...]).write(to: file, atomically: true, encoding: .utf8)
        } else {
            #expect(
                page[start..<stop] == SettingsPage.text,
                "write it anew: MARTINET_WRITE_DOCS=1 swift test --filter SettingTests")
        }
    }
}
