"""Times `gatewright audit verify` on a history that was written for it."""

import json
import os
import subprocess
import tempfile


def measure(program, folder, decisions):
    # A RAM disk where there is one: writing the history is not what is measured.
    shared = "/dev/shm"
    with tempfile.TemporaryDirectory(
            prefix="gatewright-audit-", dir=shared if os.path.isdir(shared) else folder) as place:
        repository = os.path.join(place, "history.git")
        subprocess.run([program, "bench", "history", repository, "--decisions", str(decisions)],
                       check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["git", "-C", repository, "repack", "-a", "-d", "-q"], check=True)
        answer = subprocess.run(
            ["/usr/bin/env", program, "audit", "verify", "--repository", repository, "--timed",
             "--output", "json"], check=True, capture_output=True, text=True)
        return json.loads(answer.stdout)
