/// The rules of a recording's name: a path below the folder of recordings, without an extension.
enum RecordingName {
    /// Why `name` is none, in words; nil where it is one.
    static func problem(_ name: String) -> String? {
        guard (1...1000).contains(name.utf8.count) else { return "it must have 1 to 1000 bytes" }
        guard name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return "it must have no control characters" }
        for part in name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard (1...200).contains(part.count) else { return "each part of it must have 1 to 200 bytes" }
            guard part.first != UInt8(ascii: ".") else { return "no part of it may begin with a dot" }
        }
        return nil
    }
}
