import History
import RolloutCore

/// Observations in memory, and the facts that follow from them: what `HistoryStore` does in SQLite.
/// A test holds it to that.
struct ObservationTable: Sendable {
    private struct Answer: Sendable {
        let prediction: Prediction
        var judged: Bool?
        var isPaired = false
    }

    private struct Request: Sendable {
        /// At most one an arm, in the order of `Arm.allCases`.
        var answers: [Answer] = []
        var label: Label?
        /// Measurements that no fact has reported, and the metrics of all.
        var measured: [(metric: String, value: FiniteDouble)] = []
        var metrics: Set<String> = []

        func index(_ arm: Arm) -> Int? { answers.firstIndex { $0.prediction.arm == arm } }

        /// The answer that the caller used.
        var served: Prediction? {
            [Arm.fallback, .candidate, .stable].lazy.compactMap(index)
                .map { answers[$0].prediction }.first { !$0.failed }
        }
    }

    private var requests: [String: Request] = [:]
    private var facts: [RolloutName: [Fact]] = [:]
    private var newest: Int64 = 0

    func facts(
        after sequence: Int64, rollout: RolloutName, fromGeneration generation: Int, limit: Int
    ) -> [Fact] {
        let all = facts[rollout] ?? []
        // Sequences rise, so what is asked for is at the end.
        let start = all.lastIndex { $0.sequence <= sequence }.map { $0 + 1 } ?? 0
        return Array(
            all[start...].lazy.filter { $0.answer.generation >= generation }.prefix(limit))
    }

    mutating func ingest(_ batch: [Observation]) -> IngestResult {
        var result = IngestResult()
        var touched: [String] = []
        var known: Set<String> = []
        var late: [String: Int] = [:]
        for item in batch {
            let id = item.prediction
            let isNews: Bool
            switch item {
            case .prediction(let prediction): isNews = store(prediction, &result)
            case .label(let label):
                let accepted = result.accepted
                isNews = store(label, &result)
                late[id, default: 0] += result.accepted - accepted
            case .measurement(let measurement):
                isNews = store(measurement, &result)
                if isNews { late[id, default: 0] += 1 }
            }
            if isNews, known.insert(id).inserted { touched.append(id) }
        }
        for id in touched { join(id, waiting: late[id] ?? 0, &result) }
        return result
    }

    private mutating func store(_ prediction: Prediction, _ result: inout IngestResult) -> Bool {
        let id = prediction.prediction
        guard requests[id]?.index(prediction.arm) == nil else {
            result.duplicates += 1
            return false
        }
        requests[id, default: Request()].answers.append(Answer(prediction: prediction))
        requests[id]?.answers.sort { $0.prediction.arm.place < $1.prediction.arm.place }
        result.accepted += 1
        append(.answered, about: prediction, &result)
        return true
    }

    private mutating func store(
        _ measurement: Measurement, _ result: inout IngestResult
    ) -> Bool {
        let id = measurement.prediction
        guard requests[id, default: Request()].metrics.insert(measurement.metric).inserted else {
            result.duplicates += 1
            return false
        }
        requests[id]?.measured.append((measurement.metric, measurement.value))
        result.accepted += 1
        return true
    }

    private mutating func store(_ label: Label, _ result: inout IngestResult) -> Bool {
        let truth = Set(label.truth)
        let label = Label(prediction: label.prediction, truth: truth.sorted(), at: label.at)
        guard let known = requests[label.prediction]?.label else {
            requests[label.prediction, default: Request()].label = label
            result.accepted += 1
            return true
        }
        let isLater =
            label.at == known.at
            ? known.text.utf8.lexicographicallyPrecedes(label.text.utf8) : label.at > known.at
        guard isLater else {
            result.duplicates += 1
            return false
        }
        requests[label.prediction]?.label = label
        if known.truth == label.truth {
            result.duplicates += 1
            return false
        }
        result.corrected += 1
        return true
    }

    private mutating func join(_ id: String, waiting: Int, _ result: inout IngestResult) {
        guard var request = requests[id] else { return }
        defer { requests[id] = request }
        if let label = request.label, !request.answers.isEmpty {
            let before = request
            for index in request.answers.indices {
                let answer = request.answers[index]
                let correct = answer.prediction.output.map(label.truth.contains) ?? false
                guard answer.judged != correct else { continue }
                append(
                    .labelled(correct: correct, previously: answer.judged, at: label.at),
                    about: answer.prediction, &result)
                request.answers[index].judged = correct
            }
            compare(before, label, &result)
        }
        if let mirror = request.index(.mirror), let stable = request.index(.stable),
            !request.answers[mirror].isPaired,
            areOfOne(request.answers[mirror], request.answers[stable]),
            let output = request.answers[mirror].prediction.output,
            let served = request.answers[stable].prediction.output
        {
            append(
                .paired(agree: output == served), about: request.answers[mirror].prediction,
                &result)
            request.answers[mirror].isPaired = true
        }
        if let served = request.served {
            for (metric, value) in request.measured.sorted(by: { $0.metric < $1.metric }) {
                append(.measured(metric: metric, value: value), about: served, &result)
            }
            request.measured = []
        } else if waiting > 0 {
            result.waiting +=
                request.answers.isEmpty ? waiting : min(waiting, request.measured.count)
        }
    }

    private mutating func compare(
        _ request: Request, _ label: Label, _ result: inout IngestResult
    ) {
        guard let mirror = request.index(.mirror).map({ request.answers[$0] }),
            let stable = request.index(.stable).map({ request.answers[$0] }),
            mirror.judged == nil || stable.judged == nil, areOfOne(mirror, stable)
        else { return }
        append(
            .compared(
                candidate: mirror.prediction.output.map(label.truth.contains) ?? false,
                stable: stable.prediction.output.map(label.truth.contains) ?? false),
            about: mirror.prediction, &result)
    }

    private func areOfOne(_ left: Answer, _ right: Answer) -> Bool {
        left.prediction.rollout == right.prediction.rollout
            && left.prediction.region == right.prediction.region
    }

    private mutating func append(
        _ event: Fact.Event, about answer: Prediction, _ result: inout IngestResult
    ) {
        newest += 1
        let fact = Fact(sequence: newest, answer: answer, event: event)
        facts[answer.rollout, default: []].append(fact)
        result.facts.append(fact)
    }
}

extension Label {
    /// As the store keeps it: of two truths of the same time, the one whose text is later holds.
    fileprivate var text: String { "[\"" + truth.joined(separator: "\",\"") + "\"]" }
}

extension Arm {
    fileprivate var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
