"""Generated digits: what they are worth, from all training rows and from five labels a class.

`full` trains each generative model on four fifths of the built-in digits and reports what
`headstart generate` measures on the rest: the share of samples that a net trained on real digits tells as
their class, the classifier two-sample AUC, the memorisation ratio, and nets with and without samples over
five seeds, against the better of ordinary augmentation and none.

`few` draws five labels a class, five times; the generative model sees those 50 rows alone. Nets learn from
the same rows with ordinary augmentation (crops, without mirroring, which digits do not stand) and with
samples, in equally many steps, and are tested on all other rows. The intervals are Student's t over draws.

    python -m benchmarks.generative full [--generators flow vae]
    python -m benchmarks.generative few [--generator flow] [--draws 5]
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import headstart as hs
from headstart.data.load import load
from headstart.data.splits import per_class
from headstart.metrics.repeats import student

LABELS = 5  # a class


def full(args: argparse.Namespace) -> None:
    """All training rows."""
    for spec in args.generators:
        with tempfile.TemporaryDirectory() as folder:
            found = hs.generate("digits", out=Path(folder) / "gen", generator=spec, flip=False)
        result = found.result
        checks = result.checks
        print(f"{spec}: {result.rows} samples from {result.train_rows} rows, {result.test_rows} held out")
        for name in ("told", "told_real", "auc", "memorisation"):
            print(f"  {name}: {_shown(getattr(checks, name))}")
        print(f"  copies {checks.copies:.3f}, out of range {result.clipped / result.rows:.3f}")
        for arm in result.arms:
            print(
                f"  {arm.title}: {_shown(arm.interval)}" + (f", gain {_shown(arm.gain)}" if arm.gain else "")
            )


def few(args: argparse.Namespace) -> None:
    """Five labels a class."""
    data = load("digits")
    scores: dict[str, list[float]] = {}
    ratios, told = [], []
    for draw in range(args.draws):
        learn = set(per_class(data.labels, LABELS, draw).tolist())
        sides = tuple("train" if row in learn else "test" for row in range(len(data)))
        with tempfile.TemporaryDirectory() as folder:
            found = hs.generate(
                replace(data, split=sides),
                out=Path(folder) / "gen",
                generator=args.generator,
                steps=args.steps,
                rows=50,
                seeds=2,
                flip=False,
                seed=draw,
            )
        ratio = found.result.checks.memorisation
        ratios += [] if ratio is None else [ratio.value]
        told.append(found.result.checks.told.value)
        for arm in found.result.arms:
            scores.setdefault(arm.name, []).append(float(np.mean(arm.scores)))
        print(draw, {name: round(mine[-1], 3) for name, mine in scores.items()}, flush=True)
    print(f"{args.generator}, {LABELS} labels a class, {args.draws} draws")
    for name, mine in scores.items():
        gain = [one - other for one, other in zip(mine, scores["augmentation"], strict=True)]
        print(f"  {name}: {_shown(student(mine))}, gain over augmentation {_shown(student(gain))}")
    print(f"  memorisation {_shown(student(ratios))}, told by a net of 50 rows {_shown(student(told))}")


def _shown(found: Any) -> str:
    return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"


def main() -> None:
    """Run the chosen part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=("full", "few"))
    parser.add_argument("--generators", nargs="+", default=["flow", "vae"])
    parser.add_argument("--generator", default="flow")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--steps", type=int, default=600)
    args = parser.parse_args()
    {"full": full, "few": few}[args.part](args)


if __name__ == "__main__":
    main()
