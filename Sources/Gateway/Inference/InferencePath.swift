/// What a path of the protocol's REST binding asks for.
enum InferencePath: Hashable {
    case server
    case live
    case ready
    case model(String, version: String?)
    case modelReady(String, version: String?)
    case infer(String, version: String?)

    /// Longer than any two names and the words between them.
    static let bytesMax = 512

    /// `nil` for every other path. A query is ignored: the protocol has none.
    init?(_ uri: String) {
        guard uri.utf8.count <= Self.bytesMax else { return nil }
        let path = uri.prefix { $0 != "?" }
        let parts = path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        guard parts.first == "v2" else { return nil }
        switch parts.dropFirst().count {
        case 0: self = .server
        case 2 where parts[1] == "health" && parts[2] == "live": self = .live
        case 2 where parts[1] == "health" && parts[2] == "ready": self = .ready
        case 2... where parts[1] == "models":
            guard let asked = Self.model(parts[2], parts.dropFirst(3)) else { return nil }
            self = asked
        default: return nil
        }
    }

    private static func model(_ name: String, _ rest: ArraySlice<String>) -> InferencePath? {
        var rest = rest
        var version: String?
        if rest.first == "versions" {
            rest = rest.dropFirst()
            guard let named = rest.popFirst() else { return nil }
            version = named
        }
        switch (rest.first, rest.count) {
        case (nil, 0): return .model(name, version: version)
        case ("ready"?, 1): return .modelReady(name, version: version)
        case ("infer"?, 1): return .infer(name, version: version)
        default: return nil
        }
    }
}
