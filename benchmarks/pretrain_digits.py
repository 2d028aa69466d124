"""Digits with few labels: a probe on a small encoder after 200 steps of pre-training without labels.

The 1797 digits of 8 x 8 pixels that come with headstart, as arrays of one channel in [-1, 1]. 500 rows,
drawn by a fixed seed, are the test part and in no pre-training. `small-convnet` is pre-trained on the other
1297 without labels, with three seeds: other random weights, other views. A logistic probe then learns from
1, 5 and 10 labels a class, in two draws, and from the same rows on random weights and on the raw pixels.
All settings but steps and batch are the methods' own. Intervals are over the six trainings, Student's t:
the test rows are one part, so they do not tell of other ones.

    python -m benchmarks.pretrain_digits [--seeds 3] [--draws 2]

`--method dino`, repeatable, takes others than these. `--validate` looks at no test row: 400 of the 1297 are
told instead, and the labelled rows are among the others. By it settings may be compared.
"""

import argparse
import statistics
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import headstart as hs
from headstart.core import Backbone
from headstart.data.dataset import Dataset
from headstart.metrics.repeats import student
from headstart.session.inputs import build_backbone

TEST, VALIDATION, LABELS, LR = 500, 400, (1, 5, 10), 2e-3
STEPS = "steps=200,batch=260,then=nothing"
METHODS = {"SimCLR": f"simclr:{STEPS}", "masked imputation": f"masked-imputation:{STEPS}"}


def load() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    digits = hs.data.load("digits")
    assert digits.array is not None
    x = np.asarray(digits.array, np.float32).reshape(-1, 1, 8, 8)
    return x / 127.5 - 1, np.asarray(digits.labels)


def rows_of(labels: NDArray[np.int64], k: int, draw: int) -> NDArray[np.int64]:
    """`k` rows of each class."""
    rng = np.random.default_rng([draw, k])
    return np.concatenate([rng.permutation(np.flatnonzero(labels == c))[:k] for c in range(10)])


def features(base: Backbone, x: NDArray[np.float32]) -> NDArray[np.float32]:
    with torch.inference_mode():
        found: NDArray[np.float32] = base.eval()(torch.from_numpy(x)).numpy()
    return found


def probe(train: Dataset, test: Dataset) -> float:
    """Accuracy of a logistic probe on features."""
    net = torch.nn.Identity()
    base = hs.models.backbone(net, example=torch.zeros(2, train.array.shape[1]), head=None)  # type: ignore[union-attr]
    told: list[Any] = hs.fit("logistic-probe", base, train).predict(test.array)
    return statistics.fmean(int(one.label) == label for one, label in zip(told, test.labels, strict=True))


def encoders(
    x: NDArray[np.float32], y: NDArray[np.int64], seeds: int, methods: dict[str, str]
) -> Iterator[tuple[str, Backbone]]:
    """Each kind of encoder with each seed."""
    data = hs.data.load((x, y))
    for seed in range(seeds):
        base = build_backbone(data, "small-convnet").untrained(seed)
        yield "random weights", base
        for name, spec in methods.items():
            recipe = hs.Recipe(lr=LR, seed=seed)
            yield name, hs.fit(spec, base, data, recipe).model.backbone


def spread(values: list[float]) -> str:
    found = student(values, 0, 1)
    return f"{100 * found.value:.1f} ({100 * found.low:.1f} to {100 * found.high:.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("--method", action="append", default=[])
    parser.add_argument("--validate", action="store_true")
    options = parser.parse_args()
    methods = {one: f"{one}{',' if ':' in one else ':'}{STEPS}" for one in options.method} or METHODS
    x, y = load()
    order = np.random.default_rng(0).permutation(len(y))
    test, rest = order[:TEST], order[TEST:]
    told, few = (rest[:VALIDATION], rest[VALIDATION:]) if options.validate else (test, rest)
    scores: dict[tuple[str, int], list[float]] = {}
    pixels = ("raw pixels", x.reshape(len(x), -1))
    found = ((name, features(base, x)) for name, base in encoders(x[rest], y[rest], options.seeds, methods))
    for name, z in (pixels, *found):
        for k in LABELS:
            for draw in range(options.draws):
                some = few[rows_of(y[few], k, draw)]
                values = scores.setdefault((name, k), [])
                values.append(probe(hs.data.load((z[some], y[some])), hs.data.load((z[told], y[told]))))
        print(name, {k: f"{100 * scores[name, k][-1]:.1f}" for k in LABELS}, flush=True)
    print(f"| encoder | {' | '.join(f'{k} labels a class' for k in LABELS)} |\n|---|{'---|' * len(LABELS)}")
    for name in dict.fromkeys(name for name, _ in scores):
        print(f"| {name} | {' | '.join(spread(scores[name, k]) for k in LABELS)} |")


if __name__ == "__main__":
    main()
