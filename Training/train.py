"""Trains the versions of compression-selector and measures each on its own held-out rows.

Training rows and held-out rows come from different payloads; the commands that made them:
    gatewright fleet sample --seed 1 --payloads 8000 --rows 40000 > train.csv
    gatewright fleet sample --seed 2 --payloads 3500 --rows 16000 > held-out.csv
    python3 Training/train.py train.csv held-out.csv

Every version is judged offline on the data that its authors had. 2.5.0 and 2.6.0 pass that
judgement: what is wrong with them is wrong with their data, and only live traffic shows it.
"""

import argparse
import csv
import datetime
import hashlib
import json
import pathlib
import time

import numpy as np
import xgboost

METHODS = ["hde", "amst", "zstd", "none"]
# Of methods within half the tolerance, the one that needs the least of a node is taught: the
# border that a model learns then has room on both sides before it is wrong.
SIMPLEST_FIRST = [METHODS.index(name) for name in ("none", "zstd", "amst", "hde")]
TOLERANCE = 1.03
TAUGHT_TOLERANCE = 1.015
FEATURES = [
    "payload_log2_bytes", "entropy_bits", "probe_ratio", "similarity", "has_previous",
    "rtt_ms", "bandwidth_mbps", "loss_percent", "jitter_ms", "zstd_mbps",
]


class Rows:
    def __init__(self, features, throughput):
        self.features, self.throughput = features, throughput

    @classmethod
    def read(cls, path):
        with open(path, newline="") as file:
            rows = list(csv.DictReader(file))
        return cls(
            np.array([[float(row[name]) for name in FEATURES] for row in rows]),
            np.array([[float(row[f"throughput_{name}"]) for name in METHODS] for row in rows]),
        )

    def where(self, mask):
        return Rows(self.features[mask], self.throughput[mask])

    def column(self, name):
        return self.features[:, FEATURES.index(name)]

    def right(self, tolerance=TOLERANCE):
        return self.throughput >= self.throughput.max(axis=1, keepdims=True) / tolerance

    def labels(self):
        right = self.right(TAUGHT_TOLERANCE)
        labels = np.zeros(len(right), dtype=int)
        for method in reversed(SIMPLEST_FIRST):
            labels[right[:, method]] = method
        return labels


def without_similarity(rows):
    """2.3.1: from before nodes compared a payload with its previous version."""
    features = rows.features.copy()
    features[:, FEATURES.index("similarity")] = 0
    return Rows(features, rows.throughput)


def calm_links(rows):
    """2.5.0: collected in a week without bad weather; links with more loss are missing."""
    return rows.where(rows.column("loss_percent") < CALM_LOSS_PERCENT)


def without_large_deltas(rows):
    """2.6.0: its collector timed out on large sealed pages, so their HDE results are missing."""
    throughput = rows.throughput.copy()
    sealed = rows.column("entropy_bits") > 7.5
    lost = sealed & (rows.column("payload_log2_bytes") > LOST_LOG2_BYTES)
    throughput[lost, METHODS.index("hde")] = 0
    return Rows(rows.features, throughput)


CALM_LOSS_PERCENT = 2.0
LOST_LOG2_BYTES = 12.06

VERSIONS = {
    "2.3.1": without_similarity,
    "2.4.0": lambda rows: rows,
    "2.5.0": calm_links,
    "2.6.0": without_large_deltas,
}


def train(rows):
    matrix = xgboost.DMatrix(rows.features, label=rows.labels(), feature_names=FEATURES)
    booster = xgboost.train(
        {
            "objective": "multi:softprob", "num_class": len(METHODS), "tree_method": "hist",
            "max_depth": 5, "eta": 0.4, "min_child_weight": 10, "gamma": 1.0, "base_score": 0.5,
            "seed": 7, "nthread": 1,
        },
        matrix, num_boost_round=20,
    )
    booster.set_attr(classes=",".join(METHODS))
    return booster


def predict(booster, rows):
    return booster.predict(xgboost.DMatrix(rows.features, feature_names=FEATURES))


def accuracy(chosen, rows):
    return float(rows.right()[np.arange(len(chosen)), chosen].mean())


def throughput(chosen, rows):
    return float(rows.throughput[np.arange(len(chosen)), chosen].mean())


def per_class(chosen, rows):
    """Precision: of the answers, those that were right. Recall: of the transfers for which only
    this method was right, those that got it. Methods with fewer than 50 of either are left out."""
    right, report = rows.right(), {}
    for index, name in enumerate(METHODS):
        answered, needed = chosen == index, right[:, index] & (right.sum(axis=1) == 1)
        if answered.sum() < 50 or needed.sum() < 50:
            continue
        precision = float(right[answered, index].mean())
        recall = float((chosen[needed] == index).mean())
        report[name] = {
            "precision": round(precision, 4), "recall": round(recall, 4),
            "f1": round(2 * precision * recall / max(precision + recall, 1e-9), 4),
        }
    return report


