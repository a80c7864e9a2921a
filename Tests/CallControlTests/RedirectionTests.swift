import Basics
import CallControl
import Identity
import SIPMessage
import TestKit
import Testing

@Suite("Redirections told: History-Info (RFC 7044) and Diversion (RFC 5806)")
struct RedirectionTests {
    /// Users 1001 (who calls 1002) to 1006; each but the first redirects to the next, as far as `steps` go.
    private func office(steps: Int, settings: TenantSettings = TenantSettings()) -> Office {
        let office = Office(Array(repeating: 1, count: 6), settings: settings)
        for step in 0..<steps {
            office.phones[step + 1][0].plan.decision = .redirect(String(1003 + step), .milliseconds(200))
        }
        return office
    }

    private func invite(_ user: Int, _ office: Office) throws -> SIPMessage {
        try #require(office.phones[user - 1001][0].requests(.invite).first)
    }

    @Test("a chain of three: every step by index and cause, the last diversion first")
    func chainOfThree() throws {
        let office = office(steps: 3)
        office.phones[1][0].plan.diversion = "<sip:1002@pbx.example>;reason=unconditional"
        office.phones[2][0].plan.diversion = "<sip:1003@pbx.example>;reason=user-busy"
        // 1004 rings before it redirects; 1003 redirects before it would ring.
        office.phones[1][0].plan.ringsAfter = nil
        office.phones[2][0].plan.ringsAfter = nil
        let call = office.alice.call("1002")
        office.run(8)
        #expect(call.state == .up)
        let message = try invite(1005, office)
        #expect(
            message.list(.historyInfo) == [
                "<sip:1002@pbx.example?Reason=SIP%3Bcause%3D302>;index=1",
                "<sip:1003@pbx.example;cause=302?Reason=SIP%3Bcause%3D302>;index=1.1;mp=1",
                "<sip:1004@pbx.example;cause=486?Reason=SIP%3Bcause%3D302>;index=1.1.1;mp=1.1",
                "<sip:1005@pbx.example;cause=487>;index=1.1.1.1;mp=1.1.1",
            ])
        #expect(
            message.list(.diversion) == [
                "<sip:1004@pbx.example>;reason=deflection;counter=1",
                "<sip:1003@pbx.example>;reason=user-busy;counter=1",
                "<sip:1002@pbx.example>;reason=unconditional;counter=1",
            ])
        #expect(try message.historyInfo().map { $0.reason?.cause } == [302, 302, 302, nil])
        // Nobody before the last knows of what came later.
        #expect(try invite(1003, office).list(.diversion).count == 1)
        #expect(try !invite(1002, office).has(.historyInfo))
        #expect(office.record?.dialled == "1002")
        office.close()
    }

    @Test("who redirects with privacy, and a caller that asks for privacy of the history, leave no name")
    func privacy() throws {
        let office = office(steps: 2)
        office.phones[1][0].plan.diversion = "<sip:1002@pbx.example>;reason=no-answer;privacy=full"
        office.alice.call("1002")
        office.run(6)
        let message = try invite(1004, office)
        #expect(
            message.list(.historyInfo).first
                == "<sip:anonymous@anonymous.invalid?Reason=SIP%3Bcause%3D302&Privacy=history>;index=1")
        #expect(
            message.list(.diversion).last
                == "<sip:anonymous@anonymous.invalid>;reason=no-answer;counter=1;privacy=full")
        #expect(message.list(.diversion).first?.hasPrefix("<sip:1003@pbx.example>") == true)
        office.close()
        let other = self.office(steps: 2)
        var plan = CallerPlan()
        plan.fields = ["Privacy: history"]
        other.alice.call("1002", plan)
        other.run(6)
        let hidden = try invite(1004, other)
        #expect(hidden.from.uri.user == "1001")
        for line in hidden.list(.historyInfo).dropLast() + hidden.list(.diversion) {
            #expect(line.hasPrefix("<sip:anonymous@anonymous.invalid"), "\(line)")
        }
        other.close()
    }

    @Test("redirections are bounded, however many phones redirect, and never lead back")
    func bounded() {
        var settings = TenantSettings()
        settings.maxRedirects = 2
        let office = office(steps: 4, settings: settings)
        let call = office.alice.call("1002")
        office.run(6)
        #expect(call.finalStatus == .temporarilyUnavailable)
        #expect(office.phones[3][0].calls.count == 1)
        #expect(office.phones[4][0].calls.isEmpty)
        office.close()
        let circle = Office([1, 1, 1, 1])
        for (index, next) in [(1, "1003"), (2, "1004"), (3, "1002")] {
            circle.phones[index][0].plan.decision = .redirect(next, .milliseconds(100))
        }
        let turning = circle.alice.call("1002")
        circle.run(6)
        #expect(turning.finalStatus == .temporarilyUnavailable)
        #expect(circle.phones.map { $0[0].calls.count } == [1, 1, 1, 1])
        circle.close()
    }

    struct Told: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let fields: [String]
        let history: [String]
        let diversion: [String]
    }

    private static let own: [String] = [
        "<sip:1003@pbx.example?Reason=SIP%3Bcause%3D302>;index=1",
        "<sip:1001@pbx.example;cause=486?Reason=SIP%3Bcause%3D302>;index=1.1;mp=1",
        "<sip:1002@pbx.example;cause=408>;index=1.1.1;mp=1.1",
    ]

    @Test(
        "what a phone that forwards by itself tells is passed on where its own user redirected last, and of users of the tenant",
        arguments: [
            Told(
                testDescription: "Diversion, most recent first",
                fields: [
                    "Diversion: <sip:1001@pbx.example>;reason=no-answer, <sip:1003@198.51.100.1>;reason=user-busy;counter=1"
                ], history: own,
                diversion: [
                    "<sip:1001@pbx.example>;reason=no-answer;counter=1",
                    "<sip:1003@pbx.example>;reason=user-busy;counter=1",
                ]),
            Told(
                testDescription: "History-Info goes before Diversion",
                fields: [
                    "History-Info: <sip:1003@pbx.example?Reason=SIP%3Bcause%3D302>;index=1, "
                        + "<sip:1001@pbx.example;cause=486?Reason=SIP%3Bcause%3D302>;index=1.1;mp=1, "
                        + "<sip:1002@pbx.example;cause=408>;index=1.1.1;mp=1.1",
                    "Diversion: <sip:1001@pbx.example>;reason=away",
                ], history: own,
                diversion: [
                    "<sip:1001@pbx.example>;reason=no-answer;counter=1",
                    "<sip:1003@pbx.example>;reason=user-busy;counter=1",
                ]),
            Told(
                testDescription: "another user's redirection is not the caller's to tell",
                fields: ["Diversion: <sip:1003@pbx.example>;reason=no-answer"], history: [], diversion: []),
            Told(
                testDescription: "foreign hosts and unknown users are left out",
                fields: [
                    "Diversion: <sip:1001@pbx.example>;reason=no-answer, <sip:boss@bank.example>;reason=away, <sip:1999@pbx.example>"
                ],
                history: [
                    "<sip:1001@pbx.example?Reason=SIP%3Bcause%3D302>;index=1",
                    "<sip:1002@pbx.example;cause=408>;index=1.1;mp=1",
                ], diversion: ["<sip:1001@pbx.example>;reason=no-answer;counter=1"]),
            Told(
                testDescription: "what can't be read is left out", fields: ["Diversion: <<>", "History-Info: ;;"],
                history: [], diversion: []),
        ])
    func told(_ row: Told) throws {
        let office = Office([1, 1, 1])
        var plan = CallerPlan()
        plan.fields = row.fields
        office.alice.call("1002", plan)
        office.run(1)
        let message = try #require(office.bob.requests(.invite).first)
        #expect(message.list(.historyInfo) == row.history)
        #expect(message.list(.diversion) == row.diversion)
        office.close()
    }

    @Test(
        "phones that forward to each other by calls of their own are stopped by 482 once there were more than allowed")
    func loopOfCalls() throws {
        let office = Office([1, 1])
        var plan = CallerPlan()
        let step = "<sip:1001@pbx.example>;reason=unconditional, <sip:1002@pbx.example>;reason=unconditional"
        plan.fields = ["Diversion: \(step), \(step), \(step)"]
        let call = office.alice.call("1002", plan)
        office.run(2)
        #expect(call.finalStatus == .loopDetected)
        #expect(office.bob.calls.isEmpty)
        plan.fields = [
            "Diversion: " + Array(repeating: "<sip:1001@pbx.example>;reason=away", count: 200).joined(separator: ",")
        ]
        #expect(office.alice.call("1002", plan).finalStatus == nil)
        office.run(2)
        #expect(office.alice.calls.last?.finalStatus == .loopDetected)
        office.close()
    }
}
