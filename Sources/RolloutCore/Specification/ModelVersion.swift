/// One trained model, or one tuned parameter set, as `versions/VERSION.yaml` declares it.
package struct ModelVersion: Codable, Sendable, Hashable {
    package let model: RolloutName
    package let version: VersionName
    package let artifact: Artifact
    package let format: String
    /// The server address of each region, `http://host:port`.
    package let endpoints: [RegionName: String]
    /// What its servers are ready for; of other regions nobody has said anything.
    package let capacity: [RegionName: RequestRate]
    package let parameters: [String: String]
    package let training: Training?
    package let evaluation: Evaluation?
    /// Path below the rollout's folder of frozen reference sketches.
    package let featureReference: String?

    package init(
        model: RolloutName, version: VersionName, artifact: Artifact, format: String,
        endpoints: [RegionName: String], capacity: [RegionName: RequestRate],
        parameters: [String: String], training: Training?,
        evaluation: Evaluation?, featureReference: String?
    ) {
        self.model = model
        self.version = version
        self.artifact = artifact
        self.format = format
        self.endpoints = endpoints
        self.capacity = capacity
        self.parameters = parameters
        self.training = training
        self.evaluation = evaluation
        self.featureReference = featureReference
    }

    package struct Artifact: Codable, Sendable, Hashable {
        package let uri: String
        package let sha256: Digest
        /// Bytes.
        package let size: Int64
        package let signature: String?

        package init(uri: String, sha256: Digest, size: Int64, signature: String?) {
            self.uri = uri
            self.sha256 = sha256
            self.size = size
            self.signature = signature
        }
    }

    package struct Training: Codable, Sendable, Hashable {
        package let dataset: String?
        package let code: String?
        package let split: String?
        package let trainedAt: Timestamp?
        package let features: [String]

        package init(
            dataset: String?, code: String?, split: String?, trainedAt: Timestamp?,
            features: [String]
        ) {
            self.dataset = dataset
            self.code = code
            self.split = split
            self.trainedAt = trainedAt
            self.features = features
        }
    }

    /// What was measured offline: numbers by name, such as `accuracy` or `perClass.hde.recall`.
    package struct Evaluation: Codable, Sendable, Hashable {
        package let metrics: [String: FiniteDouble]

        package init(metrics: [String: FiniteDouble]) { self.metrics = metrics }
    }

    /// What identifies the version in records and routes.
    package var reference: VersionReference {
        VersionReference(version: version, digest: artifact.sha256)
    }
}

/// A version by name and by the bytes that the name meant.
package struct VersionReference: Codable, Sendable, Hashable, CustomStringConvertible {
    package let version: VersionName
    package let digest: Digest

    package init(version: VersionName, digest: Digest) {
        self.version = version
        self.digest = digest
    }

    package var description: String { version.rawValue }
}
