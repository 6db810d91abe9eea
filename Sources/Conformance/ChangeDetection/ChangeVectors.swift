import Evidence

/// river: the indices at which detectors alarm on given sequences.
package enum ChangeVectors: VectorFamily {
    package static func recognises(_ document: VectorValue) -> Bool {
        (document["cases"]?.list ?? []).contains { $0["detector"]?.string != nil }
            || document["page_hinkley_trace"] != nil
    }

    package static func check(_ document: VectorValue, into report: inout VectorReport) {
        let sequences = document["sequences"]?.object ?? [:]
        for (index, one) in (document["cases"]?.list ?? []).enumerated() {
            let name = one["detector"]?.string ?? "no detector"
            report.check("cases[\(index)] \(name)") { vector in
                check(one, name, sequences, &vector)
            }
        }
        guard let trace = document["page_hinkley_trace"] else { return }
        report.check("Page-Hinkley trace") { checkTrace(trace, sequences, &$0) }
    }

    private static func check(
        _ one: VectorValue, _ name: String, _ sequences: [String: VectorValue],
        _ vector: inout VectorCase
    ) {
        guard
            let values = one["sequence"]?.string.flatMap({ sequences[$0]?.doubles })
                ?? one["sequence"]?.doubles
        else { return vector.isUnknown("no such sequence") }
        guard var detector = detector(name, one["params"]) else {
            return vector.isUnknown("no detector \(name) with these parameters")
        }
        var (drifts, warnings): ([Int], [Int]) = ([], [])
        for (index, value) in values.enumerated() {
            switch detector.update(value) {
            case .drift: drifts.append(index)
            case .warning: warnings.append(index)
            case .none: break
            }
        }
        vector.expectSame("detections", drifts, one["detections_0based"]?.ints)
        if let expected = one["warnings_0based"]?.ints {
            vector.expectSame("warnings", warnings, expected)
        }
        guard let window = detector as? AdaptiveWindow else { return }
        for (key, found) in [
            ("final_width", window.width), ("final_total", window.total),
            ("final_variance", window.variance),
        ] {
            guard let expected = one[key] else { continue }
            vector.expect(key, found, expected, within: .relative(1e-9, absolute: 1e-9))
        }
    }

    /// `nil` for a detector or a parameter that is not known.
    private static func detector(_ name: String, _ params: VectorValue?) -> (any ChangeDetector)? {
        let given = params?.object ?? [:]
        var used: Set<String> = []
        func number(_ key: String, _ standard: Double) -> Double {
            used.insert(key)
            return given[key]?.double ?? standard
        }
        func whole(_ key: String, _ standard: Int) -> Int {
            used.insert(key)
            return given[key]?.int ?? standard
        }
        func flag(_ key: String) -> Bool {
            used.insert(key)
            return given[key]?.bool ?? false
        }
        let detector: any ChangeDetector
        switch name.split(separator: ".").last.map(String.init) ?? name {
        case "ADWIN":
            var settings = AdaptiveWindow.Settings()
            settings.delta = number("delta", 0.002)
            settings.clock = whole("clock", 32)
            settings.maxBuckets = whole("max_buckets", 5)
            settings.minWindow = whole("min_window_length", 5)
            settings.grace = whole("grace_period", 10)
            detector = AdaptiveWindow(settings)
        case "PageHinkley":
            used.insert("mode")
            let mode = given["mode"]?.string ?? "both"
            guard let direction = PageHinkley.Direction(rawValue: mode) else { return nil }
            detector = PageHinkley(
                minimum: whole("min_instances", 30), delta: number("delta", 0.005),
                threshold: number("threshold", 50), alpha: number("alpha", 0.9999),
                direction: direction)
        case "DDM":
            detector = DriftDetectionMethod(
                warmStart: whole("warm_start", 30),
                warningThreshold: number("warning_threshold", 2),
                driftThreshold: number("drift_threshold", 3))
        case "EDDM":
            detector = EarlyDriftDetectionMethod(
                warmStart: whole("warm_start", 30), alpha: number("alpha", 0.95),
                beta: number("beta", 0.9))
        case "HDDMA", "HDDM_A":
            detector = HoeffdingAverageDetector(
                driftConfidence: number("drift_confidence", 0.001),
                warningConfidence: number("warning_confidence", 0.005),
                isTwoSided: flag("two_sided_test"))
        case "HDDMW", "HDDM_W":
            detector = HoeffdingWeightedDetector(
                driftConfidence: number("drift_confidence", 0.001),
                warningConfidence: number("warning_confidence", 0.005),
                lambda: number("lambda_val", 0.05), isTwoSided: flag("two_sided_test"))
        case "FHDDM":
            used.insert("short_window_size")
            detector = FastHoeffdingDetector(
                window: whole("sliding_window_size", 100),
                confidence: number("confidence_level", 1e-6),
                shortWindow: given["short_window_size"]?.int)
        default: return nil
        }
        return Set(given.keys).isSubset(of: used) ? detector : nil
    }

    private static func checkTrace(
        _ trace: VectorValue, _ sequences: [String: VectorValue], _ vector: inout VectorCase
    ) {
        // `normal_0_to_0.5_at_800 first 60`
        let name = trace["sequence"]?.string?.split(separator: " ").first.map(String.init) ?? ""
        guard let values = sequences[name]?.doubles, let rows = trace["rows"]?.list,
            let direction = PageHinkley.Direction(rawValue: trace["mode"]?.string ?? "both"),
            direction == .up
        else { return vector.isUnknown("no sequence, or another direction than up") }
        var detector = PageHinkley(
            minimum: trace["min_instances"]?.int ?? 30, delta: trace["delta"]?.double ?? 0.005,
            threshold: trace["threshold"]?.double ?? 50, alpha: trace["alpha"]?.double ?? 0.9999,
            direction: direction)
        for (index, (value, row)) in zip(values, rows).enumerated() {
            _ = detector.update(value)
            let least = detector.minIncrease ?? .nan
            vector.expect(
                "row \(index)",
                [
                    detector.runningMean, detector.sumIncrease, least,
                    detector.sumIncrease - least,
                ], row, within: .relative(1e-9, absolute: 1e-12))
        }
    }
}

