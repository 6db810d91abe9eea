import ArgumentParser

@main
struct Gatewright: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gatewright",
        abstract: "Rolls out machine-learning models in stages, and rolls them back by itself.",
        discussion: """
            A reconciler watches a git repository of model versions and rollout specs, moves a
            candidate through shadow, canary, gradual and full, judges it by guardrails on live
            traffic, and writes each decision back to git with the evidence that led to it.

            EXAMPLES
              gatewright demo                                watch it work, on this machine
              gatewright init && gatewright run              serve the repository you stand in
              gatewright validate                            check policies/ and rollouts/
              gatewright why compression-selector            what blocks, and what would unblock it
              gatewright abort compression-selector --reason "wrong features"
            """,
        version: Build.version,
        groupedSubcommands: [
            CommandGroup(name: "Looking", subcommands: [Status.self, Why.self, History.self]),
            CommandGroup(
                name: "Ordering",
                subcommands: [
                    Hold.self, Resume.self, Abort.self, Rollback.self, Promote.self, Release.self,
                ]),
            CommandGroup(
                name: "Files", subcommands: [Initialise.self, Validate.self, Schema.self]),
            CommandGroup(
                name: "Running",
                subcommands: [
                    Run.self, GatewayCommand.self, Reindex.self, AcceptHistory.self, Demo.self,
                    Fleet.self, GitRemoteHelper.self,
                ]),
        ])
}

enum Build {
    static let version = "0.1.0"
    static let software = "gatewright \(version)"
}
