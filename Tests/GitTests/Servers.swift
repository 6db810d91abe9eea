import Foundation

@testable import Git

/// A server program on a loopback port, stopped with the test.
final class ServerProcess: Sendable {
    let port: Int
    private let child: ChildProcess

    init(
        _ executable: String, _ arguments: [String], port: Int, log: String
    ) throws {
        self.port = port
        try Data().write(to: URL(fileURLWithPath: log))
        let output = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        let input = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/dev/null"))
        child = try ChildProcess(
            executable, arguments, environment: Workbench.environment,
            input: input.fileDescriptor, output: output.fileDescriptor,
            error: output.fileDescriptor)
        for _ in 0..<1_000 {
            if canConnect(to: port) { return }
            usleep(10_000)
        }
        let text = try String(contentsOfFile: log, encoding: .utf8)
        throw Trouble("\(executable) does not listen on port \(port): \(text)")
    }

    deinit {
        kill(child.pid, SIGKILL)
        child.waitForEnd()
    }
}

extension Workbench {
    /// `git daemon` for all repositories of the folder, with pushes allowed.
    func startGitDaemon() throws -> ServerProcess {
        let port = try freePort()
        return try ServerProcess(
            git("--exec-path") + "/git-daemon",
            [
                "--reuseaddr", "--listen=127.0.0.1", "--port=\(port)", "--base-path=\(folder)",
                "--export-all", "--enable=receive-pack", "--informative-errors",
            ], port: port, log: path("daemon.log"))
    }

    /// `git http-backend` behind basic authentication for `robot` with this token. Below
    /// `/elsewhere/` it redirects to another host.
    func startHTTP(token: String, elsewhere: Int = 1, withTLS: Bool = false) throws -> ServerProcess
    {
        let port = try freePort()
        try write(httpServer, to: "server.py")
        return try ServerProcess(
            "/usr/bin/env",
            [
                "python3", path("server.py"), String(port), folder, token,
                git("--exec-path") + "/git-http-backend", String(elsewhere),
                withTLS ? "tls" : "plain",
            ], port: port, log: path("http.log"))
    }

    /// An SSH server with the host keys `host_ed25519` and `host_ecdsa`, which lets `client` and
    /// `locked` (a key behind the passphrase `pass phrase`) in.
    func startSSH() throws -> ServerProcess {
        for (name, type, passphrase) in [
            ("host_ed25519", "ed25519", ""), ("host_ecdsa", "ecdsa", ""),
            ("client", "ed25519", ""), ("locked", "ed25519", "pass phrase"),
        ] {
            _ = try run(
                "/usr/bin/env",
                ["ssh-keygen", "-q", "-t", type, "-N", passphrase, "-f", path(name)])
        }
        if geteuid() == 0 { mkdir("/run/sshd", 0o755) }
        let port = try freePort()
        try write(
            """
            ListenAddress 127.0.0.1
            Port \(port)
            HostKey \(path("host_ecdsa"))
            HostKey \(path("host_ed25519"))
            AuthorizedKeysFile \(path("client.pub")) \(path("locked.pub"))
            PidFile none
            StrictModes no
            UsePAM no
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            PermitRootLogin prohibit-password
            MaxStartups 100

            """, to: "sshd_config")
        return try ServerProcess(
            "/usr/sbin/sshd", ["-D", "-e", "-f", path("sshd_config")], port: port,
            log: path("sshd.log"))
    }
}

/// A socket that takes connections into its queue and never says anything.
final class SilentServer: Sendable {
    let port: Int
    private let descriptor: Int32

    init() throws { (descriptor, port) = try listeningSocket() }

    deinit { close(descriptor) }

    /// Takes the first connection and reads until the other side is gone.
    func bytesUntilEnd() -> Int {
        let connection = accept(descriptor, nil, nil)
        defer { close(connection) }
        var buffer = [UInt8](repeating: 0, count: 4_096)
        var total = 0
        while true {
            let count = read(connection, &buffer, buffer.count)
            guard count > 0 else { return total }
            total += count
        }
    }
}

