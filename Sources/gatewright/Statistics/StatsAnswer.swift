import Evidence
import RolloutCore

/// A verdict on counts, and what it rests on.
struct StatsAnswer: StatsSpoken, Equatable {
    enum Verdict: String, Encodable {
        case violated, proven, undecided

        init(_ reading: EvidenceReading, alpha: Double) {
            if reading.crossed(.rollback, level: alpha) {
                self = .violated
            } else {
                self = reading.crossed(.promote, level: alpha) ? .proven : .undecided
            }
        }
    }

    /// Evidence for one of the two possible verdicts.
    struct Side: Encodable, Equatable {
        let logE: Double
        let eValue: Double?
        let pValue: Double
        /// About how many more; 0 when decided, `nil` when it would not be at these rates.
        let needsMore: Int?
    }

    let verdict: Verdict
    /// The verdict in one sentence, with the numbers and what was asked.
    let sentence: String
    let estimate: Double?
    let lower: Double?
    let upper: Double?
    let interval: String?
    let candidateCount: Int
    let stableCount: Int
    let alpha: Double
    /// An e-value of this decides: 1/alpha.
    let decidesAt: Double
    let violated: Side
    /// `nil` where nothing can be proven, such as a right split.
    let proven: Side?
    let validity: Validity
    let intervalValidity: Validity
    let notes: [String]
    /// What is counted, for "about 900 more requests".
    let unit: String
    private let exact: String

    /// How a reading is put into words.
    struct Words {
        let unit: String
        /// From the verdict to the sentence.
        let sentence: (Verdict) -> String
        /// From the engine's scale, on which more is worse, to the one of the question.
        var scale: (Double) -> Double = { $0 }
        let number: (Double) -> String
        var notes: [String] = []
        var isProvable = true
        /// What an exact answer takes for granted.
        var exact = "exact at any number of looks, if each counts once and none is missing"
    }

    init(
        _ reading: EvidenceReading, alpha: Double, words: Words,
        needs: (EvidenceSide, Double) -> Int?
    ) {
        func side(_ side: EvidenceSide) -> Side {
            let logE = side == .rollback ? reading.rollbackLogE : reading.promoteLogE
            return Side(
                logE: logE, eValue: logE < 700 ? LogDomain.exp(logE) : nil,
                pValue: reading.pValue(side), needsMore: needs(side, alpha))
        }
        let verdict = Verdict(reading, alpha: alpha)
        let ends = [reading.lower, reading.upper].compactMap(\.self)
            .map(words.scale).sorted()
        self.verdict = verdict
        sentence = reading.undecidable ?? words.sentence(verdict)
        estimate = reading.estimate.map(words.scale)
        lower = ends.count == 2 ? ends[0] : nil
        upper = ends.count == 2 ? ends[1] : nil
        interval =
            ends.count == 2 ? "\(words.number(ends[0])) to \(words.number(ends[1]))" : nil
        candidateCount = reading.candidateCount
        stableCount = reading.stableCount
        self.alpha = alpha
        decidesAt = 1 / alpha
        violated = side(.rollback)
        proven = words.isProvable ? side(.promote) : nil
        validity = reading.validity
        intervalValidity = reading.intervalValidity
        notes = words.notes
        unit = words.unit
        exact = words.exact
    }

    private enum CodingKeys: String, CodingKey {
        case verdict, sentence, estimate, lower, upper, candidateCount, stableCount, alpha
        case decidesAt, violated, proven, validity, intervalValidity, notes
    }
}

extension StatsAnswer {
    var text: String {
        var rows: [(String, String)] = []
        if let interval {
            let weaker = intervalValidity == validity ? "" : ", \(intervalValidity.rawValue)"
            rows.append(("interval", "\(interval), \(percentage(1 - alpha)) at all looks\(weaker)"))
        }
        rows.append(("violated", words(violated)))
        if let proven { rows.append(("proven", words(proven))) }
        rows.append(("validity", words(validity)))
        for note in notes { rows.append(("note", note)) }
        return StatsRows.text(sentence, rows)
    }

    /// `E = 3.2 (20 decides); needs about 1,180 more requests`
    private func words(_ side: Side) -> String {
        let e = side.logE > 0 ? "E = \(Self.eValue(side.logE))" : "no evidence"
        if EvidenceReading.reaches(side.logE, level: alpha) { return "yes, \(e)" }
        let text = "\(e) (\(significant(decidesAt, 3)) decides)"
        guard let more = side.needsMore else { return text + "; never at this estimate" }
        return text + "; needs about \(grouped(more)) more \(unit)"
    }

    /// A number as far as it can be read, then a power of ten.
    static func eValue(_ logE: Double) -> String {
        let e = LogDomain.exp(min(logE, 100))
        guard e >= 1e6 else { return significant(e, 2) }
        return "10^" + decimal((logE / LogDomain.log(10)).rounded(.down), 0)
    }

    private func words(_ validity: Validity) -> String {
        switch validity {
        case .exact: exact
        case .asymptotic: "in the limit of many, at any number of looks"
        case .descriptive: "none: a description, not a reason to act"
        }
    }
}

/// A sentence, and the facts under it in two columns of 80.
enum StatsRows {
    static func text(_ sentence: String, _ rows: [(String, String)]) -> String {
        let indent = (rows.map(\.0.count).max() ?? 0) + 2
        var text = wrapped(sentence, indent: 0) + "\n"
        if !rows.isEmpty { text += "\n" }
        for (name, value) in rows {
            let gap = String(repeating: " ", count: indent - name.count)
            text += name + gap + wrapped(value, indent: indent) + "\n"
        }
        return text
    }

    private static func wrapped(_ text: String, indent: Int) -> String {
        let margin = "\n" + String(repeating: " ", count: indent)
        var (lines, width) = ("", indent)
        // A number stays with its sign.
        for word in text.replacing(" %", with: "\u{A0}%").split(separator: " ") {
            if width > indent, width + 1 + word.count > 80 {
                lines += margin
                width = indent
            } else if width > indent {
                lines += " "
                width += 1
            }
            lines += word
            width += word.count
        }
        return lines.replacing("\u{A0}", with: " ")
    }
}
