import RolloutCore

/// One line of `spec.stages`.
enum StageFields {
    enum BreachRule: String, CaseIterable, Sendable { case rollbackAll = "rollback-all" }

    static let stage = Field.required("stage", .choice(StageKind.self), "Which stage this is.")
    static let share = Field<Share?>.optional(
        "share", .share, "shadow: the mirrored part, 100% by default; canary: the share.")
    static let shares = Field<[Share]?>.optional(
        "shares", .list(.share, count: 1...FileLimits.stages, unique: false),
        "gradual: the shares, rising.")
    static let soak = Field<TimeSpan?>.optional(
        "soak", .span("7d"), "shadow, canary, gradual: the least time at each share.")
    static let bake = Field<TimeSpan?>.optional(
        "bake", .span("30d"), "full: how long it is watched before it is the last good version.")
    static let waves = Field<[[RegionName]]?>.optional(
        "waves",
        .list(.list(.region, count: 1...FileLimits.regions), count: 1...FileLimits.regions),
        "gradual: groups of regions that move together, in order; all at once by default.")
    static let approval = Field.defaulted(
        "approval", .bool, false, written: false, "Whether a person must agree before it begins.")
    static let onRegionBreach = Field.defaulted(
        "onRegionBreach", .choice(BreachRule.self), .rollbackAll, written: "rollback-all",
        "gradual: what a breach in one region means for the others.")

    static let shape = Shape<StageSpec>.object(
        "a stage", [stage, share, shares, soak, bake, waves, approval, onRegionBreach]
    ) { row, findings throws(RefusedField) in
        let kind = try row(stage)
        let allowed = allowedKeys(kind)
        for entry in row.entries.values.sorted(by: { $0.key < $1.key })
        where !allowed.contains(entry.key) {
            findings.add(
                "\(entry.key.quoted) has no meaning in the stage \(kind.rawValue)",
                at: entry.keyMark, found: entry.key,
                expected: allowed.joined(separator: ", "), fix: "delete the key")
        }
        for key in requiredKeys(kind) where row.entries[key] == nil {
            findings.add(
                "the stage \(kind.rawValue) needs the key \(key.quoted)", at: row.mark,
                found: "nothing", expected: key, fix: "add \(key)")
        }
        let soak = try kind == .full ? row(bake) : row(soak)
        let shares: [Share]
        switch kind {
        case .shadow: shares = [try row(share) ?? .all]
        case .canary: shares = [try row(share) ?? .zero]
        case .gradual: shares = try row(Self.shares) ?? []
        case .full: shares = [.all]
        }
        return StageSpec(
            stage: kind, shares: shares, soak: soak ?? .zero, waves: try row(waves) ?? [],
            approval: try row(approval))
    }

    private static func allowedKeys(_ kind: StageKind) -> [String] {
        switch kind {
        case .shadow, .canary: ["stage", "share", "soak", "approval"]
        case .gradual: ["stage", "shares", "soak", "waves", "approval", "onRegionBreach"]
        case .full: ["stage", "bake", "approval"]
        }
    }

    private static func requiredKeys(_ kind: StageKind) -> [String] {
        switch kind {
        case .shadow: ["soak"]
        case .canary: ["share", "soak"]
        case .gradual: ["shares", "soak"]
        case .full: ["bake"]
        }
    }

    /// The stages of a rollout, with the order, the shares and the waves checked.
    static func check(
        _ row: Row, _ findings: inout Findings
    ) throws(RefusedField) -> [StageSpec] {
        let stages = try row(RolloutFile.stages)
        guard let list = row.item(RolloutFile.stages) else { return stages }
        checkOrder(stages, list, &findings)
        checkShares(stages, list, &findings)
        if stages.contains(where: \.approval), try row(RolloutFile.approvals) == nil {
            findings.add(
                "a stage waits for an approval, but spec.approvals does not say whose",
                at: list.mark,
                found: "nothing", expected: "a name below policies/approvals",
                fix: "add approvals: to spec, or remove approval: true")
        }
        let regions = try row(RolloutFile.regions)
        return stages.enumerated().map { index, stage in
            checkWaves(stage, regions, list.at([.index(index), "waves"]), &findings)
            return StageSpec(
                stage: stage.stage, shares: stage.shares, soak: stage.soak,
                waves: stage.waves.isEmpty ? [regions] : stage.waves, approval: stage.approval)
        }
    }

