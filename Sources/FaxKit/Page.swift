import CTIFF
import Glibc

/// A page of a fax: rows of 1728 dots, black ones set.
public struct Page: Equatable, Sendable {
    public static let rowBytes: Int = 216
    public var rows: [[UInt8]]

    /// A page with bars, dots and empty rows, each by its seed.
    public static func made(rows count: Int, seed: UInt64) -> Page {
        var random = Dice(seed)
        return Page(
            rows: (0..<count).map { row in
                if row % 7 == 0 { return [UInt8](repeating: 0, count: rowBytes) }
                var dots = [UInt8](repeating: 0, count: rowBytes)
                var place = 0
                while place < rowBytes {
                    let length = Int(random.below(24)) + 1
                    let value: UInt8 = random.below(3) == 0 ? UInt8(random.below(256)) : random.below(2) == 0 ? 0xFF : 0
                    for index in place..<min(rowBytes, place + length) { dots[index] = value }
                    place += length
                }
                return dots
            })
    }
}

/// Writes pages as a TIFF of class F, without compression, at 204 by 98 dots an inch.
public func write(_ pages: [Page], to path: String) {
    var bytes: [UInt8] = Array("II*\0".utf8) + word32(8)
    for (number, page) in pages.enumerated() {
        let entries: [(tag: Int, type: Int, value: Int)] = [
            (256, 4, 1728), (257, 4, page.rows.count), (258, 3, 1), (259, 3, 1), (262, 3, 0),
            (273, 4, bytes.count + 2 + 12 * 12 + 4 + 16), (277, 3, 1), (278, 4, page.rows.count),
            (279, 4, page.rows.count * Page.rowBytes), (282, 5, bytes.count + 2 + 12 * 12 + 4),
            (283, 5, bytes.count + 2 + 12 * 12 + 12), (296, 3, 2),
        ]
        let end: Int = bytes.count + 2 + 12 * 12 + 4 + 16 + page.rows.count * Page.rowBytes
        bytes += word16(12)
        for entry in entries { bytes += word16(entry.tag) + word16(entry.type) + word32(1) + word32(entry.value) }
        bytes += word32(number == pages.count - 1 ? 0 : end)
        bytes += word32(204) + word32(1) + word32(98) + word32(1)
        bytes += page.rows.joined()
    }
    let file = fopen(path, "wb")
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
}

private func word16(_ value: Int) -> [UInt8] { [UInt8(value & 0xFF), UInt8(value >> 8 & 0xFF)] }
private func word32(_ value: Int) -> [UInt8] { word16(value & 0xFFFF) + word16(value >> 16) }

/// The pages of a TIFF, whatever its coding.
public func readPages(_ path: String) -> [Page] {
    guard let file = TIFFOpen(path, "r") else { return [] }
    defer { TIFFClose(file) }
    var pages: [Page] = []
    repeat {
        guard tiff_width(file) == 1728 else { continue }
        let isInverted: Bool = tiff_photometric(file) == 1
        var rows: [[UInt8]] = []
        var row = [UInt8](repeating: 0, count: Int(TIFFScanlineSize(file)))
        for line in 0..<tiff_length(file) {
            guard TIFFReadScanline(file, &row, line, 0) == 1 else { break }
            rows.append(isInverted ? row.map { ~$0 } : row)
        }
        pages.append(Page(rows: rows))
    } while TIFFReadDirectory(file) == 1
    return pages
}
