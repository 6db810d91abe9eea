package import Foundation

/// A value of a vector file. Numbers that JSON cannot say, such as `"-inf"`, may be strings.
package indirect enum VectorValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case list([VectorValue])
    case object([String: VectorValue])

    /// Reads JSON, also with the bare `NaN` and `Infinity` that Python writes.
    /// - Throws: `DecodingError` for what is not JSON.
    package init(json: Data) throws {
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = true
        self = try decoder.decode(VectorValue.self, from: json)
    }

    /// A member of an object; `nil` when there is none, or it is null.
    package subscript(_ key: String) -> VectorValue? {
        guard case .object(let members) = self, let member = members[key], member != .null else {
            return nil
        }
        return member
    }

    package var double: Double? {
        switch self {
        case .number(let number): number
        case .string("inf"), .string("Infinity"): .infinity
        case .string("-inf"), .string("-Infinity"): -.infinity
        case .string("nan"), .string("NaN"): .nan
        default: nil
        }
    }

    package var int: Int? { double.flatMap { Int(exactly: $0) } }

    package var string: String? {
        guard case .string(let string) = self else { return nil }
        return string
    }

    package var bool: Bool? {
        guard case .bool(let bool) = self else { return nil }
        return bool
    }

    package var list: [VectorValue]? {
        guard case .list(let list) = self else { return nil }
        return list
    }

    package var object: [String: VectorValue]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    /// A list of numbers and nothing else.
    package var doubles: [Double]? {
        guard let list else { return nil }
        let doubles = list.compactMap(\.double)
        return doubles.count == list.count ? doubles : nil
    }

    /// A list of whole numbers and nothing else.
    package var ints: [Int]? {
        guard let list else { return nil }
        let ints = list.compactMap(\.int)
        return ints.count == list.count ? ints : nil
    }
}

extension VectorValue: Decodable {
    package init(from decoder: any Decoder) throws {
        let single = try decoder.singleValueContainer()
        if single.decodeNil() {
            self = .null
        } else if let bool = try? single.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? single.decode(Double.self) {
            self = .number(number)
        } else if let string = try? single.decode(String.self) {
            self = .string(string)
        } else if let list = try? single.decode([VectorValue].self) {
            self = .list(list)
        } else {
            self = .object(try single.decode([String: VectorValue].self))
        }
    }
}
