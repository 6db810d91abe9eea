import Evidence
import History
import RolloutCore

/// What one version did, counted over all its recorded answers to callers.
struct VersionTraffic {
    private(set) var answers = 0
    private(set) var failures = 0
    private(set) var latencies = LatencyCounts()
    private(set) var labelled = 0
    private(set) var wrong = 0
    /// Of its mirrored answers: compared with those of stable, or with the truth.
    private(set) var pairs = 0
    private(set) var disagreeing = 0
    private(set) var compared = 0
    private(set) var discordant = 0
    private(set) var measurements: [String: Moments] = [:]

    mutating func fold(_ fact: Fact) {
        let answer = fact.answer
        switch (fact.event, answer.arm) {
        case (.paired(let agree), _):
            pairs += 1
            disagreeing += agree ? 0 : 1
        case (.compared(let candidate, let stable), _):
            compared += 1
            discordant += candidate == stable ? 0 : 1
        case (.labelled(let correct, previously: nil, _), _):
            labelled += 1
            wrong += correct ? 0 : 1
        case (.answered, .candidate), (.answered, .stable):
            answers += 1
            failures += answer.failed ? 1 : 0
            if !answer.failed { latencies.add(microseconds: answer.latencyMicroseconds) }
        case (.measured(let metric, let value), _):
            // What is too large to square is left out; the engine refuses it as well.
            try? measurements[metric, default: Moments()].add(value.value)
        default: return
        }
    }
}

/// Latencies in buckets that are 0.2 % wide.
struct LatencyCounts {
    private var counts: [Int: Int] = [:]
    private(set) var total = 0

    private static let width = LogDomain.log(1.002)

    mutating func add(microseconds: Int64) {
        let place = LogDomain.log(Double(max(microseconds, 1))) / Self.width
        counts[Int(exactly: place.rounded(.down)) ?? 0, default: 0] += 1
        total += 1
    }

    /// The part that takes longer than so many milliseconds.
    func part(beyond milliseconds: Double) -> Double {
        let place = LogDomain.log(milliseconds * 1_000) / Self.width
        let slow = counts.reduce(0) { Double($1.key) >= place ? $0 + $1.value : $0 }
        return Double(slow) / Double(max(total, 1))
    }
}

/// The traffic of a rollout: how much, where, and what each version did with it.
struct RecordedTraffic {
    private(set) var versions: [Digest: VersionTraffic] = [:]
    private(set) var regions: [RegionName: Int] = [:]
    private(set) var users: Set<UInt64> = []
    private var newest: Timestamp?
    private var watched = TimeSpan.zero

    /// Users that are told apart; the engine counts no more of them.
    static let usersMax = 20_000
    /// A longer silence is a controller that was off, not slow traffic.
    private static let gapMax = TimeSpan.seconds(600)

    mutating func fold(_ fact: Fact) {
        let answer = fact.answer
        versions[answer.version.digest, default: VersionTraffic()].fold(fact)
        guard case .answered = fact.event, answer.arm == .candidate || answer.arm == .stable
        else { return }
        regions[answer.region, default: 0] += 1
        if users.count < Self.usersMax { users.insert(answer.unit) }
        if let newest, answer.at > newest {
            let gap = answer.at - newest
            if gap <= Self.gapMax { watched = watched + gap }
        }
        newest = max(newest ?? answer.at, answer.at)
    }

    /// Requests of callers per second, of both versions together; `nil` of too little to tell.
    var rate: Double? {
        let answers = regions.values.reduce(0, +)
        guard answers >= 100, watched > .zero else { return nil }
        return Double(answers) * 1_000 / Double(watched.milliseconds)
    }
}
