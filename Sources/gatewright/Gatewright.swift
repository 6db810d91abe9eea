import ArgumentParser

@main
struct Gatewright: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gatewright",
        abstract: "Rolls out machine-learning models in stages, and rolls them back by itself.",
        discussion: """
            A reconciler watches a git repository of model versions and rollout
            specs, moves a candidate through shadow, canary, gradual and full, judges
            it by guardrails on live traffic, and writes each decision back to git
            with the evidence that led to it.

            EXAMPLES
              gatewright demo                        watch it work, on this machine
              gatewright init && gatewright run      serve the repository you stand in
              gatewright validate                    check policies/ and rollouts/
              gatewright why compression-selector    what blocks, and what unblocks it
              gatewright abort compression-selector --reason "wrong features"
            """,
        version: Build.version,
        groupedSubcommands: [
            CommandGroup(
                name: "Looking",
                subcommands: [StatusCommand.self, WhyCommand.self, HistoryCommand.self]),
            CommandGroup(
                name: "Ordering",
                subcommands: [
                    HoldCommand.self, ResumeCommand.self, AbortCommand.self, RollbackCommand.self,
                    PromoteCommand.self, ReleaseCommand.self,
                ]),
            CommandGroup(
                name: "Approving", subcommands: [ApproveCommand.self, RejectCommand.self]),
            CommandGroup(
                name: "Files",
                subcommands: [
                    InitialiseCommand.self, ValidateCommand.self, PlanCommand.self,
                    SchemaCommand.self,
                ]),
            CommandGroup(name: "Auditing", subcommands: [AuditCommand.self]),
            CommandGroup(
                name: "Statistics",
                subcommands: [
                    RehearseCommand.self, SimulateCommand.self, SoakCommand.self,
                    StatsCommand.self,
                ]),
            CommandGroup(
                name: "Running",
                subcommands: [
                    RunCommand.self, GatewayCommand.self, ReindexCommand.self,
                    AcceptHistoryCommand.self, DemoCommand.self,
                    FleetCommand.self, GitRemoteHelperCommand.self, BenchCommand.self,
                ]),
        ])
}

enum Build {
    static let version = "0.1.0"
    static let software = "gatewright \(version)"
}
