/// Finds what was probably meant.
public enum NearestName {
    /// The candidate nearest to `text`, if it is near: at most a third of its characters differ (two in a short one).
    public static func of(_ text: String, among candidates: [String]) -> String? {
        var best: (name: String, distance: Int)?
        for candidate in candidates {
            let distance: Int = editDistance(Array(text.lowercased().utf8), Array(candidate.utf8))
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        guard let best, best.distance <= max(2, best.name.utf8.count / 3), best.distance < best.name.utf8.count else {
            return nil
        }
        return best.name
    }

    /// Insertions, deletions and replacements from one to the other (Levenshtein).
    private static func editDistance(_ from: [UInt8], _ to: [UInt8]) -> Int {
        var row: [Int] = Array(0...to.count)
        for (index, byte) in from.enumerated() {
            var diagonal: Int = row[0]
            row[0] = index + 1
            for (column, other) in to.enumerated() {
                let replaced: Int = diagonal + (byte == other ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
            }
        }
        return row[to.count]
    }
}
