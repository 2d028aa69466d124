"""Flipped labels found by out-of-fold probabilities, beside cleanlab: `python -m benchmarks.label_errors`.

Of clip art (all rows) and of film reviews (500 a class), 5 % of the labels are flipped to another class,
drawn evenly, with five seeds. A logistic probe on the frozen features of the built-in backbone is fitted
with the flipped labels in five folds, and each row is predicted by the fold without it, as `adapt` does.
Both sides are given these same probabilities.

The rule, fixed before the first run: average precision of the flips, once of all rows ordered by the
quality of their labels (cleanlab: `get_label_quality_scores`), once of the listed rows alone, in their
order, in which a flip that is not listed counts 0 (cleanlab: `find_label_issues`, ranked by
"self_confidence"); all methods at their defaults. Labels of the data that were wrong before count against
both. Run it with OMP_NUM_THREADS=1; names of data as arguments take these alone. It needs the package
cleanlab, which headstart does not.
"""

import sys
import warnings
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import derive_seed
from headstart.data.check import check
from headstart.data.dataset import Dataset
from headstart.data.load import load
from headstart.data.splits import folds
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe
from headstart.metrics.label_errors import find_label_errors
from headstart.models import backbone
from headstart.session.inputs import fit_to_data
from headstart.session.session import Session

DATA = {"clipart": ("efficientnet_lite0", None), "reviews": ("minilm", 500)}  # backbone, rows a class
FLIPPED, SEEDS, FOLDS, BATCH = 0.05, range(5), 5, 32
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def features_of(name: str) -> tuple[Tensor, Dataset]:
    """Frozen features (n, width) of checked data, and the data."""
    base, rows = DATA[name]
    data = check(load(name, per_class=rows)).dataset
    session = Session(fit_to_data(backbone(base), data), data)
    fitted = session.backbone.eval()
    parts = np.array_split(np.arange(len(data)), -(-len(data) // BATCH))
    with torch.inference_mode():
        return torch.cat([fitted(session.samples(some)) for some in parts]).clone(), data


def flipped(labels: Ints, classes: int, seed: int) -> Ints:
    """The labels with 5 % of them changed to another class."""
    rng = np.random.default_rng(derive_seed(seed, "flips"))
    rows = rng.choice(len(labels), round(FLIPPED * len(labels)), replace=False)
    changed = labels.copy()
    changed[rows] = (labels[rows] + rng.integers(1, classes, len(rows))) % classes
    return changed


def out_of_fold(features: Tensor, data: Dataset, labels: Ints, seed: int) -> Floats:
    """Probabilities (n, classes), each row by a probe that did not learn from it."""
    numbers = folds(labels, data.groups, FOLDS, derive_seed(seed, "folds"))
    found = np.zeros((len(labels), len(data.classes)))
    for number in range(FOLDS):
        held, rest = np.flatnonzero(numbers == number), np.flatnonzero(numbers != number)
        head = LogisticProbe().solve(features[rest], torch.from_numpy(labels[rest]), len(data.classes))
        found[held] = head(features[held]).detach().double().softmax(1).numpy()
    return found


def average_precision(ranked: Ints, wrong: Flags) -> float:
    """Mean over the flips of the precision down to each; 0 for a flip that is not in the list."""
    hits = wrong[ranked]
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].sum() / wrong.sum())


def figures(probabilities: Floats, labels: Ints, wrong: Flags) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Of each side: average precision of all rows and of the list, its precision, recall, estimated flips."""
    from cleanlab.count import num_label_issues
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    found = find_label_errors(probabilities, labels)
    listed = find_label_issues(labels, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1)
    sides = {
        "headstart": (found.quality, found.ranked(), found.estimated),
        "cleanlab": (
            get_label_quality_scores(labels, probabilities),
            np.asarray(listed, dtype=np.int64),
            num_label_issues(labels, probabilities),
        ),
    }
    for name, (quality, ranked, estimated) in sides.items():
        everything = np.argsort(quality, kind="stable")
        hits = wrong[ranked].sum()
        yield (
            name,
            (
                average_precision(everything, wrong),
                average_precision(ranked, wrong),
                hits / max(1, len(ranked)),
                hits / wrong.sum(),
                float(estimated),
            ),
        )


def main() -> None:
    """Print the table: means over the seeds, and each seed's average precision."""
    warnings.simplefilter("ignore")
    print("| data | flips | | average precision | each seed | of the list | precision | recall | estimated |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in sys.argv[1:] or DATA:
        features, data = features_of(name)
        sides: dict[str, list[tuple[float, ...]]] = {}
        flips = f"{round(FLIPPED * len(data))} of {len(data)}"
        for seed in SEEDS:
            labels = flipped(data.labels, len(data.classes), seed)
            wrong = labels != data.labels
            for side, values in figures(out_of_fold(features, data, labels, seed), labels, wrong):
                sides.setdefault(side, []).append(values)
        for side, rows in sides.items():
            ranking, listed, precision, recall, estimated = np.mean(rows, axis=0)
            each = ", ".join(f"{row[0]:.3f}" for row in rows)
            print(
                f"| {name} | {flips} | {side} | {ranking:.3f} | {each} | {listed:.3f} "
                f"| {precision:.2f} | {recall:.2f} | {estimated:.0f} |"
            )


if __name__ == "__main__":
    main()
