import ArgumentParser
import Evidence
import RolloutCore

/// Finds what stable does: from what a person says, the record, or its offline evaluation.
struct BaselineSearch {
    let given: [BaselineOption]
    let rate: Double?
    let regions: [RegionName]
    let guardrails: [GuardrailSpec]
    let recorded: RecordedTraffic
    let stable: VersionReference?
    /// Offline figures of the stable version.
    let evaluation: [String: FiniteDouble]
    let evidence: [GuardrailEvidence]
    private var missing: [String] = []
    private var found = Baseline()

    init(
        given: [BaselineOption], rate: Double?, regions: [RegionName],
        guardrails: [GuardrailSpec], recorded: RecordedTraffic, stable: VersionReference?,
        evaluation: [String: FiniteDouble], evidence: [GuardrailEvidence]
    ) {
        self.given = given
        self.rate = rate
        self.regions = regions
        self.guardrails = guardrails
        self.recorded = recorded
        self.stable = stable
        self.evaluation = evaluation
        self.evidence = evidence
    }

    /// - Throws: a `ValidationError` that names everything that has to be given.
    mutating func baseline() throws -> Baseline {
        let metrics = Set(guardrails.map(\.metric).filter(\.isDrawn).map(\.name))
        for option in given where !metrics.contains(option.metric) {
            throw ValidationError(
                "--baseline \(option.metric): no guardrail measures it; they measure "
                    + metrics.sorted().joined(separator: ", "))
        }
        findRate()
        for metric in guardrails.map(\.metric).uniqued { try find(metric) }
        guard missing.isEmpty else {
            let who = stable.map { "what stable \($0) does" } ?? "what stable does"
            throw ValidationError(
                "nothing recorded tells \(who); give \(missing.joined(separator: " "))")
        }
        findLabels()
        found.users = recorded.users.isEmpty ? RecordedTraffic.usersMax : recorded.users.count
        return found
    }

    private var traffic: VersionTraffic? { stable.flatMap { recorded.versions[$0.digest] } }

    /// A version too young to tell is not asked.
    private static let enough = 100

    private mutating func findRate() {
        let known = recorded.regions.filter { regions.contains($0.key) }
        let total = known.values.reduce(0, +)
        guard let rate = rate ?? recorded.rate else {
            missing.append("--rate 100")
            return
        }
        for region in regions {
            let part =
                total > 0
                ? Double(known[region] ?? 0) / Double(total) : 1 / Double(max(regions.count, 1))
            found.rates[region] = rate * part
        }
        found.note(
            "requests", "\(significant(rate, 3)) per second",
            self.rate == nil ? "recorded" : "given"
        )
    }

    private mutating func find(_ metric: Metric) throws {
        let option = given.last { $0.metric == metric.name }
        switch metric {
        case .accuracy:
            let seen = traffic.flatMap { counted($0.labelled - $0.wrong, $0.labelled) }
            let offline = evaluation["accuracy"].map(\.value).flatMap {
                (0...1).contains($0) ? (value: $0, source: "its offline evaluation") : nil
            }
            found.accuracy = try part(metric, option, seen ?? offline, example: "97%")
        case .errors:
            let seen = traffic.flatMap { counted($0.failures, $0.answers) }
            found.errors = try part(metric, option, seen, example: "0.1%")
        case .agreement:
            let own = traffic.flatMap { counted($0.pairs - $0.disagreeing, $0.pairs) }
            // Before stable was a candidate nobody compared it: then as others agreed.
            let pairs = recorded.versions.values.reduce(0) { $0 + $1.pairs }
            let apart = recorded.versions.values.reduce(0) { $0 + $1.disagreeing }
            found.agreement = try part(
                metric, option, own ?? counted(pairs - apart, pairs), example: "96%")
        case .latency: try findLatency(option)
        case .measurement(let name): try findSpread(name, option)
        case .sampleRatio, .drift, .prometheus, .influx: return
        }
    }