/// DDSketch: quantiles of a list of values, whole and merged from two halves.
package enum SketchVectors: VectorFamily {
    package static func recognises(_ document: VectorValue) -> Bool {
        document["values"]?.doubles != nil
            && (document["quantiles"]?.list ?? []).contains { $0["ddsketch"] != nil }
    }

    package static func check(_ document: VectorValue, into report: inout VectorReport) {
        let accuracy =
            document["relative_accuracy"]?.double
            ?? document["provenance"]?["relative_accuracy"]?.double ?? 0.01
        guard let values = document["values"]?.doubles,
            var sketch = try? LogarithmicSketch(relativeAccuracy: accuracy),
            var left = try? LogarithmicSketch(relativeAccuracy: accuracy)
        else { return report.skip("values", because: "no sketch has this accuracy") }
        var right = left
        report.check("count and sum") { vector in
            for value in values { try sketch.add(value) }
            for value in values.prefix(values.count / 2) { try left.add(value) }
            for value in values.dropFirst(values.count / 2) { try right.add(value) }
            try left.merge(right)
            vector.expect("count", Double(sketch.count), document["count"])
            vector.expect("sum", sketch.sum, document["sum"], within: .relative(1e-12))
            if let gamma = document["provenance"]?["gamma"] {
                vector.expect("gamma", sketch.gamma, gamma)
            }
        }
        let sorted = values.sorted()
        for one in document["quantiles"]?.list ?? [] {
            let q = one["q"]?.double ?? .nan
            report.check("quantile \(q)") { vector in
                vector.expect("sketch", sketch.quantile(q), one["ddsketch"])
                if let merged = one["merged"] {
                    vector.expect("merged", left.quantile(q), merged)
                }
                if let exact = one["exact_lower"] {
                    let rank = Int(exactly: (q * Double(sorted.count - 1)).rounded(.down))
                    vector.expect("exact", rank.map { sorted[$0] }, exact)
                }
            }
        }
    }
}
