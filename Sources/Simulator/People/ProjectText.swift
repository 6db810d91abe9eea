import Identity
import Ledger
import RolloutCore

/// The files that people write, in the words that people use.
enum ProjectText {
    static let versions = 0...9

    static func files(_ plan: WorldPlan, keys: [PrivateKey], controller: PrivateKey) -> [String:
        [UInt8]?]
    {
        var files: [String: String] = [
            "policies/guardrails/health.yaml": guardrails(plan, onBreach: "rollback"),
            "policies/guardrails/careful.yaml": guardrails(plan, onBreach: "hold"),
            "policies/guardrails/stepwise.yaml": guardrails(plan, onBreach: "step-back"),
            "policies/approvals/two.yaml": approvals(least: 2),
            "policies/groups.yaml": document(
                "Groups",
                "{groups: {controllers: [\(controllerName)], sre: ["
                    + People.approvers.joined(separator: ", ") + "]}}"),
            "policies/signers": signers(keys, controller, isEnding: plan.hasForgers),
            "policies/revoked-signers": "sequence 1\n",
        ]
        files["policies/windows/\(window).yaml"] = plan.closed.map(windowText)
        for (name, spec) in plan.guardrails {
            files["policies/guardrails/\(name).yaml"] = document("Guardrails", spec)
        }
        for rollout in plan.rollouts {
            files[specPath(rollout.name)] = spec(rollout, asking: 0)
            for version in versions {
                files[versionPath(rollout.name, "1.\(version).0")] =
                    self.version(rollout, version)
            }
        }
        return files.mapValues { Array($0.utf8) }
    }

    static let controllerName = "controller@gatewright"

    static func specPath(_ name: RolloutName) -> String { "rollouts/\(name)/rollout.yaml" }

    static func versionPath(_ name: RolloutName, _ version: String) -> String {
        "rollouts/\(name)/versions/\(version).yaml"
    }

    static func versionFiles(_ rollout: WorldPlan.RolloutPlan) -> [String: [UInt8]?] {
        var files: [String: [UInt8]?] = [:]
        for number in versions {
            files[versionPath(rollout.name, "1.\(number).0")] =
                Array(version(rollout, number).utf8)
        }
        return files
    }

    static func document(_ kind: String, _ spec: String) -> String {
        "apiVersion: gatewright.dev/v1\nkind: \(kind)\nspec: \(spec)\n"
    }

    /// Where versions may be bad in some regions only, people have each region judged.
    static func guardrails(_ plan: WorldPlan, limit: Int = 20, onBreach: String) -> String {
        let labels = plan.labels.map { labels in
            let after = labels.after.map { "after: \($0)s, " } ?? ""
            return guardrail(
                "accuracy, metric: accuracy, "
                    + (labels.isCompared
                        ? "comparedTo: stable, dropAtMost: \(limit)pp, "
                        : "atLeast: \(100 - limit)%, ")
                    + "labels: {\(after)maxLag: 3m, minCoverage: 50%}", plan, onBreach)
        }
        let all = [guardrail("errors, metric: errors, atMost: \(limit)%", plan, onBreach), labels]
        return document(
            "Guardrails",
            "{falseRollbackRate: 1%, guardrails: ["
                + all.compactMap(\.self).joined(separator: ", ") + "]}")
    }

    private static func guardrail(
        _ what: String, _ plan: WorldPlan, _ onBreach: String
    ) -> String {
        "{name: \(what), " + (plan.failsByRegion ? "by: [region], " : "")
            + "minSamples: \(samplesMin), maxSilent: \(maxSilentMinutes)m, onBreach: \(onBreach)}"
    }

    static let samplesMin = 20
    static let maxSilentMinutes: Int64 = 2

    static func approvals(least: Int) -> String {
        document(
            "Approvals",
            "{approvers: [sre], minApprovals: \(least), changes: claimed, expiresAfter: 72h}")
    }

    private static let window = "lunch"

