/// How many observations count as one independent one when users keep to an arm.
///
/// The variance of a mean over clusters, relative to that of as many independent observations:
/// Σ_u (Σ x - m_u x̄)² / (n s²) with m_u observations of user u (Kish 1965, section 5.4; taken
/// directly rather than by way of the intraclass correlation). From the users with the smallest
/// hashes, so that state is bounded, merges, and never depends on outcomes.
package struct DesignEffect: Sendable, Hashable {
    /// Users that are remembered. The relative error of the estimate is about √(2/512).
    package static let usersMax = 512
    /// With fewer users, everything that one does counts once.
    package static let usersMin = 20

    struct User: Codable, Sendable, Hashable {
        var count = 0.0
        var sum = 0.0
        var squares = 0.0
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
        users[user, default: User()].count += 1
        users[user, default: User()].sum += value
        users[user, default: User()].squares += value * value
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

    /// Whether there are enough users for an estimate.
    package var isKnown: Bool { users.count >= Self.usersMin }

    /// The estimate, at least 1.
    package var estimate: Double {
        // In order of the hash: sums of doubles depend on it.
        let users = users.sorted { $0.key < $1.key }.map(\.value)
        let count = users.reduce(0) { $0 + $1.count }
        guard count > 0 else { return 1 }
        // Outcomes of a user that are all the same: the worst there is.
        let worst = users.reduce(0) { $0 + $1.count * $1.count } / count
        let mean = users.reduce(0) { $0 + $1.sum } / count
        let within = users.reduce(0) { $0 + $1.squares } - count * mean * mean
        guard users.count >= Self.usersMin, within > 0 else { return max(1, worst) }
        let between = users.reduce(0) { sum, user in
            let deviation = user.sum - user.count * mean
            return sum + deviation * deviation
        }
        return min(max(1, between / within), max(1, worst))
    }

    private mutating func shrink() {
        if users.count > Self.usersMax {
            let kept = users.keys.sorted().prefix(Self.usersMax)
            largest = kept.last ?? largest
        }
        users = users.filter { $0.key <= largest }
    }
}

extension DesignEffect: Codable {
    private enum CodingKeys: String, CodingKey { case users, counts, sums, squares, largest }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        let sorted = users.sorted { $0.key < $1.key }
        try container.encode(sorted.map(\.key), forKey: .users)
        try container.encode(sorted.map(\.value.count), forKey: .counts)
        try container.encode(sorted.map(\.value.sum), forKey: .sums)
        try container.encode(sorted.map(\.value.squares), forKey: .squares)
        try container.encode(largest, forKey: .largest)
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let keys = try container.decode([UInt64].self, forKey: .users)
        let counts = try container.decode([Double].self, forKey: .counts)
        let sums = try container.decode([Double].self, forKey: .sums)
        let squares = try container.decode([Double].self, forKey: .squares)
        largest = try container.decode(UInt64.self, forKey: .largest)
        guard keys.count == counts.count, keys.count == sums.count, keys.count == squares.count,
            keys.count <= Self.usersMax, counts.allSatisfy({ $0.isFinite && $0 >= 1 }),
            (sums + squares).allSatisfy(\.isFinite)
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .users, in: container,
                debugDescription: "each remembered user has a count of at least 1 and a finite sum")
        }
        for (index, key) in keys.enumerated() {
            users[key] = User(count: counts[index], sum: sums[index], squares: squares[index])
        }
    }
}
