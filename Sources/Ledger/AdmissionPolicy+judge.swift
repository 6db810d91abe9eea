import Identity
package import RolloutCore

extension AdmissionPolicy {
    /// Judges a version by what was measured offline, and by who signed its artifact.
    package func judge(_ version: ModelVersion) -> [AdmissionCheck] {
        checks(of: version) { artifact, keys in
            ModelSignature.problem(of: artifact, keys: keys)
        }
    }
}
