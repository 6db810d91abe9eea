/// What a demonstration asks for, and what must come of it.
struct Chapter {
    enum End: String {
        case complete, rollback
    }

    let version: String
    let end: End
    /// The guardrail that ends it, and the stages in which it may.
    let guardrail: String?
    let stages: [String]
    let title: String

    static let story = [
        Chapter(
            version: "2.4.0", end: .complete, guardrail: nil, stages: ["full"],
            title: "2.4.0 chooses better, and goes all the way"),
        Chapter(
            version: "2.5.0", end: .rollback, guardrail: "accuracy", stages: ["shadow", "canary"],
            title: "2.5.0 is right on 91 % only, and is caught early"),
        Chapter(
            version: "2.6.0", end: .rollback, guardrail: "throughput-regression",
            stages: ["canary"],
            title: "2.6.0 is right often enough, and costs 12 % of throughput"),
    ]
}
