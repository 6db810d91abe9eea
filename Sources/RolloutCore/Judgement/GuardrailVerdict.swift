import Evidence

/// One guardrail at one look, with the numbers behind the verdict.
package struct GuardrailVerdict: Codable, Sendable, Hashable {
    package let guardrail: GuardrailName
    package let verdict: Verdict
    /// Whether it was shown to be good enough, not only not yet bad.
    package let proven: Bool
    package let required: Bool
    package let onBreach: Reaction
    package let estimate: FiniteDouble?
    package let lower: FiniteDouble?
    package let upper: FiniteDouble?
    package let candidateCount: Int
    package let stableCount: Int
    /// About how many more candidate observations until it is decided.
    package let needs: Int?
    /// How long that takes at the present pace; `nil` while no pace is known.
    package let eta: TimeSpan?
    package let outlook: Outlook
    /// `exact`, `asymptotic` or `descriptive`.
    package let validity: String
    /// The probability of a false alarm that this verdict may spend: log E = log(1/level) breaches.
    package let level: FiniteDouble?
    /// The largest log E so far of both sides.
    package let rollbackLogE: FiniteDouble?
    package let promoteLogE: FiniteDouble?
    /// Predictions counted whose label has come, as a part of those counted.
    package let labelled: FiniteDouble?
    /// How old a prediction is when it is counted.
    package let labelLag: TimeSpan?
    /// The same numbers for each region, when the policy asks for them.
    package let slices: [Slice]
    /// `97.2 % [95.6, 98.3], needs ≥ 95 %, n = 1,880`
    package let spoken: String

    /// Whether waiting helps.
    package enum Outlook: String, Codable, Sendable, Hashable {
        /// It is proven, or cannot be and need not.
        case decided
        /// `needs` more observations decide it if the present estimate holds.
        case open
        /// That would take longer than 90 days.
        case tooSlow
        /// At the present estimate it is never proven.
        case never
        /// Nothing was seen yet.
        case unknown
    }

    package struct Slice: Codable, Sendable, Hashable {
        package let region: RegionName
        package let candidateCount: Int
        package let rollbackLogE: FiniteDouble?
        package let spoken: String
    }

    /// Nobody waits longer for a decision than this.
    package static let etaMax = TimeSpan.seconds(90 * 86_400)
}

extension GuardrailVerdict {
    /// Puts the numbers of a look into words.
    init(
        _ guardrail: GuardrailSpec, _ evidence: GuardrailEvidence, _ reading: EvidenceReading,
        _ verdict: Verdict, level: Double, proven: Bool, needs: Int?, now: Timestamp
    ) {
        let eta = needs.flatMap {
            evidence.pace?.time(for: $0, seen: reading.candidateCount, now)
        }
        let outlook: Outlook =
            switch needs {
            case 0: .decided
            case .some: (eta.map { $0 > Self.etaMax } ?? false) ? .tooSlow : .open
            case nil: reading.estimate == nil ? .unknown : .never
            }
        self.init(
            guardrail: guardrail.name, verdict: verdict, proven: proven,
            required: guardrail.isRequired, onBreach: guardrail.onBreach,
            estimate: reading.estimate.flatMap(FiniteDouble.init),
            lower: reading.lower.flatMap(FiniteDouble.init),
            upper: reading.upper.flatMap(FiniteDouble.init),
            candidateCount: reading.candidateCount, stableCount: reading.stableCount,
            needs: needs, eta: eta, outlook: outlook, validity: reading.validity.rawValue,
            level: FiniteDouble(level),
            rollbackLogE: FiniteDouble(evidence.mixture?.peak ?? reading.rollbackLogE),
            promoteLogE: FiniteDouble(reading.promoteLogE),
            labelled: evidence.labels.flatMap { FiniteDouble($0.fraction) },
            labelLag: evidence.labels?.lag,
            slices: evidence.slices.compactMap { slice in
                guard let process = slice.process.evidence else { return nil }
                let reading = process.reading(alpha: level)
                return Slice(
                    region: slice.region, candidateCount: reading.candidateCount,
                    rollbackLogE: FiniteDouble(reading.rollbackLogE),
                    spoken: guardrail.numbers(reading))
            }, spoken: guardrail.numbers(reading))
    }

    /// A guardrail without any evidence: it was written, so it counts, and it cannot pass.
    static func missing(
        _ guardrail: GuardrailSpec, reason: String = "no data yet"
    ) -> GuardrailVerdict {
        GuardrailVerdict(
            guardrail: guardrail.name, verdict: .undecided(reason: reason), proven: false,
            required: guardrail.isRequired, onBreach: guardrail.onBreach, estimate: nil,
            lower: nil, upper: nil, candidateCount: 0, stableCount: 0, needs: nil, eta: nil,
            outlook: .unknown,
            validity: "none", level: nil, rollbackLogE: nil, promoteLogE: nil, labelled: nil,
            labelLag: nil, slices: [], spoken: "–")
    }

    /// A metric that this version of Gatewright cannot see: it was written, so it cannot pass.
    static func unmeasured(
        _ guardrail: GuardrailSpec, _ evidence: GuardrailEvidence
    ) -> GuardrailVerdict {
        guard case .unmeasured(let reason) = evidence.process else { return .missing(guardrail) }
        return .missing(guardrail, reason: reason)
    }
}

extension EvidencePace {
    /// How long `needs` more observations take, at the pace since the step began.
    fileprivate func time(for needs: Int, seen: Int, _ now: Timestamp) -> TimeSpan? {
        guard needs > 0 else { return .zero }
        let (count, elapsed) = (Double(seen - before), Double((now - since).milliseconds))
        guard count > 0, elapsed > 0 else { return nil }
        let milliseconds = (Double(needs) / count * elapsed).rounded(.up)
        // A thousand years stand for every longer time.
        return Int64(exactly: min(milliseconds, 3.2e13)).map { TimeSpan(milliseconds: $0) }
    }
}
