import RolloutCore

/// `rollouts/NAME/versions/VERSION.yaml`
enum ModelVersionFile {
    struct Metadata: Sendable {
        let model: RolloutName
        let version: VersionName
    }

    enum ServingProtocol: String, CaseIterable, Sendable { case oip = "oip-v2" }

    struct Serving: Sendable {
        let endpoints: [RegionName: String]
        let capacity: [RegionName: RequestRate]
    }

    static let model = Field.required("model", .rollout, "Equal to the rollout's name.")
    static let version = Field.required("version", .version, "Equal to the file name.")
    static let metadata = Field.required(
        "metadata",
        .object("metadata", [model, version]) { row, findings throws(RefusedField) in
            let version = try row(version)
            findings.require(version.rawValue, equals: findings.stem, at: row.mark(Self.version))
            return Metadata(model: try row(model), version: version)
        }, "Which version of which model.")

    static let artifact = Field.required(
        "artifact", ArtifactFields.shape, "The bytes that the name means.")
    static let format = Field.required(
        "format", .text(limit: 64, example: "xgboost-json"), "The format of the artifact.")
    static let serving = Field.required(
        "serving",
        .object("serving", [protocolField, endpoints, capacity]) {
            row, findings throws(RefusedField) in
            _ = try row(protocolField)
            let serving = Serving(endpoints: try row(endpoints), capacity: try row(capacity))
            let unserved = serving.capacity.keys.filter { serving.endpoints[$0] == nil }.sorted()
            if !unserved.isEmpty {
                let regions = unserved.map(\.rawValue).joined(separator: ", ")
                let served = serving.endpoints.keys.sorted().map(\.rawValue).joined(separator: ", ")
                findings.add(
                    "there is a capacity and no endpoint in \(regions)", at: row.mark(capacity),
                    found: regions, expected: served, fix: "name regions of endpoints: \(served)")
            }
            return serving
        }, "Where the version answers.")
    static let protocolField = Field.defaulted(
        "protocol", .choice(ServingProtocol.self), .oip, written: "oip-v2",
        "The Open Inference Protocol, version 2.")
    static let endpoints = Field.required(
        "endpoints", .map(.region, Web.endpoint, count: 1...FileLimits.regions),
        "The server of each region.")
    static let capacity = Field.defaulted(
        "capacity", .map(.region, .rate, count: 0...FileLimits.regions), [:], written: [:],
        "What the servers of a region are ready for. A larger share waits until it fits; of a "
            + "region that is not named nothing is asked.")
    static let parameters = Field.defaulted(
        "parameters", .map(.freeKey, .text(limit: 1_000), count: 0...1_000), [:], written: [:],
        "A tuned parameter set; kept as it is written.")
    static let training = Field<ModelVersion.Training?>.optional(
        "training", TrainingFields.shape, "Where the version comes from.")
    static let evaluation = Field<ModelVersion.Evaluation?>.optional(
        "evaluation", EvaluationShape.shape, "What was measured offline; admission judges it.")
    static let reference = Field<String?>.optional(
        "reference",
        .object("reference", [features]) { row, _ throws(RefusedField) in try row(features) },
        "Frozen sketches that drift is measured from.")
    static let features = Field.required(
        "features",
        Shape<String>.matching(
            "a path such as references/2.4.0.json", example: "references/2.4.0.json",
            pattern: "^references/[a-z0-9][a-z0-9._-]*\\.json$"
        ) { text in
            text.hasPrefix("references/") && text.hasSuffix(".json")
                && GuardrailName.accepts(String(text.dropFirst("references/".count)))
        }, "Below the rollout's folder.")

    private static let spec = Shape<@Sendable (Metadata) -> ModelVersion>.object(
        "spec", [artifact, format, serving, parameters, training, evaluation, reference]
    ) { row, _ throws(RefusedField) in
        let (artifact, format, serving) = (try row(artifact), try row(format), try row(serving))
        let (parameters, training) = (try row(parameters), try row(training))
        let (evaluation, reference) = (try row(evaluation), try row(reference))
        return { metadata in
            ModelVersion(
                model: metadata.model, version: metadata.version, artifact: artifact,
                format: format, endpoints: serving.endpoints, capacity: serving.capacity,
                parameters: parameters, training: training,
                evaluation: evaluation, featureReference: reference)
        }
    }

