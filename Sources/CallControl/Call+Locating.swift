internal import Basics
internal import SIPMessage
internal import SIPTransaction

/// Destinations that have a name (RFC 3263).
extension Call {
    /// Rings a SIP address that is none of ours.
    mutating func offer(outside uri: SIPURI, redirections: [Redirection], in env: inout CallEnvironment) {
        var leg = makeLeg(target: Call.unknownTarget, in: &env)
        leg.redirections = redirections
        leg.requestURI = uri
        leg.destination = uri.addressOfRecord.description
        legs.append(leg)
        locate(uri, leg: legs.count - 1, in: &env)
    }

    /// Asks where `uri` leads; ``located(_:leg:in:)`` goes on.
    mutating func locate(_ uri: SIPURI, leg index: Int, in env: inout CallEnvironment) {
        legs[index].stage = .locating
        legs[index].target = Call.unknownTarget
        armNoAnswer(index, in: env)
        env.effects.append(.locate(uri, leg: UInt16(index)))
    }

    /// Until the answer is there, nothing is sent.
    private static let unknownTarget: SIPTarget = .address(
        .udp, IPEndpoint(IPAddress(v4: 0), 0), listener: ListenerID(0), serverName: nil)

    mutating func located(_ outcome: LocationOutcome, leg index: Int, in env: inout CallEnvironment) {
        guard index < legs.count, legs[index].stage == .locating else { return }
        var found: [Leg.Alternative] = []
        switch outcome {
        case .found(let places):
            for place in places {
                let remote = place.target.remote
                guard !env.addresses.isOwn(remote.address, port: remote.port) else {
                    note("\(remote) is ourselves: a loop, not tried", leg: index, in: &env)
                    continue
                }
                found.append(
                    Leg.Alternative(
                        target: place.target, requestURI: legs[index].requestURI, path: legs[index].path,
                        onlyAbove: place.onlyAbove, isLocated: true))
            }
        case .nowhere: note("the name leads nowhere", leg: index, in: &env)
        case .unanswered: note("DNS gave no answer", leg: index, in: &env)
        }
        legs[index].alternatives.insert(contentsOf: found, at: 0)
        guard !legs[index].alternatives.isEmpty else {
            legs[index].stage = .calling  // A leg that failed before its first message.
            return branchFailed(
                index, status: outcome == .unanswered ? .serviceUnavailable : .temporarilyUnavailable, in: &env)
        }
        legs[index].stage = .calling
        tryNext(index, in: &env)
        sendInvite(index, in: &env)
    }

    /// Turns to the next way to the leg's party; there must be one.
    mutating func tryNext(_ index: Int, in env: inout CallEnvironment) {
        let next = legs[index].alternatives.removeFirst()
        (legs[index].target, legs[index].isLocated) = (next.target, next.isLocated)
        legs[index].onlyAbove = next.onlyAbove
        (legs[index].requestURI, legs[index].path) = (next.requestURI ?? legs[index].requestURI, next.path)
        if !next.shownHost.isEmpty { legs[index].shownHost = next.shownHost }
        note("trying \(next.target.transport.rawValue) \(next.target.remote)", leg: index, in: &env)
    }

    /// How a request of ours on a leg is delivered.
    struct Way {
        /// Where it goes when not to the leg's target, to be located.
        var hop: SIPURI?
        var isLocated = false
        /// There are further places to try.
        var hasAlternatives = false
    }

    /// Mutating for the reason ``posture()`` is.
    mutating func way(of request: SIPMessage, leg index: UInt16) -> Way {
        guard Int(index) < legs.count else { return Way() }
        var way = Way()
        way.isLocated = legs[Int(index)].isLocated
        way.hasAlternatives = !legs[Int(index)].alternatives.isEmpty
        guard way.isLocated || legs[Int(index)].isFlowGone, request.toTag != nil else { return way }
        // The first Route, else the Request-URI (RFC 3261 §8.1.2).
        guard let uri = (try? request.routes())?.first?.uri ?? request.requestURI, uri.isSIP else { return way }
        if way.isLocated || uri.isLocatable { way.hop = uri }
        return way
    }
}
