/// Where recordings go to; the files behind it are an adapter's.
public protocol RecordingStore: Sendable {
    /// Opens a recording for one packet thread to write to. Never blocks: the file itself is made on a thread of the store's.
    /// - Parameter name: a path below the folder of recordings, without an extension (``RecordingPlan/name``).
    /// - Parameter sampleRate: 8 000, 16 000 or 48 000 Hz.
    /// - Parameter channels: 1, or 2 (left and right, interleaved).
    /// - Parameter closed: called once on a thread of the store's: when all is on disk after ``RecordingSink/finish(_:)``, or
    ///   as soon as the file cannot be written.
    func open(
        name: String, sampleRate: Int, channels: Int, closed: @escaping @Sendable (RecordingResult) -> Void
    ) -> RecordingSink
}
