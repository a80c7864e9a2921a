import Glibc

/// A folder that is gone when the test is.
public final class Folder {
    public let path: String
    public init() {
        var template: [CChar] = Array("/tmp/fax-XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template))
    }
    public func file(_ name: String) -> String { "\(path)/\(name)" }
    deinit {
        for name in ["sent.tif", "received.tif"] { unlink(file(name)) }
        rmdir(path)
    }
}
