import Evidence
import RolloutCore

/// What stable does, and how much of it: everything that made-up traffic is drawn from.
struct Baseline {
    /// Requests of callers per second in each region, of both versions.
    var rates: [RegionName: Double] = [:]
    var accuracy = 1.0
    var errors = 0.0
    var agreement = 1.0
    var latency = LatencyLaw.logNormal(p99: 1)
    /// The deviation of one measurement, as a part of the mean.
    var spreads: [String: Double] = [:]
    /// The part of answers that a label or measurement comes for.
    var labelled = 1.0
    var measured: [String: Double] = [:]
    var labelLag = TimeSpan.zero
    /// The part of labelled pairs on which just one version is right; `nil` as if by chance.
    var discordance: Double?
    var users = RecordedTraffic.usersMax
    /// By metric: how many of its outcomes tell as much as one of a stranger.
    var designEffects: [String: Double] = [:]
    private(set) var sources: [Source] = []

    /// Where a number comes from.
    struct Source: Encodable, Hashable {
        let metric: String
        let value: String
        let source: String
    }

    mutating func note(_ metric: String, _ value: String, _ source: String) {
        sources.append(Source(metric: metric, value: value, source: source))
    }

    var rate: Double { rates.values.reduce(0, +) }

    func designEffect(_ metric: Metric) -> Double { designEffects[metric.name] ?? 1 }
}

/// How long answers take.
enum LatencyLaw {
    case recorded(LatencyCounts)
    /// Log-normal with a deviation of 0.5, so that p99 is 3.2 times the median.
    case logNormal(p99: Double)

    static let deviation = 0.5

    /// The part of answers beyond a limit, when all take `factor` times as long.
    func part(beyond milliseconds: Double, factor: Double) -> Double {
        guard milliseconds > 0, factor > 0 else { return 1 }
        switch self {
        case .recorded(let counts): return counts.part(beyond: milliseconds / factor)
        case .logNormal(let p99):
            let distance = LogDomain.log(milliseconds / (factor * p99)) / Self.deviation
            return NormalDistribution.sf(distance + NormalDistribution.quantile(0.99))
        }
    }
}
