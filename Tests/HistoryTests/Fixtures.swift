import Foundation
import History
import RolloutCore
import Testing

/// Values that tests read like sentences.
enum Fixture {
    static let start: Int64 = 1_790_000_000_000

    static func rollout(_ name: String = "compression-selector") throws -> RolloutName {
        try RolloutName(name)
    }

    static func answer(
        _ id: String, _ arm: Arm, _ output: String?, rollout: String = "compression-selector",
        generation: Int = 1, second: Int64 = 0, unit: UInt64 = .max
    ) throws -> Prediction {
        let digit = arm == .stable ? "a" : "b"
        let digest = try #require(Digest(hex: String(repeating: digit, count: 64)))
        return Prediction(
            prediction: id, arm: arm, rollout: try RolloutName(rollout),
            region: try RegionName("eu-west"), generation: generation,
            version: VersionReference(version: try VersionName("2.4.0"), digest: digest),
            at: at(second), latencyMicroseconds: 6_800, output: output,
            confidence: FiniteDouble(0.75), unit: unit)
    }

    static func label(_ id: String, _ truth: String..., second: Int64 = 100) -> Observation {
        .label(Label(prediction: id, truth: truth, at: at(second)))
    }

    static func measurement(_ id: String, _ metric: String, _ value: Double) throws -> Observation {
        let value = try #require(FiniteDouble(value))
        return .measurement(
            RolloutCore.Measurement(prediction: id, metric: metric, value: value, at: at(50)))
    }

    static func at(_ second: Int64) -> Timestamp {
        Timestamp(milliseconds: start + second * 1_000)
    }

    /// A directory that does not exist yet, and that the caller removes.
    static func newPath() -> String {
        NSTemporaryDirectory() + "/history-\(UUID().uuidString)"
    }
}

/// A store that is gone after the body.
func withStore<Value>(_ body: (HistoryStore) throws -> Value) throws -> Value {
    let store = try HistoryStore.temporary()
    defer { store.close() }
    return try body(store)
}

/// A path that is gone after the body.
func withPath<Value>(_ body: (String) throws -> Value) throws -> Value {
    let path = Fixture.newPath()
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
}

/// Numbers that are the same in every run.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }
}

/// What evidence would make of facts: for each answer its last result, its numbers, its agreement.
struct Fold: Hashable {
    var results: [String: Bool] = [:]
    var numbers: [String: Double] = [:]
    var agreements: [String: Bool] = [:]
    var comparisons: Set<String> = []
    var answers: Set<Prediction> = []
    var broken: [String] = []

    init(_ facts: [Fact]) {
        for fact in facts {
            let key = "\(fact.answer.prediction)/\(fact.answer.arm)"
            switch fact.event {
            case .answered: answers.insert(fact.answer)
            case .labelled(let correct, let previously, _):
                if results[key] != previously { broken.append(key) }
                results[key] = correct
            case .measured(let metric, let value):
                if numbers.updateValue(value.value, forKey: "\(key)/\(metric)") != nil {
                    broken.append(key)
                }
            case .paired(let agree):
                if agreements.updateValue(agree, forKey: key) != nil { broken.append(key) }
            case .compared:
                // With the truth that was known first, so only that they are is the same.
                if !comparisons.insert(key).inserted { broken.append(key) }
            }
        }
    }
}

extension HistoryStore {
    func allFacts(_ rollout: String = "compression-selector") throws -> [Fact] {
        try facts(
            after: 0, rollout: try RolloutName(rollout), fromGeneration: 0, limit: 1_000_000)
    }
}
