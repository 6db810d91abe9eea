/// How many observations count as one independent one when users keep to an arm.
///
/// The variance of a mean over clusters, relative to that of as many independent observations:
/// Σ_u (Σ x - m_u x̄)² / (n s²) with m_u observations of user u (Kish 1965, section 5.4; taken
/// directly rather than by way of the intraclass correlation). From the users with the smallest
/// hashes, so that state is bounded, merges, and never depends on outcomes.
package struct DesignEffect: Sendable, Hashable {
    /// Users that are remembered. The relative error of the estimate is about √(2/512).
    package static let usersMax = 512
    /// Fewer users tell nothing of how alike they are.
    package static let usersMin = 20

    struct User: Codable, Sendable, Hashable {
        var count = 0.0
        var sum = 0.0
        var squares = 0.0

        mutating func add(_ value: Double) {
            count += 1
            sum += value
            squares += value * value
        }
    }

    private var users: [UInt64: User] = [:]
    /// Users with a hash above this are not remembered.
    private var largest = UInt64.max

    package init() {}

    /// Takes in one outcome of a user: 0 or 1, or a measurement.
    ///
    /// - Parameter user: a hash with even bits.
    package mutating func observe(user: UInt64, _ value: Double) {
        guard user <= largest, value.magnitude < 1e100 else { return }
        users[user, default: User()].add(value)
        if users.count > Self.usersMax { shrink() }
    }

    package mutating func merge(_ other: DesignEffect) {
        for (user, seen) in other.users {
            users[user, default: User()].count += seen.count
            users[user, default: User()].sum += seen.sum
            users[user, default: User()].squares += seen.squares
        }
        largest = min(largest, other.largest)
        shrink()
    }

    /// What is assumed of users while nothing is known: they are alike by this correlation.
    package static let assumedCorrelation = 0.05

    /// The estimate, or what is assumed; at least 1.
    package var estimate: Double { measured ?? 1 + (worst - 1) * Self.assumedCorrelation }

    /// At least 1; `nil` with too few users, or while all outcomes are the same.
    package var measured: Double? {
        guard users.count >= Self.usersMin else { return nil }
        // In order of the hash: sums of doubles depend on it.
        let users = users.sorted { $0.key < $1.key }.map(\.value)
        let count = users.reduce(0) { $0 + $1.count }
        let mean = users.reduce(0) { $0 + $1.sum } / count
        let within = users.reduce(0) { $0 + $1.squares } - count * mean * mean
        guard within > 1e-9 * count * max(mean * mean, 1e-300) else { return nil }
        let between = users.reduce(0) { sum, user in
            let deviation = user.sum - user.count * mean
            return sum + deviation * deviation
        }
        return min(max(1, between / within), worst)
    }

    /// Outcomes of a user that are all the same: the worst there is.
    private var worst: Double {
        let count = users.values.reduce(0) { $0 + $1.count }
        // Counts are whole numbers, so their sums do not depend on the order.
        return count > 0 ? max(1, users.values.reduce(0) { $0 + $1.count * $1.count } / count) : 1
    }

    private mutating func shrink() {
        if users.count > Self.usersMax {
            let kept = users.keys.sorted().prefix(Self.usersMax)
            largest = kept.last ?? largest
        }
        users = users.filter { $0.key <= largest }
    }
}

/// One text of hexadecimal words, four a user: saved every few seconds for each guardrail, it must not
/// cost what thousands of encoded numbers do.
extension DesignEffect: Codable {
    private enum CodingKeys: String, CodingKey { case users, largest }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        let words = users.sorted { $0.key < $1.key }.flatMap { user, seen in
            [
                user, seen.count.bitPattern, seen.sum.bitPattern, seen.squares.bitPattern,
            ]
        }
        try container.encode(HexadecimalWords.text(words), forKey: .users)
        try container.encode(largest, forKey: .largest)
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let text = try container.decode(String.self, forKey: .users)
        largest = try container.decode(UInt64.self, forKey: .largest)
        guard let words = HexadecimalWords.words(text), words.count.isMultiple(of: 4),
            words.count <= 4 * Self.usersMax
        else { throw Self.damage(container) }
        for start in stride(from: 0, to: words.count, by: 4) {
            let seen = User(
                count: Double(bitPattern: words[start + 1]),
                sum: Double(bitPattern: words[start + 2]),
                squares: Double(bitPattern: words[start + 3]))
            guard seen.count.isFinite, seen.count >= 1, seen.sum.isFinite, seen.squares.isFinite
            else { throw Self.damage(container) }
            users[words[start]] = seen
        }
    }

    private static func damage(
        _ container: KeyedDecodingContainer<CodingKeys>
    ) -> DecodingError {
        .dataCorruptedError(
            forKey: .users, in: container,
            debugDescription: "each remembered user has a count of at least 1 and a finite sum")
    }
}
