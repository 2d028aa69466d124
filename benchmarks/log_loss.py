"""Log loss of the solved probes on few labels, as a multiple of that of scikit-learn's logistic regression.

All take the same features: rows about two corners, digits, and clip art behind the frozen EfficientNet-Lite0.
20 seeds draw 5, 10 or 20 rows of each class to learn from; all other rows are the test.
`python -m benchmarks.log_loss`
"""

import warnings
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from headstart.core import find
from headstart.data.load import load
from headstart.data.splits import per_class
from headstart.methods.outputs.probing.probe import Probe
from headstart.models import backbone
from headstart.session.inputs import fit_to_data
from headstart.session.scoring import metric_value
from headstart.session.session import Session

SEEDS = range(20)
LABELS = (5, 10, 20)
PROBES = ("ridge-probe", "nearest-centroid", "knn", "logistic-probe")
CLIPART: tuple[tuple[str, ...], ...] = (
    ("flags", "vehicles"),
    ("birds", "flags"),
    ("birds", "vehicles"),
    ("mammals", "music"),
    ("fruit", "hardware", "sports"),
    (),
)
Task = tuple[str, torch.Tensor, NDArray[np.int64]]


def toy() -> Task:
    """Two normal classes (n, 5), two standard deviations from the border between them."""
    rng, y = np.random.default_rng(999), np.arange(4000) % 2
    x = rng.normal(size=(4000, 5)).astype(np.float32)
    x[:, 0] += 4 * (y - 0.5)
    return "toy", torch.from_numpy(x), y


def digits() -> Task:
    """Ten classes of 64 pixels."""
    data = load("digits")
    assert data.array is not None
    pixels = torch.from_numpy(np.asarray(data.array, np.float32).reshape(len(data), -1))
    return "digits", pixels / 255, data.labels


def clipart() -> Sequence[Task]:
    """Some classes, and all of them."""
    data = load("clipart")
    session = Session(fit_to_data(backbone("efficientnet_lite0"), data), data)
    fitted = session.backbone.eval()
    with torch.inference_mode():
        parts = [fitted(session.samples(rows)) for rows in np.array_split(np.arange(len(data)), 20)]
    features, tasks = torch.cat(parts).clone(), []
    for names in CLIPART:
        classes = [data.classes.index(name) for name in names or data.classes]
        rows = np.flatnonzero(np.isin(data.labels, classes))
        labels = np.searchsorted(classes, data.labels[rows])
        tasks.append((" / ".join(names) or "all 13 classes", features[rows], labels))
    return tasks


def log_losses(x: torch.Tensor, y: NDArray[np.int64], labels: int, seed: int) -> list[float]:
    """Of scikit-learn and each probe on all rows but those drawn."""
    from sklearn.linear_model import LogisticRegression

    train = per_class(y, labels, seed)
    test = np.setdiff1d(np.arange(len(y)), train)
    reference = LogisticRegression(max_iter=2000).fit(x[train], y[train])
    chances = torch.from_numpy(reference.predict_log_proba(x[test]))
    losses = [metric_value(chances, y[test], "log_loss")]
    for name in PROBES:
        probe = find(name)()
        assert isinstance(probe, Probe)
        head = probe.solve(x[train], torch.from_numpy(y[train]), int(y.max()) + 1)
        with torch.no_grad():
            losses.append(metric_value(head(x[test]), y[test], "log_loss"))
    return losses


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore")
    print(f"| task | labels a class | scikit-learn | {' | '.join(PROBES)} |")
    print(f"|---|---|---|{'---|' * len(PROBES)}")
    for name, x, y in (toy(), digits(), *clipart()):
        for labels in LABELS:
            reference, *means = np.mean([log_losses(x, y, labels, seed) for seed in SEEDS], axis=0)
            ratios = " | ".join(f"{mean / reference:.2f}" for mean in means)
            print(f"| {name} | {labels} | {reference:.3f} | {ratios} |", flush=True)


if __name__ == "__main__":
    main()
