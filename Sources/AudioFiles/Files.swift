import Glibc

/// System calls on files, with their reasons for failing.
enum Files {
    /// Makes a folder and those above it, for the server's own account alone.
    static func makeFolder(_ path: String) throws(FileFailure) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST {
            var status = stat()
            guard stat(path, &status) == 0 else { throw FileFailure("make the folder", path) }
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw FileFailure("make the folder", path, reason: "a file of that name is there")
            }
            return
        }
        guard errno == ENOENT, let above = parent(of: path) else { throw FileFailure("make the folder", path) }
        try makeFolder(above)
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw FileFailure("make the folder", path) }
    }

    static func isReadable(_ path: String) -> Bool { access(path, R_OK) == 0 }

    /// The folder a path is in; nil for a root and for a name alone.
    static func parent(of path: String) -> String? {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash != path.startIndex else { return nil }
        return String(path[..<slash])
    }

    static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int) -> Int32 {
        var done: Int = 0
        while done < bytes.count {
            let count: Int = pwrite(
                descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, offset + done)
            if count < 0, errno == EINTR { continue }
            if count < 0 { return errno }
            if count == 0 { return ENOSPC }
            done += count
        }
        return 0
    }

    /// A whole file, of `limit` bytes at most.
    static func read(_ path: String, limit: Int) throws(FileFailure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFailure("open", path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileFailure("read", path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileFailure("read", path, reason: "it is not a file")
        }
        guard status.st_size <= limit else {
            throw FileFailure("read", path, reason: "it has \(status.st_size) bytes; \(limit) are allowed")
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var done: Int = 0
        while done < bytes.count {
            let count: Int = bytes.withUnsafeMutableBytes { raw in
                Glibc.read(descriptor, raw.baseAddress.map { $0 + done }, raw.count - done)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileFailure("read", path) }
            guard count > 0 else { break }
            done += count
        }
        bytes.removeLast(bytes.count - done)
        return bytes
    }

    /// Writes a file whole or not at all: beside its place first, then moved there.
    /// - Parameter isDurable: whether it is on disk when this returns; else a power cut may leave it empty.
    static func replace(_ path: String, with bytes: [UInt8], isDurable: Bool = true) throws(FileFailure) {
        if let above = parent(of: path) { try makeFolder(above) }
        let beside = "\(path).new-\(getpid())"
        unlink(beside)
        let descriptor = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileFailure("make", beside) }
        var code: Int32 = bytes.withUnsafeBytes { writeAll($0, to: descriptor, at: 0) }
        if code == 0, isDurable, fsync(descriptor) != 0 { code = errno }
        close(descriptor)
        if code == 0, rename(beside, path) != 0 { code = errno }
        guard code == 0 else {
            unlink(beside)
            throw FileFailure("write", path, code: code)
        }
        if isDurable { syncFolder(of: path) }
    }

    /// Makes the names in a file's folder outlive a power cut.
    static func syncFolder(of path: String) {
        let descriptor = open(parent(of: path) ?? ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// The names in a folder, sorted; none where it is not there.
    static func names(in folder: String) -> [String] {
        guard let handle = opendir(folder) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name: String = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// What all files below a folder take, without following links; what goes meanwhile is left out.
    static func bytes(below folder: String) -> Int {
        var total: Int = 0
        for name in names(in: folder) {
            var status = stat()
            guard lstat("\(folder)/\(name)", &status) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: total += bytes(below: "\(folder)/\(name)")
            case S_IFREG: total += Int(status.st_size)
            default: break
            }
        }
        return total
    }
}
