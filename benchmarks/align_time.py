"""`align` with its usual methods against an older build: `python -m benchmarks.align_time --old FOLDER`.

FOLDER is a checkout of the older commit (`git worktree add FOLDER 19ce17d`). Each call has a process of its
own, in turns; what is imported before is not timed. Digits: 600 and 500 of 8 x 8, the target with less
contrast, a small convolutional network from random weights. Pictures: 160 and 120 clip arts of 96 pixels, the
target with less contrast, the built-in backbone. One seed; as many epochs in both builds, since the newer one
trains an untrained network longer where its steps are few.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_digits
from torch import nn

import headstart as hs

CALLS: dict[str, dict[str, int]] = {"digits": {"epochs": 10}, "pictures": {"epochs": 5, "size": 96}}
SOURCE = {"digits": 600, "pictures": 160}  # rows; the others are the target


def net() -> nn.Module:
    """Two convolutions with batch normalisation."""
    torch.random.manual_seed(0)
    layers: list[nn.Module] = []
    for inside, outside in ((1, 16), (16, 32)):
        layers += [nn.Conv2d(inside, outside, 3, padding=1), nn.BatchNorm2d(outside), nn.ReLU()]
        layers += [nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))


def write(folder: Path) -> None:
    """Both pairs of domains, for either build to read."""
    x, y = load_digits(return_X_y=True)
    digits = (x[:1100] / 16).reshape(-1, 1, 8, 8).astype(np.float32)
    digits[600:] = 0.4 * digits[600:] + 0.3
    np.savez(folder / "digits.npz", x=digits, y=y[:1100].astype(str))
    data = hs.data.load("clipart")
    chosen = np.random.default_rng(0).permutation(len(data))[:280]
    raw = (data.samples.raw(row) for row in chosen)
    files = [Image.open(BytesIO(one)) for one in raw if isinstance(one, bytes)]
    pictures = np.stack([np.asarray(one.convert("RGB").resize((96, 96))) for one in files])
    pictures[160:] = 0.4 * pictures[160:] + 76
    np.savez(folder / "pictures.npz", x=pictures, y=np.array(data.classes)[data.labels[chosen]])


def call(name: str, folder: Path) -> None:
    """One call of the build that is imported, and its seconds, on the clock and of the processor."""
    pair, first = np.load(folder / f"{name}.npz"), SOURCE[name]
    x, y = pair["x"], pair["y"]
    begun, computed = time.perf_counter(), time.process_time()
    backbone = net() if name == "digits" else None
    hs.align((x[:first], y[:first]), (x[first:], y[first:]), backbone, seeds=1, **CALLS[name])
    print(time.perf_counter() - begun, time.process_time() - computed)


def timed(name: str, source: Path, folder: Path) -> tuple[float, ...]:
    """Seconds, on the clock and of the processor, of one call of a build, in a process of its own."""
    words = [sys.executable, "-m", "benchmarks.align_time", "--call", name, "--data", str(folder)]
    paths = os.pathsep.join([str(source), str(Path.cwd())])
    done = subprocess.run(
        words, env=os.environ | {"PYTHONPATH": paths}, check=True, capture_output=True, text=True
    )
    return tuple(map(float, done.stdout.split()[-2:]))


def main() -> None:
    """Time both calls with both builds, or with `--call` one of them here."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--old", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--call", choices=CALLS)
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    if given.call:
        call(given.call, given.data)
        return
    own = Path(hs.__file__).parents[1]
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        for name in CALLS:
            print(f"\n{name}")
            for round_ in range(given.rounds):
                old, new = (timed(name, each, Path(folder)) for each in (given.old / "src", own))
                for title, before, now in zip(("clock", "processor"), old, new, strict=True):
                    print(
                        f"round {round_ + 1}, {title}: {before:.1f} s, now {now:.1f}, {now / before:.2f}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
