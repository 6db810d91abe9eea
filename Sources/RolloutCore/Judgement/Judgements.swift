/// Judges every guardrail that the current step lets see anything, in the order of the policies.
///
/// Of what is not seen now, such as the pairs of shadow in canary, only a breach counts: it may
/// come late, with late labels, and is no less a breach.
func judgements(_ input: DecisionInput, _ run: Run) -> [GuardrailVerdict] {
    guard let step = run.currentStep else { return [] }
    var verdicts: [GuardrailVerdict] = []
    for set in run.guardrails {
        for guardrail in set.guardrails {
            let applies = guardrail.isSeen(at: step)
            let isPaired = guardrail.isPaired(in: step.stage)
            let context = JudgementContext(
                now: input.now, plan: run.plan, step: run.step,
                rollbackLevel: ErrorBudget.rollbackLevel(of: guardrail, in: set, plan: run.plan),
                riskBudget: set.riskBudget.value)
            var isJudged = !applies
            for evidence in input.evidence where evidence.guardrail == guardrail.name {
                let verdict = judge(guardrail, evidence, context)
                let isCurrent =
                    applies
                    && (evidence.process.isPaired == isPaired || evidence.process.evidence == nil)
                guard isCurrent || verdict.verdict.word == "breach" else { continue }
                isJudged = isJudged || isCurrent
                verdicts.append(verdict)
            }
            if !isJudged { verdicts.append(.missing(guardrail)) }
        }
    }
    return verdicts
}
