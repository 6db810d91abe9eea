import ArgumentParser
import Git

/// Network git in a process of its own, because it can only be given a deadline from outside.
struct GitRemoteHelperCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "git-remote-helper", abstract: "Fetches or pushes for a controller.",
        shouldDisplay: false)

    func run() { runRemoteHelper() }
}
