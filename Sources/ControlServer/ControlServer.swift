import History
package import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
package import Secrets
import ServiceLifecycle

/// The controller's HTTP API: observations in, status out, orders from people.
///
/// It holds no state and decides nothing; everything is a question to the `ControlBackend`.
package struct ControlServer: Service {
    package struct Configuration: Sendable {
        package var host: String
        /// 0 takes a free port.
        package var port: Int
        /// What `Authorization: Bearer` must carry. Needed unless the host is loopback.
        package var token: LiveSecret?
        /// People who may approve by the page, by their tokens' owner.
        package var people: [String: LiveSecret]
        /// The secret that the forge signs its webhooks with; without it they are refused.
        package var webhookSecret: LiveSecret?
        package var limits: ServerLimits

        package init(
            host: String = "127.0.0.1", port: Int = 7480, token: LiveSecret? = nil,
            people: [String: LiveSecret] = [:], webhookSecret: LiveSecret? = nil,
            limits: ServerLimits = ServerLimits()
        ) {
            self.host = host
            self.port = port
            self.token = token
            self.people = people
            self.webhookSecret = webhookSecret
            self.limits = limits
        }
    }

    /// A configuration that must not be served.
    package struct ConfigurationError: Error, Hashable, CustomStringConvertible {
        package let description: String
    }

    private let configuration: Configuration
    private let backend: ControlBackend
    private let logger: Logger
    private let listening: @Sendable (_ port: Int) async -> Void

    /// - Parameter listening: told the port once connections are taken.
    /// - Throws: `ConfigurationError` for an open server without a token, or an empty secret.
    package init(
        configuration: Configuration, backend: ControlBackend, logger: Logger,
        listening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) throws(ConfigurationError) {
        let isOpen = !Access.isLoopback(configuration.host)
        if isOpen, configuration.token == nil {
            throw ConfigurationError(
                description: "host \(configuration.host) is reachable from other machines, so a "
                    + "token is needed; set one, or listen on 127.0.0.1")
        }
        let own = configuration.people.map { ("token of \($0.key)", Optional($0.value)) }
        for (name, secret) in [
            ("token", configuration.token), ("webhook secret", configuration.webhookSecret),
        ] + own {
            if let secret, Access.usable(secret) == nil {
                throw ConfigurationError(
                    description: "the \(name) has \(secret.text?.utf8.count ?? 0) bytes; use at "
                        + "least \(Access.secretBytesMin), such as the output of: openssl rand -hex "
                        + "32")
            }
        }
        // One token for two people would let each speak for the other.
        let tokens = (configuration.people.map(\.value) + [configuration.token].compactMap { $0 })
            .compactMap(\.text)
        if Set(tokens).count < tokens.count {
            throw ConfigurationError(
                description: "two people, or a person and the API, have the same token; give each "
                    + "a token of their own: openssl rand -hex 32")
        }
        self.configuration = configuration
        self.backend = backend
        self.logger = logger
        self.listening = listening
    }

    /// Serves until graceful shutdown; requests in progress are answered first.
    package func run() async throws { try await application().run() }

    package func application() -> some ApplicationProtocol {
        let limits = configuration.limits
        let bell = WakeBell(wake: backend.wake, pause: limits.wakePause)
        let routes = Routes(
            backend: backend, limits: limits, bell: bell, gate: IngestGate(limits.ingestsAtOnce),
            access: Access(
                token: configuration.token, people: configuration.people,
                webhookSecret: configuration.webhookSecret,
                checksHost: Access.isLoopback(configuration.host)),
            attempts: AttemptLimit(limits.wrongTokensAMinute))
        return Application(
            router: routes.router(),
            server: .http1(
                configuration: HTTP1Channel.Configuration(
                    idleTimeout: .seconds(limits.idleSeconds),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: limits.headerBytes,
                        maxHeaderListSize: limits.headerBytes,
                        maxHeaderFieldCount: limits.headerFields))),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                availableConnectionsDelegate: .maximum(limits.connections, logger: logger)),
            services: [bell],
            onServerRunning: { [listening] channel in
                await listening(channel.localAddress?.port ?? 0)
            },
            logger: logger)
    }
}

/// The limits of the API in one place.
package struct ServerLimits: Sendable {
    /// A batch of 10,000 small items; also what one outside query may return.
    package var ingestBytes = 4 * 1024 * 1024
    /// One transaction of well under a second.
    package var items = 10_000
    /// Forges stay far below it; checked before anything is parsed.
    package var webhookBytes = 1024 * 1024
    /// An order is a few lines.
    package var orderBytes = 16 * 1024
    /// From the head of a request to the end of its body: a slow writer may not keep a place.
    package var bodySeconds: Int64 = 15
    /// Between two parts of a request, and between two requests.
    package var idleSeconds: Int64 = 30
    /// Answers to a caller whose body was not read are sent, then the connection ends.
    package var lingerSeconds: Int64 = 1
    package var headerBytes = 16 * 1024
    package var headerFields = 64
    package var connections = 256
    /// With `ingestBytes`, bounds the memory that bodies take.
    package var ingestsAtOnce = 16
    /// Of one address: several gateways with an old token, which wait longer and longer, show fewer.
    package var wrongTokensAMinute = 60
    /// Rows of one history page.
    package var historyRows = 500
    /// A storm of webhooks wakes the loop once a second.
    package var wakePause: Duration = .seconds(1)

    package init() {}
}
