package import Foundation

extension TreeEnsemble {
    /// Limits of an artifact: far above what the fleet uses, far below what would hurt a server.
    package enum Limits {
        package static let features = 1_024
        package static let classes = 64
        package static let trees = 10_000
        package static let nodes = 1_000_000
        package static let depth = 64
    }

    /// Reads what `Booster.save_model("….json")` of XGBoost 2 writes.
    ///
    /// The class labels are the attribute `classes`, comma-separated in class order.
    /// - Throws: `ArtifactError` for anything that this evaluator would not compute exactly.
    package init(xgboostJSON data: Data) throws(ArtifactError) {
        let learner: XGBoostFile.Learner
        do {
            let file = try JSONDecoder().decode(XGBoostFile.self, from: data)
            guard file.version.first == 2 else {
                throw ArtifactError("is of XGBoost \(file.version); save it with version 2")
            }
            learner = file.learner
        } catch let error as ArtifactError {
            throw error
        } catch {
            throw ArtifactError("is not an XGBoost JSON model: \(error)")
        }
        let classes = learner.attributes.classes.split(separator: ",").map(String.init)
        let names = learner.feature_names
        let model = learner.gradient_booster.model
        try require(
            learner.objective.name == "multi:softprob",
            "has the objective \(learner.objective.name); multi:softprob is needed")
        try require(
            learner.gradient_booster.name == "gbtree",
            "has the booster \(learner.gradient_booster.name); gbtree is needed")
        try require(
            (2...Limits.classes).contains(classes.count) && Set(classes).count == classes.count
                && learner.learner_model_param.num_class == String(classes.count),
            "has \(learner.learner_model_param.num_class) classes but the labels \(classes)")
        try require(
            (1...Limits.features).contains(names.count) && Set(names).count == names.count
                && learner.learner_model_param.num_feature == String(names.count),
            "has \(learner.learner_model_param.num_feature) features but \(names.count) names")
        try require(
            (1...Limits.trees).contains(model.trees.count)
                && model.tree_info.count == model.trees.count
                && model.tree_info.allSatisfy(classes.indices.contains),
            "has \(model.trees.count) trees for \(model.tree_info.count) classes of trees")
        guard let base = Float(learner.learner_model_param.base_score), base.isFinite else {
            throw ArtifactError("has no finite base_score")
        }
        var trees: [Tree] = []
        var total = 0
        for (tree, output) in zip(model.trees, model.tree_info) {
            let nodes = try tree.nodes(features: names.count)
            total += nodes.count
            try require(total <= Limits.nodes, "has more than \(Limits.nodes) nodes")
            trees.append(Tree(output: output, nodes: nodes))
        }
        self.init(featureNames: names, classes: classes, baseScore: base, trees: trees)
    }
}

private func require(_ condition: Bool, _ message: String) throws(ArtifactError) {
    if !condition { throw ArtifactError(message) }
}

/// The part of XGBoost's JSON schema that decides predictions, in its own spelling.
private struct XGBoostFile: Decodable {
    let version: [Int]
    let learner: Learner

    struct Learner: Decodable {
        let attributes: Attributes
        let feature_names: [String]
        let gradient_booster: Booster
        let learner_model_param: Parameters
        let objective: Objective
    }
    struct Attributes: Decodable { let classes: String }
    struct Objective: Decodable { let name: String }
    struct Parameters: Decodable {
        let base_score: String
        let num_class: String
        let num_feature: String
    }
    struct Booster: Decodable {
        let name: String
        let model: Model
    }
    struct Model: Decodable {
        let tree_info: [Int]
        let trees: [Tree]
    }
    struct Tree: Decodable {
        let default_left: [Int]
        let left_children: [Int]
        let right_children: [Int]
        let split_conditions: [Float]
        let split_indices: [Int]
        let split_type: [Int]
    }
}

extension XGBoostFile.Tree {
    /// The nodes, when every path from the root ends in a leaf within the depth limit and no
    /// node is reached twice.
    func nodes(features: Int) throws(ArtifactError) -> [TreeEnsemble.Node] {
        let count = left_children.count
        try require(
            count > 0
                && [
                    right_children.count, default_left.count, split_conditions.count,
                    split_indices.count, split_type.count,
                ].allSatisfy { $0 == count },
            "has a tree whose arrays differ in length")
        try require(split_type.allSatisfy { $0 == 0 }, "has categorical splits")
        try require(split_conditions.allSatisfy(\.isFinite), "has a split that is not finite")
        var reached = [Bool](repeating: false, count: count)
        var open = [(node: 0, depth: 0)]
        while let (node, depth) = open.popLast() {
            try require(
                (0..<count).contains(node) && !reached[node]
                    && depth <= TreeEnsemble.Limits.depth,
                "has a tree whose node \(node) is missing, reached twice or too deep")
            reached[node] = true
            if left_children[node] == -1 {
                try require(right_children[node] == -1, "has a node with one child")
                continue
            }
            try require(
                (0..<features).contains(split_indices[node]),
                "splits on feature \(split_indices[node]) of \(features)")
            open.append((left_children[node], depth + 1))
            open.append((right_children[node], depth + 1))
        }
        return (0..<count).map { node in
            left_children[node] == -1 || !reached[node]
                ? .leaf(split_conditions[node])
                : .split(
                    feature: split_indices[node], below: split_conditions[node],
                    left: left_children[node], right: right_children[node],
                    missingGoesLeft: default_left[node] != 0)
        }
    }
}
