import RolloutCore

/// What guardrails would have done to the releases of the record, for people and for programs.
struct BackTestReport: Encodable {
    let sentences: [String]
    let good: Count
    let bad: Count
    let candidates: [Row]
    /// Versions of which too little is left to judge them again.
    let missing: [String]

    struct Count: Encodable {
        /// Those with all of their observations.
        let releases: Int
        let rolledBack: Int
        let held: Int
        let waited: Int

        fileprivate init(_ rows: [Row]) {
            releases = rows.count
            rolledBack = rows.count { $0.would == "rolled-back" || $0.would == "stepped-back" }
            held = rows.count { $0.would == "held" }
            waited = rows.count { $0.would == "waited" }
        }

        fileprivate var caught: Int { rolledBack + held }
    }

    struct Row: Encodable {
        let version: VersionName
        let digest: String
        let firstDecision: Int
        let recorded: String
        /// `rolled-back`, `stepped-back`, `held`, `waited`, `passed`, or `unknown`.
        let would: String
        @OrNull private(set) var guardrail: GuardrailName?
        @OrNull private(set) var stage: StageKind?
        @OrNull private(set) var reason: String?
        /// What that guardrail had seen of the candidate.
        @OrNull private(set) var observations: Int?
        /// The candidate's answers until then, and until its recorded end.
        let requests: Int
        let recordedRequests: Int
        fileprivate let isGood: Bool?
        fileprivate let end: String
        fileprivate let isPartly: Bool

        private enum CodingKeys: String, CodingKey {
            case version, digest, firstDecision, recorded, would, guardrail, stage, reason
            case observations, requests, recordedRequests
        }

        init(_ past: PastCandidate, sweptBefore: Timestamp?) {
            let isWhole = past.isWhole(sweptBefore: sweptBefore)
            let step = isWhole ? past.stop ?? past.wait : nil
            version = past.candidate.version
            digest = past.candidate.digest.hex
            firstDecision = past.firstDecision
            recorded = past.end.word
            would = step?.kind.rawValue ?? (isWhole ? "passed" : "unknown")
            guardrail = step?.guardrail
            stage = step?.stage
            reason = step?.reason
            observations = step?.observations
            requests = step?.requests ?? past.requests
            recordedRequests = past.requests
            isGood = past.end.isGood
            end = past.end.spoken
            isPartly = !isWhole && past.requests > 0
        }

        fileprivate var wouldSpoken: String {
            let place = stage.map { " in \($0.rawValue)" } ?? ""
            return switch would {
            case "rolled-back": "rolled back" + place
            case "stepped-back": "stepped back" + place
            case "held": "held" + place
            case "waited": "waits" + place
            case "passed": isGood == false ? "is not caught" : "passes"
            default: isPartly ? "only a part left" : "nothing left"
            }
        }
    }

    init(_ past: [PastCandidate], sweptBefore: Timestamp?) {
        candidates = past.map { Row($0, sweptBefore: sweptBefore) }
        let known = candidates.filter { $0.would != "unknown" }
        let goodOnes = known.filter { $0.isGood == true }
        let badOnes = known.filter { $0.isGood == false }
        good = Count(goodOnes)
        bad = Count(badOnes)
        let unknown = candidates.filter { $0.would == "unknown" && $0.isGood != nil }
        missing = unknown.map(\.version.rawValue)
        var sentences: [String] = []
        if good.releases > 0 {
            sentences.append(Self.good(good, goodOnes))
        }
        if bad.releases > 0 { sentences.append(Self.bad(bad, badOnes)) }
        if sentences.isEmpty {
            sentences.append("No recorded release can be judged again.")
        }
        sentences += unknown.map { row in
            row.isPartly
                ? "Only a part of the observations of \(row.version) is left: it is not counted."
                : "No observations left of \(row.version): it is not counted."
        }
        self.sentences = sentences
    }

    private static func good(_ count: Count, _ rows: [Row]) -> String {
        func named(_ kinds: String...) -> String {
            let names = rows.filter { kinds.contains($0.would) }.map(\.version.rawValue)
            return names.isEmpty ? "" : " (\(names.joined(separator: ", ")))"
        }
        var text =
            "These guardrails would have rolled back \(grouped(count.rolledBack)) of the last "
            + "\(grouped(count.releases)) good releases"
            + named("rolled-back", "stepped-back")
        if count.held > 0 { text += ", held \(grouped(count.held))" + named("held") }
        if count.waited > 0 {
            text += ", kept \(grouped(count.waited)) waiting" + named("waited")
        }
        return text + "."
    }

    private static func bad(_ count: Count, _ rows: [Row]) -> String {
        let each = rows.map { row in
            if ["passed", "waited"].contains(row.would) {
                return "\(row.version) not within its \(grouped(row.recordedRequests)) requests"
            }
            return "\(row.version) after \(grouped(row.requests)) requests "
                + "(it was \(grouped(row.recordedRequests)))"
        }
        return "They would have caught \(grouped(count.caught)) of the last "
            + "\(grouped(count.releases)) bad ones; \(each.joined(separator: ", "))."
    }

    var text: String {
        var text = sentences.map { StatsRows.text($0, []) }.joined()
        guard !candidates.isEmpty else { return text }
        var rows = [["version", "what happened", "what would happen", "guardrail", "requests"]]
        for row in candidates {
            let observations = row.observations.map { ", n = \(grouped($0))" } ?? ""
            rows.append([
                row.version.rawValue, row.end, row.wouldSpoken,
                row.guardrail.map { $0.rawValue + observations } ?? "–", grouped(row.requests),
            ])
        }
        let widths = rows[0].indices.map { column in
            rows.map { $0[column].count }.max() ?? 0
        }
        text += "\n"
        for row in rows {
            var line = ""
            for (cell, width) in zip(row, widths) {
                line += cell + String(repeating: " ", count: width - cell.count + 2)
            }
            text += line.prefix(line.count - 2 - (widths.last ?? 0) + (row.last?.count ?? 0)) + "\n"
        }
        return text
    }
}
