import RolloutCore

/// What a reader of simulated figures has to know.
enum SimulationNotes {
    static func of(
        _ guardrails: [GuardrailSpec], _ plan: Plan, _ baseline: Baseline, _ asked: [Regression]
    ) -> [String] {
        var notes: [String] = []
        let watched = Set(guardrails.map(\.metric.name))
        for metric in Set(asked.map(\.metric)).subtracting(watched).sorted() {
            notes.append("no guardrail measures \(metric)")
        }
        for guardrail in guardrails {
            if let found = baseline.broken(guardrail) {
                notes.append(
                    "stable itself breaks \(guardrail.name) \(guardrail.bound) (\(found)): a "
                        + "candidate just as good is taken back rightly")
            }
            switch guardrail.metric {
            case .drift, .prometheus, .influx:
                notes.append(
                    "\(guardrail.name) is not measured by this version of Gatewright"
                        + (guardrail.isRequired ? ": nothing gets past it" : ""))
            default: break
            }
        }
        if plan.steps.contains(where: \.approval) {
            notes.append("people are taken to approve at once")
        }
        if baseline.designEffects.isEmpty {
            notes.append("each request counts as one of another user")
        } else {
            let effects = baseline.designEffects.sorted { $0.key < $1.key }
                .map { "\($0.key) \(significant($0.value, 2))" }.joined(separator: ", ")
            notes.append("users are as alike as recorded, design effects: \(effects)")
        }
        return notes
    }
}

extension Baseline {
    /// What stable does, if that breaks a constant limit.
    fileprivate func broken(_ guardrail: GuardrailSpec) -> String? {
        switch (guardrail.metric, guardrail.criterion) {
        case (.accuracy, .atLeast(let limit)) where accuracy < limit.value: percentage(accuracy)
        case (.agreement, .atLeast(let limit)) where agreement < limit.value:
            percentage(agreement)
        case (.errors, .atMost(let limit)) where errors > limit.value: percentage(errors)
        case (.latency, .quantileAtMost(let quantile, let limit)): slow(quantile, limit)
        default: nil
        }
    }

    private func slow(_ quantile: FiniteDouble, _ limit: FiniteDouble) -> String? {
        let part = errors + (1 - errors) * latency.part(beyond: limit.value, factor: 1)
        return part > 1 - quantile.value ? "\(percentage(part)) take longer" : nil
    }
}
