import RolloutCore

/// Reads what a person says on the page:
/// `{"answer": "approve", "run": "selector-12", "digest": "985755fe03d6", "comment": "…"}`.
struct PageAnswerReader {
    static func read(_ body: [UInt8], rollout: RolloutName) throws(APIError) -> PageAnswer {
        let value: StrictJSON
        do throws(StrictJSONError) { value = try StrictJSONParser.parse(body[...]) } catch {
            throw APIError.invalid("the body is not JSON: byte \(error.byte): \(error.problem)")
        }
        var fields = try Fields(value, place: "approval")
        let answer: Approval.Answer = try fields.required("answer", "approve or reject") {
            $0.text.flatMap(Approval.Answer.init(rawValue:))
        }
        let run = try OrderReader.run(&fields, rollout)
        let digest: String = try fields.required(
            "digest", "the first \(PageAnswer.digestDigits) digits of the candidate's sha256"
        ) { value in
            value.text.flatMap { text in
                (PageAnswer.digestDigits...64).contains(text.utf8.count)
                    && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
                    ? text : nil
            }
        }
        let hotfix: Bool? = try fields.optional("hotfix", "true or false") { $0.truth }
        let comment: String? = try fields.optional("comment", "one line of text") {
            $0.text.flatMap { $0.utf8.count <= 1_000 && $0.isPlain ? $0 : nil }
        }
        try fields.finish(known: "answer, run, digest, hotfix and comment")
        return PageAnswer(
            answer: answer, run: run, digestPrefix: digest, hotfix: hotfix ?? false,
            comment: comment ?? "")
    }
}
