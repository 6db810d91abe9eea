import Calibration
import Evidence
import RolloutCore
import Signals

/// Made-up traffic of one candidate beside stable, region by region.
struct SimulatedTraffic {
    private let baseline: Baseline
    private let candidate: Arm
    private let stable: Arm
    /// Of labelled pairs: only the candidate was right, only stable, neither.
    private let better: Double
    private let worse: Double
    private let neither: Double
    private let disagreeing: Double
    /// Parts of a request that are left over, and users that were counted.
    private var owed: [RegionName: Double] = [:]
    private var users: [RegionName: Int] = [:]
    /// Labels that are on their way, oldest first.
    private var unlabelled: [Labels] = []

    /// What one version does.
    private struct Arm {
        var errors: Double
        /// A failed answer is never right.
        var wrong: Double
        var slowness = 1.0
        var level = 1.0
        let latency: LatencyLaw

        func failures(_ guardrail: GuardrailSpec) -> Double {
            guard case .quantileAtMost(_, let limit) = guardrail.criterion else { return errors }
            return errors + (1 - errors) * latency.part(beyond: limit.value, factor: slowness)
        }
    }

    /// What was answered in one region during one block.
    struct Block {
        let region: RegionName
        let share: Share
        let candidate: Int
        let mirror: Int
        let stable: Int
    }

    /// Labelled answers of one block.
    struct Labels {
        let region: RegionName
        let stage: StageKind
        let at: Int64
        let due: Int
        let candidate: (labelled: Int, wrong: Int)
        let stable: (labelled: Int, wrong: Int)
        let pairs: (better: Int, equal: Int, worse: Int)
    }

    init(_ baseline: Baseline, _ regression: Regression?) {
        self.baseline = baseline
        func clamped(_ value: Double) -> Double { min(max(value, 0), 1) }
        stable = Arm(
            errors: baseline.errors, wrong: 1 - baseline.accuracy, latency: baseline.latency)
        var candidate = stable
        var agreement = baseline.agreement
        switch (regression?.metric, regression?.change) {
        case ("accuracy", .points(let points)?): candidate.wrong = clamped(stable.wrong - points)
        case ("errors", .points(let points)?):
            candidate.errors = clamped(stable.errors + points)
            let answered = (1 - candidate.errors) / max(1 - stable.errors, 1e-9)
            candidate.wrong = clamped(1 - (1 - stable.wrong) * answered)
            agreement = clamped(agreement * answered)
        case ("agreement", .points(let points)?): agreement = clamped(agreement + points)
        case ("latency", .relative(let part)?): candidate.slowness = 1 + part
        case (.some, .relative(let part)?): candidate.level = 1 + part
        default: break
        }
        self.candidate = candidate
        disagreeing = 1 - agreement
        let (wrong, other) = (candidate.wrong, stable.wrong)
        let chance = wrong * (1 - other) + other * (1 - wrong)
        let apart = min(max(baseline.discordance ?? chance, abs(wrong - other)), wrong + other)
        worse = clamped((apart + wrong - other) / 2)
        better = clamped((apart - wrong + other) / 2)
        neither = clamped(wrong - worse)
    }

    /// What callers do for so many milliseconds under the shares of a step.
    mutating func block(
        _ step: Step, milliseconds: Int64, _ random: inout SeededRandom
    ) -> [Block] {
        baseline.rates.sorted { $0.key < $1.key }.map { region, rate in
            let due = owed[region, default: 0] + rate * Double(milliseconds) / 1_000
            let requests = Int(exactly: min(due, 1e15).rounded(.down)) ?? 0
            owed[region] = due - Double(requests)
            let share = step.shares[region] ?? .zero
            let candidate = random.successes(requests, share.fraction)
            let mirror = random.successes(requests, (step.mirrors[region] ?? .zero).fraction)
            return Block(
                region: region, share: share, candidate: candidate, mirror: mirror,
                stable: requests - candidate)
        }
    }

