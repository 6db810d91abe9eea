"""A repository of many rollouts: read whole, read after one change, and left alone."""

import json
import os
import subprocess
import time

import repository
from repository import git
from world import ROLLOUT, World


def template(program, folder):
    """What a real controller writes when it bootstraps one rollout."""
    os.mkdir(folder)
    with World(program, folder) as world:
        world.run_controller("1s")
        return ROLLOUT, repository.records_of(world.remote, ROLLOUT)


def wall(repetitions, *arguments, folder):
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        git(*arguments, folder=folder)
        times.append((time.perf_counter() - start) * 1e3)
    return times


def measure(program, folder, rollouts, repetitions):
    records = template(program, os.path.join(folder, "template"))
    path = os.path.join(folder, "many.git")
    names = [f"bench-{number:05}" for number in range(rollouts)]
    result = {"repository": repository.create(path, names, records)}
    before = git("rev-parse", "main", folder=path).decode().strip()
    result["peerFullRead"] = wall(3, "archive", "--format=tar", "main", folder=path)
    answer = subprocess.run(
        [program, "bench", "--repository", path, "--data-directory", os.path.join(folder, "data"),
         "--repetitions", str(repetitions)], capture_output=True, text=True)
    if answer.returncode != 0:
        raise SystemExit(f"gatewright bench: {answer.stderr}")
    result["controller"] = json.loads(answer.stdout)
    first = git("rev-list", "--reverse", f"{before}..main", folder=path).decode().split()[0]
    result["peerChanged"] = wall(20, "diff", "--name-only", before, first, folder=path)
    result["peerUnchanged"] = wall(20, "log", "-1", "--format=%H", "main", folder=path)
    return result
