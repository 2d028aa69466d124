"""Heads on features: closed-form and full-batch solvers beside scikit-learn's cross-validation.

    python benchmarks/heads.py [--repeats 5] [--threads 2]

N = 5000 rows, D = 384 features, C = 10 classes, 5 folds. Both sides run in this process in turn,
and the ratio is the median over the pairs. scikit-learn runs as called by default, and again as
fast as two cores let it (two processes, one thread each). The features are made up: rectified
mixtures with a falling spectrum, so neither centred nor scaled, like those of a network.

Same answer, checked in every run: ridge gives equal accuracies in all 100 cells; of the logistic
regressions, ours must be at least as close to the optimum in each of the 40 cells (objective
computed in float64, the optimum from a run to 1e-12), to 1e-6 of the objective. scikit-learn keeps
its default tolerance, 1e-4, which stops it short at weak penalties; ours is the default, 1e-8.
"""

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegressionCV, RidgeClassifier
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from threadpoolctl import threadpool_limits

from headstart.solvers.lbfgs import Until
from headstart.solvers.logistic import LogisticPath, logistic_path
from headstart.solvers.ridge import one_hot, ridge_folds

ROWS, WIDTH, CLASSES, FOLDS = 5000, 384, 10, 5
RIDGE = np.geomspace(1e-2, 1e5, 20).tolist()
LOGISTIC = np.geomspace(1e-1, 1e3, 8).tolist()


def made() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(0)
    labels = torch.randint(CLASSES, (ROWS,), generator=draw)
    scale = torch.arange(1, WIDTH + 1).float().rsqrt()[:, None]
    mixing = torch.randn(WIDTH, WIDTH, generator=draw) * scale
    centres = torch.randn(CLASSES, WIDTH, generator=draw)
    latent = torch.randn(ROWS, WIDTH, generator=draw) + 0.3 * centres[labels]
    return torch.relu(latent @ mixing * 0.3 + 0.3), labels, torch.arange(ROWS) % FOLDS


def ridge_reference(x: Any, y: Any, split: Any, jobs: int | None) -> np.ndarray:
    search = GridSearchCV(
        RidgeClassifier(), {"alpha": RIDGE}, cv=split, refit=False, n_jobs=jobs, scoring="accuracy"
    )
    results = search.fit(x, y).cv_results_
    return np.stack([results[f"split{fold}_test_score"] for fold in range(FOLDS)], 1)


def ridge_ours(x: torch.Tensor, y: torch.Tensor, folds: torch.Tensor) -> np.ndarray:
    right = ridge_folds(x, one_hot(y, CLASSES), RIDGE, folds).argmax(2) == y
    return np.stack([right[:, folds == f].double().mean(1).numpy() for f in range(FOLDS)], 1)


def logistic_reference(x: Any, y: Any, split: Any, jobs: int | None) -> LogisticRegressionCV:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        model = LogisticRegressionCV(
            Cs=[1 / penalty for penalty in LOGISTIC],
            cv=split,
            l1_ratios=(0.0,),
            scoring="accuracy",
            max_iter=10_000,
            refit=False,
            n_jobs=jobs,
            use_legacy_attributes=False,
        )
        return model.fit(x, y)


def objectives(weight: np.ndarray, bias: np.ndarray, data: tuple[torch.Tensor, ...]) -> np.ndarray:
    """(penalties, folds) of weights (p, f, k, d) and biases (p, f, k), in float64."""
    x, y, folds = data
    found = np.empty(weight.shape[:2])
    for place in np.ndindex(*found.shape):
        train = folds != place[1]
        w, b = (torch.from_numpy(np.array(part[place])).double() for part in (weight, bias))
        logits = x[train].double() @ w.T + b
        loss = torch.nn.functional.cross_entropy(logits, y[train], reduction="sum")
        found[place] = float(loss + LOGISTIC[place[0]] / 2 * w.square().sum())
    return found


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    answer = work()
    return time.perf_counter() - start, answer


def ridge_rows(data: tuple[torch.Tensor, ...], repeats: int) -> None:
    x, y, folds = data
    split = PredefinedSplit(folds.numpy())
    ridge_ours(*data)
    for name, jobs in (("default", None), ("n_jobs=2", 2)):
        pairs, equal = [], 0
        for _ in range(repeats):
            ours = seconds(lambda: ridge_ours(*data))
            theirs = seconds(lambda jobs=jobs: ridge_reference(x.numpy(), y.numpy(), split, jobs))
            pairs.append((theirs[0], ours[0]))
            equal = int(np.isclose(ours[1], theirs[1], atol=1e-9, rtol=0).sum())
        what = f"ridge, 20 penalties x 5 folds: GridSearchCV(RidgeClassifier), {name}"
        report(what, pairs, f"accuracies equal in {equal} of 100 cells")


def logistic_rows(data: tuple[torch.Tensor, ...], repeats: int) -> None:
    x, y, folds = data
    split = PredefinedSplit(folds.numpy())
    centred = x - x.mean(0)
    best = logistic_path(x.double(), y, CLASSES, LOGISTIC, folds, until=Until(1e-12, 5000))
    optimum = objectives(best.weight.numpy(), best.bias.numpy(), data)
    settings = (
        ("default", x, None),
        ("n_jobs=2", x, 2),
        ("n_jobs=2, centred by hand", centred, 2),
    )
    for name, given, jobs in settings:
        pairs, note = [], ""
        for _ in range(repeats):
            ours = seconds(lambda: logistic_path(x, y, CLASSES, LOGISTIC, folds))
            theirs = seconds(
                lambda given=given, jobs=jobs: logistic_reference(given.numpy(), y.numpy(), split, jobs)
            )
            pairs.append((theirs[0], ours[0]))
            note = compared(ours[1], theirs[1], (given, *data[1:]), data, optimum)
        report(f"logistic, 8 penalties x 5 folds: LogisticRegressionCV, {name}", pairs, note)


def compared(
    ours: LogisticPath,
    theirs: LogisticRegressionCV,
    given: tuple[torch.Tensor, ...],
    data: tuple[torch.Tensor, ...],
    optimum: np.ndarray,
) -> str:
    mine = objectives(ours.weight.numpy(), ours.bias.numpy(), data) / optimum - 1
    path = theirs.coefs_paths_[:, 0].swapaxes(0, 1)  # (penalties, folds, classes, width + 1)
    other = objectives(path[..., :-1], path[..., -1], given) / optimum - 1
    closer = int((mine <= other + 1e-6).sum())
    return (
        f"ours no further from the optimum in {closer} of 40 cells "
        f"(furthest: {mine.max():.0e}, scikit-learn {other.max():.0e})"
    )


def report(what: str, pairs: list[tuple[float, float]], note: str) -> None:
    ratio = statistics.median(theirs / ours for theirs, ours in pairs)
    theirs, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"| {what} | {theirs:.2f} | {ours:.3f} | {ratio:.1f} | {note} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    data = made()
    print("| what | scikit-learn, s | headstart, s | median ratio | same answer |")
    print("|---|---|---|---|---|")
    with threadpool_limits(options.threads, user_api="blas"):
        ridge_rows(data, options.repeats)
        logistic_rows(data, options.repeats)


if __name__ == "__main__":
    main()
