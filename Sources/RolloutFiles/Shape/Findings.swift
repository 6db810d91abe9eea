/// What is found wrong while one file is decoded.
struct Findings {
    /// What one file may say about itself; a person corrects the first and looks again.
    static let limit = 100

    let source: SourceText
    private(set) var diagnostics: [Diagnostic] = []
    /// The key whose value is being read, for messages.
    var key = ""

    /// The file name without ending: what a policy, a version or an order is called.
    let stem: String

    var isFull: Bool { diagnostics.count >= Self.limit }

    init(source: SourceText, stem: String) {
        self.source = source
        self.stem = stem
    }

    mutating func add(
        _ message: String, at mark: Mark, found: String? = nil, expected: String? = nil,
        fix: String? = nil, severity: Diagnostic.Severity = .error
    ) {
        guard !isFull else { return }
        diagnostics.append(
            source.diagnostic(
                message, at: mark, found: found, expected: expected, fix: fix, severity: severity))
    }

    /// A value of the wrong kind: what was found, what was expected, what to write.
    mutating func refuse(_ item: Item, expected: String, because: String? = nil, fix: String) {
        let subject = key.isEmpty ? "" : "\(key): "
        let reason = because.map { " (\($0))" } ?? ""
        add(
            "\(subject)found \(item.found), expected \(expected)\(reason)", at: item.mark,
            found: item.found, expected: expected, fix: fix)
    }
}
