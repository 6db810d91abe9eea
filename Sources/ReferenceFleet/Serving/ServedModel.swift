import Crypto
import Foundation
package import RolloutCore

/// One version of a model, loaded from an artifact whose bytes are the ones declared.
package struct ServedModel: Sendable {
    /// Models above this are not read: the fleet's own rule for `compression-selector`.
    package static let artifactBytesMax = 50_000_000

    package let name: RolloutName
    package let reference: VersionReference
    package let fault: ServedFault
    private let predictor: Predictor

    private init(
        name: RolloutName, reference: VersionReference, fault: ServedFault, predictor: Predictor
    ) {
        self.name = name
        self.reference = reference
        self.fault = fault
        self.predictor = predictor
    }

    private enum Predictor: Sendable {
        case trees(TreeEnsemble)
        case rules(RuleModel)
    }

    /// What a version answers to one request.
    package struct Answer: Sendable, Hashable {
        package let label: String
        /// The probability of `label`.
        package let confidence: Double
        /// One for each of `classes`.
        package let probabilities: [Double]
    }

    /// `format` is `xgboost-json` or `gatewright-rules`, as in the version file.
    /// - Throws: `ArtifactError` when the file cannot be read, is not the one declared or is
    ///   not valid.
    package static func load(
        path: String, format: String, name: RolloutName, version: VersionReference
    ) throws(ArtifactError) -> ServedModel {
        do throws(ArtifactError) {
            let data = try read(path)
            let found = SHA256.hash(data: data).map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }.joined()
            guard found == version.digest.hex else {
                throw ArtifactError(
                    "has the digest \(found); the version file declares \(version.digest)")
            }
            let predictor: Predictor =
                switch format {
                case "xgboost-json": .trees(try TreeEnsemble(xgboostJSON: data))
                case "gatewright-rules": .rules(try RuleModel(json: data))
                default: throw ArtifactError("is of the unknown format \(format)")
                }
            return ServedModel(
                name: name, reference: version, fault: .none, predictor: predictor)
        } catch {
            throw ArtifactError("\(path) \(error.message)")
        }
    }

    /// The same model as a version of another rollout, with something wrong on purpose.
    package func serving(
        _ name: RolloutName, as reference: VersionReference, fault: ServedFault
    ) -> ServedModel {
        ServedModel(name: name, reference: reference, fault: fault, predictor: predictor)
    }

    private static func read(_ path: String) throws(ArtifactError) -> Data {
        let handle: FileHandle
        let data: Data?
        do {
            handle = try FileHandle(forReadingFrom: URL(filePath: path))
            data = try handle.read(upToCount: artifactBytesMax + 1)
        } catch {
            throw ArtifactError("cannot be read: \(error)")
        }
        guard let data, data.count <= artifactBytesMax else {
            throw ArtifactError("is empty or larger than \(artifactBytesMax) bytes")
        }
        return data
    }

    package var featureNames: [String] {
        switch predictor {
        case .trees(let trees): trees.featureNames
        case .rules(let rules): rules.featureNames
        }
    }

    package var classes: [String] {
        switch predictor {
        case .trees(let trees): trees.classes
        case .rules(let rules): rules.classes
        }
    }

    /// The class that a faulty version answers. It can be as good as the best all the same.
    package func leastLikely(_ answer: Answer) -> String {
        zip(classes, answer.probabilities).min { $0.1 < $1.1 }?.0 ?? answer.label
    }

    /// `nil` unless there is one finite number for each feature.
    package func answer(_ features: [Double]) -> Answer? {
        guard features.count == featureNames.count, features.allSatisfy(\.isFinite) else {
            return nil
        }
        let probabilities =
            switch predictor {
            case .trees(let trees): trees.probabilities(features)
            case .rules(let rules): rules.probabilities(features)
            }
        guard let best = zip(classes, probabilities).max(by: { $0.1 < $1.1 }) else { return nil }
        return Answer(label: best.0, confidence: best.1, probabilities: probabilities)
    }
}

/// Why an artifact is not served.
package struct ArtifactError: Error, Hashable, CustomStringConvertible {
    package let message: String

    init(_ message: String) { self.message = message }

    package var description: String { message }
}
