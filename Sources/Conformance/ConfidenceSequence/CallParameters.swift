/// What a case calls, and with what: from its `args` or `params`, and from the text of the call.
struct CallParameters {
    /// The function's name without its module.
    let name: String
    private(set) var values: [String: VectorValue]
    private var unread: Set<String>

    /// - Parameter order: the names of the parameters that the text may give by position.
    init(call: String, given: [String: VectorValue], order: (String) -> [String]) {
        let head = call.prefix { $0 != "(" && $0 != " " }
        let name = head.split { $0 == "." || $0 == ":" }.last.map(String.init) ?? String(head)
        self.name = name
        var values: [String: VectorValue] = [:]
        let names = order(name)
        for (index, part) in Self.arguments(of: call).enumerated() {
            let sides = part.split(separator: "=", maxSplits: 1).map(Self.trimmed)
            if sides.count == 2, let key = sides.first, let text = sides.last {
                if !key.contains(" ") { values[key] = Self.value(text) }
            } else if let value = Self.value(part), names.indices.contains(index) {
                values[names[index]] = value
            }
        }
        if names.contains("is_one_sided") {
            if call.contains("two-sided") { values["is_one_sided"] = .bool(false) }
            if call.contains("one-sided") { values["is_one_sided"] = .bool(true) }
        }
        values.merge(given) { $1 }
        self.values = values
        unread = Set(values.filter { $0.value != .null }.keys)
    }

    mutating func value(_ key: String) -> VectorValue? {
        unread.remove(key)
        return values[key].flatMap { $0 == .null ? nil : $0 }
    }

    mutating func double(_ key: String, _ fallback: Double? = nil) throws -> Double {
        guard let value = value(key) else {
            guard let fallback else { throw MissingParameter(name: key) }
            return fallback
        }
        guard let double = value.double else { throw MissingParameter(name: key) }
        return double
    }

    mutating func int(_ key: String, _ fallback: Int? = nil) throws -> Int {
        guard let value = value(key) else {
            guard let fallback else { throw MissingParameter(name: key) }
            return fallback
        }
        guard let int = value.int else { throw MissingParameter(name: key) }
        return int
    }

    mutating func optionalInt(_ key: String) throws -> Int? {
        guard values[key].map({ $0 != .null }) ?? false else { return nil }
        return try int(key)
    }

    mutating func bool(_ key: String, _ fallback: Bool) throws -> Bool {
        guard let value = value(key) else { return fallback }
        guard let bool = value.bool ?? value.double.map({ $0 != 0 }) else {
            throw MissingParameter(name: key)
        }
        return bool
    }

    mutating func ignore(_ keys: String...) { unread.subtract(keys) }

    /// Throws when a parameter was given that nobody asked for.
    func finish() throws {
        if let name = unread.min() { throw UnknownParameter(name: name) }
    }

    private static func arguments(of call: String) -> [String] {
        guard let open = call.firstIndex(of: "("), let close = call.lastIndex(of: ")"), open < close
        else { return [] }
        return call[call.index(after: open)..<close].split(separator: ",").map(trimmed)
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }

    private static func value(_ text: String) -> VectorValue? {
        switch text {
        case "True", "true": return .bool(true)
        case "False", "false": return .bool(false)
        case "None", "null": return .null
        default:
            let number = text.hasPrefix(".") ? "0" + text : text
            return Double(number).map(VectorValue.number)
        }
    }
}

/// The case lacks something, or has it in another form.
struct MissingParameter: Error { let name: String }
/// The case has something that would be ignored.
struct UnknownParameter: Error { let name: String }
/// There is no such function.
struct UnknownFunction: Error { let name: String }
/// The parameters are outside the function's domain.
struct OutOfDomain: Error {}

extension VectorCase {
    /// Runs `body`; what it does not know makes the case unknown rather than wrong.
    mutating func known(_ body: (inout VectorCase) throws -> Void) throws {
        do {
            try body(&self)
        } catch let error as MissingParameter {
            isUnknown("parameter \(error.name) is missing, or not understood")
        } catch let error as UnknownParameter {
            isUnknown("parameter \(error.name) is not known")
        } catch let error as UnknownFunction {
            isUnknown("function \(error.name) is not known")
        }
    }
}
