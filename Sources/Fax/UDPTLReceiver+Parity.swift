extension UDPTLReceiver {
    /// Makes missing packets of the parities of those that wait, as often as one that was made allows another.
    mutating func repairAll() {
        var isChanged = true
        while isChanged {
            isChanged = false
            var sequence: UInt16 = end
            while sequence != expected {
                sequence &-= 1
                let place = Int(sequence) & (UDPTL.window - 1)
                guard slots[place].isThere, slots[place].sequence == sequence, slots[place].parity > 0 else { continue }
                isChanged = repair(by: sequence, place) || isChanged
            }
        }
    }

    /// Whether a packet is there, given out or not.
    private func has(_ sequence: UInt16) -> Bool {
        let slot: Slot = slots[Int(sequence) & (UDPTL.window - 1)]
        return slot.isThere && slot.sequence == sequence
    }

    /// Uses the parities of one packet (T.38 §9.1.4.2); true when a packet was made.
    private mutating func repair(by sequence: UInt16, _ place: Int) -> Bool {
        var reader = PERReader(
            bytes: UnsafeRawBufferPointer(start: memory + place * UDPTL.mostBytes, count: slots[place].length),
            place: slots[place].parity)
        guard reader.octet() == 1, let span = reader.octet(), let entries = reader.length(), span > 0, entries > 0,
            span * entries < UDPTL.window - 1
        else { return false }
        var isChanged = false
        for entry in 0..<entries {
            guard let parity = reader.openType(), parity.count <= UDPTL.mostContent else { return isChanged }
            let first: UInt16 = sequence &- UInt16(span * entries - entry)
            var missing: UInt16?
            var count = 0
            for index in 0..<span {
                let number: UInt16 = first &+ UInt16(index * entries)
                if has(number) { continue }
                missing = number
                count += 1
            }
            guard count == 1, let missing, Int16(bitPattern: missing &- expected) >= 0 else { continue }
            make(missing, of: parity, in: reader.bytes, first: first, span: span, step: entries)
            isChanged = true
        }
        return isChanged
    }

    private mutating func make(
        _ missing: UInt16, of parity: (start: Int, count: Int), in bytes: UnsafeRawBufferPointer, first: UInt16,
        span: Int, step: Int
    ) {
        let target: UnsafeMutableRawPointer = memory + (Int(missing) & (UDPTL.window - 1)) * UDPTL.mostBytes
        let room = UnsafeMutableRawBufferPointer(start: target, count: parity.count)
        for index in 0..<parity.count { room[index] = bytes[parity.start + index] }
        for index in 0..<span {
            let number: UInt16 = first &+ UInt16(index * step)
            guard number != missing else { continue }
            let place = Int(number) & (UDPTL.window - 1)
            let slot: Slot = slots[place]
            let packet = UnsafeRawBufferPointer(
                start: memory + place * UDPTL.mostBytes + slot.start, count: min(slot.count, parity.count))
            for byte in 0..<packet.count { room[byte] ^= packet[byte] }
        }
        noteRecovered(missing, parity.count)
    }
}
