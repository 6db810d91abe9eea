import ArgumentParser
import Evidence
import Foundation
import Ledger
import RolloutCore
import RolloutFiles
import Signals

/// How long each step takes a candidate that is as good as stable, by simulation.
struct PlanForecast {
    /// Medians, one a step of the plan; empty when they cannot be told.
    private(set) var steps: [SimulatedEnd.Step] = []
    private(set) var unknown: [String] = []
    private(set) var cannotSee: [String] = []
    /// What nothing recorded tells, and was taken to be so.
    private(set) var assumed: [String] = []

    init(
        _ proposal: ProposedChange.Proposal, plan: Plan, rate: Double?,
        baseline: [BaselineOption], runs: Int, timeScale: Int64
    ) async throws {
        guard let spec = proposal.after.spec, proposal.ask != nil, !plan.steps.isEmpty else {
            return
        }
        let learnt = RecordedPace(proposal.records)
        let traffic: Baseline
        do {
            let guardrails = proposal.after.guardrails.flatMap(\.guardrails)
            var known = baseline
            for option in learnt?.options(guardrails) ?? []
            where !known.contains(where: { $0.metric == option.metric }) { known.append(option) }
            let guesses = Self.guesses(proposal, guardrails).filter { guess in
                !known.contains { $0.metric == guess.metric }
            }
            assumed = guesses.map { "\($0.metric) \($0.value)" }
            traffic = try Self.baseline(
                proposal, spec, rate: rate ?? learnt?.perSecond, given: known + guesses)
        } catch {
            unknown = ["\(error)"]
            return
        }
        let scaled = Plan(
            regions: plan.regions,
            steps: plan.steps.map {
                Step(
                    stage: $0.stage, shares: $0.shares, mirrors: $0.mirrors,
                    soak: TimeSpan(milliseconds: $0.soak.milliseconds / timeScale),
                    approval: $0.approval)
            })
        guard
            let start = Simulation.start(
                of: spec.name, plan: scaled, stickyBy: spec.stickyBy,
                guardrails: proposal.after.guardrails)
        else { return }
        let simulation = Simulation(start: start, baseline: traffic, seed: 7, runs: runs)
        let better = Self.improvement(proposal, traffic)
        let ends =
            await simulation.cases(better.map { [$0] } ?? []) { _, _ in }
            .first { $0.regression == better }?.ends ?? []
        let complete = ends.filter { $0.kind == .completed }
        if complete.count * 2 < ends.count {
            let open = Set(ends.compactMap { $0.kind == .undecided ? $0.guardrail : nil })
            unknown.append(
                open.isEmpty
                    ? "of \(ends.count) candidates as good as they say only \(complete.count) get "
                        + "through; the others end "
                        + Set(
                            ends.filter { $0.kind != .completed }.map { end in
                                "\(end.kind.rawValue) in \(end.stage.rawValue)"
                                    + (end.guardrail.map { " (\($0))" } ?? "")
                            }
                        ).sorted().joined(separator: ", ")
                    : "\(open.sorted().map(\.rawValue).joined(separator: ", ")) cannot be decided at "
                        + "this traffic, even for a candidate as good as stable")
        }
        guard !complete.isEmpty else { return }
        steps = plan.steps.indices.map { index in
            let all = complete.compactMap {
                $0.steps.indices.contains(index) ? $0.steps[index] : nil
            }
            return SimulatedEnd.Step(
                milliseconds: Self.median(all.map(\.milliseconds)),
                answers: Int(Self.median(all.map { Int64($0.answers) })))
        }
        cannotSee = blindness(proposal, traffic)
    }

    /// How much better the version says that it is, by its offline evaluation.
    private static func improvement(
        _ proposal: ProposedChange.Proposal, _ traffic: Baseline
    ) -> Regression? {
        guard let spec = proposal.after.spec, let version = proposal.after.versions[spec.version],
            let accuracy = version.evaluation?.metrics["accuracy"]?.value,
            (0...1).contains(accuracy), abs(accuracy - traffic.accuracy) > 1e-6
        else { return nil }
        let points = decimal(abs(accuracy - traffic.accuracy) * 100, 4)
        return Regression(
            argument: "accuracy=\(accuracy > traffic.accuracy ? "+" : "-")\(points)pp")
    }

    private static func median(_ values: [Int64]) -> Int64 {
        let sorted = values.sorted()
        return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
    }

    private static func baseline(
        _ proposal: ProposedChange.Proposal, _ spec: RolloutSpec, rate: Double?,
        given: [BaselineOption]
    ) throws -> Baseline {
        let guardrails = proposal.after.guardrails.flatMap(\.guardrails)
        let evidence = proposal.records.last { $0.kind == "complete" }?.input.evidence ?? []
        let version = proposal.state.stable?.reference.version ?? proposal.before?.spec?.version
        let stable = version.flatMap { proposal.after.versions[$0]?.reference }
        var search = BaselineSearch(
            given: given, rate: rate, regions: spec.regions, guardrails: guardrails,
            recorded: RecordedTraffic(), stable: stable,
            evaluation: stable.flatMap { proposal.after.versions[$0.version]?.evaluation?.metrics }
                ?? [:], evidence: evidence)
        return try search.baseline()
    }

