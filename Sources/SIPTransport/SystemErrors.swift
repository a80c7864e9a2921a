import Glibc

/// The operating system's words for an `errno`.
func errorText(_ code: Int32) -> String {
    guard let text = strerror(code) else { return "error \(code)" }
    return String(cString: text)
}

extension TransportStartError.Reason {
    init(errno code: Int32) {
        switch code {
        case EADDRINUSE: self = .addressInUse
        case EADDRNOTAVAIL: self = .addressNotHere
        case EACCES, EPERM: self = .permissionDenied
        default: self = .system(code)
        }
    }
}
