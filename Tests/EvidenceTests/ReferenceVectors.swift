import Foundation

/// Values from a prototype in 50-digit arithmetic.
struct ReferenceVectors: Decodable {
    let oneSampleBernoulli: [OneSample]
    let twoSampleBernoulliBlocks: [Blocks]
    let pairedShadow: [Paired]
    let restartMixture: Restarts
    let normalGrid: [Normal]
    let asymptoticCs: [Interval]
    let poissonRateRatio: [Rates]
    let srmDirichletMultinomial: [Split]
    let informationBoundsTwoSample: [TwoSampleBound]
    let informationBoundsOneSample: [OneSampleBound]

    struct OneSample: Decodable {
        let q0: Double
        let n: Int
        let errors: Int
        let direction: String
        let logEPerGrid: [Double]
        let logE: Double
    }
    struct Blocks: Decodable {
        struct Boundary: Decodable {
            let r: Double
            let delta: Double
        }
        let boundary: Boundary
        let baselineRateUsed: Double
        let blocksNcScNbSbQb: [[Int?]]
        let direction: String
        let firstBlockAltQcThetaCThetaB: [[Double]]
        let logEAfterEachBlock: [Double]
        let finalLogEPerGrid: [Double]
    }
    struct Paired: Decodable {
        let nPlusCandidateOnlyCorrect: Int
        let nZero: Int
        let nMinusBaselineOnlyCorrect: Int
        let delta: Double
        let direction: String
        let logEPerGrid: [Double]
        let logE: Double
    }
    struct Restarts: Decodable {
        let q0: Double
        let blockSize: Int
        let blockErrors: [Int]
        let restartEveryBlocks: Int
        let nRestartBudget: Int
        let trace: [[Entry]]

        /// A number, or "-inf" before the first restart.
        enum Entry: Decodable {
            case number(Double)
            case nothing

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                guard let number = try? container.decode(Double.self) else {
                    self = .nothing
                    return
                }
                self = .number(number)
            }

            var value: Double? {
                if case .number(let value) = self { value } else { nil }
            }
        }
    }
    struct Normal: Decodable {
        let deltaHat: Double
        let varOfDeltaHat: Double
        let gridD: [Double]
        let logEGrid: Double
    }
    struct Interval: Decodable {
        let t: Double
        let mean: Double
        let sd: Double
        let alpha: Double
        let tStar: Double
        let lower: Double
        let upper: Double
    }
    struct Rates: Decodable {
        let eventsC: Int
        let eventsB: Int
        let nullShare: Double
        let logERollback: Double
    }
    struct Split: Decodable {
        let theta0: [Double]
        let concentrationK: Double
        let counts: [Int]
        let logE: Double
    }
    struct TwoSampleBound: Decodable {
        let qC: Double
        let qB: Double
        let candidateShare: Double
        let delta: Double
        let thetaC: Double
        let thetaB: Double
        let infoPerRequest: Double
    }
    struct OneSampleBound: Decodable {
        let q1: Double
        let q0: Double
        let kl: Double
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
