"""A drift report of two seeded CSV files, beside Evidently's on the same machine.

    python3 -m venv venv && venv/bin/pip install evidently==0.7.23 'pandas<3'
    venv/bin/python Benchmarks/drift.py --program .build/release/gatewright

Prints the seconds of each (reading the files included for both), the ratio, and whether the two
agree on the statistic and the verdict of every column. Exits with 1 when they do not.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import pandas as pd


def table(rows, columns, seed, shift):
    """Normal, skewed, whole, few-valued and categorical columns, some with missing values."""
    random = np.random.default_rng(seed)
    data = {}
    for index in range(columns):
        moved = shift * (index % 3 == 0)
        kind = index % 10
        if kind < 4:
            values = random.normal(moved, 1, rows)
        elif kind < 6:
            values = random.lognormal(moved, 0.7, rows)
        elif kind == 6:
            values = random.normal(500 + 50 * moved, 100, rows).round().astype(int)
        elif kind == 7:
            values = random.binomial(4, 0.5 + 0.1 * moved, rows)
        elif kind == 8:
            weights = np.array([4, 3 - moved, 2, 1 + moved])
            values = random.choice(["alpha", "beta", "gamma", "delta, quoted"], rows,
                                   p=weights / weights.sum())
        else:
            values = random.exponential(1 + moved, rows)
            values[random.random(rows) < 0.02] = np.nan
        data[f"column{index}"] = values
    return pd.DataFrame(data)


def evidently(reference, current):
    """Seconds and what each column's test says, by Evidently's present interface."""
    from evidently import Report
    from evidently.metrics import ValueDrift

    start = time.perf_counter()
    first, second = pd.read_csv(reference), pd.read_csv(current)
    report = Report([ValueDrift(column=name) for name in first.columns])
    result = report.run(current_data=second, reference_data=first)
    found = {}
    for metric in result.dict()["metrics"]:
        config = metric["config"]
        found[config["column"]] = (float(metric["value"]), config.get("method"),
                                   config.get("threshold"))
    return time.perf_counter() - start, found


def ours(program, reference, current, profile):
    start = time.perf_counter()
    done = subprocess.run(
        [program, "stats", "drift", reference, current, "--profile", profile, "--output", "json"],
        check=True, capture_output=True)
    return time.perf_counter() - start, json.loads(done.stdout)


def best(times, run):
    results = [run() for _ in range(times)]
    return min(seconds for seconds, _ in results), results[0][1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=".build/release/gatewright")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    warnings.simplefilter("ignore")

    with tempfile.TemporaryDirectory() as folder:
        paths = [str(pathlib.Path(folder) / name) for name in ("reference.csv", "current.csv")]
        for index, path in enumerate(paths):
            table(options.rows, options.columns, options.seed + index, 0.1 * index).to_csv(
                path, index=False)
        theirs, expected = best(options.repetitions, lambda: evidently(*paths))
        mine, report = best(
            options.repetitions, lambda: ours(options.program, *paths, "evidently"))
        native, _ = best(
            options.repetitions, lambda: ours(options.program, *paths, "gatewright"))

    worst, wrong = 0.0, []
    for column in report["columns"]:
        value, method, _ = expected.pop(column["name"])
        error = abs(column.get("value", np.nan) - value) / max(abs(value), 1e-12)
        worst = max(worst, error)
        if not error <= 1e-9 and not abs(column.get("value", np.nan) - value) <= 1e-12:
            wrong.append(f"{column['name']}: {column.get('value')} ({column['test']}), "
                         f"Evidently {value} ({method})")
    wrong += [f"{name}: missing from our report" for name in expected]
    for line in wrong[:20]:
        print(line, file=sys.stderr)
    print(json.dumps({
        "rows": options.rows, "columns": options.columns, "evidentlySeconds": round(theirs, 3),
        "evidentlyProfileSeconds": round(mine, 3), "gatewrightProfileSeconds": round(native, 3),
        "timesFaster": round(theirs / mine, 1), "worstRelativeError": worst,
        "columnsThatDisagree": len(wrong)}, indent=2))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
