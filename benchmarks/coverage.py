"""How often 95 % intervals hold the truth: repeated test parts of a process whose truth is known.

A cell is a kind of label, a number of rows and of classes (or tags, or columns), perhaps with a class of five
rows, or with 20 groups whose labels and errors go together (9/10 of the variance of scores is the group's).
The truth is the metric of 200,000 independent rows of the same process. Two models answer the same rows: the
first is right, or precise, a little more often. `before` is what stood here until November 2026: the
percentile bootstrap over single rows, and Wilson's interval over single rows for the accuracy.

    python -m benchmarks.coverage [--repeats 300] [--cells 40x2 100x10g ...] [--before]

A cell is named rows x classes, then `r` for a rare class, `g` for groups, `o` for overconfident answers
(scores doubled), `t` for tags, `n` for numbers: 40x2, 100x10g, 400x2tr. Without --cells: all.
"""

import argparse
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.metrics.intervals import Interval, paired, score_all, score_one, wilson
from headstart.metrics.kinds import measure_of
from headstart.metrics.scored_outputs import once

Floats = NDArray[np.float64]
TRUTH = 200_000
GROUPS = 20
RARE = 5
DRAWS = 500
SHOWN = {
    "classes": (
        *("accuracy", "balanced_accuracy", "macro_f1", "log_loss", "calibration_error"),
        *("auc", "average_precision"),
    ),
    "tags": ("average_precision", "macro_f1", "log_loss", "calibration_error"),
    "numbers": ("r2", "rmse", "mae"),
}
CELLS = (
    *(f"{n}x{k}" for n in (40, 100, 400) for k in (2, 10, 20)),
    *(f"{n}x{k}r" for n in (40, 100, 400) for k in (2, 10)),
    *(f"{n}x{k}g" for n in (40, 100, 400) for k in (2, 10, 20)),
    *(f"{n}x{k}o" for n in (40, 400) for k in (2, 10)),
    "400x2go",
    *(f"{n}x{k}t" for n in (40, 100, 400) for k in (2, 10, 20)),
    *(f"{n}x2tr" for n in (40, 100, 400)),
    *(f"{n}x2tg" for n in (40, 100, 400)),
    *(f"{n}x{k}n" for n in (40, 100, 400) for k in (1, 10)),
    *(f"{n}x1ng" for n in (40, 100, 400)),
)