    static let shape = Shape<ModelVersion>.document(
        .modelVersion, metadata: metadata, spec: spec
    ) { metadata, build, _, _ in build(metadata) }
}

/// `spec.artifact`
enum ArtifactFields {
    static let uri = Field.required("uri", Web.artifact, "Where the bytes are.")
    static let sha256 = Field.required(
        "sha256",
        Shape<Digest>.scalar(
            "64 hexadecimal digits", example: "the output of sha256sum",
            schema: ["type": "string", "pattern": "^[0-9a-f]{64}$"]
        ) { scalar throws(Refusal) in
            guard let digest = Digest(hex: scalar.text) else { throw Refusal("0-9 and a-f") }
            return digest
        }, "The digest of the bytes.")
    static let size = Field.required("size", .size, "How many bytes.")
    /// A bundle of 300 files has about this many characters.
    static let signature = Field<String?>.optional(
        "signature", .text(limit: 64 << 10),
        "A signature of the bytes: a bundle as model_signing sign key writes it.")

    static let shape = Shape<ModelVersion.Artifact>.object(
        "artifact", [uri, sha256, size, signature]
    ) { row, _ throws(RefusedField) in
        ModelVersion.Artifact(
            uri: try row(uri), sha256: try row(sha256), size: try row(size),
            signature: try row(signature))
    }
}

/// `spec.training`
enum TrainingFields {
    static let dataset = Field<String?>.optional("dataset", .text(), "sha256:… of the data.")
    static let code = Field<String?>.optional("code", .text(), "git:… of the code.")
    static let split = Field<String?>.optional(
        "split", .text(limit: 64), "How data were held out, such as temporal.")
    static let trainedAt = Field<Timestamp?>.optional("trainedAt", .moment(), "When.")
    static let features = Field.defaulted(
        "features", .list(.freeKey, count: 0...1_000), [], written: [], "What it looks at.")

    static let shape = Shape<ModelVersion.Training>.object(
        "training", [dataset, code, split, trainedAt, features]
    ) { row, _ throws(RefusedField) in
        ModelVersion.Training(
            dataset: try row(dataset), code: try row(code), split: try row(split),
            trainedAt: try row(trainedAt), features: try row(features))
    }
}

/// `spec.evaluation`: a tree of numbers, flattened to `perClass.hde.recall`.
enum EvaluationShape {
    static let shape = Shape<ModelVersion.Evaluation>(
        expected: "numbers by name",
        schema: ["type": "object", "propertyNames": Shape<String>.freeKey.schema]
    ) { item, findings in
        var metrics: [String: FiniteDouble] = [:]
        let before = findings.diagnostics.count
        flatten(item, prefix: "", &metrics, &findings)
        guard findings.diagnostics.count == before else { return nil }
        return ModelVersion.Evaluation(metrics: metrics)
    }

    private static let leaf = Shape<Quantity>.quantity
    private static let key = Shape<String>.freeKey

    private static func flatten(
        _ item: Item, prefix: String, _ metrics: inout [String: FiniteDouble],
        _ findings: inout Findings
    ) {
        guard case .mapping(let entries) = item.content else {
            guard !prefix.isEmpty else {
                findings.refuse(item, expected: "numbers by name", fix: "write {accuracy: 0.984}")
                return
            }
            findings.key = prefix
            guard let number = leaf.read(item, &findings) else { return }
            guard metrics.updateValue(number.value, forKey: prefix) == nil else {
                findings.add(
                    "\(prefix) is written twice", at: item.mark, found: prefix,
                    expected: "each number once", fix: "keep one of the two")
                return
            }
            return
        }
        for entry in entries {
            findings.key = prefix.isEmpty ? "evaluation" : prefix
            let name = Item(
                content: .scalar(Item.Scalar(text: entry.key, isPlain: true)), mark: entry.keyMark)
            guard let text = key.read(name, &findings) else { continue }
            flatten(
                entry.value, prefix: prefix.isEmpty ? text : "\(prefix).\(text)", &metrics,
                &findings)
        }
    }
}
