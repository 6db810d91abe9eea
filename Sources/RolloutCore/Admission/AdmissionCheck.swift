/// One offline gate, and what was found behind it.
package struct AdmissionCheck: Codable, Sendable, Hashable {
    package let policy: PolicyName
    package let metric: String
    /// `nil` when nothing was measured, which does not pass.
    package let value: FiniteDouble?
    /// `≥ 0.98`, `0.75 … 0.9`
    package let bound: String
    package let passed: Bool
    /// What is wrong, in words that name the number; `nil` when it passed.
    package let problem: String?

    /// The metric of a check that an artifact is signed; its value is 1, or `nil`.
    package static let modelSignature = "modelSignature"

    package init(
        policy: PolicyName, metric: String, value: FiniteDouble?, bound: String, problem: String?
    ) {
        self.policy = policy
        self.metric = metric
        self.value = value
        self.bound = bound
        passed = problem == nil
        self.problem = problem
    }
}

extension AdmissionPolicy {
    /// Judges a version by what was measured offline.
    ///
    /// What was not measured is not passed: a gate that nobody looked at is no gate.
    ///
    /// - Parameter signature: what is wrong with the signature of an artifact when one of these PEM
    ///   keys must have made it; `nil` for a good one.
    package func checks(
        of version: ModelVersion,
        signature: (_ artifact: ModelVersion.Artifact, _ keys: [String]) -> String?
    ) -> [AdmissionCheck] {
        requirements.map { check($0, version) } + featureChecks(version)
            + signatureChecks(version, signature)
    }

    private func signatureChecks(
        _ version: ModelVersion, _ signature: (ModelVersion.Artifact, [String]) -> String?
    ) -> [AdmissionCheck] {
        guard let signedBy else { return [] }
        let problem = signature(version.artifact, signedBy)
        return [
            AdmissionCheck(
                policy: name, metric: AdmissionCheck.modelSignature,
                value: problem == nil ? FiniteDouble(1) : nil,
                bound: signedBy.count == 1 ? "by the one key" : "by one of \(signedBy.count) keys",
                problem: problem)
        ]
    }

    private func check(_ requirement: Requirement, _ version: ModelVersion) -> AdmissionCheck {
        let value = version.offlineMetric(requirement.metric)
        var problem: String?
        if let value {
            if let broken = requirement.broken(by: value.value) {
                problem =
                    "\(requirement.metric) is \(decimal(value.value, 4)), must be \(broken)"
                    + (requirement.because.map { " (\($0))" } ?? "")
            }
        } else {
            problem =
                "\(requirement.metric) was not measured; add it under evaluation, or drop the "
                + "requirement"
        }
        return AdmissionCheck(
            policy: name, metric: requirement.metric, value: value, bound: requirement.bound,
            problem: problem)
    }

    private func featureChecks(_ version: ModelVersion) -> [AdmissionCheck] {
        guard !forbiddenFeatures.isEmpty else { return [] }
        let importance = version.evaluation?.metrics.keys
            .filter { $0.hasPrefix("featureImportance.") }
            .map { String($0.dropFirst("featureImportance.".count)) }
        let used = Set(version.training?.features ?? []).union(importance ?? [])
        let found = forbiddenFeatures.filter { used.contains($0) }.sorted()
        let problem: String? =
            if used.isEmpty {
                "the features are not declared, so forbidden ones cannot be excluded; add "
                    + "training.features"
            } else if found.isEmpty {
                nil
            } else {
                "it is trained on \(found.joined(separator: ", ")), known only after the fact"
            }
        return [
            AdmissionCheck(
                policy: name, metric: "forbiddenFeatures", value: FiniteDouble(Double(found.count)),
                bound: "none of \(forbiddenFeatures.count)", problem: problem)
        ]
    }
}

extension AdmissionPolicy.Requirement {
    /// The bound that a value breaks, in words; `nil` when it keeps them all.
    func broken(by value: Double) -> String? {
        // Each comparison is a positive proof: NaN would fail them all, and cannot come here.
        if let atLeast, !(value >= atLeast.value) { return "≥ \(decimal(atLeast.value, 4))" }
        if let above, !(value > above.value) { return "> \(decimal(above.value, 4))" }
        if let atMost, !(value <= atMost.value) { return "≤ \(decimal(atMost.value, 4))" }
        if let below, !(value < below.value) { return "< \(decimal(below.value, 4))" }
        return nil
    }

    var bound: String {
        [
            atLeast.map { "≥ \(decimal($0.value, 4))" }, above.map { "> \(decimal($0.value, 4))" },
            atMost.map { "≤ \(decimal($0.value, 4))" }, below.map { "< \(decimal($0.value, 4))" },
        ].compactMap { $0 }.joined(separator: ", ")
    }
}

extension ModelVersion {
    /// A number of the evaluation, or one that follows from several.
    ///
    /// - `size`: bytes of the artifact.
    /// - `trainTestGap`: `trainAccuracy` − `accuracy`.
    /// - `maxFeatureImportance`: the largest of `featureImportance.*`.
    /// - `minClassPrecision`, `minClassRecall`: the worst of `perClass.*`.
    /// - `classImbalance`: the largest |precision − recall| of a class.
    package func offlineMetric(_ metric: String) -> FiniteDouble? {
        let metrics = evaluation?.metrics ?? [:]
        if let value = metrics[metric] { return value }
        switch metric {
        case "size": return FiniteDouble(Double(artifact.size))
        case "trainTestGap":
            guard let train = metrics["trainAccuracy"], let test = metrics["accuracy"] else {
                return nil
            }
            return FiniteDouble(train.value - test.value)
        case "maxFeatureImportance":
            return metrics.filter { $0.key.hasPrefix("featureImportance.") }.values
                .map(\.value).max().flatMap { FiniteDouble($0) }
        case "minClassPrecision": return worstClass("precision")
        case "minClassRecall": return worstClass("recall")
        case "classImbalance":
            let gaps = classes.compactMap { name -> Double? in
                guard let precision = metrics["perClass.\(name).precision"],
                    let recall = metrics["perClass.\(name).recall"]
                else { return nil }
                return (precision.value - recall.value).magnitude
            }
            return gaps.max().flatMap { FiniteDouble($0) }
        default: return nil
        }
    }

    private var classes: Set<String> {
        Set(
            (evaluation?.metrics.keys ?? [:].keys).compactMap { key in
                let parts = key.split(separator: ".")
                return parts.count == 3 && parts[0] == "perClass" ? String(parts[1]) : nil
            })
    }

    private func worstClass(_ metric: String) -> FiniteDouble? {
        let values = classes.map { evaluation?.metrics["perClass.\($0).\(metric)"]?.value }
        // A class without the number could be the worst.
        guard !values.isEmpty, !values.contains(nil) else { return nil }
        return values.compactMap { $0 }.min().flatMap { FiniteDouble($0) }
    }
}
