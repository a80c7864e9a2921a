// The media plane on its own, for telephones of a load generator (Benchmarks/media) to drive:
//   MediaBench relay|record COUNT PORT [OPTION=VALUE …]    COUNT calls of two legs; `record` writes every leg to a file
//   MediaBench room COUNT PORT …                           COUNT legs in one conference
//   MediaBench play COUNT PORT …                           COUNT legs that hear a prompt each
// Leg n is a telephone at 127.0.0.1:(PORT + 2n). Prints a line for each as mediaload reads it, then `READY`. Each line read from standard
// input is answered with the figures so far, as JSON; the end of input ends the program.
//   codec=, other=  coding of the first and the second leg of a call: PCMU, PCMA, G722, opus
//   frames=FOLDER   what the telephones say: FOLDER/CODEC, as CodecBench writes it; else packets that carry their time
//   srtp=1          the first leg of each call by SRTP
//   talkers=N       so many of a room's legs talk, the others only listen; all by default
//   ports=N-M       of ours
//   threads=N       packet threads; one a core by default
//   bind=A[,B]      our addresses, of the first and the second leg of a call; 127.0.0.1 by default
//   telephones=A[,B], spaces=A[,B]   theirs, and the network namespaces they are in
//   forwarding=auto or required: by the kernel, where it can
//   folder=PATH     of recordings
//   alone=1         `record` has COUNT calls of one leg, which hears nothing, as in a mailbox
//   prompt=FILE     raw samples of 16 bits at 8 kHz
import Basics
import Glibc
import MediaSession
import MediaTransport

func complain(_ text: String) {
    let line = Array((text + "\n").utf8)
    _ = write(STDERR_FILENO, line, line.count)
}

func fail(_ text: String) -> Never {
    complain("MediaBench: \(text)")
    exit(2)
}

let arguments = CommandLine.arguments
guard arguments.count >= 4, let work = Work(rawValue: arguments[1]), let count = Int(arguments[2]), count > 0,
    let firstPort = UInt16(arguments[3])
else { fail("usage: MediaBench relay|record|room|play COUNT PORT [OPTION=VALUE …]") }
var options: [String: String] = [:]
for argument in arguments.dropFirst(4) {
    let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { fail("not OPTION=VALUE: \(argument)") }
    options[parts[0]] = parts[1]
}
let bench = try Bench(work, count: count, firstPort: firstPort, options: options)
bench.open()
print("READY")
fflush(nil)
while readLine() != nil {
    print(await bench.figures())
    fflush(nil)
}
bench.close()
