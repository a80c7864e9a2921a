import Fax

/// Feeds datagrams to a receiver and to a gateway, with ticks between them. The first byte chooses version and correction; then each
/// datagram has its length before it (two bytes), and a length of 0 is a tick.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzUDPTL(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 1 else { return 0 }
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    var settings = T38Settings()
    settings.version = bytes[0] & 3
    settings.errorCorrectionMode = bytes[0] & 4 == 0
    settings.fillBitRemoval = bytes[0] & 8 != 0
    settings.correction = bytes[0] & 16 == 0 ? .standardRedundancy : .standardParity
    settings.maxBitRate = bytes[0] & 32 == 0 ? 14_400 : 9600
    guard var gateway = T38Gateway(settings) else { return 0 }
    var receiver = UDPTLReceiver()
    var output = [Int16](repeating: 0, count: T38Gateway.frameLength)
    var place = 1
    var ticks = 0
    while place + 2 <= count {
        let length: Int = min(count - place - 2, Int(bytes[place]) << 8 & 0x7FF | Int(bytes[place + 1]))
        place += 2
        if length == 0 {
            ticks += 1
            // Modems take their time.
            guard ticks < 200 else { return 0 }
            receiver.tick()
            output.withUnsafeMutableBufferPointer { gateway.tick(nil, into: $0) }
        } else {
            let datagram = UnsafeRawBufferPointer(rebasing: bytes[place..<(place + length)])
            if receiver.receive(datagram) != gateway.receive(datagram) { fatalError("two receivers differ") }
            place += length
        }
        while let (_, packet) = receiver.next() {
            guard packet.count <= UDPTL.mostContent else { fatalError("a packet is too long") }
        }
        while let sent = gateway.nextDatagram() {
            guard sent.count <= 400 else { fatalError("a datagram is too long") }
        }
    }
    return 0
}
