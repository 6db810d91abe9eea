/// A YAML value as it was written: text is not yet a number or a truth value.
struct Item: Sendable {
    enum Content: Sendable {
        case scalar(Scalar)
        case sequence([Item])
        case mapping([Entry])
    }

    struct Scalar: Sendable, Hashable {
        let text: String
        /// Whether it was written without quotes and without `|` or `>`.
        let isPlain: Bool
    }

    struct Entry: Sendable {
        let key: String
        let keyMark: Mark
        let value: Item
    }

    let content: Content
    let mark: Mark

    /// What a message calls it.
    var found: String {
        switch content {
        case .scalar(let scalar):
            scalar.isPlain && scalar.text.isEmpty ? "nothing" : scalar.text.quoted
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    /// The value at a path of keys and list positions; the nearest value above it otherwise.
    func at(_ path: [PathPart]) -> Item {
        guard let first = path.first else { return self }
        let rest = Array(path.dropFirst())
        switch (content, first) {
        case (.mapping(let entries), .key(let key)):
            return entries.first { $0.key == key }?.value.at(rest) ?? self
        case (.sequence(let items), .index(let index)):
            return items.indices.contains(index) ? items[index].at(rest) : self
        default: return self
        }
    }

    enum PathPart: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
        case key(String)
        case index(Int)
        init(stringLiteral value: String) { self = .key(value) }
        init(integerLiteral value: Int) { self = .index(value) }
    }
}
