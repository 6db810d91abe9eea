import History
import RolloutCore

/// Reads a body of observations: all of it, or an error that names item and field.
struct ObservationReader {
    /// What an item without `kind` is.
    enum Feed {
        case observations, labels
    }

    enum Format {
        case json, lines
    }

    let feed: Feed
    let itemLimit: Int

    func read(_ body: [UInt8], as format: Format) throws(APIError) -> [Observation] {
        let values = try split(body, as: format)
        var observations: [Observation] = []
        observations.reserveCapacity(values.count)
        for (index, value) in values.enumerated() {
            let item = try observation(value, place: "item \(index)")
            if let problem = item.problem {
                throw APIError.invalid("item \(index): \(problem)")
            }
            observations.append(item)
        }
        return observations
    }

    private func split(_ body: [UInt8], as format: Format) throws(APIError) -> [StrictJSON] {
        switch format {
        case .json:
            let value = try parse(body[...], place: "the body")
            guard case .array(let items) = value else { return [value] }
            try check(items.count)
            return items
        case .lines:
            let space: Set<UInt8> = [9, 13, 32]
            let lines = body.split(separator: 10).filter { !$0.allSatisfy(space.contains) }
            try check(lines.count)
            var values: [StrictJSON] = []
            for (index, line) in lines.enumerated() {
                values.append(try parse(line, place: "item \(index)"))
            }
            return values
        }
    }

    private func check(_ count: Int) throws(APIError) {
        guard count <= itemLimit else {
            throw APIError.tooLarge(
                "found \(count) items, expected at most \(itemLimit) in a batch")
        }
    }

    private func parse(_ bytes: ArraySlice<UInt8>, place: String) throws(APIError) -> StrictJSON {
        do throws(StrictJSONError) { return try StrictJSONParser.parse(bytes) } catch {
            throw APIError.invalid("\(place) is not JSON: byte \(error.byte): \(error.problem)")
        }
    }

    private func observation(_ value: StrictJSON, place: String) throws(APIError) -> Observation {
        var fields = try Fields(value, place: place)
        switch feed {
        case .labels:
            _ = try fields.optional("kind", "\"label\" or nothing") {
                $0.text == "label" ? $0 : nil
            }
            return .label(try label(&fields))
        case .observations:
            let kind = try fields.required("kind", "\"prediction\", \"measurement\" or \"label\"") {
                ["prediction", "measurement", "label"].contains($0.text) ? $0.text : nil
            }
            switch kind {
            case "prediction": return .prediction(try prediction(&fields))
            case "measurement": return .measurement(try measurement(&fields))
            default: return .label(try label(&fields))
            }
        }
    }

    private func prediction(_ fields: inout Fields) throws(APIError) -> Prediction {
        let arms = Arm.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        let prediction = Prediction(
            prediction: try id(&fields),
            arm: try fields.required("arm", "one of \(arms)") {
                $0.text.flatMap { Arm(rawValue: $0) }
            },
            rollout: try fields.identifier("rollout"), region: try fields.identifier("region"),
            generation: try fields.required("generation", "a whole number, 0 or more") {
                $0.whole(Int.self).flatMap { $0 >= 0 ? $0 : nil }
            },
            version: try fields.version("version"), at: try fields.time("at"),
            latencyMicroseconds: try fields.required(
                "latencyMicroseconds", "a whole number, 0 or more"
            ) { $0.whole(Int64.self).flatMap { $0 >= 0 ? $0 : nil } },
            output: try fields.optional("output", "a string or null") { $0.text },
            confidence: try fields.optional("confidence", "a number from 0 to 1, or null") {
                $0.finite.flatMap { (0...1).contains($0.value) ? $0 : nil }
            },
            unit: try fields.required("unit", "a whole number from 0 to \(UInt64.max)") {
                $0.whole(UInt64.self)
            })
        try fields.finish(
            known: "kind, prediction, arm, rollout, region, generation, version, at, "
                + "latencyMicroseconds, output, confidence, unit")
        return prediction
    }

    private func measurement(_ fields: inout Fields) throws(APIError) -> Measurement {
        let metric: Identifier<Measurement> = try fields.identifier("metric")
        let measurement = Measurement(
            prediction: try id(&fields), metric: metric.rawValue,
            value: try fields.required("value", "a finite number") { $0.finite },
            at: try fields.time("at"))
        try fields.finish(known: "kind, prediction, metric, value, at")
        return measurement
    }

    private func label(_ fields: inout Fields) throws(APIError) -> Label {
        let label = Label(
            prediction: try id(&fields),
            truth: try fields.required(
                "truth", "a string, or a list of 1 to \(StorageLimits.truths) strings"
            ) { found in
                if let text = found.text { return [text] }
                guard case .array(let list) = found, !list.isEmpty,
                    list.count <= StorageLimits.truths
                else { return nil }
                let texts = list.compactMap(\.text)
                return texts.count == list.count ? texts : nil
            }, at: try fields.time("at"))
        try fields.finish(known: "kind, prediction, truth, at")
        return label
    }

    private func id(_ fields: inout Fields) throws(APIError) -> String {
        try fields.required("prediction", "1 to 64 of a-z 0-9 -") {
            $0.text.flatMap { Observation.acceptsPrediction($0) ? $0 : nil }
        }
    }
}
