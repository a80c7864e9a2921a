/// Why a command did not do what it was asked to: what, where, what to do. The process ends with 1.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