@dataclass(frozen=True)
class Cell:
    """What is drawn."""

    rows: int
    classes: int
    traits: str

    @classmethod
    def of(cls, name: str) -> "Cell":
        """The cell of a name such as 40x2g."""
        rows, classes, traits = re.fullmatch(r"(\d+)x(\d+)([a-z]*)", name).groups()  # type: ignore[union-attr]
        return cls(int(rows), int(classes), traits)

    @property
    def kind(self) -> Any:
        """The kind of label."""
        return "tags" if "t" in self.traits else "numbers" if "n" in self.traits else "classes"

    @property
    def size(self) -> int:
        """Rows of a group."""
        return self.rows // GROUPS if "g" in self.traits else 1

    def draw(self, rng: np.random.Generator, rows: int) -> tuple[Any, Floats, Floats]:
        """Labels of `rows` rows, and the answers of both models."""
        draws = {"classes": self._classes, "tags": self._tags, "numbers": self._numbers}
        return draws[self.kind](rng, rows)

    def groups(self, rows: int) -> Any:
        """The group of each row, if there are any."""
        return np.arange(rows) // self.size if "g" in self.traits else None

    def _noise(self, rng: np.random.Generator, rows: int, width: int) -> Floats:
        if self.size == 1:
            return rng.normal(size=(rows, width))
        common = rng.normal(size=(rows // self.size, width)).repeat(self.size, 0)
        noise: Floats = np.sqrt(0.9) * common + np.sqrt(0.1) * rng.normal(size=(rows, width))
        return noise

    def _classes(self, rng: np.random.Generator, rows: int) -> tuple[Any, Floats, Floats]:
        units, k = rows // self.size, self.classes
        shares = np.full(k, 1 / k)
        if "r" in self.traits:
            shares = np.array([RARE / self.rows] + [(1 - RARE / self.rows) / (k - 1)] * (k - 1))
        if rows == self.rows and self.size == 1:  # stratified, as a test part is
            counts = np.floor(np.cumsum(shares) * rows + 1e-9).astype(int)
            y = rng.permutation(np.repeat(np.arange(k), np.diff(counts, prepend=0)))
        else:
            y = rng.choice(k, units, p=shares).repeat(self.size)
        skill = np.where((y == 0) & ("r" in self.traits), 1.0, 2.0)[:, None] * np.eye(k)[y]
        noise, more = self._noise(rng, rows, k), self._noise(rng, rows, k)
        scale = 4.0 if "o" in self.traits else 2.0
        return (
            y,
            _softmax(scale * (skill + noise)),
            _softmax(scale * (0.85 * skill + 0.8 * noise + 0.6 * more)),
        )

    def _tags(self, rng: np.random.Generator, rows: int) -> tuple[Any, Floats, Floats]:
        units, k = rows // self.size, self.classes
        shares = np.full(k, 0.3)
        shares[0] = RARE / self.rows if "r" in self.traits else 0.3
        y = (rng.random((units, k)) < shares).repeat(self.size, 0)
        if "r" in self.traits and rows == self.rows:
            y[:, 0] = np.arange(rows) < RARE
        noise = 0.7 * (self._noise(rng, rows, k) + self._noise(rng, rows, 1))
        more = 0.7 * (self._noise(rng, rows, k) + self._noise(rng, rows, 1))
        scores = (2 * y - 1.2 + noise, 1.7 * y - 1.2 + 0.8 * noise + 0.6 * more)
        first, second = (1 / (1 + np.exp(-each)) for each in scores)
        return y, first, second

    def _numbers(self, rng: np.random.Generator, rows: int) -> tuple[Any, Floats, Floats]:
        y, noise, more = (self._noise(rng, rows, self.classes) for _ in range(3))
        return y, 0.7 * y + 0.5 * noise, 0.6 * y + 0.4 * noise + 0.4 * more


def _softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(1, keepdims=True))
    shares: Floats = raised / raised.sum(1, keepdims=True)
    return shares


def before(cell: Cell, answers: Floats, labels: Any, rng: np.random.Generator) -> dict[str, Interval]:
    """The percentile bootstrap over rows, and Wilson's interval of the accuracy."""
    measures = measure_of(cell.kind)
    scored = measures.score(answers, labels)
    weights = rng.multinomial(cell.rows, np.full(cell.rows, 1 / cell.rows), DRAWS).astype(np.float64)
    intervals = {}
    for name in SHOWN[cell.kind]:
        low, high = np.quantile(measures.metrics[name](scored, weights), [0.025, 0.975])
        value = once(scored, measures.metrics[name], cell.rows)
        intervals[name] = Interval(value, min(value, low), max(value, high))
    if cell.kind == "classes":
        intervals["accuracy"] = wilson(int(scored.right.sum()), cell.rows)
    return intervals


def repeated(cell: Cell, repeats: int, old: bool) -> Iterator[tuple[str, str, float, float, float, float]]:
    """Of each metric what it is of, and the shares that hold, lie above and below, and the mean width."""
    rng = np.random.default_rng(2026)
    labels, *answers = replace(cell, traits=cell.traits.replace("g", "")).draw(rng, TRUTH)
    measures = measure_of(cell.kind)
    scored = [measures.score(each, labels) for each in answers]
    truth = {}
    for name in SHOWN[cell.kind]:
        first, second = (once(each, measures.metrics[name], len(labels)) for each in scored)
        truth["before", name] = truth["one", name] = first
        truth["pair", name] = first - second
    found: dict[tuple[str, str], list[Interval]] = {}
    for seed in range(repeats):
        rng = np.random.default_rng([cell.rows, cell.classes, seed])
        labels, *answers = cell.draw(rng, cell.rows)
        groups = cell.groups(cell.rows)
        all_of = score_all(answers[0], labels, seed, groups)
        for name in measures.on_request:
            all_of[name] = score_one(answers[0], labels, seed, groups, name)
        for name in SHOWN[cell.kind]:
            found.setdefault(("one", name), []).append(all_of[name])
            pair = paired(answers[0], answers[1], labels, seed, metric=name, groups=groups)
            found.setdefault(("pair", name), []).append(pair)
        for name, interval in before(cell, answers[0], labels, rng).items() if old else ():
            found.setdefault(("before", name), []).append(interval)
    for (what, name), intervals in found.items():
        so = truth[what, name]
        above = float(np.mean([each.low > so for each in intervals]))
        below = float(np.mean([each.high < so for each in intervals]))
        width = float(np.mean([each.high - each.low for each in intervals]))
        yield what, name, 1 - above - below, above, below, width


def main() -> None:
    """Print the coverage of all cells, a line each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=300)
    parser.add_argument("--cells", nargs="*", default=CELLS)
    parser.add_argument("--before", action="store_true")
    parser.add_argument("--details", action="store_true", help="misses on each side, and the mean width")
    given = parser.parse_args()
    for name in given.cells:
        start = time.perf_counter()
        lines = list(repeated(Cell.of(name), given.repeats, given.before))
        for what in ("before", "one", "pair"):
            of = [line for line in lines if line[0] == what]
            if of:
                print(
                    f"{name:9}{what:7}" + "  ".join(f"{line[1]} {100 * line[2]:.1f}" for line in of),
                    flush=True,
                )
            for line in of if given.details else ():
                print(f"{'':16}{line[1]:18} too high {line[3]:.3f} too low {line[4]:.3f} width {line[5]:.3f}")
        print(f"{name:9}{time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
