public import Basics
public import SIPMessage
public import SIPTransaction

/// Decides what a REGISTER changes and how it is answered (RFC 3261 §10.3, with RFC 3327, 3608, 5626 and 5627).
///
/// The request is authenticated and its address-of-record resolved before. A request changes all it asks for or nothing.
public struct Registrar: Sendable {
    public let settings: RegistrarSettings

    public init(settings: RegistrarSettings = RegistrarSettings()) { self.settings = settings }

    /// Judges one REGISTER and stages its changes in `table`.
    /// - Parameters:
    ///   - flow: how it came; requests to the phone go back over it.
    ///   - terminal: the account that was authenticated.
    ///   - random: spreads the expiry, and makes temporary GRUUs.
    /// - Returns: an answer to give at once, or changes to write first. Each `.store` must be followed by
    ///   ``LocationTable/commit(_:)`` or ``LocationTable/abandon(_:)``.
    public func process(
        _ request: SIPMessage, over flow: SIPFlow, for aor: AddressOfRecord, terminal: TerminalID,
        in table: LocationTable,
        now: Moment, wall: WallTime, random: inout AnyRandom
    ) -> RegisterOutcome {
        var source = random
        defer { random = source }
        do throws(RegisterRefusal) {
            let parsed = try RegisterRequest(request)
            if settings.refusesUnsupportedPath, !parsed.path.isEmpty, !parsed.supportsPath {
                throw RegisterRefusal(.badExtension, fields: [.init(.unsupported, "path")])
            }
            var plan = RegisterPlan(
                settings: settings, request: parsed, aor: aor, flow: flow, terminal: terminal, now: now, wall: wall)
            var refusal: RegisterRefusal?
            let staged = table.stage(aor) { foreseen in
                do throws(RegisterRefusal) {
                    try plan.make(from: foreseen, random: &source)
                    return plan.changes
                } catch {
                    refusal = error
                    return []
                }
            }
            if let refusal { throw refusal }
            let reply = plan.reply(gruuKey: table.gruuKey, random: &source)
            guard let staged else { return .reply(reply) }
            return .store(staged.ticket, changes: staged.changes, then: reply)
        } catch {
            return .reply(error.reply)
        }
    }
}
