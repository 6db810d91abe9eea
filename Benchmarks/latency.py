"""From a push to a live share, and from a broken guardrail to share zero, each beside a peer."""

import datetime
import json
import os
import time

from repository import digest, git
from world import ROLLOUT, World


def observations(route, rollout, count, failed):
    """A batch of the candidate's answers, as a gateway would report them."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    version = (route.get("candidate") or route["stable"])["reference"]
    stamp = time.monotonic_ns()
    return json.dumps([{
        "kind": "prediction", "prediction": f"{stamp}-{i}", "arm": "candidate",
        "rollout": rollout, "region": "eu-west", "generation": route["generation"],
        "version": version, "at": now, "latencyMicroseconds": 2_000,
        "output": None if failed else "zstd", "confidence": None, "unit": stamp + i,
    } for i in range(count)]).encode()


def post(world, body):
    status, answer = world.api.ask(
        "POST", "/v1/observations", body, {"content-type": "application/json"})
    if status != 202:
        raise SystemExit(f"observations: {status} {answer}")


def milliseconds(start):
    return (time.perf_counter() - start) * 1e3


def one_round(world, version, webhook, batch):
    """Raises a candidate by a push and takes it down by a breach.

    Returns milliseconds: of the push alone, from its start to the live share, and from the breach
    to share zero.
    """
    world.prepare(version)
    start = time.perf_counter()
    world.push()
    pushed = milliseconds(start)
    if webhook:
        world.ring()
    route = world.wait_for_route(
        lambda r: r.get("candidate") and r["candidate"]["reference"]["version"] == version
        and r["share"] > 0, f"{version} to be served")
    live = milliseconds(start)
    post(world, observations(route, ROLLOUT, batch, failed=False))
    # As in life, the loop has looked at the candidate before it breaks.
    body = observations(route, ROLLOUT, batch, failed=True)
    start = time.perf_counter()
    post(world, body)
    world.wait_for_route(lambda r: r["share"] == 0, f"{version} to be taken down")
    down = milliseconds(start)

    def is_recorded():
        status = world.status()
        return status["unrecorded"] == 0 and any(
            r["reference"]["version"] == version for r in status["refused"])
    if not settled(world, is_recorded):
        raise SystemExit(f"the step back of {version} was not recorded")
    return pushed, live, down


def settled(world, condition, seconds=30):
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if condition():
            return True
        time.sleep(0.02)
    return False


def peer_of_push(world, repetitions):
    """What any program must wait for: a push, then a fetch by another clone."""
    other = os.path.join(world.folder, "other.git")
    bare = os.path.join(world.folder, "peer.git")
    clone = os.path.join(world.folder, "peer")
    url = world.url.replace("remote.git", "peer.git")
    git("clone", "--quiet", "--bare", world.remote, bare)
    git("clone", "--quiet", url, clone)
    git("clone", "--quiet", "--bare", url, other)
    times = []
    for number in range(repetitions):
        with open(os.path.join(clone, "file"), "w") as file:
            file.write(f"{number}\n")
        git("add", "--all", folder=clone)
        git("commit", "--quiet", "--message", f"{number}", folder=clone)
        start = time.perf_counter()
        git("push", "--quiet", "origin", "main", folder=clone)
        git("fetch", "--quiet", "origin", "main", folder=other)
        times.append(milliseconds(start))
    return times


def peer_of_breach(world, repetitions, batch):
    """What a script would do that knew already: store the batch, lower the route, read it back."""
    base = world.route()
    name = "peer"
    times = []
    for number in range(1, repetitions + 1):
        route = dict(base, rollout=name, salt=name, generation=2 * number, share=500, candidate={
            "reference": {"version": "2.0.0", "digest": digest(name, "2.0.0")},
            "endpoint": "http://127.0.0.1:9101"})
        put(world, name, route)
        body = observations(route, name, batch, failed=True)
        start = time.perf_counter()
        post(world, body)
        put(world, name, dict(route, generation=2 * number + 1, share=0, candidate=None))
        if world.route(name)["share"] != 0:
            raise SystemExit("the gateway did not lower the route")
        times.append(milliseconds(start))
    return times


def put(world, name, route):
    status, answer = world.admin.ask("PUT", f"/admin/v1/routes/{name}", json.dumps(route))
    if status != 200:
        raise SystemExit(f"route: {status} {answer}")


def measure(program, folder, repetitions, batch=200):
    result = {"repetitions": repetitions, "observationsInBatch": batch}
    number = 0
    with World(program, folder) as world:
        breaches = []
        for mode, poll in (("poll", "1s"), ("webhook", "30s")):
            world.run_controller(poll)
            rounds = []
            for _ in range(repetitions):
                # A bell that was rung within the last second rings again when that is over.
                time.sleep(1.1 if mode == "webhook" else 0)
                number += 1
                rounds.append(one_round(world, f"2.0.{number}", mode == "webhook", batch))
            result[mode] = {"push": [r[0] for r in rounds], "live": [r[1] for r in rounds]}
            breaches += [r[2] for r in rounds]
        result["breach"] = breaches
        result["peerOfPush"] = peer_of_push(world, repetitions)
        result["peerOfBreach"] = peer_of_breach(world, repetitions, batch)
    return result