/// Stands between a client and a server, and stops after so many bytes of the answer: the connection
/// stays open, and nothing more comes.
final class HalfProxy: Sendable {
    let port: Int
    private let descriptor: Int32

    init(before server: Int, bytes: Int) throws {
        (descriptor, port) = try listeningSocket()
        let listener = descriptor
        DispatchQueue(label: "half-proxy").async {
            let client = accept(listener, nil, nil)
            guard client >= 0, let upstream = connection(to: server) else { return }
            DispatchQueue(label: "half-proxy-questions").async {
                // Ends when the client goes.
                Self.pump(from: client, to: upstream, bytes: .max)
                close(client)
                close(upstream)
            }
            Self.pump(from: upstream, to: client, bytes: bytes)
        }
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    private static func pump(from: Int32, to: Int32, bytes: Int) {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        var left = bytes
        while left > 0 {
            let count = read(from, &buffer, min(buffer.count, left))
            guard count > 0, write(to, buffer, count) == count else { return }
            left -= count
        }
    }
}

private func listeningSocket() throws -> (descriptor: Int32, port: Int) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = loopback(port: 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, length) == 0 && listen(descriptor, 8) == 0
                && getsockname(descriptor, $0, &length) == 0
        }
    }
    guard result else { throw Trouble("no loopback port: errno \(errno)") }
    return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
}

private func freePort() throws -> Int {
    let (descriptor, port) = try listeningSocket()
    close(descriptor)
    return port
}

private func canConnect(to port: Int) -> Bool {
    guard let descriptor = connection(to: port) else { return false }
    close(descriptor)
    return true
}

private func connection(to port: Int) -> Int32? {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = loopback(port: UInt16(port))
    let isConnected = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
    if isConnected { return descriptor }
    close(descriptor)
    return nil
}

private func loopback(port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
}

private let httpServer = #"""
    import base64, http.server, os, ssl, subprocess, sys

    port, root, token, backend, elsewhere, transport = sys.argv[1:]
    expected = "Basic " + base64.b64encode(("robot:" + token).encode()).decode()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def body(self):
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = []
            while True:
                size = int(self.rfile.readline(), 16)
                parts.append(self.rfile.read(size))
                self.rfile.readline()
                if size == 0:
                    return b"".join(parts)

        def answer(self, status, headers, body=b""):
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            body = self.body()
            path, _, query = self.path.partition("?")
            if path.startswith("/elsewhere/"):
                target = "http://localhost:" + elsewhere + self.path.replace("/elsewhere", "")
                return self.answer(302, [("Location", target)])
            if self.headers.get("Authorization") != expected:
                return self.answer(401, [("WWW-Authenticate", 'Basic realm="test"')])
            environment = dict(os.environ, GIT_PROJECT_ROOT=root, GIT_HTTP_EXPORT_ALL="1",
                PATH_INFO=path, QUERY_STRING=query, REQUEST_METHOD=self.command,
                CONTENT_TYPE=self.headers.get("Content-Type", ""),
                CONTENT_LENGTH=str(len(body)), REMOTE_USER="robot", REMOTE_ADDR="127.0.0.1")
            out = subprocess.run([backend], input=body, env=environment,
                stdout=subprocess.PIPE).stdout
            head, _, content = out.partition(b"\r\n\r\n")
            headers = [line.split(": ", 1) for line in head.decode().split("\r\n")]
            status = [int(value.split()[0]) for name, value in headers if name == "Status"]
            self.answer(status[0] if status else 200,
                [pair for pair in headers if pair[0] != "Status"], content)

        do_POST = do_GET

    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
    if transport == "tls":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(root + "/certificate.pem", root + "/key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True,
            do_handshake_on_connect=False)
    server.serve_forever()

    """#
