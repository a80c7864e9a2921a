import FoundationEssentials

/// A temporary folder, and plain access to its files.
struct TestFolder {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.path + "/martinet-test-\(UInt64.random(in: 0...(.max)))"
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }

    static func read(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }

    static func write(_ text: String, to path: String) {
        try? text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    static func mode(_ path: String) -> Int {
        let value = (try? FileManager.default.attributesOfItem(atPath: path))?[.posixPermissions]
        return (value as? Int) ?? (value as? UInt16).map(Int.init) ?? -1
    }
}
