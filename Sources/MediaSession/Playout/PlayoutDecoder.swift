/// What makes samples of packets: ``PlayoutStage`` pulls through it.
package protocol PlayoutDecoder: ~Copyable {
    /// What it makes up is a multiple of so many samples.
    var concealmentStep: Int { get }
    /// It knows what a pause of the sender sounds like, and makes that up where nothing is to be heard.
    var fillsPauses: Bool { get }
    /// Decodes a packet.
    ///
    /// - Returns: the samples written; nil where the packet is illegal or does not fit.
    mutating func decode(_ payload: UnsafeRawBufferPointer, into samples: UnsafeMutableBufferPointer<Int16>) -> Int?
    /// Makes audio up that goes on from what was decoded last, and fades.
    ///
    /// - Returns: the samples written, at most `samples`.
    mutating func conceal(samples: Int, into output: UnsafeMutableBufferPointer<Int16>) -> Int
    /// Decodes the copy of a lost packet's audio that the one after it holds.
    ///
    /// - Returns: the samples written; nil where there is no copy.
    mutating func recover(
        samples: Int, from next: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Int16>
    ) -> Int?
}
