package import RolloutCore

/// One entry of a git tree, as read from the object database.
package struct SourceFile: Sendable, Hashable {
    package enum Entry: String, Sendable, Hashable {
        case file
        /// Mode 120000. Its bytes are a path, which is never followed.
        case symlink
        /// Mode 160000. It has no bytes here.
        case submodule
    }

    package let path: String
    package let bytes: [UInt8]
    package let entry: Entry

    package init(path: String, bytes: [UInt8], entry: Entry = .file) {
        self.path = path
        self.bytes = bytes
        self.entry = entry
    }
}

/// What one file says, or what is wrong with it. Depends on path, entry and bytes alone, so it can
/// be kept by path and blob id.
package struct ParsedFile: Sendable {
    package enum Content: Sendable, Hashable {
        case rollout(RolloutSpec)
        case version(ModelVersion)
        case order(Order)
        case guardrails(GuardrailSet)
        case admission(AdmissionPolicy)
        case approvals(ApprovalPolicy)
        case window(WindowPolicy)
        case stop(StopOrder)
        case groups(Groups)
        case controller(ControllerConfiguration)
    }

    package let path: String
    /// `nil` when the file has an error, or is none that Gatewright reads.
    package let content: Content?
    package let diagnostics: [Diagnostic]
    let role: FileRole
    let source: SourceText?
    let root: Item?

    package var hasErrors: Bool { diagnostics.contains(where: \.isError) }

    /// A diagnostic at a value of this file; at the file itself when it has no such value.
    func diagnostic(
        at place: [Item.PathPart], _ message: String, found: String? = nil,
        expected: String? = nil, fix: String? = nil, severity: Diagnostic.Severity = .error
    ) -> Diagnostic {
        guard let source, let root else {
            return Diagnostic(
                path: path, severity: severity, message: message, found: found,
                expected: expected, fix: fix)
        }
        return source.diagnostic(
            message, at: root.at(place).mark, found: found, expected: expected, fix: fix,
            severity: severity)
    }
}

extension ParsedFile {
    /// A file that was not looked into.
    package init(unreadable path: String, because message: String, fix: String) {
        self.init(
            path: path, content: nil,
            diagnostics: [Diagnostic(path: path, message: message, fix: fix)],
            role: FileRole(path: path), source: nil, root: nil)
    }

    /// Reads one file. Pure: no clock, no disk.
    init(_ file: SourceFile) {
        let role = FileRole(path: file.path)
        func broken(_ diagnostics: [Diagnostic], _ source: SourceText? = nil, _ root: Item? = nil)
            -> ParsedFile
        {
            ParsedFile(
                path: file.path, content: nil, diagnostics: diagnostics, role: role,
                source: source, root: root)
        }
        if let problem = Self.problem(of: file, role) {
            self = broken([problem])
            return
        }
        guard case .document(let kind, let folder, let stem) = role else {
            self = broken([])
            return
        }
        do throws(Diagnostic) {
            let source = try SourceText(path: file.path, bytes: file.bytes)
            let root = try YAMLReader.read(source)
            var findings = Findings(source: source, stem: stem)
            let content = kind.read(root, &findings)
            if let content, let folder {
                Self.requireFolder(folder, content, root, &findings)
            }
            let diagnostics = (findings.diagnostics + source.secretWarnings).sorted()
            guard let content, !diagnostics.contains(where: \.isError) else {
                self = broken(diagnostics, source, root)
                return
            }
            self = ParsedFile(
                path: file.path, content: content, diagnostics: diagnostics, role: role,
                source: source, root: root)
        } catch {
            self = broken([error])
        }
    }

    private static func problem(of file: SourceFile, _ role: FileRole) -> Diagnostic? {
        let isOurs = ["policies", "rollouts", "gatewright.yaml"].contains { top in
            file.path.utf8.elementsEqual(top.utf8) || file.path.utf8.starts(with: "\(top)/".utf8)
        }
        guard isOurs else { return nil }
        switch file.entry {
        case .symlink:
            return Diagnostic(
                path: file.path, message: "this is a symbolic link, and links are not followed",
                found: "a symbolic link", expected: "a file", fix: "commit the file itself")
        case .submodule:
            return Diagnostic(
                path: file.path, message: "this is a submodule, and submodules are not read",
                found: "a submodule", expected: "files", fix: "commit the files themselves")
        case .file: break
        }
        if case .misplaced(let expected) = role {
            return Diagnostic(
                path: file.path, message: "nothing reads a file in this place", found: file.path,
                expected: expected, fix: "move or rename the file: \(expected)")
        }
        if case .document(_, let folder?, _) = role, !RolloutName.accepts(folder) {
            return Diagnostic(
                path: file.path, message: "the folder \(folder.quoted) is not a rollout name",
                found: folder, expected: "1 to 63 of a-z 0-9 . _ -",
                fix: "rename the folder with a-z 0-9 . _ -")
        }
        return nil
    }

    private static func requireFolder(
        _ folder: String, _ content: Content, _ root: Item, _ findings: inout Findings
    ) {
        switch content {
        case .rollout(let spec):
            findings.require(
                spec.name.rawValue, equals: folder, at: root.at(["metadata", "name"]).mark)
        case .version(let version):
            findings.require(
                version.model.rawValue, equals: folder, at: root.at(["metadata", "model"]).mark)
        case .order(let order):
            let run: RunID? =
                switch order.action {
                case .abort(let run), .promote(let run, _): run
                default: nil
                }
            if let run {
                findings.require(
                    run.rollout.rawValue, equals: folder, at: root.at(["spec", "run"]).mark)
            }
        default: break
        }
    }
}

extension Kind {
    fileprivate func read(_ root: Item, _ findings: inout Findings) -> ParsedFile.Content? {
        switch self {
        case .rollout: RolloutFile.shape.read(root, &findings).map { .rollout($0) }
        case .modelVersion: ModelVersionFile.shape.read(root, &findings).map { .version($0) }
        case .order: OrderFile.shape.read(root, &findings).map { .order($0) }
        case .guardrails: GuardrailsFile.shape.read(root, &findings).map { .guardrails($0) }
        case .admission: AdmissionFile.shape.read(root, &findings).map { .admission($0) }
        case .approvals: ApprovalsFile.shape.read(root, &findings).map { .approvals($0) }
        case .window: WindowFile.shape.read(root, &findings).map { .window($0) }
        case .stop: StopFile.shape.read(root, &findings).map { .stop($0) }
        case .groups: GroupsFile.shape.read(root, &findings).map { .groups($0) }
        case .controller: ControllerFile.shape.read(root, &findings).map { .controller($0) }
        }
    }
}
