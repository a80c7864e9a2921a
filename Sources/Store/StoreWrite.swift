public import Basics
public import CallControl
public import Registration

/// Something to be written, as a whole or not at all.
public enum StoreWrite: Sendable {
    /// The changes of one REGISTER, in order.
    case bindings([BindingChange])
    indirect case callRecord(CallRecordChange)
    /// Whether a registered phone answers.
    case phone(PhoneState)
}

/// Names a write to whoever submitted it.
public struct StoreToken: Hashable, Sendable {
    /// Whose write it is; the answers of a shard come together.
    public let shard: ShardID
    /// Chosen by the shard.
    public let number: UInt64

    public init(shard: ShardID, number: UInt64) { (self.shard, self.number) = (shard, number) }
}

/// How the writer trades delay, safety and work.
public struct StoreWriterSettings: Sendable {
    public enum Safety: String, Sendable {
        /// An acknowledged write survives a power cut: the log is synchronised with every transaction.
        case full
        /// An acknowledged write survives the death of the process, but a power cut may take the last seconds.
        case normal
    }

    public var safety: Safety = .full
    /// How long the first write waits for company while writes are rare.
    public var shortestGather: Duration = .milliseconds(2)
    /// How long it waits while they come steadily: more of them share a transaction.
    public var longestGather: Duration = .milliseconds(40)
    /// Writes waiting at most; what comes on top is refused. At least 1.
    public var queueLimit: Int = 50_000
    /// A transaction that fails is tried again, with growing pauses, for so long; then its writes are refused.
    public var giveUpAfter: Duration = .seconds(5)
    /// The log is copied into the database when it has grown to so many pages of 4 KiB, or when nothing is to be written for a second.
    public var checkpointPages: Int = 4000

    public init() {}
}

/// What a writer has done since it was made.
public struct StoreWriterStatistics: Hashable, Sendable {
    public var writes: UInt64 = 0
    public var transactions: UInt64 = 0
    /// Refused by a rule of the schema, or after trying for too long.
    public var failures: UInt64 = 0
    /// Transactions tried again.
    public var retries: UInt64 = 0
    /// Refused because the queue was full.
    public var refusals: UInt64 = 0
    public var checkpoints: UInt64 = 0
    /// Waiting at this moment.
    public var queued: Int = 0
    /// How long the last transaction took, its synchronisation included.
    public var lastTransaction: Duration = .zero
    /// Why the last transaction failed; nil while the last one went well.
    public var lastError: StoreError?

    public init() {}
}
