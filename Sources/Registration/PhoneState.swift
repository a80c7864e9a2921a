public import Basics

/// Whether a registered phone can be reached, as its last sign of life or silence told.
public struct PhoneState: Hashable, Sendable {
    public let ref: BindingRef
    /// False once its connection is gone or it answers no qualify request.
    public let isReachable: Bool
    /// Of the last qualify request that was answered; nil while none was.
    public let roundTrip: Duration?
    public let at: WallTime

    public init(ref: BindingRef, isReachable: Bool, roundTrip: Duration?, at: WallTime) {
        (self.ref, self.isReachable, self.roundTrip, self.at) = (ref, isReachable, roundTrip, at)
    }
}
