import Crypto
import RolloutCore

/// Reads a person's order:
/// `{"action": "hold", "by": "ana@example.org", "reason": "payment incident", …}`.
///
/// The rest depends on the action: `expires` for hold (optional), `decision` for resume, `run` for
/// abort, `from` for rollback, `run` and `step` for promote, `version` and `decision` for release.
struct OrderReader {
    static func read(_ body: [UInt8], rollout: RolloutName) throws(APIError) -> Order {
        let value: StrictJSON
        do throws(StrictJSONError) { value = try StrictJSONParser.parse(body[...]) } catch {
            throw APIError.invalid("the body is not JSON: byte \(error.byte): \(error.problem)")
        }
        var fields = try Fields(value, place: "order")
        let verb = try fields.string("action")
        let action = try action(verb, &fields, rollout)
        // The same body is the same order: sending it again after a lost answer changes nothing.
        let digest = SHA256.hash(data: body).prefix(6).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        let given: Identifier<Order>? = try fields.optional(
            "name", "1 to 63 of a-z 0-9 . _ -, beginning with a letter or digit"
        ) { try? $0.text.map { try Identifier($0) } }
        let order = Order(
            name: given?.rawValue ?? "\(verb)-\(digest.joined())", action: action,
            by: try line("by", longest: 200, &fields),
            reason: try line("reason", longest: 1_000, &fields))
        try fields.finish(known: "action, by, reason, name, and what \(verb) needs")
        return order
    }

    private static func action(
        _ verb: String, _ fields: inout Fields, _ rollout: RolloutName
    ) throws(APIError) -> Order.Action {
        switch verb {
        case "hold":
            return .hold(
                expires: try fields.optional("expires", "a time such as 2026-11-20T14:02:11Z") {
                    $0.text.flatMap { Timestamp($0) }
                })
        case "resume": return .resume(decision: try decision(&fields))
        case "abort": return .abort(run: try run(&fields, rollout))
        case "rollback": return .rollback(from: try fields.version("from"))
        case "promote":
            return .promote(
                run: try run(&fields, rollout),
                step: try fields.required("step", "a whole number, 0 or more") {
                    $0.whole(Int.self).flatMap { $0 >= 0 ? $0 : nil }
                })
        case "release":
            return .release(version: try fields.version("version"), decision: try decision(&fields))
        default:
            throw fields.mismatch(
                "action", .string(verb),
                expected: "hold, resume, abort, rollback, promote or release")
        }
    }

    private static func decision(_ fields: inout Fields) throws(APIError) -> Int {
        try fields.required("decision", "the number of a decision") { positive($0) }
    }

    static func run(_ fields: inout Fields, _ rollout: RolloutName) throws(APIError)
        -> RunID
    {
        try fields.required("run", "a run of this rollout, such as \"\(rollout)-12\"") { found in
            let prefix = "\(rollout)-"
            guard let text = found.text, text.hasPrefix(prefix),
                let number = positive(.number(String(text.dropFirst(prefix.utf8.count))))
            else { return nil }
            return RunID(rollout: rollout, firstDecision: number)
        }
    }

    private static func positive(_ value: StrictJSON) -> Int? {
        value.whole(Int.self).flatMap { $0 > 0 ? $0 : nil }
    }

    /// One line, because it ends up in a commit message.
    private static func line(
        _ name: String, longest: Int, _ fields: inout Fields
    ) throws(APIError) -> String {
        try fields.required(name, "one line of 1 to \(longest) characters") {
            $0.text.flatMap { text in
                !text.isEmpty && text.count <= longest && text.isPlain ? text : nil
            }
        }
    }
}
