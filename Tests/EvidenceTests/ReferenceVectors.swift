import Foundation

/// Values from a prototype in 50-digit arithmetic.
struct ReferenceVectors: Decodable {
    let asymptoticCs: [Interval]

    struct Interval: Decodable {
        let t: Double
        let mean: Double
        let sd: Double
        let alpha: Double
        let tStar: Double
        let lower: Double
        let upper: Double
    }

    static func read() throws -> ReferenceVectors {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../ConformanceTests/Vectors/engine_reference.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(ReferenceVectors.self, from: Data(contentsOf: url))
    }
}

/// Whether two numbers agree to a part of the larger, or of 1 when both are smaller.
func close(_ left: Double, _ right: Double, _ tolerance: Double = 1e-10) -> Bool {
    abs(left - right) <= tolerance * max(1, abs(left), abs(right))
}

func close(_ left: [Double], _ right: [Double], _ tolerance: Double = 1e-10) -> Bool {
    left.count == right.count && zip(left, right).allSatisfy { close($0, $1, tolerance) }
}
