package import RolloutCore

/// The controller's own settings: `gatewright.yaml`. Endpoints and key files live only here.
package struct ControllerConfiguration: Hashable, Sendable {
    package var repository = Repository()
    package var identity = Identity()
    /// People who may approve by the page, each with a token of their own.
    package var people: [Person] = []
    /// Where SQLite and the clone are kept.
    package var dataDirectory = ".gatewright"
    /// The time between two looks at the remote when no webhook comes.
    package var poll = TimeSpan.seconds(30)
    /// A file with the shared secret of the forge's webhook; `nil` takes no webhooks.
    package var webhookSecretFile: String?
    package var listen = Listen()
    package var routers: [RouterName: Router] = [:]
    package var signals: [SignalName: Signal] = [:]
    package var notifications: [Notification] = []
    package var limits = Limits()

    package init() {}

    /// Who the controller is: its name in `policies/signers`, and the key that it signs with.
    package struct Identity: Hashable, Sendable {
        package var name = "controller@gatewright"
        /// `nil` is `controller.key` below the data directory, made at the first start.
        package var keyFile: String?
    }

    package struct Person: Hashable, Sendable {
        package var principal: String
        package var tokenFile: String
    }

    package struct Repository: Hashable, Sendable {
        /// `.` is the repository that the controller stands in.
        package var url = "."
        package var branch = "main"
        /// The branch that decisions go to; `nil` is `branch`.
        package var stateBranch: String?
        package var credential: Credential?
    }

    package struct Credential: Hashable, Sendable {
        package enum Secret: Hashable, Sendable {
            case tokenFile(String)
            case sshKeyFile(String)
            case sshAgent
        }

        package var secret: Secret
        package var user: String?
        /// An OpenSSH known_hosts file.
        package var knownHosts: String?
    }

    package struct Listen: Hashable, Sendable {
        package var host = "127.0.0.1"
        package var port = 8_090
        /// A file with the token that writing requests must carry; `nil` makes the API read-only.
        package var tokenFile: String?
    }

    package enum Router: Hashable, Sendable {
        /// Admin address by region, and a file with the token that they want to see.
        case gateway([RegionName: String], tokenFile: String?)
        /// A gateway in this process, listening on this port.
        case embedded(port: Int)
    }

    package enum Signal: Hashable, Sendable {
        /// Observations that gateways push.
        case gateway
        case prometheus(url: String)
        case influx(url: String, database: String)
    }

    package struct Notification: Hashable, Sendable {
        package var url: String
        package var secretFile: String?
    }

    package struct Limits: Hashable, Sendable {
        /// Outside calls at once.
        package var calls = 8
        /// How long one outside query may take.
        package var queryTimeout = TimeSpan.seconds(10)
        /// Bytes of one outside answer.
        package var answerBytes: Int64 = 4 << 20
        package var rollouts = 10_000
        /// How long observations are kept.
        package var retention = TimeSpan.seconds(30 * 86_400)
    }
}
