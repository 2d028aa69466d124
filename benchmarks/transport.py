"""Epsilon of optimal transport and the penalty of its probe, on 15 pairs: `python -m benchmarks.transport`.

Nine tables and two changes of digits of `benchmarks.consensus`, and the four pairs of its texts whose target
are no tweets; at most 300 rows of each domain, features as they are. Fixed before the run: the default is
what has the highest mean gain over the probe on the source. IMDB to tweets, of which the default was said to
be bad, is no part of it and comes last, with POT's default and scikit-learn's probe beside it.

    python -m benchmarks.transport --packages packages    # as `benchmarks.consensus` takes them
"""

import argparse
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle, permutations
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.consensus import PICTURES, Rows, between, changed, digits, moved, selected, tables, texts
from headstart.methods.inputs.domains.optimal_transport import OptimalTransport
from headstart.solvers.penalty_selection import select_logistic, spread

EPSILONS = (0.05, 0.1, 0.3, 1.0)
MOST = 300


def pairs(known: dict[str, Rows], words: dict[str, Rows]) -> Iterator[tuple[str, tuple[Rows, Rows]]]:
    """By name, source and target."""
    kinds: list[tuple[str, Callable[[Rows], tuple[Rows, Rows]]]]
    kinds = [("selected", selected), ("moved", moved), ("noisy", partial(moved, noise=1.0))]
    for (name, rows), (kind, make) in zip([*known.items()][:9], cycle(kinds), strict=False):
        yield f"{name}, {kind}", make(rows)
    for kind in ("contrast", "rotated"):
        yield f"digits, {kind}", changed(digits(), PICTURES[kind])
    for one, other in permutations(words, 2):
        if other != "tweets":
            yield f"{one} to {other}", between(words[one], words[other])


def taken(domains: tuple[Rows, Rows], most: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Rows and class numbers of the source, and of the target, without classes that the source has not."""
    (x, y), (u, v) = ((rows[:most].reshape(len(rows[:most]), -1), names[:most]) for rows, names in domains)
    classes, labels = np.unique(y, return_inverse=True)
    known = np.isin(v, classes)
    found = (x, labels, u[known], np.searchsorted(classes, v[known]))
    one, goals, other, truth = (torch.from_numpy(np.asarray(each)) for each in found)
    return one.float(), goals, other.float(), truth


def right(rows: Tensor, labels: Tensor, penalty: float | None, seen: tuple[Tensor, Tensor]) -> float:
    """Accuracy of a probe on rows that is read on other rows."""
    fit = select_logistic(rows, labels, int(labels.max()) + 1, penalty)
    answers = (seen[0].double() @ fit.weight.double().T + fit.bias.double()).argmax(1)
    return float((answers == seen[1]).double().mean())


def compared(domains: tuple[Rows, Rows], most: int, learn: int | None = None) -> list[float]:
    """Accuracy of the source's probe; then for each epsilon with its penalty, and in units of the spread."""
    x, y, u, v = taken(domains, most)
    seen, onto = (u[learn:], v[learn:]) if learn else (u, v), u[:learn]
    penalty = select_logistic(x, y, int(y.max()) + 1).penalty
    found = [right(x, y, penalty, seen)]
    for epsilon in EPSILONS:
        there = OptimalTransport(epsilon=epsilon).move(x, y, onto)
        found += [right(there, y, penalty * unit, seen) for unit in (1.0, spread(there) / spread(x))]
    return found


def beside(domains: tuple[Rows, Rows], learn: int) -> float:
    """Accuracy of POT's default with scikit-learn's logistic regression."""
    import ot  # type: ignore[import-untyped]
    from sklearn.linear_model import LogisticRegression

    x, y, u, v = (each.numpy() for each in taken(domains, 900))
    theirs = ot.da.SinkhornTransport()
    theirs.fit(Xs=x, Xt=u[:learn])
    return float(LogisticRegression(max_iter=3000).fit(theirs.transform(Xs=x), y).score(u[learn:], v[learn:]))


def main() -> None:
    """The table, its means, and the pair that is no part of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--packages", type=Path, required=True)
    words = texts(parser.parse_args().packages)
    print("pair: source, then of each epsilon", EPSILONS, "the penalty as it is, in units of the spread")
    rows = []
    for name, domains in pairs(tables(), words):
        rows.append(compared(domains, MOST))
        print(name, *(f"{figure:.3f}" for figure in rows[-1]), flush=True)
    gains = 100 * (np.array(rows)[:, 1:] - np.array(rows)[:, :1])
    print("mean gain, points", *(f"{gain:+.1f}" for gain in gains.mean(0)))
    print("worst", *(f"{gain:+.1f}" for gain in gains.min(0)))
    old = words["imdb"], words["tweets"]
    print(
        "imdb to tweets",
        *(f"{figure:.3f}" for figure in compared(old, 900, 630)[:3]),
        f"{beside(old, 630):.3f}",
    )


if __name__ == "__main__":
    main()
