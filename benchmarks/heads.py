"""Heads on features: closed-form and full-batch solvers beside scikit-learn's cross-validation.

N = 5000 rows, D = 384 features, C = 10 classes, 5 folds. scikit-learn runs as called by default,
and as fast as two cores let it (two processes of one thread). The features are made up: rectified
mixtures with a falling spectrum, neither centred nor scaled, like those of a network.

Ridge must give equal accuracies in all 100 cells. For logistic regression the check is how far the
worst of the 40 cells is from the optimum, as a share of its objective, in float64; the optimum is
that of a run to 1e-12. At its default tolerance of 1e-4 scikit-learn stops well short of it where
the penalty is weak. So there is a second table, where each side has the loosest power of ten that
brings all cells to within 1e-4 of the optimum: 1e-6 for scikit-learn, 1e-5 for headstart (the two
mean different things). Centring the features by hand saves scikit-learn many iterations.

    python -m benchmarks.heads [--rounds 5] [--threads 2]
"""

import argparse
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegressionCV, RidgeClassifier
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from threadpoolctl import threadpool_limits
from torch import Tensor

from benchmarks.paired import interleaved, print_table
from headstart.solvers.lbfgs import Until
from headstart.solvers.logistic import logistic_path
from headstart.solvers.ridge import one_hot, ridge_folds

ROWS, WIDTH, CLASSES, FOLDS = 5000, 384, 10, 5
RIDGE = np.geomspace(1e-2, 1e5, 20).tolist()
LOGISTIC = np.geomspace(1e-1, 1e3, 8).tolist()

Data = tuple[Tensor, Tensor, Tensor]
Figures = NDArray[np.float64]


def made() -> Data:
    draw = torch.Generator().manual_seed(0)
    labels = torch.randint(CLASSES, (ROWS,), generator=draw)
    scale = torch.arange(1, WIDTH + 1).float().rsqrt()[:, None]
    mixing = torch.randn(WIDTH, WIDTH, generator=draw) * scale
    centres = torch.randn(CLASSES, WIDTH, generator=draw)
    latent = torch.randn(ROWS, WIDTH, generator=draw) + 0.3 * centres[labels]
    return torch.relu(latent @ mixing * 0.3 + 0.3), labels, torch.arange(ROWS) % FOLDS


def ridge_theirs(data: Data, jobs: int | None = None) -> Figures:
    x, y, folds = (part.numpy() for part in data)
    search = GridSearchCV(
        RidgeClassifier(), {"alpha": RIDGE}, cv=PredefinedSplit(folds), refit=False, n_jobs=jobs
    )
    results = search.fit(x, y).cv_results_
    return np.stack([results[f"split{fold}_test_score"] for fold in range(FOLDS)], 1)


def ridge_ours(data: Data) -> Figures:
    x, y, folds = data
    right = ridge_folds(x, one_hot(y, CLASSES), RIDGE, folds).argmax(2) == y
    return np.stack([right[:, folds == f].double().mean(1).numpy() for f in range(FOLDS)], 1)


def logistic_theirs(data: Data, tolerance: float, jobs: int | None = None) -> Figures:
    """Weights and biases (penalties, folds, classes, width + 1)."""
    x, y, folds = (part.numpy() for part in data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        model = LogisticRegressionCV(
            Cs=[1 / penalty for penalty in LOGISTIC],
            cv=PredefinedSplit(folds),
            l1_ratios=(0.0,),
            scoring="accuracy",
            max_iter=10_000,
            tol=tolerance,
            refit=False,
            n_jobs=jobs,
            use_legacy_attributes=False,
        ).fit(x, y)
    path: Figures = model.coefs_paths_[:, 0].swapaxes(0, 1)
    return path


def logistic_ours(data: Data, tolerance: float) -> Figures:
    x, y, folds = data
    path = logistic_path(x, y, CLASSES, LOGISTIC, folds, until=Until(tolerance, 5000))
    return torch.cat([path.weight, path.bias[..., None]], -1).double().numpy()


def objectives(solutions: Figures, data: Data) -> Figures:
    """(penalties, folds) of weights and biases (penalties, folds, classes, width + 1), in float64."""
    x, y, folds = data
    found = np.empty(solutions.shape[:2])
    for penalty, fold in np.ndindex(*found.shape):
        train, both = folds != fold, torch.tensor(solutions[penalty, fold], dtype=torch.float64)
        logits = x[train].double() @ both[:, :-1].T + both[:, -1]
        loss = torch.nn.functional.cross_entropy(logits, y[train], reduction="sum")
        found[penalty, fold] = loss + LOGISTIC[penalty] / 2 * both[:, :-1].square().sum()
    return found


def timed(title: str, runs: dict[str, Callable[[], Any]], rounds: int) -> dict[str, Any]:
    """Print the table; the last answer of each contestant."""
    answers: dict[str, Any] = {}

    def kept(name: str) -> Callable[[], None]:
        return lambda: answers.update({name: runs[name]()})

    print_table(title, interleaved({name: kept(name) for name in runs}, rounds))
    return answers


def ridge(data: Data, rounds: int) -> None:
    answers = timed(
        "Ridge, 20 penalties x 5 folds",
        {
            "GridSearchCV(RidgeClassifier)": lambda: ridge_theirs(data),
            "the same, n_jobs=2": lambda: ridge_theirs(data, 2),
            "headstart": lambda: ridge_ours(data),
        },
        rounds,
    )
    theirs, ours = answers["GridSearchCV(RidgeClassifier)"], answers["headstart"]
    print(f"\nEqual accuracies in {int(np.isclose(theirs, ours, atol=1e-9).sum())} of 100 cells.")


def logistic(data: Data, rounds: int) -> None:
    x, y, folds = data
    centred = (x - x.mean(0), y, folds)
    optimum = objectives(logistic_ours((x.double(), y, folds), 1e-12), data)
    tables: dict[str, dict[str, Callable[[], Figures]]] = {
        "default tolerances": {
            "LogisticRegressionCV": lambda: logistic_theirs(data, 1e-4),
            "headstart": lambda: logistic_ours(data, 1e-6),
        },
        "to the same optimum": {
            "LogisticRegressionCV": lambda: logistic_theirs(data, 1e-6),
            "the same, n_jobs=2": lambda: logistic_theirs(data, 1e-6, 2),
            "the same, n_jobs=2, centred by hand": lambda: logistic_theirs(centred, 1e-6, 2),
            "headstart": lambda: logistic_ours(data, 1e-5),
        },
    }
    for title, runs in tables.items():
        answers = timed(f"Logistic regression, 8 penalties x 5 folds, {title}", runs, rounds)
        gaps = [
            (objectives(answer, centred if "centred" in name else data) / optimum - 1).max()
            for name, answer in answers.items()
        ]
        print("\nFurthest from the optimum, in this order:", ", ".join(f"{gap:.0e}" for gap in gaps))


def main() -> None:
    parser = argparse.ArgumentParser(description="Solvers of heads beside scikit-learn.")
    parser.add_argument("--rounds", type=int, default=5, help="paired rounds, after one to warm up")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with threadpool_limits(options.threads, user_api="blas"):
        ridge(made(), options.rounds)
        logistic(made(), options.rounds)


if __name__ == "__main__":
    main()
