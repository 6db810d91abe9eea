/// 64-bit words as text of 16 digits each, for much state in one value of a file.
enum HexadecimalWords {
    static func text(_ words: [UInt64]) -> String {
        String(unsafeUninitializedCapacity: words.count * 16) { buffer in
            var position = 0
            for word in words {
                for shift in stride(from: 60, through: 0, by: -4) {
                    let digit = UInt8(truncatingIfNeeded: word >> UInt64(shift)) & 0xf
                    buffer[position] = digit < 10 ? 0x30 + digit : 0x57 + digit
                    position += 1
                }
            }
            return position
        }
    }

    /// `nil` for anything that `text` does not write.
    static func words(_ text: String) -> [UInt64]? {
        guard text.utf8.count.isMultiple(of: 16) else { return nil }
        var words: [UInt64] = []
        words.reserveCapacity(text.utf8.count / 16)
        var (word, digits): (UInt64, Int) = (0, 0)
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39: word = word << 4 | UInt64(byte - 0x30)
            case 0x61...0x66: word = word << 4 | UInt64(byte - 0x57)
            default: return nil
            }
            digits += 1
            if digits == 16 {
                words.append(word)
                (word, digits) = (0, 0)
            }
        }
        return words
    }
}