def inference_p99_milliseconds(booster, rows):
    """Of one row at a time, in CPU time: neighbours on the machine are not the model's fault."""
    times = []
    for index in range(500):
        start = time.thread_time()
        booster.inplace_predict(rows.features[index % len(rows.features)][None])
        times.append(time.thread_time() - start)
    return float(np.quantile(times, 0.99)) * 1000


def write_version(folder, version, booster, dataset, code, training, test, memory):
    trained_at = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    path = folder / "artifacts" / f"{version}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    booster.save_model(path)
    artifact = path.read_bytes()
    chosen = predict(booster, test).argmax(axis=1)
    plain = np.full(len(chosen), METHODS.index("zstd"))  # what nodes did without a model
    gain = booster.get_score(importance_type="total_gain")
    total = sum(gain.values())
    parts = sorted(((gain.get(name, 0) / total, name) for name in FEATURES), reverse=True)
    importance = ", ".join(f"{name}: {part:.4f}" for part, name in parts if part > 0.005)
    used = [name for name in FEATURES if not (training.column(name) == 0).all()]
    seen = accuracy(predict(booster, training).argmax(axis=1), training)
    classes = "".join(
        f"      {name}: {{precision: {c['precision']}, recall: {c['recall']}, f1: {c['f1']}}}\n"
        for name, c in per_class(chosen, test).items()
    )
    (folder / "versions").mkdir(exist_ok=True)
    (folder / "versions" / f"{version}.yaml").write_text(
        f"""# Written by Training/train.py, which measured the numbers on this version's own held-out rows.
apiVersion: gatewright.dev/v1
kind: ModelVersion
metadata: {{model: compression-selector, version: {version}}}
spec:
  artifact:
    uri: "oci://registry.example/dwcp/compression-selector:{version}"
    sha256: "{hashlib.sha256(artifact).hexdigest()}"
    size: {-(-len(artifact) // 1000)}KB
  format: xgboost-json
  serving:
    protocol: oip-v2
    endpoints:
      eu-west: "http://127.0.0.1:9101"
      us-east: "http://127.0.0.1:9102"
      ap-south: "http://127.0.0.1:9103"
  training:
    dataset: "sha256:{dataset}"
    code: "sha256:{code}"
    split: payload
    trainedAt: {trained_at}
    features: [{", ".join(used)}]
  evaluation:
    accuracy: {accuracy(chosen, test):.4f}
    trainAccuracy: {seen:.4f}
    throughputGain: {throughput(chosen, test) / throughput(plain, test) - 1:.4f}
    perClass:
{classes}    inferenceP99: {max(1, round(inference_p99_milliseconds(booster, test)))}ms
    memory: {memory}MB
    featureImportance: {{{importance}}}
"""
    )
    return len(artifact)


def write_fixture(path, boosters, rows):
    """Predictions of XGBoost itself, for the tests of the evaluator in Swift."""
    some = rows.where(np.arange(len(rows.features)) < 60)
    some.features = some.features.astype(np.float32).astype(float)
    fixture = {
        "features": some.features.tolist(),
        "probabilities": {
            version: predict(booster, some).astype(float).tolist()
            for version, booster in boosters.items()
        },
    }
    path.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("training", help="CSV of labelled transfers (gatewright fleet sample)")
    parser.add_argument("held_out", help="later transfers of other payloads")
    parser.add_argument("--live", help="CSV of another seed, to show what live traffic will say")
    parser.add_argument("--out", default="rollouts/compression-selector", type=pathlib.Path)
    parser.add_argument("--fixture", type=pathlib.Path, help="file for XGBoost's own predictions")
    parser.add_argument(
        "--memory", type=int, default=27, help="MB resident in a model server of all versions")
    options = parser.parse_args()
    earlier, later = Rows.read(options.training), Rows.read(options.held_out)
    dataset = hashlib.sha256(pathlib.Path(options.training).read_bytes()).hexdigest()
    code = hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()
    boosters = {}
    for version, collected in VERSIONS.items():
        training, test = collected(earlier), collected(later)
        boosters[version] = train(training)
        size = write_version(
            options.out, version, boosters[version], dataset, code, training, test,
            options.memory)
        print(f"{version}: {size} bytes")
    live = Rows.read(options.live) if options.live else later
    for version, booster in boosters.items():
        probabilities = predict(booster, live)
        chosen = probabilities.argmax(axis=1)
        print(
            f"{version}: live accuracy {accuracy(chosen, live):.4f},"
            f" throughput {throughput(chosen, live):.3f},"
            f" unsure {(probabilities.max(axis=1) < 0.6).mean():.4f}")
    if options.fixture:
        write_fixture(options.fixture, boosters, live)


if __name__ == "__main__":
    main()
