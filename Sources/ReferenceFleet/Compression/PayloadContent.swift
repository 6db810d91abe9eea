/// Fills buffers with the content of each kind of payload.
struct PayloadContent {
    private var random: SeededRandom

    init(random: SeededRandom) { self.random = random }

    mutating func uniform(_ low: Double, _ high: Double) -> Double { random.uniform(low, high) }

    /// Bytes that nothing can compress.
    mutating func noise(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        scatter(into: &bytes, at: 0, count: count)
        return bytes
    }

    /// Guest memory in 64-byte lines: zeros, pointers into one heap, and data.
    mutating func memory(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let heap: UInt64 = 0x0000_7F3A_0000_0000 | (random.next() & 0xFF00_0000)
        for line in stride(from: 0, to: count, by: 64) {
            switch random.below(8) {
            case 0, 1: break
            case 2, 3, 4:
                for word in stride(from: line, to: min(line + 64, count), by: 16) {
                    store(heap | (random.next() & 0xFF_FFF8), into: &bytes, at: word)
                }
            default: scatter(into: &bytes, at: line, count: 40)
            }
        }
        return bytes
    }

    /// A copy with runs of about 128 bytes overwritten, `part` of all bytes together.
    ///
    /// Each run lies in a stretch of its own: overlapping ones would be worth many times more.
    mutating func editing(_ original: [UInt8], part: Double) -> [UInt8] {
        var bytes = original
        let budget = Int(exactly: (Double(original.count) * part).rounded(.down)) ?? 0
        let runs = max(1, budget / 128)
        let (length, stretch) = (budget / runs, original.count / runs)
        for run in 0..<runs {
            let offset = run * stretch + random.below(max(1, stretch - length))
            scatter(into: &bytes, at: offset, count: length)
        }
        return bytes
    }

    /// Rows of 64 bytes: rising key, constant columns, a state out of four, and 14 bytes of data.
    mutating func rows(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0x20, count: count)
        var key = random.next() & 0xFFFF_FFFF
        for row in stride(from: 0, to: count - 63, by: 64) {
            key &+= 1 + random.next() % 3
            store(key, into: &bytes, at: row)
            store(FleetDictionary.rowStates[random.below(4)], into: &bytes, at: row + 24)
            scatter(into: &bytes, at: row + 40, count: 14)
        }
        return bytes
    }

    /// Log lines of 128 bytes: one of 32 templates, with five ids of ten hexadecimal digits in it.
    mutating func logs(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 128)
        while bytes.count < count {
            let start = bytes.count
            bytes.append(contentsOf: FleetDictionary.logTemplates[random.below(32)])
            for field in 0..<5 {
                let (id, place) = (random.next(), start + 40 + field * 17)
                store(hexadecimal(id), into: &bytes, at: place)
                store(hexadecimal(id >> 32), into: &bytes, at: place + 2)
            }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// Eight ASCII digits of base 16 in one word.
    private func hexadecimal(_ value: UInt64) -> UInt64 {
        var digits: UInt64 = 0
        for position in 0..<8 {
            let nibble = (value >> UInt64(position * 4)) & 15
            digits |= (nibble + (nibble < 10 ? 48 : 87)) << UInt64(position * 8)
        }
        return digits
    }

    private mutating func scatter(into bytes: inout [UInt8], at offset: Int, count: Int) {
        let end = min(offset + count, bytes.count)
        bytes.withUnsafeMutableBytes { buffer in
            var position = offset
            while position + 8 <= end {
                buffer.storeBytes(
                    of: random.next().littleEndian, toByteOffset: position, as: UInt64.self)
                position += 8
            }
            while position < end {
                buffer[position] = UInt8(truncatingIfNeeded: random.next())
                position += 1
            }
        }
    }

    private func store(_ word: UInt64, into bytes: inout [UInt8], at offset: Int) {
        guard offset >= 0, offset + 8 <= bytes.count else { return }
        bytes.withUnsafeMutableBytes {
            $0.storeBytes(of: word.littleEndian, toByteOffset: offset, as: UInt64.self)
        }
    }
}
