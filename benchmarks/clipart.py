"""Clip art, 20 labels a class: what the probes and `adapt`'s choice reach, beside scikit-learn.

All heads take the same frozen features. Five seeds draw 20 rows of each of the 13 classes to learn
from; all other rows are the test. `python -m benchmarks.clipart`
"""

import math
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from headstart.core import find
from headstart.data.check import check
from headstart.data.load import load
from headstart.data.splits import folds, per_class
from headstart.methods.outputs.probing.probe import Probe
from headstart.models import backbone
from headstart.run.progress import Progress
from headstart.run.step_cache import StepCache
from headstart.session.inputs import fit_to_data
from headstart.session.scoring import selection_score
from headstart.session.session import Session
from headstart.studies._store import StudyFolder
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt.budget import Budget
from headstart.studies.adapt.candidates import CrossValidation
from headstart.studies.adapt.choice import choose

LABELS = 20
SEEDS = range(5)
PROBES = ("logistic-probe", "ridge-probe", "nearest-centroid", "knn")


def scores_of(seed: int, features: torch.Tensor, session: Session) -> Iterator[tuple[str, float]]:
    """Balanced accuracy on all rows but the drawn ones, by name of the head."""
    labels, classes = session.data.labels, len(session.data.classes)
    train = per_class(labels, LABELS, seed)
    test = np.setdiff1d(np.arange(len(labels)), train)
    yield from scikit_learn(features, labels, train, test)
    heads = {}
    for name in PROBES:
        probe = find(name)()
        assert isinstance(probe, Probe)
        head = probe.solve(features[train], torch.from_numpy(labels[train]), classes)
        heads[name] = selection_score(head(features[test]).detach(), labels[test])
        yield name, heads[name]
    yield "what `adapt` selects of these", heads[selected(seed, session, train)]


def scikit_learn(
    features: torch.Tensor, labels: np.ndarray, train: np.ndarray, test: np.ndarray
) -> Iterator[tuple[str, float]]:
    """Logistic regression as it comes, and with the penalty chosen by its own cross-validation."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV

    x = features.numpy()
    tuned = GridSearchCV(LogisticRegression(max_iter=2000), {"C": np.logspace(-5, 1, 7)}, cv=5)
    for name, model in (
        ("scikit-learn logistic regression, as it comes", LogisticRegression(max_iter=2000)),
        ("scikit-learn logistic regression, C by 5 folds", tuned),
    ):
        answers = model.fit(x[train], labels[train]).predict(x[test])
        yield name, float(np.mean([(answers[labels[test] == c] == c).mean() for c in np.unique(labels)]))


def selected(seed: int, session: Session, train: np.ndarray) -> str:
    """The name that the main job's selection gives on the training rows alone."""
    data = session.data.subset(train)
    with tempfile.TemporaryDirectory() as folder:
        part = Session(session.backbone, data, cache=Path(folder) / "cache", metric="balanced_accuracy")
        settings = AdaptSettings(seed=seed)
        numbers = folds(data.labels, data.groups, settings.folds, seed)
        store = StudyFolder(Path(folder), "", StepCache(Path(folder) / "steps"), Progress())
        validation = CrossValidation(part, numbers, settings, store, Budget(math.inf, store))
        results = validation.solve([find(name)() for name in PROBES])
        return choose(results, data, part.metric, seed)[0].method.label


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore")
    data = check(load("clipart")).dataset
    session = Session(fit_to_data(backbone("efficientnet_lite0"), data), data)
    fitted = session.backbone.eval()
    with torch.inference_mode():
        rows = np.array_split(np.arange(len(data)), 20)
        features = torch.cat([fitted(session.samples(some)) for some in rows]).clone()
    found: dict[str, list[float]] = {}
    for seed in SEEDS:
        for name, score in scores_of(seed, features, session):
            found.setdefault(name, []).append(score)
    print(f"\nclipart, {LABELS} labels a class, {len(SEEDS)} seeds, test on all other rows\n")
    print("| head on the same frozen features | mean balanced accuracy | each seed |")
    print("|---|---|---|")
    for name, values in found.items():
        print(f"| {name} | {np.mean(values):.3f} | {', '.join(f'{v:.3f}' for v in values)} |")


if __name__ == "__main__":
    main()
