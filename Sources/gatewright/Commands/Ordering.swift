import ArgumentParser
import Foundation
import Ledger
import Reconciler
import RolloutCore
import RolloutFiles

/// What every order needs: why, by whom, and which way it goes.
struct OrderArguments: ParsableArguments {
    @Argument(help: "The rollout.")
    var name: String

    @Option(help: "Why; it is recorded.")
    var reason: String

    @Option(help: "Who; the user of git by default.")
    var by: String?

    @Option(help: "Tell this controller at once instead of committing, http://host:port.")
    var controller: String?

    @Option(help: "A file with the controller's token.")
    var tokenFile: String?

    @Option(help: "The clone to commit in.")
    var repository: String = "."

    @Option(help: "The branch that is served.")
    var branch: String = "main"

    @Flag(help: "Commit without pushing.")
    var noPush = false

    func validate() throws {
        guard !reason.isEmpty else { throw ValidationError("--reason says why, in a few words") }
    }

    /// Commits an order, or hands it to a controller.
    func give(_ action: (OrderTarget) throws -> Order.Action) async throws {
        let rollout: RolloutName
        do { rollout = try RolloutName(name) } catch { throw ValidationError("\(error)") }
        let target = try await target(rollout)
        let action = try action(target)
        let order = Order(
            name: "\(action.verb)-\(target.decisions)-\(WallClock.now().milliseconds)",
            action: action, by: try by ?? person(), reason: reason)
        if let controller {
            print(try await OrderDelivery.tell(controller, tokenFile, rollout, order))
        } else {
            try OrderDelivery.commit(order, rollout, repository, branch, push: !noPush)
            print("\(rollout): rollouts/\(rollout)/orders/\(order.name).yaml is committed")
        }
    }

    /// What the order is about: from the controller that is told, or else from git.
    private func target(_ rollout: RolloutName) async throws -> OrderTarget {
        guard let controller else {
            let recorded = try await RecordedRepository(path: repository, branch: branch)
            let snapshot = try await recorded.snapshot()
            guard snapshot.names.contains(rollout) else {
                throw ValidationError("there is no rollout \(rollout)")
            }
            return OrderTarget(try recorded.state(of: rollout, snapshot))
        }
        guard let url = URL(string: "\(controller)/v1/rollouts/\(rollout)"),
            let data = await LoopbackHTTP.get(url)
        else { throw ValidationError("\(controller) says nothing of \(rollout)") }
        return OrderTarget(try JSONDecoder().decode(RolloutStatus.self, from: data))
    }

    private func person() throws -> String {
        let email = try? GitProgram.user.output(["-C", repository, "config", "user.email"])
        guard let email = email?.trimmingCharacters(in: .whitespacesAndNewlines), !email.isEmpty
        else { throw ValidationError("git knows no user.email here; say --by NAME@HOST") }
        return email
    }

    func run(_ target: OrderTarget) throws -> (id: RunID, step: Int) {
        guard let id = target.run, let step = target.step else {
            throw ValidationError("no candidate of \(name) is on its way")
        }
        return (id, step)
    }
}

/// What orders name, wherever it was learnt.
struct OrderTarget {
    let decisions: Int
    let stable: VersionReference?
    let run: RunID?
    let step: Int?
    let heldSince: Int?
    let refused: [RolloutState.Refusal]
    /// Whether the run has an approval policy, under which no single order raises it.
    let needsApproval: Bool
    /// Whether stable could go back; `nil` when only the controller knows.
    let hasSafeTarget: Bool?

    init(_ state: RolloutState) {
        decisions = state.decisions
        stable = state.stable?.reference
        run = state.run?.id
        step = state.run?.step
        heldSince = state.run?.held?.decision
        refused = state.refused
        needsApproval = state.run?.approvals != nil
        hasSafeTarget = state.stable.map {
            state.safeTarget(otherThan: $0.reference.digest) != nil
        }
    }

    init(_ status: RolloutStatus) {
        decisions = status.decisions
        stable = status.stable
        run = status.run
        step = status.step
        heldSince = nil
        refused = status.refused
        needsApproval = false
        hasSafeTarget = nil
    }
}