    /// Where nothing recorded tells: a stable version that keeps its guardrails with room to spare.
    private static func guesses(
        _ proposal: ProposedChange.Proposal, _ guardrails: [GuardrailSpec]
    ) -> [BaselineOption] {
        var texts: [String] = []
        let stable = proposal.state.stable?.reference.version ?? proposal.before?.spec?.version
        let offline = stable.flatMap { proposal.after.versions[$0]?.evaluation?.metrics } ?? [:]
        for guardrail in guardrails {
            switch (guardrail.metric, guardrail.criterion) {
            case (.accuracy, .atLeast(let least)) where offline["accuracy"] == nil:
                texts.append("accuracy=\(RecordedPace.percentText((least.value + 1) / 2))")
            case (.errors, .atMost(let most)):
                texts.append("errors=\(RecordedPace.percentText(most.value / 10))")
            case (.agreement, .atLeast(let least)):
                texts.append("agreement=\(RecordedPace.percentText((least.value + 1) / 2))")
            case (.latency, .quantileAtMost(_, let limit)):
                let p99 = offline["inferenceP99"]?.value ?? limit.value / 2
                texts.append("latency=\(decimal(min(p99, limit.value / 2), 3))ms")
            case (.measurement(let name), _): texts.append("\(name)=30%")
            default: continue
            }
        }
        var options: [BaselineOption] = []
        for option in texts.compactMap({ BaselineOption(argument: $0) })
        where !options.contains(where: { $0.metric == option.metric }) { options.append(option) }
        return options
    }

    /// The smallest loss of accuracy and rise of errors that full traffic would show within a day.
    private func blindness(
        _ proposal: ProposedChange.Proposal, _ traffic: Baseline
    ) -> [String] {
        var found: [String] = []
        let daily = traffic.rate * 86_400 * 0.05
        for set in proposal.after.guardrails {
            for guardrail in set.guardrails {
                guard case .dropAtMost(let points) = guardrail.criterion,
                    guardrail.metric == .accuracy, daily >= 1
                else { continue }
                // Two standard errors of a difference at canary's usual 5 %, in a day.
                let deviation = (2 * traffic.accuracy * (1 - traffic.accuracy) / daily).squareRoot()
                let least = points.value + 4 * deviation
                found.append(
                    "accuracy losses under \(decimal(least * 100, 2)) pp within a day of canary")
            }
        }
        return found
    }
}

/// What the newest records in git tell of traffic: how fast evidence came, and what it said.
struct RecordedPace {
    /// Requests a second of both versions in all regions.
    let perSecond: Double
    private let verdicts: [GuardrailVerdict]

    /// `nil` when no two records of one run tell of answers.
    init?(_ records: [DecisionRecord]) {
        var rates: [Double] = []
        for (before, after) in zip(records, records.dropFirst()) {
            guard let run = after.input.state.run, before.change.toStage != nil,
                let step = run.currentStep, after.input.state.decisions == before.number
            else { continue }
            let seconds = Double((after.at - before.at).milliseconds) / 1_000
            let answers = after.input.traffic.values.reduce(0) { $0 + $1.candidate + $1.stable }
            let mirrored =
                step.stage == .shadow
                ? after.input.traffic.values.reduce(0) { $0 + $1.candidate } : 0
            if seconds > 0.5, answers > 100 { rates.append(Double(answers - mirrored) / seconds) }
        }
        guard !rates.isEmpty else { return nil }
        perSecond = rates.sorted()[rates.count / 2]
        verdicts = records.last { $0.kind == "complete" || $0.verdicts.count > 2 }?.verdicts ?? []
    }

    /// What the guardrails said of the last version, as a person would say it of stable.
    func options(_ guardrails: [GuardrailSpec]) -> [BaselineOption] {
        var options: [BaselineOption] = []
        for guardrail in guardrails {
            guard let verdict = verdicts.first(where: { $0.guardrail == guardrail.name }),
                let estimate = verdict.estimate?.value
            else { continue }
            let text: String?
            switch (guardrail.metric, guardrail.criterion) {
            case (.accuracy, .atLeast): text = "accuracy=\(Self.percentText(estimate))"
            case (.errors, .atMost): text = "errors=\(Self.percentText(estimate))"
            case (.agreement, .atLeast): text = "agreement=\(Self.percentText(estimate))"
            case (.latency, .quantileAtMost(_, let limit)):
                // The part that was slower tells only that the p99 lies well below the limit.
                text = "latency=\(decimal(limit.value / 2, 3))ms"
            case (.measurement(let name), _): text = "\(name)=30%"
            default: text = nil
            }
            if let option = text.flatMap({ BaselineOption(argument: $0) }),
                !options.contains(where: { $0.metric == option.metric })
            {
                options.append(option)
            }
        }
        return options
    }

    static func percentText(_ fraction: Double) -> String {
        decimal(min(max(fraction, 0), 1) * 100, 4).replacing(",", with: "") + "%"
    }
}
