public import Prompts

/// Looks at audio without keeping it.
public enum SoundCheck {
    /// Why a file would be refused; nil where it would be taken. Reads all of it: not for event loops.
    public static func problem(_ path: String, limits: AudioLimits) -> AudioRefusal? {
        do throws(AudioRefusal) {
            _ = try PreparedSound(try SoundReader.read(path, limits: limits), limits: limits)
            return nil
        } catch {
            return error
        }
    }

    /// The bytes of all files below a folder.
    public static func bytes(below folder: String) -> Int { Files.bytes(below: folder) }
}
