"""RNA-seq with few labels: what `adapt` selects of the probes, against scikit-learn's logistic regression.

The built-in `pbmc`: 700 blood cells of 10 types, log-normalised expression of 765 genes. Ten labels of each
type (half of a type of fewer than 20 cells) are learned from, all other cells are the test part. `adapt`
selects among the four probes by balanced accuracy in cross-validation on the labelled cells; scikit-learn is
given the same cells as they are (log counts, C = 1). The seeds draw other labels; the interval of the
difference is Student's over seeds, paired.

    python benchmarks/tables.py [--seeds 5] [--labels 10]
"""

import argparse
import math
import statistics
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score

import headstart as hs
from headstart.core import derive_seed
from headstart.data import Dataset

PROBES = ("logistic-probe", "ridge-probe", "nearest-centroid", "knn")
STUDENT = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}


def few_of_each(labels: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Row numbers of at most `most` labels of each class, and at most half of it."""
    rng = np.random.default_rng(derive_seed("tables", seed))
    chosen = []
    for label in np.unique(labels):
        mine = rng.permutation(np.flatnonzero(labels == label))
        chosen.append(mine[: min(most, len(mine) // 2)])
    return np.sort(np.concatenate(chosen))


def selected(data: Dataset, train: np.ndarray, seed: int) -> tuple[str, float, float]:
    """The probe that `adapt` selects, and its accuracy and balanced accuracy on all other rows."""
    side = np.full(len(data), "test", dtype=object)
    side[train] = "train"
    given = replace(data, split=tuple(side))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        result = hs.adapt("table", given, out=out, methods=PROBES, budget=1, curve=False, seed=seed).result
    scores = result.tested[0].scores
    return result.selected, scores["accuracy"].value, scores["balanced_accuracy"].value


def by_scikit_learn(data: Dataset, train: np.ndarray) -> tuple[float, float]:
    """Accuracy and balanced accuracy of logistic regression on the same rows."""
    assert data.table is not None
    x, y = data.table.values, data.labels
    test = np.setdiff1d(np.arange(len(y)), train)
    answers = LogisticRegression(max_iter=5000).fit(x[train], y[train]).predict(x[test])
    return float((answers == y[test]).mean()), float(balanced_accuracy_score(y[test], answers))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--labels", type=int, default=10, help="of each type")
    options = parser.parse_args()
    torch.set_num_threads(1)
    data = hs.data.load("pbmc")
    ours, theirs = [], []
    print("| seed | cells | selected | accuracy, balanced | scikit-learn | ")
    print("|---|---|---|---|---|")
    for seed in range(options.seeds):
        train = few_of_each(data.labels, options.labels, seed)
        name, *mine = selected(data, train, seed)
        ours.append(mine)
        theirs.append(by_scikit_learn(data, train))
        told = [f"{a:.3f}, {b:.3f}" for a, b in (mine, theirs[-1])]
        print(f"| {seed} | {len(train)} | {name} | {told[0]} | {told[1]} |", flush=True)
    for place, what in enumerate(("accuracy", "balanced accuracy")):
        here, there = [one[place] for one in ours], [one[place] for one in theirs]
        apart = [a - b for a, b in zip(here, there, strict=True)]
        half = STUDENT.get(len(apart), 1.96) * statistics.stdev(apart) / math.sqrt(len(apart))
        mean = statistics.mean(apart)
        print(
            f"{what}: adapt {statistics.mean(here):.3f}, scikit-learn {statistics.mean(there):.3f}, "
            f"difference {mean:+.3f} (95 % interval {mean - half:+.3f} to {mean + half:+.3f})"
        )


if __name__ == "__main__":
    main()
