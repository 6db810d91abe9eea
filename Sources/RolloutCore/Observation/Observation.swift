/// Which version answered, and whether the caller saw the answer.
package enum Arm: String, Codable, Sendable, Hashable, CaseIterable {
    case stable
    case candidate
    /// The candidate's answer to a copied request; nobody saw it.
    case mirror
    /// The fallback's answer, given because the chosen version failed, was slow or was unsure.
    case fallback

    /// Whether a caller's request went to this version: one request, one live arm. A fallback
    /// answers in place of one.
    package var isLive: Bool { self == .stable || self == .candidate }
}

/// One answer of one version to one request. `(prediction, arm)` is its identity.
package struct Prediction: Codable, Sendable, Hashable {
    /// The id that the gateway stamps on the answer, 1 to 64 of a-z 0-9 -.
    package let prediction: String
    package let arm: Arm
    package let rollout: RolloutName
    package let region: RegionName
    /// The generation of the route that was in force.
    package let generation: Int
    package let version: VersionReference
    package let at: Timestamp
    /// From the request's arrival at the gateway to the version's answer.
    package let latencyMicroseconds: Int64
    /// What was answered; `nil` when there was no usable answer.
    package let output: String?
    /// 0 to 1; `nil` when the version does not say.
    package let confidence: FiniteDouble?
    /// The hash of the sticky key, so that users can be counted without knowing them.
    package let unit: UInt64

    package init(
        prediction: String, arm: Arm, rollout: RolloutName, region: RegionName, generation: Int,
        version: VersionReference, at: Timestamp, latencyMicroseconds: Int64, output: String?,
        confidence: FiniteDouble?, unit: UInt64
    ) {
        self.prediction = prediction
        self.arm = arm
        self.rollout = rollout
        self.region = region
        self.generation = generation
        self.version = version
        self.at = at
        self.latencyMicroseconds = latencyMicroseconds
        self.output = output
        self.confidence = confidence
        self.unit = unit
    }

    /// Whether the version failed to answer.
    package var failed: Bool { output == nil }
}

/// A number that a caller measured while it used an answer. `(prediction, metric)` is its identity.
package struct Measurement: Codable, Sendable, Hashable {
    package let prediction: String
    package let metric: String
    package let value: FiniteDouble
    package let at: Timestamp

    package init(prediction: String, metric: String, value: FiniteDouble, at: Timestamp) {
        self.prediction = prediction
        self.metric = metric
        self.value = value
        self.at = at
    }
}

/// The late truth about one request. `prediction` is its identity; a later `at` corrects it.
package struct Label: Codable, Sendable, Hashable {
    package let prediction: String
    /// The right answer, or several that are equally right.
    package let truth: [String]
    package let at: Timestamp

    package init(prediction: String, truth: [String], at: Timestamp) {
        self.prediction = prediction
        self.truth = truth
        self.at = at
    }
}
