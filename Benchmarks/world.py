"""A git daemon, a gateway and a controller on loopback, each a process of its own."""

import hashlib
import hmac
import http.client
import json
import os
import signal
import socket
import subprocess
import time

import repository
from repository import git

ROLLOUT = "bench-00000"
SECRET = "benchmark-secret-of-32-bytes-0000"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(condition, what, seconds=60, pause=0.02):
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        try:
            if found := condition():
                return found
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(pause)
    raise SystemExit(f"gave up after {seconds} s waiting for {what}")


class Client:
    """One kept connection to a server of ours."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(self, method, path, body=None, headers={}):
        try:
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise

    def json(self, path):
        status, body = self.ask("GET", path)
        return json.loads(body) if status == 200 else None


class World:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.running = []
        self.git_port, self.port, self.admin_port, self.controller_port = (
            free_port() for _ in range(4))
        self.remote = os.path.join(folder, "remote.git")
        self.work = os.path.join(folder, "work")
        self.url = f"git://127.0.0.1:{self.git_port}/remote.git"
        self.controller = None

    def start(self, name, *command):
        with open(os.path.join(self.folder, f"{name}.log"), "ab") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.running.append(process)
        return process

    def __enter__(self):
        repository.create(self.remote, [ROLLOUT])
        self.start("git-daemon", "git", "daemon", "--reuseaddr", "--listen=127.0.0.1",
                   f"--port={self.git_port}", f"--base-path={self.folder}", "--export-all",
                   "--enable=receive-pack")
        self.start("gateway", self.program, "gateway", "--region", "eu-west",
                   "--port", str(self.port), "--admin-port", str(self.admin_port),
                   "--state", os.path.join(self.folder, "routes.json"))
        self.admin = Client(self.admin_port)
        until(lambda: self.admin.json("/admin/v1/routes"), "the gateway")
        until(lambda: git("ls-remote", self.url), "the git daemon")
        git("clone", "--quiet", self.url, self.work)
        return self

    def __exit__(self, *_):
        for process in reversed(self.running):
            self.stop(process)

    def stop(self, process):
        # Its own session, so that the children of git daemon end too.
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, number)
                process.wait(timeout=15)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue

    def run_controller(self, poll):
        """Starts the controller, in place of the one before."""
        if self.controller:
            self.stop(self.controller)
        secret = os.path.join(self.folder, "secret")
        with open(secret, "w") as file:
            file.write(SECRET)
        config = os.path.join(self.folder, "gatewright.yaml")
        with open(config, "w") as file:
            file.write(f"""apiVersion: gatewright.dev/v1
kind: Controller
spec:
  repository: {{url: "{self.url}", branch: main}}
  dataDirectory: "{self.folder}/controller"
  poll: {poll}
  webhook: {{secretFile: "{secret}"}}
  listen: {{host: 127.0.0.1, port: {self.controller_port}}}
  routers:
    gateway: {{gateway: {{eu-west: "http://127.0.0.1:{self.admin_port}"}}}}
""")
        self.controller = self.start(
            "controller", self.program, "run", "--config", config, "--log-level", "warning")
        self.api = Client(self.controller_port)
        until(lambda: self.status(), "the controller")
        until(lambda: self.route() and self.status()["why"], "the first route")

    def status(self):
        return self.api.json(f"/v1/rollouts/{ROLLOUT}")

    def route(self, rollout=ROLLOUT):
        return self.admin.json(f"/admin/v1/routes/{rollout}")

    def wait_for_route(self, condition, what):
        """The route at the moment when it was first seen to be so; a look takes about 1 ms."""
        return until(lambda: (r := self.route()) and condition(r) and r, what, pause=0.0005)

    def ring(self):
        body = b"{}"
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        status, answer = self.api.ask(
            "POST", "/v1/webhook", body, {"x-hub-signature-256": f"sha256={signature}"})
        if status != 202:
            raise SystemExit(f"webhook: {status} {answer}")

    def prepare(self, version):
        """Commits a request for a new version, in the clone."""
        git("pull", "--quiet", "--rebase", folder=self.work)
        folder = os.path.join(self.work, "rollouts", ROLLOUT)
        with open(os.path.join(folder, "versions", f"{version}.yaml"), "w") as file:
            file.write(repository.version_file(ROLLOUT, version))
        path = os.path.join(folder, "rollout.yaml")
        with open(path) as file:
            lines = file.read().splitlines()
        lines = [f"  version: {version}" if line.startswith("  version:") else line
                 for line in lines]
        with open(path, "w") as file:
            file.write("\n".join(lines) + "\n")
        git("add", "--all", folder=self.work)
        git("commit", "--quiet", "--message", f"ask for {version}", folder=self.work)

    def push(self):
        git("push", "--quiet", "origin", "main", folder=self.work)