    private static func checkOrder(
        _ stages: [StageSpec], _ list: Item, _ findings: inout Findings
    ) {
        let order = StageKind.allCases
        for (index, pair) in zip(stages, stages.dropFirst()).enumerated() {
            let (left, right) = (pair.0.stage, pair.1.stage)
            let rises = (order.firstIndex(of: left) ?? 0) < (order.firstIndex(of: right) ?? 0)
            guard !rises else { continue }
            let reason = left == right ? "is written twice" : "cannot come after \(left.rawValue)"
            findings.add(
                "the stage \(right.rawValue) \(reason)",
                at: list.at([.index(index + 1), "stage"]).mark, found: right.rawValue,
                expected: "shadow, canary, gradual, full, each at most once",
                fix: "put the stages in the order shadow, canary, gradual, full")
        }
        if stages.last?.stage != .full {
            findings.add(
                "the last stage must be full: without it no version ever becomes stable",
                at: list.at([.index(stages.count - 1), "stage"]).mark,
                found: stages.last?.stage.rawValue, expected: "full",
                fix: "add {stage: full, bake: 30d} at the end")
        }
    }

    private static func checkShares(
        _ stages: [StageSpec], _ list: Item, _ findings: inout Findings
    ) {
        var last: (share: Share, stage: Int)?
        for (index, stage) in stages.enumerated() where [.canary, .gradual].contains(stage.stage) {
            for (position, share) in stage.shares.enumerated() {
                if let last, share <= last.share {
                    let place = list.at([.index(index), "shares", .index(position)])
                    let relation = share == last.share ? "is equal to" : "is below"
                    findings.add(
                        "share \(share) of stage \(index + 1) \(relation) \(last.share) of stage "
                            + "\(last.stage + 1); shares must grow",
                        at: place.mark, found: "\(share)", expected: "more than \(last.share)",
                        fix: "put the shares in rising order, or use two stages")
                }
                last = (share, index)
            }
        }
    }

    private static func checkWaves(
        _ stage: StageSpec, _ regions: [RegionName], _ item: Item, _ findings: inout Findings
    ) {
        guard !stage.waves.isEmpty else { return }
        var seen: Set<RegionName> = []
        for (wave, names) in stage.waves.enumerated() {
            for (position, name) in names.enumerated() {
                let place = item.at([.index(wave), .index(position)])
                if !regions.contains(name) {
                    let meant = name.rawValue.nearest(of: regions.map(\.rawValue))
                    findings.add(
                        "the region \(name) of a wave is not in spec.regions"
                            + (meant.map { "; did you mean \($0.quoted)?" } ?? ""),
                        at: place.mark, found: name.rawValue,
                        expected: regions.map(\.rawValue).joined(separator: ", "),
                        fix: meant.map { "write \($0)" } ?? "add it to spec.regions")
                } else if !seen.insert(name).inserted {
                    findings.add(
                        "the region \(name) is in two waves", at: place.mark,
                        found: name.rawValue, expected: "each region in one wave",
                        fix: "keep one of the two")
                }
            }
        }
        let missing = regions.filter { !seen.contains($0) }
        guard !missing.isEmpty else { return }
        findings.add(
            "the waves leave out \(missing.map(\.rawValue).joined(separator: ", "))",
            at: item.mark, found: seen.sorted().map(\.rawValue).joined(separator: ", "),
            expected: "every region of spec.regions", fix: "add a wave with the missing regions")
    }
}
