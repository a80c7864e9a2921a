/// What connectivity checks are made with (RFC 8445 §5.3). A new `localUfrag` is an ICE restart.
public struct ICEPlan: Hashable, Sendable {
    public var localUfrag: String
    public var localPassword: String
    public var remoteUfrag: String
    public var remotePassword: String
    /// The peer is a lite agent as well: nobody makes checks, and each end takes the addresses of the description (RFC 8445 §7.1).
    public var remoteIsLite: Bool

    public init(
        localUfrag: String, localPassword: String, remoteUfrag: String, remotePassword: String,
        remoteIsLite: Bool = false
    ) {
        self.localUfrag = localUfrag
        self.localPassword = localPassword
        self.remoteUfrag = remoteUfrag
        self.remotePassword = remotePassword
        self.remoteIsLite = remoteIsLite
    }
}

extension ICEPlan: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The fragments alone: passwords are never logged.
    public var description: String { "ICE \(localUfrag):\(remoteUfrag)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["localUfrag": localUfrag, "remoteUfrag": remoteUfrag]) }
}

/// What one end of ICE is known by: a=ice-ufrag and a=ice-pwd (RFC 8839 §5.4).
public struct ICECredentials: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    public var ufrag: String
    public var password: String
    public init(ufrag: String, password: String) { (self.ufrag, self.password) = (ufrag, password) }

    /// New ones, of 48 and 144 random bits, where RFC 8445 §5.3 asks for 24 and 128.
    /// - Parameter source: must be cryptographically strong in production.
    public static func random(using source: inout some RandomNumberGenerator) -> ICECredentials {
        let alphabet: [UInt8] = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        func text(_ count: Int) -> String {
            String(decoding: (0..<count).map { _ in alphabet[Int.random(in: 0..<64, using: &source)] }, as: UTF8.self)
        }
        return ICECredentials(ufrag: text(8), password: text(24))
    }

    public var description: String { "ICE \(ufrag)" }
    public var debugDescription: String { description }
}
