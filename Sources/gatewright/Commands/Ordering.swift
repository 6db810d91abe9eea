import ArgumentParser
import Foundation
import Ledger
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
    func give(_ action: (RolloutState) throws -> Order.Action) async throws {
        let rollout: RolloutName
        do { rollout = try RolloutName(name) } catch { throw ValidationError("\(error)") }
        let recorded = try await RecordedRepository(path: repository, branch: branch)
        let snapshot = try await recorded.snapshot()
        guard snapshot.names.contains(rollout) else {
            throw ValidationError("there is no rollout \(rollout)")
        }
        let state = try recorded.state(of: rollout, snapshot)
        let action = try action(state)
        let order = Order(
            name: "\(action.verb)-\(state.decisions)-\(WallClock.now().milliseconds)",
            action: action, by: try by ?? person(), reason: reason)
        if let controller {
            print(try await OrderDelivery.tell(controller, tokenFile, rollout, order))
        } else {
            try OrderDelivery.commit(order, rollout, repository, branch, push: !noPush)
            print(
                "\(rollout): \(order.action.verb) committed as rollouts/\(rollout)/orders/\(order.name).yaml"
            )
        }
    }

    private func person() throws -> String {
        let email = try? GitProgram.user.output(["-C", repository, "config", "user.email"])
        guard let email = email?.trimmingCharacters(in: .whitespacesAndNewlines), !email.isEmpty
        else { throw ValidationError("git knows no user.email here; say --by NAME@HOST") }
        return email
    }

    func run(_ state: RolloutState) throws -> Run {
        guard let run = state.run else {
            throw ValidationError("no candidate of \(name) is on its way")
        }
        return run
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
        try await order.give { state in
            guard let held = state.run?.held else {
                if order.controller != nil { return .resume(decision: 1) }
                throw ValidationError("nothing holds \(order.name)")
            }
            return .resume(decision: held.decision)
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
        try await order.give { state in
            if let run = state.run { return .abort(run: run.id) }
            guard let stable = state.stable else {
                throw ValidationError("\(order.name) serves nothing yet")
            }
            guard state.safeTarget(otherThan: stable.reference.digest) != nil else {
                throw ValidationError(
                    "\(order.name) has no earlier version that was full and baked")
            }
            return .rollback(from: stable.reference)
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
        try await order.give { state in
            let run = try order.run(state)
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
        try await order.give { state in
            guard
                let refusal = state.refused.last(where: {
                    $0.reference.version.rawValue == version
                })
            else { throw ValidationError("\(version) of \(order.name) is not refused") }
            return .release(version: refusal.reference, decision: refusal.decision)
        }
    }
}
