/// How much a ``TransactionLayer`` holds before it turns requests away.
public struct TransactionLimits: Hashable, Sendable {
    /// Transactions in progress, of both sides; beyond, new requests are ``TransactionEffect/overloaded(_:_:)``. Requests within a
    /// dialog, as turning them away frees nothing, and those the driver exempts have an eighth more.
    public var maximumActive: Int
    /// Requests of one address that have no final response yet; nil for no limit. What is answered does not count, so that
    /// thousands of phones behind one address pass, and what the driver exempts is not held to it.
    public var maximumPerSource: Int?
    /// Answered non-INVITE requests held for their copies (timer J); beyond, the oldest are let go early.
    public var maximumAbsorbing: Int

    public init(maximumActive: Int = 200_000, maximumPerSource: Int? = 20_000, maximumAbsorbing: Int = 1_000_000) {
        (self.maximumActive, self.maximumPerSource, self.maximumAbsorbing) = (
            maximumActive, maximumPerSource, maximumAbsorbing
        )
    }

    public static let standard = TransactionLimits()
}

/// What a ``TransactionLayer`` has seen since it was made.
public struct TransactionCounters: Hashable, Sendable {
    /// Copies of requests that came in.
    public var requestCopies: UInt64 = 0
    /// Requests and responses sent again by a timer.
    public var retransmissions: UInt64 = 0
    /// Responses that belong to nothing.
    public var strayResponses: UInt64 = 0
    /// Requests that came a second time by another way (RFC 3261 §8.2.2.2).
    public var mergedRequests: UInt64 = 0
    /// Client transactions without an answer.
    public var timeouts: UInt64 = 0
    /// Requests turned away.
    public var overloads: UInt64 = 0
    /// Answered requests let go before timer J.
    public var absorbedEarly: UInt64 = 0
}
