import Testing

@testable import RolloutFiles

@Suite struct CanonicalEncoderTests {
    /// Looks at the places that are made for its parts.
    private struct Looking: Encodable {
        let isBroken: Bool
        let seen: Seen

        final class Seen {
            private(set) weak var whole: EncodingSlot?
            private(set) weak var part: EncodingSlot?

            func note(_ encoder: any Encoder, isPart: Bool) {
                let slot = (encoder as? CanonicalEncoder)?.slot
                if isPart { part = slot } else { whole = slot }
            }
        }

        private enum Key: String, CodingKey { case parts, number }

        private struct Part: Encodable {
            let seen: Seen

            func encode(to encoder: any Encoder) throws {
                seen.note(encoder, isPart: true)
                var container = encoder.container(keyedBy: Key.self)
                try container.encode([1, 2], forKey: .parts)
            }
        }

        func encode(to encoder: any Encoder) throws {
            seen.note(encoder, isPart: false)
            var container = encoder.container(keyedBy: Key.self)
            try container.encode([Part(seen: seen)], forKey: .parts)
            try container.encode(isBroken ? Double.nan : 0.5, forKey: .number)
            #expect(seen.whole != nil && seen.part != nil)
        }
    }

    /// Parts and what they are part of hold each other: every record stayed in memory.
    @Test(
        "E6: what was encoded is let go, also when it could not be encoded",
        arguments: [false, true])
    func E6_whatWasEncodedIsLetGo(_ isBroken: Bool) {
        let seen = Looking.Seen()
        let json = try? CanonicalJSON.encode(Looking(isBroken: isBroken, seen: seen))
        #expect((json == nil) == isBroken)
        #expect(seen.whole == nil && seen.part == nil)
    }
}