struct HoldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold",
        abstract: "Keep a rollout where it is. Rollback still works.",
        discussion: """
            EXAMPLES
              gatewright hold compression-selector --reason "payment incident" --for 4h
            """)

    @OptionGroup var order: OrderArguments

    @Option(name: .customLong("for"), help: "How long, such as 30m or 4h; without end by default.")
    var length: String?

    func run() async throws {
        let expires = try length.map { text in
            guard let span = TimeSpan(text) else {
                throw ValidationError("--for is a time such as 30m, 4h or 2d")
            }
            return WallClock.now() + span
        }
        try await order.give { _ in .hold(expires: expires) }
    }
}

struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Lift holds: those that people ordered, and one that a breach caused.",
        discussion: """
            EXAMPLES
              gatewright resume compression-selector --reason "fixed upstream"
            """)

    @OptionGroup var order: OrderArguments

    func run() async throws {
        if order.controller == nil {
            let lifted = try OrderDelivery.removeHolds(order)
            if lifted > 0 { print("\(order.name): \(lifted) hold lifted") }
            let recorded = try await RecordedRepository(
                path: order.repository, branch: order.branch)
            let state = try recorded.state(
                of: RolloutName(order.name), try await recorded.snapshot())
            if lifted > 0, state.run?.held == nil { return }
        }
        try await order.give { target in
            // A controller is told to lift the holds that it was given; the number is not used.
            if order.controller != nil { return .resume(decision: max(target.decisions, 1)) }
            guard let held = target.heldSince else {
                throw ValidationError("nothing holds \(order.name)")
            }
            return .resume(decision: held)
        }
    }
}

struct AbortCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "abort",
        abstract: "Take the candidate to zero and refuse its digest.",
        discussion: """
            EXAMPLES
              gatewright abort compression-selector --reason "wrong features"
              gatewright abort compression-selector --reason "git is down" \\
                --controller http://127.0.0.1:8090
            """)

    @OptionGroup var order: OrderArguments

    func run() async throws { try await order.give { .abort(run: try order.run($0).id) } }
}

struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Take back the candidate, or stable if there is none.",
        discussion: """
            With a candidate on its way it is an abort; without one, stable goes back to the last
            version that was full and baked.

            EXAMPLES
              gatewright rollback compression-selector --reason "complaints since Monday"
            """)

    @OptionGroup var order: OrderArguments

    func run() async throws {
        try await order.give { target in
            if let run = target.run { return .abort(run: run) }
            guard let stable = target.stable else {
                throw ValidationError("\(order.name) serves nothing yet")
            }
            guard target.hasSafeTarget ?? true else {
                throw ValidationError(
                    "\(order.name) has no earlier version that was full and baked")
            }
            return .rollback(from: stable)
        }
    }
}

struct PromoteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote",
        abstract: "Leave the present step without waiting for soak, proof or approval.",
        discussion: """
            A breach still rolls back. The record says that a person did it.

            EXAMPLES
              gatewright promote compression-selector --reason "hotfix, seen by two of us"
            """)

    @OptionGroup var order: OrderArguments

    func run() async throws {
        try await order.give { target in
            let run = try order.run(target)
            guard !target.needsApproval else {
                throw ValidationError(
                    "\(order.name) has an approval policy, so one person cannot promote it; ask for "
                        + "approvals: gatewright approve \(order.name) --hotfix")
            }
            return .promote(run: run.id, step: run.step)
        }
    }
}

struct ReleaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Let a version be tried again that was taken back.",
        discussion: """
            EXAMPLES
              gatewright release compression-selector 2.5.0 --reason "labels were wrong"
            """)

    @OptionGroup var order: OrderArguments

    @Argument(help: "The version.")
    var version: String

    func run() async throws {
        try await order.give { target in
            guard
                let refusal = target.refused.last(where: {
                    $0.reference.version.rawValue == version
                })
            else { throw ValidationError("\(version) of \(order.name) is not refused") }
            return .release(version: refusal.reference, decision: refusal.decision)
        }
    }
}
