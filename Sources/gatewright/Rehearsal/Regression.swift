import ArgumentParser
import RolloutCore

/// How much worse a candidate is than stable: `accuracy=-2pp`, `latency=+20%`.
struct Regression: ExpressibleByArgument, Hashable {
    enum Change: Hashable {
        /// A difference of proportions.
        case points(Double)
        /// A part of what stable does.
        case relative(Double)
    }

    let metric: String
    let change: Change

    init(metric: String, change: Change) {
        self.metric = metric
        self.change = change
    }

    init?(argument: String) {
        let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, Identifier<Metric>.accepts(String(parts[0])) else { return nil }
        metric = String(parts[0])
        let text = parts[1].filter { $0 != " " }.replacing("\u{2212}", with: "-")
        guard let sign = text.first, sign == "-" || sign == "+" else { return nil }
        let isPoints = text.hasSuffix("pp")
        guard isPoints || text.hasSuffix("%"),
            let number = FiniteDouble(String(text.dropLast(isPoints ? 2 : 1)))
        else { return nil }
        change = isPoints ? .points(number.value / 100) : .relative(number.value / 100)
    }

    /// - Throws: a `ValidationError` for a change that its metric cannot have.
    func check(_ guardrails: [GuardrailSpec]) throws {
        let watched = Set(guardrails.map(\.metric).filter(\.isDrawn).map(\.name))
        let proportions = ["accuracy", "errors", "agreement"]
        guard watched.contains(metric) || proportions.contains(metric) || metric == "latency" else {
            let known = watched.union(proportions).union(["latency"]).sorted()
            throw ValidationError(
                "--regression \(metric): no guardrail measures it; choose from "
                    + known.joined(separator: ", "))
        }
        switch change {
        case .points(let points):
            guard proportions.contains(metric), abs(points) < 1 else {
                throw ValidationError(
                    "--regression \(metric) is a part of what stable does, such as \(metric)=+20%")
            }
        case .relative(let part):
            guard !proportions.contains(metric), part > -1, part <= 1_000 else {
                throw ValidationError(
                    "--regression \(metric) is a difference in points, such as \(metric)=-2pp")
            }
        }
    }

    /// `accuracy −2 pp`
    var spoken: String {
        switch change {
        case .points(let points): "\(metric) \(signedDecimal(points * 100, 2)) pp"
        case .relative(let part): "\(metric) \(signedDecimal(part * 100, 2)) %"
        }
    }

    /// A small and a large one for each metric that guardrails look at.
    static func standard(_ guardrails: [GuardrailSpec]) -> [Regression] {
        var found: [Regression] = []
        for guardrail in guardrails {
            let changes: [Change] =
                switch guardrail.metric {
                case .accuracy: [.points(-0.02), .points(-0.05)]
                case .errors: [.points(0.01), .points(0.05)]
                case .agreement: [.points(-0.05), .points(-0.2)]
                case .latency: [.relative(0.2), .relative(1)]
                case .measurement:
                    guardrail.criterion.limitsRises
                        ? [.relative(0.1), .relative(0.2)] : [.relative(-0.1), .relative(-0.2)]
                case .sampleRatio, .drift, .prometheus, .influx: []
                }
            for change in changes {
                let regression = Regression(metric: guardrail.metric.name, change: change)
                if !found.contains(regression) { found.append(regression) }
            }
        }
        return found
    }
}

extension Metric {
    /// Whether made-up traffic has outcomes of it that can be better or worse.
    var isDrawn: Bool {
        switch self {
        case .accuracy, .errors, .latency, .agreement, .measurement: true
        case .sampleRatio, .drift, .prometheus, .influx: false
        }
    }
}

extension Criterion {
    fileprivate var limitsRises: Bool {
        if case .relativeRiseAtMost = self { return true }
        return false
    }
}

/// What stable does, as a person says it: `accuracy=97%`, `latency=8ms`.
struct BaselineOption: ExpressibleByArgument, Hashable {
    let metric: String
    let value: String

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, Identifier<Metric>.accepts(String(parts[0])) else { return nil }
        (metric, value) = (String(parts[0]), String(parts[1]))
    }

    /// - Throws: a `ValidationError` unless it is a part of a whole.
    func fraction(_ range: ClosedRange<Double> = 0...1) throws -> Double {
        guard let fraction = Fraction(argument: value) else {
            throw ValidationError("--baseline \(metric)=\(value) is not a part such as 97%")
        }
        return try fraction.inside(range, "--baseline \(metric)")
    }

    /// - Throws: a `ValidationError` unless it is a time.
    func milliseconds() throws -> Double {
        guard let time = Quantity(argument: value), time.value > 0, time.value < 1e9,
            [" ms", " s"].contains(time.unit)
        else {
            throw ValidationError("--baseline \(metric)=\(value) is not a time such as 8ms")
        }
        return time.unit == " s" ? time.value * 1_000 : time.value
    }
}
