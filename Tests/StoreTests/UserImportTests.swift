import Basics
import CallControl
import Identity
import Store
import Testing

@Suite struct UserImportTests {
    private static let tenant = Tenant(id: TenantID(1), name: "acme", domains: ["acme.example"])
    private static let directory = Directory(
        tenants: [tenant], users: [User(id: UserID(1), tenant: TenantID(1), extension: "100", displayName: "x")])

    private func problems(_ csv: String) -> [String] {
        do {
            _ = try UserImport(csv: Array(csv.utf8), into: UserImportTests.tenant, of: UserImportTests.directory)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test("columns stand in any order; names and usernames may be left out")
    func reads() throws {
        let csv =
            "\u{FEFF}password,Extension,name,username\r\n\"top,secret\"\"1\",201,\"Zoë, A.\",zoe\r\nanother-one,202,,\r\n"
        let users = try UserImport(csv: Array(csv.utf8), into: UserImportTests.tenant, of: UserImportTests.directory)
            .users
        #expect(users.map(\.extension) == ["201", "202"])
        #expect(users.map(\.displayName) == ["Zoë, A.", "202"])
        #expect(users.map(\.authUsername) == ["zoe", "202"])
        #expect(users.map(\.password) == ["top,secret\"1", "another-one"])
    }

    @Test(
        "what is wrong is told with its line and column",
        arguments: [
            ("", ["line 1, column 1: the file is empty; its first line must name the columns"]),
            ("extension,password\n", ["line 2, column 1: there is no user in the file"]),
            (
                "extension,pasword\n1,2\n",
                [
                    "line 1, column 11: unknown column \"pasword\"; known are extension, password, name, username",
                    "line 1, column 1: the column \"password\" is missing",
                ]
            ),
            (
                "extension,password\n201,quite-secret\n20 2,quite-secret\n",
                ["line 3, column 1: extension: may hold digits, ASCII letters and *#._- only"]
            ),
            ("extension,password\n201,short\n", ["line 2, column 5: password: must be 8 to 128 characters long"]),
            (
                "extension,password\n100,quite-secret\n",
                ["line 2, column 1: extension: must be unique in the tenant; \"100\" exists"]
            ),
            (
                "extension,password\n201,quite-secret\n201,quite-secret\n",
                ["line 3, column 1: extension: must be unique; line 2 has \"201\" too"]
            ),
            ("extension,password\n201\n", ["line 2, column 1: 1 fields where the first line names 2"]),
            ("extension,password\n201,\"never closed\n", ["line 2, column 5: the quotation mark is never closed"]),
            (
                "extension,password\n201,a\"b\n",
                ["line 2, column 6: a quotation mark inside a field needs the whole field in quotation marks"]
            ),
        ])
    func refusals(csv: String, expected: [String]) {
        #expect(problems(csv) == expected)
    }

    @Test("a record is exported as one CSV line and as one JSON object")
    func export() throws {
        var record = CallRecord(
            id: CallID(epoch: 5, shard: ShardID(1), number: 9), tenant: TenantID(1), callerUser: UserID(4),
            callerURI: "sip:100@a.example",
            callerDisplay: "Ann \"A\", Dr.", dialled: "101", startedAt: WallTime(secondsSinceEpoch: 0))
        record.answeredAt = WallTime(secondsSinceEpoch: 2)
        record.endedAt = WallTime(microsecondsSinceEpoch: 5_250_000)
        (record.outcome, record.hangupBy, record.sipStatus) = (.answered, .caller, 200)
        record.media = [LegMediaFacts(leg: 0, packetsIn: 7)]
        #expect(
            CallRecordExport.csvLine(record)
                == "5-1-9,1,4,sip:100@a.example,\"Ann \"\"A\"\", Dr.\",101,,,1970-01-01T00:00:00.000000Z,,1970-01-01T00:00:02.000000Z,"
                + "1970-01-01T00:00:05.250000Z,3.250,answered,caller,200,,"
                + "\"[{\"\"leg\"\":0,\"\"packetsIn\"\":7,\"\"packetsOut\"\":0,\"\"packetsLost\"\":0,\"\"jitterMicroseconds\"\":0}]\",,\r\n"
        )
        #expect(
            CallRecordExport.json(record)
                == "{\"call\":\"5-1-9\",\"tenantId\":1,\"callerUserId\":4,\"callerUri\":\"sip:100@a.example\","
                + "\"callerName\":\"Ann \\\"A\\\", Dr.\",\"dialled\":\"101\",\"startedAt\":\"1970-01-01T00:00:00.000000Z\","
                + "\"answeredAt\":\"1970-01-01T00:00:02.000000Z\",\"endedAt\":\"1970-01-01T00:00:05.250000Z\",\"talkSeconds\":3.250,"
                + "\"outcome\":\"answered\",\"hangupBy\":\"caller\",\"sipStatus\":200,"
                + "\"media\":[{\"leg\":0,\"packetsIn\":7,\"packetsOut\":0,\"packetsLost\":0,\"jitterMicroseconds\":0}]}"
        )
        let columns = CallRecordExport.csvHeader.split(separator: ",").count
        #expect(try CSV.read(Array(CallRecordExport.csvLine(record).utf8)).first?.fields.count == columns)
    }
}
