package import Foundation

/// Rules that a person wrote: the first whose conditions all hold answers.
package struct RuleModel: Sendable, Hashable, Decodable {
    static let format = "gatewright-rules-1"

    let format: String
    package let featureNames: [String]
    package let classes: [String]
    let rules: [Rule]
    let otherwise: Outcome

    struct Rule: Sendable, Hashable, Decodable {
        let when: [Condition]
        let then: Outcome
    }

    struct Outcome: Sendable, Hashable, Decodable {
        let label: String
        let confidence: Double
    }

    /// `atLeast` is met at the bound, `below` is not.
    struct Condition: Sendable, Hashable, Decodable {
        let feature: String
        let atLeast: Double?
        let below: Double?
    }

    /// - Throws: `ArtifactError` for rules that name what is not there, or that can never answer.
    package init(json data: Data) throws(ArtifactError) {
        do {
            self = try JSONDecoder().decode(RuleModel.self, from: data)
        } catch {
            throw ArtifactError("is not a rule model: \(error)")
        }
        guard format == Self.format else {
            throw ArtifactError("has the format \(format); \(Self.format) is needed")
        }
        guard (1...1_024).contains(featureNames.count), (2...64).contains(classes.count),
            rules.count <= 1_000
        else { throw ArtifactError("needs 1-1024 features, 2-64 classes and at most 1000 rules") }
        for outcome in rules.map(\.then) + [otherwise] {
            guard classes.contains(outcome.label), (0...1).contains(outcome.confidence) else {
                throw ArtifactError(
                    "answers \(outcome.label) at \(outcome.confidence); known: \(classes)")
            }
        }
        for condition in rules.flatMap(\.when) {
            guard featureNames.contains(condition.feature),
                condition.atLeast != nil || condition.below != nil
            else { throw ArtifactError("has a condition on \(condition.feature) without effect") }
        }
    }

    /// The confidence for the answer, and an even part of the rest for the other classes.
    package func probabilities(_ features: [Double]) -> [Double] {
        let named = Dictionary(
            zip(featureNames, features), uniquingKeysWith: { first, _ in first })
        let outcome =
            rules.first { $0.when.allSatisfy { $0.holds(for: named[$0.feature]) } }?.then
            ?? otherwise
        let rest = (1 - outcome.confidence) / Double(classes.count - 1)
        return classes.map { $0 == outcome.label ? outcome.confidence : rest }
    }
}

extension RuleModel.Condition {
    fileprivate func holds(for value: Double?) -> Bool {
        guard let value, value.isFinite else { return false }
        return value >= (atLeast ?? -.infinity) && value < (below ?? .infinity)
    }
}
