import ArgumentParser

/// A part of one, as people write it: `0.5%`, `0.5 %` or `0.005`.
struct Percent: ExpressibleByArgument, Sendable {
    let fraction: Double

    init?(argument: String) {
        let text = argument.filter { $0 != " " }
        let isPercent = text.hasSuffix("%")
        guard let value = Double(isPercent ? String(text.dropLast()) : text), value.isFinite else {
            return nil
        }
        fraction = isPercent ? value / 100 : value
    }

    init(_ fraction: Double) { self.fraction = fraction }

    var defaultValueDescription: String { "\(fraction * 100)%" }
}

/// Failures of an arm: `12/3000`.
struct Counted: ExpressibleByArgument, Sendable {
    let failures: Int
    let trials: Int

    init?(argument: String) {
        let parts = argument.split(separator: "/").compactMap { Int($0) }
        guard parts.count == 2, parts[1] > 0, (0...parts[1]).contains(parts[0]) else { return nil }
        (failures, trials) = (parts[0], parts[1])
    }
}
