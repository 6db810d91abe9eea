import Evidence
import Foundation
import RolloutCore
import RolloutFiles

/// What the calculator says: the verdict first, then the numbers behind it.
struct StatsAnswer: Codable {
    let verdict: String
    let estimate: Double?
    let lower: Double?
    let upper: Double?
    let alpha: Double
    /// log E against "it is kept" and against "it is broken".
    let rollbackLogE: Double
    let promoteLogE: Double?
    /// About how many more observations until it is proven, if the estimate holds.
    let needs: Int?
    let validity: Validity

    init(
        _ process: some EvidenceProcess, alpha: Double, question: String,
        hasPromoteSide: Bool = true, atBest: Validity = .exact
    ) {
        let reading = process.reading(alpha: alpha)
        let isBroken = reading.crossed(.rollback, level: alpha)
        let isProven = reading.crossed(.promote, level: alpha) && !isBroken
        if isBroken {
            verdict = "broken: \(question) does not hold"
        } else if isProven {
            verdict = "proven: \(question) holds"
        } else {
            verdict = "undecided: the numbers fit \(question) and its opposite"
        }
        estimate = reading.estimate
        lower = reading.lower
        upper = reading.upper
        self.alpha = alpha
        rollbackLogE = reading.rollbackLogE
        promoteLogE = hasPromoteSide ? reading.promoteLogE : nil
        needs = isBroken || !hasPromoteSide ? nil : process.needs(.promote, alpha: alpha)
        validity = atBest == .exact ? reading.validity : atBest
    }

    func show(_ output: OutputFormat) throws {
        switch output {
        case .json:
            try FileHandle.standardOutput.write(
                contentsOf: Data(CanonicalJSON.encode(self).pretty))
        case .text:
            try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
        }
    }

    private var text: String {
        var lines = [verdict]
        if let estimate {
            var line = "  estimate \(percent(estimate))"
            if let lower, let upper {
                line += ", between \(percent(lower)) and \(percent(upper)) with "
                line += "\(percent(1 - alpha)) confidence at every look"
            }
            lines.append(line)
        }
        let threshold = decimal(-LogDomain.log(alpha), 2)
        var evidence = "  log E against it \(decimal(rollbackLogE, 2))"
        if let promoteLogE { evidence += ", for it \(decimal(promoteLogE, 2))" }
        lines.append(evidence + "; \(threshold) decides (\(validity.rawValue))")
        if let needs, needs > 0 {
            lines.append("  needs about \(grouped(needs)) more if the estimate holds")
        } else if needs == nil, verdict.hasPrefix("undecided"), promoteLogE != nil {
            lines.append("  at this estimate it is never proven")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