    private func counted(_ count: Int, _ trials: Int) -> (value: Double, source: String)? {
        guard trials >= Self.enough else { return nil }
        return (Double(count) / Double(trials), "recorded, n = \(grouped(trials))")
    }

    private mutating func part(
        _ metric: Metric, _ option: BaselineOption?, _ seen: (value: Double, source: String)?,
        example: String
    ) throws -> Double {
        let used = try option.map { (value: try $0.fraction(), source: "given") } ?? seen
        guard let used else {
            missing.append("--baseline \(metric.name)=\(example)")
            return 0
        }
        found.note(metric.name, percentage(used.value), used.source)
        return used.value
    }

    private mutating func findLatency(_ option: BaselineOption?) throws {
        if let option {
            let p99 = try option.milliseconds()
            found.latency = .logNormal(p99: p99)
            found.note("latency", "p99 \(significant(p99, 3)) ms", "given, log-normal")
        } else if let counts = traffic?.latencies, counts.total >= Self.enough {
            found.latency = .recorded(counts)
            found.note("latency", "as recorded", "recorded, n = \(grouped(counts.total))")
        } else {
            missing.append("--baseline latency=8ms")
        }
    }

    private mutating func findSpread(_ name: String, _ option: BaselineOption?) throws {
        if let option {
            found.spreads[name] = try option.fraction(0...100)
            found.note(name, "± \(percentage(try option.fraction(0...100)))", "given")
            return
        }
        guard let traffic, let moments = traffic.measurements[name],
            moments.count >= Self.enough, moments.mean > 0, let variance = moments.variance
        else {
            missing.append("--baseline \(name)=30%")
            return
        }
        let spread = variance.squareRoot() / moments.mean
        found.spreads[name] = spread
        found.measured[name] = min(1, Double(moments.count) / Double(max(traffic.answers, 1)))
        let heavy = moments.kurtosis.map { $0 > MeanComparison.largestKurtosis } ?? false
        found.note(
            name, "\(significant(moments.mean, 3)) ± \(percentage(spread))",
            "recorded, n = \(grouped(moments.count))"
                + (heavy ? ", with tails too heavy for the engine: it would claim nothing" : ""))
    }

    /// How many labels come and when, how alike the requests of a user are, and how often just one
    /// version is right.
    private mutating func findLabels() {
        let rules = guardrails.compactMap(\.labels)
        let labels = evidence.compactMap(\.labels).first
        if let labels, labels.due >= Self.enough { found.labelled = labels.fraction }
        found.labelLag = rules.compactMap(\.after).max() ?? labels?.lag ?? .zero
        if guardrails.contains(where: { $0.metric == .accuracy }) {
            let known = labels.map { $0.due >= Self.enough } ?? false
            let lag = found.labelLag == .zero ? "at once" : "after \(found.labelLag.spoken)"
            found.note(
                "labels", "\(percentage(found.labelled)) \(lag)", known ? "recorded" : "assumed")
        }
        let compared = recorded.versions.values.reduce(0) { $0 + $1.compared }
        if compared >= Self.enough {
            let discordant = recorded.versions.values.reduce(0) { $0 + $1.discordant }
            found.discordance = Double(discordant) / Double(compared)
        }
        for guardrail in guardrails {
            let effects = evidence.filter { $0.guardrail == guardrail.name }
                .compactMap(\.process.designEffect)
            guard let effect = effects.max(), effect > 1 else { continue }
            let name = guardrail.metric.name
            found.designEffects[name] = max(found.designEffects[name] ?? 1, effect)
        }
    }
}

extension GuardrailProcess {
    fileprivate var designEffect: Double? {
        switch self {
        case .proportion(let process): process.rollback.designEffect
        case .comparison(let process): process.rollback.designEffect
        case .paired(let process): process.rollback.designEffect
        case .mean(let process): process.rollback.designEffect
        case .split, .unmeasured: nil
        }
    }
}

extension Sequence where Element: Hashable {
    /// Each element once, in the order of its first.
    fileprivate var uniqued: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
