import Foundation

/// A boosted tree ensemble with one margin for each class: XGBoost's `multi:softprob`.
package struct TreeEnsemble: Sendable {
    package let featureNames: [String]
    package let classes: [String]
    private let baseScore: Float
    private let trees: [Tree]

    /// A tree whose children were checked to be within it, without cycles.
    struct Tree: Sendable {
        let output: Int
        let nodes: [Node]
    }

    enum Node: Sendable {
        case leaf(Float)
        case split(feature: Int, below: Float, left: Int, right: Int, missingGoesLeft: Bool)
    }

    init(featureNames: [String], classes: [String], baseScore: Float, trees: [Tree]) {
        self.featureNames = featureNames
        self.classes = classes
        self.baseScore = baseScore
        self.trees = trees
    }

    /// The probability of each class. In `Float` and in tree order, as XGBoost computes it.
    ///
    /// `features` has one number for each feature name; NaN is a missing value.
    package func probabilities(_ features: [Double]) -> [Double] {
        precondition(features.count == featureNames.count, "one number for each feature")
        let row = features.map(Float.init)
        var margins = [Float](repeating: baseScore, count: classes.count)
        for tree in trees { margins[tree.output] += tree.leaf(of: row) }
        let highest = margins.max() ?? 0
        let weights = margins.map { exp($0 - highest) }
        let total = weights.reduce(0, +)
        return weights.map { Double($0 / total) }
    }
}

extension TreeEnsemble.Tree {
    fileprivate func leaf(of row: [Float]) -> Float {
        var index = 0
        while true {
            switch nodes[index] {
            case .leaf(let value): return value
            case .split(let feature, let below, let left, let right, let missingGoesLeft):
                let value = row[feature]
                index = (value.isNaN ? missingGoesLeft : value < below) ? left : right
            }
        }
    }
}
