import RolloutCore

/// `gatewright.yaml`
enum ControllerFile {
    typealias Settings = ControllerConfiguration

    static let repository = Field.defaulted(
        "repository", RepositoryFields.shape, Settings.Repository(), written: [:],
        "What is served.")
    static let identity = Field.defaulted(
        "identity", IdentityFields.shape, Settings.Identity(), written: [:],
        "The controller's name in policies/signers, and its key.")
    static let people = Field.defaulted(
        "people", .list(IdentityFields.person, count: 0...1_000), [], written: [],
        "Who may approve by the page, each with a token.")
    static let dataDirectory = Field.defaulted(
        "dataDirectory", Local.path, Settings().dataDirectory, written: ".gatewright",
        "Where SQLite and the clone are kept.")
    static let poll = Field.defaulted(
        "poll", .span("30s"), Settings().poll, written: "30s", "Time between two looks.")
    static let secretFile = Field.required(
        "secretFile", Local.path, "A file with the shared secret.")
    static let webhook = Field<String?>.optional(
        "webhook",
        .object("webhook", [secretFile]) { row, _ throws(RefusedField) in try row(secretFile) },
        "Wakes the controller when a push arrives.")
    static let listen = Field.defaulted(
        "listen", ListenFields.shape, Settings.Listen(), written: [:], "Page, API, webhook.")
    static let routers = Field.defaulted(
        "routers", .map(.router, RouterFields.shape, count: 0...64), [:], written: [:],
        "Routers by name; gateway: the embedded one, when none is written.")
    static let signals = Field.defaulted(
        "signals", .map(.signal, SignalFields.shape, count: 0...64), [:], written: [:],
        "Signal sources by name; gateway: pushed observations, when none is written.")
    static let notifications = Field.defaulted(
        "notifications", .list(NotificationFields.shape, count: 0...16), [], written: [],
        "Who is told of decisions.")
    static let limits = Field.defaulted(
        "limits", LimitFields.shape, Settings.Limits(), written: [:], "Named limits.")

    private static let spec = Shape<Settings>.object(
        "spec",
        [
            repository, identity, people, dataDirectory, poll, webhook, listen, routers, signals,
            notifications,
            limits,
        ]
    ) { row, _ throws(RefusedField) in
        var settings = Settings()
        settings.repository = try row(repository)
        settings.identity = try row(identity)
        settings.people = try row(people)
        settings.dataDirectory = try row(dataDirectory)
        settings.poll = try row(poll)
        settings.webhookSecretFile = try row(webhook)
        settings.listen = try row(listen)
        settings.routers = try row(routers)
        settings.signals = try row(signals)
        settings.notifications = try row(notifications)
        settings.limits = try row(limits)
        return settings
    }

    static let shape = Shape<Settings>.document(
        .controller, metadata: PolicyMetadata.field, spec: spec
    ) { _, settings, _, _ in settings }
}

/// Paths on the controller's own machine: written by its operator, not by the repository.
enum Local {
    static let path = Shape<String>.matching(
        "a path such as /run/secrets/token", example: "/run/secrets/token", pattern: "^[ -~]+$"
    ) { text in
        (1...1_024).contains(text.utf8.count) && text.utf8.allSatisfy { (32...126).contains($0) }
    }

    static let branch = Shape<String>.matching(
        "a branch such as main", example: "main", pattern: "^[A-Za-z0-9][A-Za-z0-9._/-]*$"
    ) { text in
        text.utf8.count <= 200 && text.utf8.first.map({ $0 != 45 && $0 != 46 && $0 != 47 }) == true
            && text.utf8.allSatisfy {
                switch $0 {
                case 45...57, 65...90, 95, 97...122: true
                default: false
                }
            }
            && !text.contains("..") && !text.contains("//") && !text.hasSuffix(".lock")
            && !text.hasSuffix("/") && !text.hasSuffix(".")
    }
}

enum RepositoryFields {
    static let url = Field.defaulted(
        "url", Web.repository, ".", written: ".", "The repository; . is where gatewright stands.")
    static let branch = Field.defaulted(
        "branch", Local.branch, "main", written: "main", "The branch that people merge to.")
    static let stateBranch = Field<String?>.optional(
        "stateBranch", Local.branch, "The branch for state/, if it is another one.")
    static let credential = Field<ControllerConfiguration.Credential?>.optional(
        "credential", credentialShape, "How to sign in.")

