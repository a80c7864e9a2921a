import Basics
import Server
import Testing

@Suite("names and addresses of the machine")
struct OwnNamesTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let host: String
        var hosts: String = ""
        var resolver: String = ""
        let names: [String]
    }

    @Test(
        "a machine is known by its name, by what its own files call it, and by its name with the search domain",
        arguments: [
            Row(testDescription: "a name alone", host: "PBX", names: ["pbx"]),
            Row(
                testDescription: "the line of /etc/hosts with its name", host: "pbx",
                hosts:
                    "127.0.0.1\tlocalhost\n# 192.0.2.9 pbx evil\n127.0.1.1 pbx.example.com pbx # the machine\n192.0.2.1 other\n",
                names: ["pbx", "pbx.example.com"]),
            Row(
                testDescription: "the first search domain", host: "pbx",
                resolver: "nameserver 192.0.2.1\nsearch Lan.example other.example\n",
                names: ["pbx", "pbx.lan.example"]),
            Row(
                testDescription: "a full name stays as it is", host: "pbx.example.com", resolver: "search lan\n",
                names: ["pbx.example.com"]),
            Row(testDescription: "no name", host: "", hosts: "127.0.0.1 localhost\n", names: []),
            Row(testDescription: "a root domain", host: "pbx", resolver: "domain .\n", names: ["pbx"]),
        ])
    func names(_ row: Row) {
        #expect(OwnNames.names(host: row.host, hosts: row.hosts, resolver: row.resolver) == row.names)
    }
}
