/// Reads a big-endian integer at `offset`; the caller has checked that it lies within `bytes`.
@inlinable
@inline(__always)
func load16(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt16 {
    UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
}

@inlinable
@inline(__always)
func load32(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
    UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
}

@inline(__always)
func load64(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
    UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
}

/// Writes big-endian integers at `offset`; the caller has checked that they fit.
@inline(__always)
func store16(_ value: UInt16, _ bytes: UnsafeMutableRawBufferPointer, _ offset: Int) {
    bytes.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self)
}

@inline(__always)
func store32(_ value: UInt32, _ bytes: UnsafeMutableRawBufferPointer, _ offset: Int) {
    bytes.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt32.self)
}

@inline(__always)
func store64(_ value: UInt64, _ bytes: UnsafeMutableRawBufferPointer, _ offset: Int) {
    bytes.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt64.self)
}

/// The bytes from `start` up to `end`; both lie within.
@inline(__always)
func slice(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[start..<end])
}
