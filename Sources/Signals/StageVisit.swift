import RolloutCore

/// One stay of a run in a stage.
///
/// A second run of the same version comes to the same stages again, and its exposure begins anew
/// there, although the evidence about the version goes on.
struct StageVisit: Codable, Sendable, Hashable {
    let stage: StageKind
    /// The generation that began it.
    let generation: Int
    /// Numbers come again after a part of history was given up; times do not.
    let began: Timestamp

    init(stage: StageKind, generation: Int, began: Timestamp) {
        self.stage = stage
        self.generation = generation
        self.began = began
    }

    init?(_ run: Run) {
        guard let stage = run.currentStep?.stage else { return nil }
        self.init(stage: stage, generation: run.stageGeneration, began: run.stageBegan)
    }
}
