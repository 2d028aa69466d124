"""Unpaired translation of digits whose levels were inverted, or whose colours were changed; 3 seeds.

Source: 900 of the 1,797 handwritten digits of 8 x 8 pixels; target: the other 897, changed; no pairs, and
target labels for the figures alone. The model is a small net trained on the source. F = f o G: target rows
are made to look like the source; the other way: a small net is trained on source rows that were made to look
like the target. `python -m benchmarks.translation [invert|recolour ...] [--steps N] [--method SPEC]`
"""

import argparse
import time
from dataclasses import replace

import numpy as np

import headstart as hs
from headstart.core import derive_seed
from headstart.data.dataset import Dataset
from headstart.data.load import load
from headstart.data.samples import Array

SEEDS = 3
COLOURS = {  # of the pen and of the paper, in each domain
    "source": ((255, 230, 26), (26, 26, 128)),
    "target": ((26, 77, 230), (230, 230, 178)),
}


def domains(task: str, seed: int) -> tuple[Dataset, Dataset]:
    """Two halves of the digits, in the looks of the two domains."""
    digits = load("digits")
    rows = np.random.default_rng(derive_seed(seed, "translation")).permutation(len(digits))
    source, target = digits.subset(rows[:900]), digits.subset(rows[900:])
    if task == "invert":
        return source, _looking(target, 255 - np.asarray(target.array))
    return tuple(
        _looking(one, _coloured(one, name)) for one, name in ((source, "source"), (target, "target"))
    )  # type: ignore[return-value]


def _coloured(data: Dataset, name: str) -> np.ndarray:
    ink = np.asarray(data.array, dtype=np.float64)[..., None] / 255
    pen, paper = (np.array(colour) for colour in COLOURS[name])
    found: np.ndarray = np.rint(ink * pen + (1 - ink) * paper).astype(np.uint8)
    return found


def _looking(data: Dataset, pixels: np.ndarray) -> Dataset:
    return replace(data, samples=Array(pixels, are_images=True))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("tasks", nargs="*", default=["invert", "recolour"])
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--method", default="cyclegan")
    told = parser.parse_args()
    print("task, method, seed, source-only, F = f o G, trained on translated, cycle error, round trip flips")
    for task in told.tasks:
        for seed in range(SEEDS):
            source, target = domains(task, seed)
            begun = time.perf_counter()
            how = {"method": told.method, "seed": seed, "steps": told.steps}
            found = hs.translate(source, target, target_test=target, **how).result
            shares = (found.accuracy_target, found.accuracy_through, found.accuracy_trained)
            figures = "  ".join(f"{100 * (share or 0):9.1f} %" for share in shares)
            cycle = f"{found.cycle_before or 0:.3f} -> {found.cycle_after or 0:.3f}"
            flips = 100 * (found.round_trip_flips or 0)
            print(
                f"{task:9} {told.method:10} {seed:4}  {figures}  {cycle}  {flips:.1f} %  "
                f"({time.perf_counter() - begun:.0f} s)",
                flush=True,
            )


if __name__ == "__main__":
    main()
