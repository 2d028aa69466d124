"""A new example to a new answer in a teaching session, against retraining logistic regression.

    python -m benchmarks.teach_update [--examples 200] [--rounds 7]

Clip art of 13 classes and EfficientNet-Lite0. The features of the examples that are there are known to both;
each round adds another picture. Counted are seconds on the processor, of one thread: with the features of the
new picture and without, and with the leave-one-out accuracy of all examples, for which logistic regression is
retrained once an example (timed on ten of them). "tuned" chooses the penalty as the session does, of 13 by
five folds, on standardised features; the plain one takes scikit-learn's default on the features as they are.
"""

import argparse
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from headstart.data.load import load
from headstart.data.samples import Raw
from headstart.teaching.session import TeachingSession

LEFT_OUT = 10  # fits that leave-one-out is timed on


def plain() -> Any:
    """Scikit-learn's default, with steps enough."""
    return LogisticRegression(max_iter=2000)


def tuned() -> Any:
    """With the penalty chosen."""
    grid = np.logspace(-4, 2, 13)
    return make_pipeline(StandardScaler(), LogisticRegressionCV(Cs=grid, cv=5, max_iter=2000))


def seconds(action: Callable[[], Any]) -> float:
    """On the processor."""
    start = time.process_time()
    action()
    return time.process_time() - start


def one_round(session: TeachingSession, label: str, content: Raw, new: Raw) -> dict[str, float]:
    """Seconds of each way, after an example was added."""
    times = {"features of a picture": seconds(lambda: session._reader.read(content, "new"))}
    times["session: add, solve, answer"] = seconds(
        lambda: (session.add(label, content), session.predict(new))
    )
    x = session._features()
    y = np.array([each.label for each in session.state.examples])
    session._head = None
    times["session: solve"] = seconds(session.head)
    times["session: leave-one-out accuracy"] = seconds(session.evidence)
    times["plain logistic regression"] = seconds(lambda: plain().fit(x.numpy(), y))
    times["tuned logistic regression"] = seconds(lambda: tuned().fit(x.numpy(), y))
    left = np.random.default_rng(len(y)).choice(len(y), LEFT_OUT, replace=False)
    keep = [np.arange(len(y)) != row for row in left]
    some = seconds(lambda: [plain().fit(x.numpy()[rows], y[rows]) for rows in keep])
    times["plain logistic regression, once an example"] = some / LEFT_OUT * len(y)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description="A new example to a new answer.")
    parser.add_argument("--examples", type=int, default=200, help="that are there before the first round")
    parser.add_argument("--rounds", type=int, default=7, help="after one to warm up")
    wanted = parser.parse_args()
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    data = load("clipart")
    rows = np.random.default_rng(0).permutation(len(data))[: wanted.examples + wanted.rounds + 2]
    with tempfile.TemporaryDirectory() as folder:
        session = TeachingSession(data=data.subset(rows[: wanted.examples]), out=f"{folder}/lesson")
        times: dict[str, list[float]] = {}
        for number, row in enumerate(rows[wanted.examples : -1]):
            label, content = data.classes[int(data.labels[row])], data.raw(int(row))
            for name, spent in one_round(session, label, content, data.raw(int(rows[-1]))).items():
                times.setdefault(name, []).extend([spent] if number else [])
        accuracy = session.evidence().accuracy
    print(f"\n{wanted.examples} examples, median of {wanted.rounds} rounds, milliseconds on the processor\n")
    print("| what | ms |")
    print("|---|---|")
    for name, each in times.items():
        print(f"| {name} | {1000 * statistics.median(each):.1f} |")
    print("\n| against | times as fast |")
    print("|---|---|")
    for name, mine, theirs in COMPARED:
        pairs = zip(*(sum_of(times, each) for each in (theirs, mine)), strict=True)
        print(f"| {name} | {statistics.median(a / b for a, b in pairs):.1f} |")
    print(f"\nLeave-one-out accuracy: {accuracy}")


COMPARED = (
    ("solve, plain", ["session: solve"], ["plain logistic regression"]),
    ("solve, tuned", ["session: solve"], ["tuned logistic regression"]),
    (
        "new example to new answer, plain",
        ["session: add, solve, answer"],
        ["features of a picture", "features of a picture", "plain logistic regression"],
    ),
    (
        "new example to new answer, tuned",
        ["session: add, solve, answer"],
        ["features of a picture", "features of a picture", "tuned logistic regression"],
    ),
    (
        "leave-one-out accuracy, plain",
        ["session: leave-one-out accuracy"],
        ["plain logistic regression, once an example"],
    ),
)


def sum_of(times: dict[str, list[float]], names: list[str]) -> list[float]:
    """The sum of some times (rounds,)."""
    return [sum(spent) for spent in zip(*(times[name] for name in names), strict=True)]


if __name__ == "__main__":
    main()
