import RolloutCore

extension Shape {
    /// A whole file: `apiVersion`, `kind`, `metadata` and `spec`.
    static func document<Metadata: Sendable, Spec: Sendable>(
        _ kind: Kind, metadata: Field<Metadata>, spec: Shape<Spec>,
        build: @escaping @Sendable (Metadata, Spec, Row, inout Findings) -> Value?
    ) -> Shape {
        let version = Field.required(
            "apiVersion", .constant(Kind.apiVersion), "The version of the file format.")
        let kindField = Field.required(
            "kind", .constant(kind.rawValue), "What this file describes.")
        let spec = Field.required("spec", spec, "What is asked for.")
        return .object("a \(kind.rawValue) file", [version, kindField, metadata, spec]) {
            row, findings throws(RefusedField) in
            try build(row(metadata), row(spec), row, &findings)
        }
    }

    /// A whole file below `policies/` whose name is the file name.
    static func policy<Spec: Sendable>(
        _ kind: Kind, spec: Shape<Spec>,
        build: @escaping @Sendable (PolicyName, Spec) -> Value
    ) -> Shape {
        .document(kind, metadata: PolicyMetadata.field, spec: spec) { _, spec, row, findings in
            guard let name = try? PolicyName(findings.stem) else {
                findings.add(
                    "the file name \(findings.stem.quoted) is not a policy name", at: row.mark,
                    found: findings.stem, expected: "a policy name",
                    fix: "rename the file with a-z 0-9 . _ -")
                return nil
            }
            return build(name, spec)
        }
    }
}

/// `metadata` of a policy: may be left out, because the file name says it all.
enum PolicyMetadata {
    static let name = Field<PolicyName?>.optional(
        "name", .policy, "Equal to the file name without .yaml; the file name by default.")
    static let description = Field<String?>.optional(
        "description", .text(), "What the policy is for.")

    static let field = Field<Bool>(
        key: "metadata",
        shape: .object("metadata", [name, description]) { row, findings throws(RefusedField) in
            if let given = try row(name) {
                findings.require(given.rawValue, equals: findings.stem, at: row.mark(name))
            }
            return true
        }, absence: .value(true, written: nil), doc: "What the file is called.")
}

extension Findings {
    /// A name in a file must be the name of the file or folder, or one of the two is a mistake.
    mutating func require(_ name: String, equals place: String, at mark: Mark) {
        guard !name.utf8.elementsEqual(place.utf8) else { return }
        add(
            "the name \(name.quoted) is not the name of its file or folder, \(place.quoted)",
            at: mark, found: name, expected: place, fix: "write \(place), or rename the file")
    }
}
