import Foundation
import RolloutCore
import Testing

@testable import ReferenceFleet

@Suite struct ModelTests {
    private struct Fixture: Decodable {
        let features: [[Double]]
        let probabilities: [String: [[Double]]]
    }

    @Test(arguments: ["2.3.1", "2.4.0", "2.5.0", "2.6.0"])
    func treesAnswerAsXGBoostDoes(_ version: String) throws {
        let fixture = try JSONDecoder().decode(
            Fixture.self, from: Repository.fixture("xgboost-predictions.json"))
        let trees = try TreeEnsemble(
            xgboostJSON: Data(contentsOf: Repository.artifact(version)))
        let expected = try #require(fixture.probabilities[version])
        #expect(trees.featureNames == TransferFeatures.names)
        #expect(trees.classes == TransferMethod.allCases.map(\.rawValue))
        #expect(expected.count == 60)
        for (features, wanted) in zip(fixture.features, expected) {
            for (found, wanted) in zip(trees.probabilities(features), wanted) {
                #expect(abs(found - wanted) < 1e-5)
            }
        }
    }

    /// One edit of a valid artifact each, and a word of the reason.
    @Test(arguments: [
        ("\"multi:softprob\"", "\"reg:squarederror\"", "objective"),
        ("\"gbtree\"", "\"dart\"", "booster"),
        ("\"hde,amst,zstd,none\"", "\"hde,amst,zstd\"", "classes"),
        ("\"hde,amst,zstd,none\"", "\"hde,hde,zstd,none\"", "classes"),
        ("\"left_children\":[1,", "\"left_children\":[0,", "reached twice"),
        ("\"left_children\":[1,", "\"left_children\":[9999,", "missing"),
        ("\"right_children\":[", "\"right_children\":[7,", "length"),
        ("\"split_indices\":[", "\"split_indices\":[99,", "length"),
        ("\"version\":[2", "\"version\":[3", "version"),
        ("\"tree_info\":[0", "\"tree_info\":[4", "trees"),
        ("{", "", "JSON"),
    ])
    func brokenTreesAreRefused(_ found: String, _ replacement: String, _ reason: String) throws {
        var text = try String(contentsOf: Repository.artifact("2.4.0"), encoding: .utf8)
        let place = try #require(text.range(of: found))
        text.replaceSubrange(place, with: replacement)
        let error = #expect(throws: ArtifactError.self) {
            try TreeEnsemble(xgboostJSON: Data(text.utf8))
        }
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "nothing")")
    }

    @Test("J1: an artifact that is not the declared one is refused")
    func anArtifactThatIsNotTheDeclaredOneIsRefused() throws {
        let digest = try #require(Digest(hex: String(repeating: "0", count: 64)))
        let error = #expect(throws: ArtifactError.self) {
            try ServedModel.load(
                path: Repository.artifact("2.4.0").path(), format: "xgboost-json",
                name: RolloutName("compression-selector"),
                version: VersionReference(version: VersionName("2.4.0"), digest: digest))
        }
        #expect(error?.message.contains("the version file declares 0000") == true)
    }

    @Test func rulesAnswerInOrder() throws {
        let rules = try RuleModel(json: Data(contentsOf: Repository.artifact("rules-1")))
        #expect(rules.featureNames == TransferFeatures.names)
        // log size, entropy, probe, similarity, previous, rtt, bandwidth, loss, jitter, speed
        #expect(rules.probabilities([14, 8, 1, 0.9, 1, 9, 9, 9, 9, 9])[0] == 0.9)
        #expect(rules.probabilities([14, 8, 1, 0.1, 1, 9, 9, 9, 9, 9])[1] == 0.8)
        #expect(rules.probabilities([14, 8, 1, 0.1, 1, 9, 9, 1, 9, 9])[3] == 0.9)
        #expect(rules.probabilities([14, 4, 0.4, 0, 0, 9, 9, 1, 9, 9])[2] == 0.7)
    }

    @Test(arguments: [
        #"{"format":"x","featureNames":["a"],"classes":["b","c"],"rules":[],"otherwise":{"label":"b","confidence":1}}"#,
        #"{"format":"gatewright-rules-1","featureNames":["a"],"classes":["b","c"],"rules":[],"otherwise":{"label":"d","confidence":1}}"#,
        #"{"format":"gatewright-rules-1","featureNames":["a"],"classes":["b","c"],"rules":[{"when":[{"feature":"z","below":1}],"then":{"label":"b","confidence":1}}],"otherwise":{"label":"b","confidence":1}}"#,
    ])
    func brokenRulesAreRefused(_ text: String) {
        #expect(throws: ArtifactError.self) { try RuleModel(json: Data(text.utf8)) }
    }
}
