internal import Basics

/// How badly the virtual network treats datagrams; connections only take time.
package struct NetworkWeather: Hashable, Sendable {
    /// Of 1000 datagrams, how many are lost.
    package var lossPerMille: Int = 0
    /// Of 1000 datagrams, how many arrive twice.
    package var duplicatesPerMille: Int = 0
    /// Every message takes between these; datagrams overtake each other where they differ.
    package var shortestDelay: Duration = .milliseconds(5)
    package var longestDelay: Duration = .milliseconds(5)
    /// Of 1000 datagrams, how many take up to `straggle` longer.
    package var stragglersPerMille: Int = 0
    package var straggle: Duration = .seconds(3)

    package init() {}

    /// Nothing is lost and nothing is overtaken.
    package static let calm = NetworkWeather()

    /// The delays of the copies of one datagram that arrive; none where it is lost.
    func fates(using random: inout AnyRandom) -> [Duration] {
        if lossPerMille > 0, Int.random(in: 0..<1000, using: &random) < lossPerMille { return [] }
        var fates: [Duration] = [delay(using: &random)]
        if duplicatesPerMille > 0, Int.random(in: 0..<1000, using: &random) < duplicatesPerMille {
            fates.append(delay(using: &random))
        }
        return fates
    }

    func delay(using random: inout AnyRandom) -> Duration {
        let shortest: Int64 = shortestDelay.wholeNanoseconds
        let longest: Int64 = max(longestDelay.wholeNanoseconds, shortest)
        var delay: Int64 = shortest == longest ? shortest : Int64.random(in: shortest...longest, using: &random)
        if stragglersPerMille > 0, Int.random(in: 0..<1000, using: &random) < stragglersPerMille {
            delay += Int64.random(in: 0...max(1, straggle.wholeNanoseconds), using: &random)
        }
        return .nanoseconds(delay)
    }
}