    static let shape = Shape<ControllerConfiguration.Repository>.object(
        "repository", [url, branch, stateBranch, credential]
    ) { row, _ throws(RefusedField) in
        ControllerConfiguration.Repository(
            url: try row(url), branch: try row(branch), stateBranch: try row(stateBranch),
            credential: try row(credential))
    }

    static let tokenFile = Field<String?>.optional("tokenFile", Local.path, "A file with a token.")
    static let sshKeyFile = Field<String?>.optional("sshKeyFile", Local.path, "A private key.")
    static let sshAgent = Field.defaulted(
        "sshAgent", .bool, false, written: false, "Keys of the running agent.")
    static let user = Field<String?>.optional("user", .text(limit: 120), "git for most forges.")
    static let knownHosts = Field<String?>.optional(
        "knownHosts", Local.path, "An OpenSSH known_hosts file.")

    private static let credentialShape = Shape<ControllerConfiguration.Credential>.object(
        "credential", [tokenFile, sshKeyFile, sshAgent, user, knownHosts]
    ) { row, findings throws(RefusedField) in
        let token = try row(tokenFile).map {
            ControllerConfiguration.Credential.Secret.tokenFile($0)
        }
        let key = try row(sshKeyFile).map {
            ControllerConfiguration.Credential.Secret.sshKeyFile($0)
        }
        let secrets = [token, key, try row(sshAgent) ? .sshAgent : nil].compactMap { $0 }
        guard secrets.count == 1, let secret = secrets.first else {
            findings.add(
                "a credential has one secret, not \(secrets.count)", at: row.mark,
                found: "\(secrets.count)", expected: "tokenFile, sshKeyFile or sshAgent: true",
                fix: "keep one of the three")
            return nil
        }
        return ControllerConfiguration.Credential(
            secret: secret, user: try row(user), knownHosts: try row(knownHosts))
    }
}

enum IdentityFields {
    static let name = Field.defaulted(
        "name", .text(limit: 254, example: "controller@gatewright"), "controller@gatewright",
        written: "controller@gatewright", "Its name in policies/signers.")
    static let keyFile = Field<String?>.optional(
        "keyFile", Local.path, "An Ed25519 key of OpenSSH; controller.key below dataDirectory.")
    static let shape = Shape<ControllerConfiguration.Identity>.object(
        "identity", [name, keyFile]
    ) { row, _ throws(RefusedField) in
        ControllerConfiguration.Identity(name: try row(name), keyFile: try row(keyFile))
    }

    static let principal = Field.required(
        "principal", .text(limit: 254, example: "ana@example.org"), "Who it is.")
    static let tokenFile = Field.required("tokenFile", Local.path, "A file with the token.")
    static let person = Shape<ControllerConfiguration.Person>.object(
        "a person", [principal, tokenFile]
    ) { row, _ throws(RefusedField) in
        ControllerConfiguration.Person(
            principal: try row(principal), tokenFile: try row(tokenFile))
    }
}

enum ListenFields {
    static let host = Field.defaulted(
        "host", .text(limit: 253, example: "127.0.0.1"), "127.0.0.1", written: "127.0.0.1",
        "The address to listen on.")
    static let port = Field.defaulted(
        "port", .whole(0...65_535), 8_090, written: 8_090, "The port; 0 is any free one.")
    static let tokenFile = Field<String?>.optional(
        "tokenFile", Local.path, "A file with the token that writing requests carry.")

    static let shape = Shape<ControllerConfiguration.Listen>.object(
        "listen", [host, port, tokenFile]
    ) { row, _ throws(RefusedField) in
        ControllerConfiguration.Listen(
            host: try row(host), port: try row(port), tokenFile: try row(tokenFile))
    }
}

