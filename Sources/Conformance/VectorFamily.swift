/// Cases of one reference library, or of one kind.
package protocol VectorFamily: Sendable {
    /// Whether a document is of this family, by its shape rather than by its name.
    static func recognises(_ document: VectorValue) -> Bool

    /// Computes every case of the document. Parts that are not understood are counted with `skip`.
    static func check(_ document: VectorValue, into report: inout VectorReport)
}

package enum Vectors {
    /// In the order in which they are asked.
    static let families: [any VectorFamily.Type] = [
        SpecialFunctionVectors.self,
        ConfseqVectors.self,
        MixtureSPRTVectors.self,
        ClassicalVectors.self,
        GroupSequentialVectors.self,
        FrameworkVectors.self,
        MonteCarloVectors.self,
        EngineVectors.self,
        SavviVectors.self,
        DriftVectors.self,
        ChangeVectors.self,
        SketchVectors.self,
    ]

    /// Computes all cases of one file.
    package static func check(_ document: VectorValue, file: String) -> VectorReport {
        var report = VectorReport(file: file)
        guard let family = families.first(where: { $0.recognises(document) }) else {
            report.skip(file, because: "no family of vectors has this shape")
            return report
        }
        family.check(document, into: &report)
        return report
    }
}
