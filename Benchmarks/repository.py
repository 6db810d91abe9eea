"""Repositories of many small rollouts, made in one commit, with the state a controller leaves."""

import hashlib
import json
import subprocess
import time

GUARDRAILS = """apiVersion: gatewright.dev/v1
kind: Guardrails
metadata: {name: bench}
spec:
  falseRollbackRate: 1%
  guardrails:
    - {name: errors, metric: errors, atMost: 1%, onBreach: rollback}
    - {name: latency-p99, metric: latency, quantile: 99%, atMost: 15ms, onBreach: alert}
"""

ROLLOUT = """apiVersion: gatewright.dev/v1
kind: Rollout
metadata: {name: NAME, description: one of many, owners: [bench]}
spec:
  version: 1.0.0
  bootstrap: 1.0.0
  regions: [eu-west]
  router: gateway
  signals: [gateway]
  guardrails: [bench]
  onNewVersion: replace
  stages:
    - {stage: canary,  share: 5%, soak: 7d}
    - {stage: gradual, shares: [25%, 50%], soak: 7d}
    - {stage: full,    bake: 30d}
"""

VERSION = """apiVersion: gatewright.dev/v1
kind: ModelVersion
metadata: {model: NAME, version: VERSION}
spec:
  artifact: {uri: "oci://registry.example/NAME:VERSION", sha256: "DIGEST", size: 31MB}
  format: xgboost-json
  serving: {endpoints: {eu-west: "http://127.0.0.1:9101"}}
  evaluation: {accuracy: 0.984}
"""

IDENTITY = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"]


def git(*arguments, folder=None):
    command = ["git", *(["-C", folder] if folder else []), *IDENTITY, *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout


def digest(name, version):
    return hashlib.sha256(f"{name} {version}".encode()).hexdigest()


def version_file(name, version):
    return (VERSION.replace("NAME", name).replace("VERSION", version)
            .replace("DIGEST", digest(name, version)))


def files_of(name):
    folder = f"rollouts/{name}"
    yield f"{folder}/rollout.yaml", ROLLOUT.replace("NAME", name)
    for version in ("1.0.0", "2.0.0"):
        yield f"{folder}/versions/{version}.yaml", version_file(name, version)


def state_of(name, template, records):
    """The state of another rollout that was bootstrapped as `template` was.

    `records` are the files below state/template/. All digests are made anew, for other names.
    """
    def renamed(text):
        # Versions have the digests of their own artifacts.
        text = text.replace(template, name)
        for version in ("1.0.0", "2.0.0"):
            text = text.replace(digest(template, version), digest(name, version))
        return text
    current = json.loads(renamed(records["current.json"]))
    (path, record), = ((p, t) for p, t in records.items() if p != "current.json")
    old = json.loads(record)["after"]
    after = state_digest(current["state"])
    record = renamed(record).replace(old, after)
    current["head"] = hashlib.sha256(record.encode()).hexdigest()
    yield f"state/{name}/{path}", record
    yield f"state/{name}/current.json", pretty(current)


def state_digest(state):
    compact = json.dumps(state, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(compact.encode()).hexdigest()


def pretty(value):
    return json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def records_of(repository, name):
    """What the controller has written for a rollout, by path below its folder."""
    listing = git("ls-tree", "-r", "--name-only", "main", f"state/{name}/", folder=repository)
    records = {path.removeprefix(f"state/{name}/"): git("show", f"main:{path}", folder=repository)
               .decode() for path in listing.decode().split()}
    current = json.loads(records["current.json"])
    (record,) = (json.loads(t) for p, t in records.items() if p != "current.json")
    if record["after"] != state_digest(current["state"]):
        raise SystemExit("the controller's canonical JSON is not what this script writes")
    return records


def create(repository, names, records_template=None):
    """Makes a bare repository with one commit on main, by `git fast-import`."""
    git("init", "--quiet", "--bare", "--initial-branch=main", repository)
    importer = subprocess.Popen(
        ["git", "-C", repository, "fast-import", "--quiet"], stdin=subprocess.PIPE)
    count = size = 0

    def write(path, text):
        nonlocal count, size
        data = text.encode()
        importer.stdin.write(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data))
        count, size = count + 1, size + len(data)
    importer.stdin.write(
        b"commit refs/heads/main\ncommitter bench <bench@localhost> %d +0000\ndata 3\nall\n"
        % time.time())
    write("policies/guardrails/bench.yaml", GUARDRAILS)
    for name in names:
        for path, text in files_of(name):
            write(path, text)
        if records_template:
            for path, text in state_of(name, *records_template):
                write(path, text)
    importer.stdin.close()
    if importer.wait() != 0:
        raise SystemExit("git fast-import failed")
    return {"files": count, "bytes": size}
