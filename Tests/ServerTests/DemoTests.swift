import Basics
import Foundation
import Identity
import Server
import Store
import Testing

@Suite("demo folder")
struct DemoTests {
    private let folder = TestFolder()
    private var random = AnyRandom(SeededRandom(seed: 7))

    private func options(_ users: Int = 3, domain: String = "192.0.2.1") -> Demo.Options {
        var options = Demo.Options(domain: domain)
        options.users = users
        return options
    }

    @Test(
        "an empty folder gets a default tenant, users that log in with the passwords written down, and nothing others can read"
    )
    mutating func makesUsers() throws {
        let demo = try Demo.prepare(folder: folder.path, options: options(), random: &random)
        #expect(demo.isNew && demo.accounts.map(\.extension) == ["1001", "1002", "1003"])
        #expect(Set(demo.accounts.map(\.password)).count == 3 && demo.accounts.allSatisfy { $0.password.count == 16 })
        let lines = try folder.text("demo-credentials.csv").split(whereSeparator: \.isNewline)
        #expect(lines.first == "extension,username,password,domain")
        #expect(
            lines.dropFirst().map { String($0) }
                == demo.accounts.map { "\($0.extension),\($0.username),\($0.password),192.0.2.1" })
        #expect(try folder.mode("demo-credentials.csv") == 0o600)
        #expect(try folder.mode("martinet.sqlite") == 0o600)

        let directory = try Database(folder: folder.path).loadDirectory()
        let tenant = try #require(directory.defaultTenant)
        #expect(tenant.name == "demo" && tenant.realm == "demo.martinet")
        for account in demo.accounts {
            let terminal = try #require(directory.terminal(in: tenant.id, authUsername: account.username))
            #expect(
                terminal.secrets
                    == DigestSecrets(username: account.username, realm: tenant.realm, password: account.password))
        }
    }

    @Test("a second start finds the same users and passwords, whatever number is asked for")
    mutating func findsUsersAgain() throws {
        let first = try Demo.prepare(folder: folder.path, options: options(), random: &random)
        let text = try folder.text("demo-credentials.csv")
        let second = try Demo.prepare(folder: folder.path, options: options(9), random: &random)
        #expect(!second.isNew && second.userCount == 3 && second.accounts == first.accounts)
        #expect(try folder.text("demo-credentials.csv") == text)
    }

    @Test("when the machine's address changes the file follows, and the passwords stay")
    mutating func followsAddress() throws {
        let first = try Demo.prepare(folder: folder.path, options: options(), random: &random)
        let second = try Demo.prepare(folder: folder.path, options: options(domain: "192.0.2.9"), random: &random)
        #expect(second.accounts.map(\.password) == first.accounts.map(\.password))
        #expect(
            try folder.text("demo-credentials.csv").contains(",192.0.2.9")
                && !folder.text("demo-credentials.csv").contains(",192.0.2.1"))
        #expect(try folder.mode("demo-credentials.csv") == 0o600)
    }

    @Test("a start broken off before the file had its name is completed")
    mutating func completesBrokenStart() throws {
        let first = try Demo.prepare(folder: folder.path, options: options(), random: &random)
        let file = first.credentialsFile
        try FileManager.default.moveItem(atPath: file, toPath: file + ".new")
        let second = try Demo.prepare(folder: folder.path, options: options(), random: &random)
        #expect(second.accounts == first.accounts && FileManager.default.fileExists(atPath: file))
    }

    @Test("a start broken off before there were users is completed")
    mutating func completesEmptyTenant() throws {
        let database = try Database(folder: folder.path)
        try database.tenants.create(try NewTenant(name: "demo", domains: ["demo.martinet"]))
        let demo = try Demo.prepare(folder: folder.path, options: options(), random: &random)
        #expect(demo.isNew && demo.accounts.count == 3)
    }

    @Test("a folder that holds something else is refused and left alone")
    mutating func refusesForeignFolder() throws {
        try Data("x".utf8).write(to: URL(fileURLWithPath: "\(folder.path)/thesis.txt"))
        let error = #expect(throws: DemoError.self) {
            try Demo.prepare(folder: folder.path, options: options(), random: &random)
        }
        #expect(error?.description.contains("thesis.txt") == true && error?.description.contains("--data") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["thesis.txt"])
    }

    @Test("the folder of a server with tenants of its own is refused")
    mutating func refusesOthersServer() throws {
        let database = try Database(folder: folder.path)
        try database.tenants.create(try NewTenant(name: "acme", domains: ["acme.example"]))
        let error = #expect(throws: DemoError.self) {
            try Demo.prepare(folder: folder.path, options: options(), random: &random)
        }
        #expect(error?.description.contains("acme") == true)
        #expect(try database.loadDirectory().tenants.map(\.name) == ["acme"])
    }

    @Test(
        "numbers keep their width, and what is no number is refused before anything is made",
        arguments: [
            ("0998", ["0998", "0999", "1000"]), ("7", ["7", "8", "9"]), ("abc", []), ("", []),
            ("12345678901234567", []), ("-5", []),
        ])
    mutating func numbers(_ first: String, _ expected: [String]) throws {
        let path = folder.path + "/inner"
        var wanted = options()
        wanted.firstExtension = first
        guard expected.isEmpty else {
            #expect(
                try Demo.prepare(folder: path, options: wanted, random: &random).accounts.map(\.extension) == expected)
            return
        }
        #expect(throws: DemoError.self) { try Demo.prepare(folder: path, options: wanted, random: &random) }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test(
        "phones are pointed at the advertised address, else at the bound one",
        arguments: [
            ("data: d\nbind: 192.0.2.1\n", "192.0.2.1"),
            ("data: d\nbind: 0.0.0.0\nadvertise: 203.0.113.5\n", "203.0.113.5"),
            ("data: d\nbind: 2001:db8::1\n", "[2001:db8::1]"),
        ])
    func domain(_ yaml: String, _ expected: String) throws {
        #expect(Demo.domain(of: try ConfigurationFile.parse(yaml, file: "f")) == expected)
    }
}