enum RouterFields {
    static let gateway = Field<[RegionName: String]?>.optional(
        "gateway", .map(.region, Web.endpoint, count: 1...FileLimits.regions),
        "The admin address of each region's gateway.")
    static let tokenFile = Field<String?>.optional(
        "tokenFile", Local.path,
        "gateway: a file with the token that their admin addresses want to see.")
    static let port = Field.required("port", .whole(0...65_535), "Where it takes requests.")
    static let embedded = Field<Int?>.optional(
        "embedded", .object("embedded", [port]) { row, _ throws(RefusedField) in try row(port) },
        "A gateway in this process.")

    static let shape = Shape<ControllerConfiguration.Router>.object(
        "a router", [gateway, tokenFile, embedded]
    ) { row, findings throws(RefusedField) in
        let token = try row(tokenFile)
        switch (try row(gateway), try row(embedded)) {
        case (let regions?, nil): return .gateway(regions, tokenFile: token)
        case (nil, let port?) where token == nil: return .embedded(port: port)
        default:
            findings.add(
                "a router is either gateway or embedded", at: row.mark, expected: "one key",
                fix: "write {gateway: {REGION: http://host:port}} or {embedded: {port: 8080}}")
            return nil
        }
    }
}

enum SignalFields {
    static let url = Field.required("url", Web.url, "The address of the server.")
    static let database = Field.required(
        "database", .text(limit: 120, example: "metrics"), "The name of the database.")
    static let gateway = Field<Bool?>.optional(
        "gateway", .object("gateway", []) { _, _ in true }, "Observations that gateways push.")
    static let prometheus = Field<String?>.optional(
        "prometheus", .object("prometheus", [url]) { row, _ throws(RefusedField) in try row(url) },
        "A Prometheus server.")
    static let influx = Field<[String]?>.optional(
        "influx",
        .object("influx", [url, database]) { row, _ throws(RefusedField) in
            [try row(url), try row(database)]
        }, "An InfluxDB server.")

    static let shape = Shape<ControllerConfiguration.Signal>.object(
        "a signal source", [gateway, prometheus, influx]
    ) { row, findings throws(RefusedField) in
        switch (try row(gateway), try row(prometheus), try row(influx)) {
        case (.some, nil, nil): return .gateway
        case (nil, let url?, nil): return .prometheus(url: url)
        case (nil, nil, let parts?):
            return .influx(url: parts.first ?? "", database: parts.last ?? "")
        default:
            findings.add(
                "a signal source is gateway, prometheus or influx", at: row.mark,
                expected: "one key", fix: "write {gateway: {}} or {prometheus: {url: …}}")
            return nil
        }
    }
}

enum NotificationFields {
    static let url = Field.required("url", Web.url, "Where decisions are posted as JSON.")
    static let secretFile = Field<String?>.optional(
        "secretFile", Local.path, "A file with the secret that signs the body.")

    static let shape = Shape<ControllerConfiguration.Notification>.object(
        "a notification", [url, secretFile]
    ) { row, _ throws(RefusedField) in
        ControllerConfiguration.Notification(url: try row(url), secretFile: try row(secretFile))
    }
}

enum LimitFields {
    private static let defaults = ControllerConfiguration.Limits()

    static let calls = Field.defaulted(
        "calls", .whole(1...64), defaults.calls, written: 8, "Outside calls at once.")
    static let queryTimeout = Field.defaulted(
        "queryTimeout", .span("10s"), defaults.queryTimeout, written: "10s",
        "How long one outside query may take.")
    static let answerSize = Field.defaulted(
        "answerSize", .size, defaults.answerBytes, written: "4MiB", "Size of one outside answer.")
    static let rollouts = Field.defaulted(
        "rollouts", .whole(1...100_000), defaults.rollouts, written: 10_000, "Live rollouts.")
    static let retention = Field.defaulted(
        "retention", .span("30d"), defaults.retention, written: "30d",
        "How long observations are kept.")

    static let shape = Shape<ControllerConfiguration.Limits>.object(
        "limits", [calls, queryTimeout, answerSize, rollouts, retention]
    ) { row, _ throws(RefusedField) in
        ControllerConfiguration.Limits(
            calls: try row(calls), queryTimeout: try row(queryTimeout),
            answerBytes: try row(answerSize), rollouts: try row(rollouts),
            retention: try row(retention))
    }
}