    /// What a guardrail sees of a block; `nil` when it sees nothing, or labels only.
    mutating func outcome(
        _ block: Block, _ evidence: CountedEvidence, _ random: inout SeededRandom
    ) -> CountedOutcome? {
        let guardrail = evidence.guardrail
        let effect = baseline.designEffect(guardrail.metric)
        let answers = block.candidate + block.mirror
        func failures(_ arm: Arm, _ count: Int) -> Int {
            random.clustered(count, arm.failures(guardrail), effect)
        }
        switch guardrail.metric {
        case .errors, .latency:
            guard guardrail.criterion.comparesToStable else {
                return .candidate(trials: answers, failures: failures(candidate, answers))
            }
            return .sideBySide(
                ComparisonBlock(
                    candidateTrials: block.candidate,
                    candidateFailures: failures(candidate, block.candidate),
                    stableTrials: block.stable, stableFailures: failures(stable, block.stable)))
        case .agreement:
            return .candidate(
                trials: block.mirror,
                failures: random.clustered(block.mirror, disagreeing, effect))
        case .measurement(let name):
            let part = baseline.measured[name] ?? 1
            let spread = baseline.spreads[name] ?? 0
            func moments(_ count: Int, _ level: Double) -> Moments {
                random.moments(
                    random.successes(count, part), mean: level, deviation: level * spread, effect)
            }
            return .means(
                MeanBlock(
                    candidate: moments(block.candidate, candidate.level),
                    stable: moments(block.stable, 1)))
        case .sampleRatio:
            let known = users[block.region, default: 0]
            let new = max(0, min(block.candidate + block.stable, baseline.users - known))
            guard new > 0 || block.candidate > 0, block.share > .zero, block.share < .all else {
                return nil
            }
            users[block.region] = known + new
            let arm = random.successes(new, block.share.fraction)
            return .users(candidate: arm, stable: new - arm, asked: block.share)
        case .accuracy, .drift, .prometheus, .influx: return nil
        }
    }

    /// Draws the labels of a block, which come later.
    mutating func label(
        _ block: Block, _ stage: StageKind, at time: Int64, _ random: inout SeededRandom
    ) {
        let effect = baseline.designEffect(.accuracy)
        let answers = block.candidate + block.mirror
        let part = baseline.labelled
        var candidate = (labelled: random.successes(block.candidate, part), wrong: 0)
        candidate.wrong = random.clustered(candidate.labelled, self.candidate.wrong, effect)
        var stable = (labelled: random.successes(block.stable - block.mirror, part), wrong: 0)
        stable.wrong = random.clustered(stable.labelled, self.stable.wrong, effect)
        // One label is for both answers to a mirrored request.
        let pairs = random.successes(block.mirror, part)
        let worse = random.clustered(pairs, self.worse, effect)
        let better = random.clustered(
            pairs - worse, self.better / max(1 - self.worse, 1e-9), effect)
        let alike = pairs - worse - better
        let both = max(1 - self.worse - self.better, 1e-9)
        let neither = random.clustered(alike, min(self.neither / both, 1), effect)
        unlabelled.append(
            Labels(
                region: block.region, stage: stage, at: time, due: answers,
                candidate: (candidate.labelled + pairs, candidate.wrong + worse + neither),
                stable: (stable.labelled + pairs, stable.wrong + better + neither),
                pairs: (better, alike, worse)))
    }

    /// Takes out the labels that are as old as labels have to be.
    mutating func ripe(at time: Int64) -> [Labels] {
        let lag = baseline.labelLag.milliseconds
        let count = unlabelled.firstIndex { $0.at > time - lag } ?? unlabelled.count
        defer { unlabelled.removeFirst(count) }
        return Array(unlabelled.prefix(count))
    }
}

extension SimulatedTraffic.Labels {
    /// What a guardrail on accuracy sees of them.
    func outcome(_ evidence: CountedEvidence) -> CountedOutcome {
        if evidence.isPaired {
            return .pairs(better: pairs.better, equal: pairs.equal, worse: pairs.worse)
        }
        guard evidence.guardrail.criterion.comparesToStable else {
            return .candidate(trials: candidate.labelled, failures: candidate.wrong)
        }
        return .sideBySide(
            ComparisonBlock(
                candidateTrials: candidate.labelled, candidateFailures: candidate.wrong,
                stableTrials: stable.labelled, stableFailures: stable.wrong))
    }
}

extension SeededRandom {
    /// Failures of requests that come in clusters of so many that turn out alike.
    fileprivate mutating func clustered(
        _ trials: Int, _ probability: Double, _ designEffect: Double
    ) -> Int {
        guard designEffect > 1, trials > 0 else { return successes(trials, probability) }
        let clusters = (Double(trials) / designEffect).rounded()
        guard clusters >= 1, let count = Int(exactly: clusters) else {
            return bernoulli(probability) ? trials : 0
        }
        let failed = Double(successes(count, probability)) / clusters * Double(trials)
        return min(trials, Int(exactly: failed.rounded()) ?? trials)
    }

    /// Sums of so many measurements, as if they were normal.
    fileprivate mutating func moments(
        _ count: Int, mean: Double, deviation: Double, _ designEffect: Double
    ) -> Moments {
        guard count > 0 else { return Moments() }
        let error = deviation * (max(designEffect, 1) / Double(count)).squareRoot()
        let squares = count > 1 ? 2 * gamma(Double(count - 1) / 2) * deviation * deviation : 0
        let drawn = try? Moments(count: count, mean: mean + error * normal(), squares: squares)
        return drawn ?? Moments()
    }
}
