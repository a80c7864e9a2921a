import CSys
import Glibc

/// Runs a program to its end: text in, bytes out. Not for event loops.
enum ChildProcess {
    struct Failure: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    /// - Parameters:
    ///   - input: written to its standard input; 32 KiB at most, so that it fits into the pipe.
    ///   - limit: bytes of output that are taken; a program that writes more is stopped.
    ///   - seconds: for the whole run.
    static func run(
        _ program: String, _ arguments: [String], input: String, limit: Int, seconds: Int
    ) throws(Failure) -> [UInt8] {
        guard input.utf8.count <= 32_768 else { throw Failure("\(program): too much text") }
        let (child, toChild, fromChild) = try start(program, arguments)
        defer { close(fromChild) }
        let text = Array(input.utf8)
        // A program that has ended already makes this fail, which its status tells.
        _ = text.withUnsafeBytes { csys_pipe_write(toChild, $0.baseAddress, UInt($0.count)) }
        close(toChild)
        let output: [UInt8]? = read(fromChild, limit: limit, seconds: seconds)
        if output == nil { kill(child, SIGKILL) }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        guard let output else { throw Failure("\(program) did not end in \(seconds) s, or said too much") }
        guard status == 0 else {
            throw Failure(
                "\(program) failed (\(status & 0x7F == 0 ? "exit \(status >> 8 & 0xFF)" : "signal \(status & 0x7F)"))")
        }
        return output
    }

    private static func start(
        _ program: String, _ arguments: [String]
    ) throws(Failure) -> (child: pid_t, input: Int32, output: Int32) {
        func words(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] { texts.map { strdup($0) } + [nil] }
        let command = words([program] + arguments)
        let environment = words(["PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=/"])
        defer { for word in command + environment { free(word) } }
        var (input, output): (Int32, Int32) = (-1, -1)
        let child: pid_t = csys_start(program, command, environment, &input, &output)
        guard child > 0 else { throw Failure("\(program): \(String(cString: strerror(-child)))") }
        return (child, input, output)
    }

    /// All of a pipe; nil when it takes too long or is too much.
    private static func read(_ descriptor: Int32, limit: Int, seconds: Int) -> [UInt8]? {
        var all: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            let rest = deadline - ContinuousClock.now
            guard rest > .zero else { return nil }
            var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = Glibc.poll(&poll, 1, Int32(rest.components.seconds * 1000 + 1000))
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { return nil }
            let count = Glibc.read(descriptor, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count == 0 ? all : nil }
            all.append(contentsOf: block[..<count])
            guard all.count <= limit else { return nil }
        }
    }
}