    /// Worlds begin at 14:13:20 UTC, which is 23:13:20 in Japan, all year.
    private static func windowText(closed: Range<Int>) -> String {
        func clock(_ minutes: Int) -> String {
            let (hour, minute) = (23 * 60 + 13 + minutes).quotientAndRemainder(dividingBy: 60)
            return "\(hour):\(minute < 10 ? "0" : "")\(minute)"
        }
        return document(
            "Window",
            "{deny: \"Mon-Sun \(clock(closed.lowerBound))-\(clock(closed.upperBound))\", "
                + "timeZone: Asia/Tokyo, inFlight: hold, owner: sre, reason: drill}")
    }

    private static func signers(
        _ keys: [PrivateKey], _ controller: PrivateKey, isEnding: Bool
    ) -> String {
        var lines = [
            "\(controllerName) namespaces=\"git\" \(controller.publicKey.openSSH)"
        ]
        for (person, key) in zip(People.all, keys) {
            let end =
                isEnding && person == People.expiring
                ? " valid-before=\"\(People.keyEndsText)\"" : ""
            lines.append(
                "\(person) namespaces=\"git,\(Namespace.approval)\"\(end) "
                    + key.publicKey.openSSH)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    static func digest(_ rollout: RolloutName, _ version: Int) -> Digest {
        RecordFile.digest(Array("\(rollout) 1.\(version).0".utf8))
    }

    static func version(_ rollout: WorldPlan.RolloutPlan, _ version: Int) -> String {
        let endpoints = rollout.regions.map { "\($0): \"http://127.0.0.1:9\"" }
            .joined(separator: ", ")
        let declared = version == 0 ? rollout.stableCapacity : rollout.capacity
        let capacity = declared.map { perMinute in
            ", capacity: {"
                + rollout.regions.map { "\($0): \(perMinute)/min" }.joined(separator: ", ") + "}"
        }
        return """
            apiVersion: gatewright.dev/v1
            kind: ModelVersion
            metadata: {model: \(rollout.name), version: 1.\(version).0}
            spec:
              artifact: {uri: "https://models.example/\(rollout.name)", sha256: "\
            \(digest(rollout.name, version))", size: 1MB}
              format: xgboost-json
              serving: {endpoints: {\(endpoints)}\(capacity ?? "")}

            """
    }

    static func spec(_ rollout: WorldPlan.RolloutPlan, asking version: Int) -> String {
        let guardrails =
            rollout.guardrails?.rawValue
            ?? ["hold": "careful", "stepBack": "stepwise"][rollout.onBreach] ?? "health"
        return """
            apiVersion: gatewright.dev/v1
            kind: Rollout
            metadata: {name: \(rollout.name), owners: [team]}
            spec:
              version: 1.\(version).0
              bootstrap: 1.0.0
              regions: [\(rollout.regions.map(\.rawValue).joined(separator: ", "))]
              router: gateway
              signals: [gateway]
              stickyBy: header:x-user-id
              guardrails: [\(guardrails)]
              onNewVersion: \(rollout.onNewVersion)
            \(rollout.isGated ? "  approvals: two\n" : "")\
            \(rollout.hasWindow ? "  windows: [\(window)]\n" : "")\
            \(rollout.isInGroup ? "  conflictGroup: shared\n" : "")\
              stages:
            \(rollout.stages ?? stages(rollout))
            """
    }

    private static func stages(_ rollout: WorldPlan.RolloutPlan) -> String {
        let soak = "soak: \(rollout.soakSeconds)s"
        let waves =
            rollout.hasWaves && rollout.regions.count > 1
            ? ", waves: [[\(rollout.regions[0])], ["
                + rollout.regions.dropFirst().map(\.rawValue).joined(separator: ", ") + "]]" : ""
        return """
                - {stage: shadow, share: 100%, \(soak)}
                - {stage: canary, share: 5%, \(soak)\(rollout.isGated ? ", approval: true" : "")}
                - {stage: gradual, shares: [50%, 100%], \(soak)\(waves)}
                - {stage: full, bake: \(rollout.soakSeconds)s}

            """
    }

    static func order(_ action: String, _ fields: [String]) -> String {
        let rest = fields.map { ", \($0)" }.joined()
        return document("Order", "{action: \(action), by: sam@example.org, reason: drill\(rest)}")
    }
}
