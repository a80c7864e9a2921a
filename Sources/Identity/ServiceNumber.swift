public import Basics

/// A number of a tenant that the server itself answers.
public struct ServiceNumber: Hashable, Sendable, Identifiable {
    public let id: ServiceNumberID
    public let tenant: TenantID
    /// What is dialled; no user of the tenant has it.
    public let `extension`: String
    public let service: Service

    public init(id: ServiceNumberID, tenant: TenantID, extension: String, service: Service) {
        (self.id, self.tenant, self.extension, self.service) = (id, tenant, `extension`, service)
    }
}

/// What the server does for who calls one of its numbers.
public enum Service: Hashable, Sendable {
    /// Sends back what it hears, so that a phone, its network and their delay can be judged by ear.
    case echo
    /// Says something, then hangs up.
    case announcement(Announcement)
    /// Plays music for as long as it is listened to.
    case music(prompt: String)
    /// Those who call it talk to each other.
    case conference(Conference)

    public struct Announcement: Hashable, Sendable {
        /// Of the catalogue, or `upload/NAME`.
        public var prompt: String
        /// 1 ... 100 times, with a pause of a second between.
        public var repeats: Int

        public init(prompt: String, repeats: Int = 1) { (self.prompt, self.repeats) = (prompt, repeats) }
    }

    public struct Conference: Hashable, Sendable {
        /// Digits to be entered, 4 ... 12 of them; nil lets in everybody who calls.
        public var pin: String?
        /// 2 ... 500.
        public var limit: Int
        /// Sounds a tone when somebody comes or goes.
        public var announces: Bool

        public init(pin: String? = nil, limit: Int = 50, announces: Bool = true) {
            (self.pin, self.limit, self.announces) = (pin, limit, announces)
        }
    }

    public enum Kind: String, Hashable, Sendable, CaseIterable { case echo, announcement, music, conference }

    public var kind: Kind {
        switch self {
        case .echo: .echo
        case .announcement: .announcement
        case .music: .music
        case .conference: .conference
        }
    }

    /// For people: `conference with a PIN, up to 50`.
    public var summary: String {
        switch self {
        case .echo: "echo test"
        case .announcement(let what):
            "announcement \(what.prompt)" + (what.repeats > 1 ? ", \(what.repeats) times" : "")
        case .music(let prompt): "music \(prompt)"
        case .conference(let room): "conference\(room.pin == nil ? "" : " with a PIN"), up to \(room.limit)"
        }
    }
}

/// A service number to be made; a value that exists keeps the rules below.
public struct NewServiceNumber: Hashable, Sendable {
    /// 1 ... 16 of digits, ASCII letters, `*`, `#`, `.`, `_` and `-`.
    public let `extension`: String
    public let service: Service

    /// - Throws: ``ProvisioningError`` for the first rule that is broken.
    public init(extension: String, service: Service) throws(ProvisioningError) {
        try NewUser.check(`extension`, .extension, longest: 16, extra: "*#._-")
        switch service {
        case .echo: break
        case .announcement(let what):
            try NewServiceNumber.check(prompt: what.prompt)
            guard (1...100).contains(what.repeats) else {
                throw ProvisioningError(.service, "must be said 1 to 100 times")
            }
        case .music(let prompt): try NewServiceNumber.check(prompt: prompt)
        case .conference(let room):
            if let pin = room.pin {
                guard (4...12).contains(pin.utf8.count), pin.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                    throw ProvisioningError(.service, "must have a PIN of 4 to 12 digits")
                }
            }
            guard (2...500).contains(room.limit) else {
                throw ProvisioningError(.service, "must be for 2 to 500 participants")
            }
        }
        (self.extension, self.service) = (`extension`, service)
    }

    private static func check(prompt: String) throws(ProvisioningError) {
        guard (1...128).contains(prompt.utf8.count), !NewUser.hasControl(prompt) else {
            throw ProvisioningError(.service, "must name a prompt of 1 to 128 characters")
        }
    }

    /// Checks that nothing of `tenant` has the number yet.
    public func check(isNewIn tenant: Tenant, of directory: Directory) throws(ProvisioningError) {
        guard directory.user(in: tenant.id, extension: `extension`) == nil else {
            throw ProvisioningError(.extension, "must be unique in the tenant; \"\(`extension`)\" is a user")
        }
        guard directory.service(in: tenant.id, extension: `extension`) == nil else {
            throw ProvisioningError(.extension, "must be unique in the tenant; \"\(`extension`)\" exists")
        }
    }
}
