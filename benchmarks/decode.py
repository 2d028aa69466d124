"""Large JPEGs into 224 x 224 inputs: headstart against Pillow + torchvision transforms.

    python benchmarks/decode.py [--pictures 24] [--rounds 7]

Both run in one process on the same files, in turn; ratios are medians over paired rounds.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torchvision import transforms

from headstart.core import Preprocess
from headstart.data.decode import prepare
from headstart.data.parallel import parallel_map, processors

SIZES = ((2000, 1500), (500, 375))
PREPROCESS = Preprocess()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--pictures", type=int, default=24)
    options.add_argument("--rounds", type=int, default=7)
    asked = options.parse_args()
    print(f"{asked.pictures} JPEGs of each size, {asked.rounds} rounds, {processors()} processors\n")
    print("| size | way | ms a picture | times faster | mean difference of levels |")
    print("|---|---|---|---|---|")
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            report(size, photos(Path(folder), size, asked.pictures), asked.rounds)


def report(size: tuple[int, int], files: list[Path], rounds: int) -> None:
    ways: dict[str, Callable[[list[Path]], torch.Tensor]] = {
        "Pillow + torchvision": reference,
        "headstart, one thread": lambda files: ours(files, 1),
        "headstart": lambda files: ours(files, 0),
    }
    results = {name: way(files).float() for name, way in ways.items()}  # also warms up
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            began = time.perf_counter()
            way(files)
            seconds[name].append(time.perf_counter() - began)
    base = "Pillow + torchvision"
    for name, taken in seconds.items():
        ratio = statistics.median(b / t for b, t in zip(seconds[base], taken, strict=True))
        each = statistics.median(taken) / len(files) * 1000
        apart = (results[name] - results[base]).abs().mean()
        print(f"| {size[0]} x {size[1]} | {name} | {each:.1f} | {ratio:.2f} | {apart:.2f} |")


def reference(files: list[Path]) -> torch.Tensor:
    transform = transforms.Compose(
        [
            transforms.Resize(256, transforms.InterpolationMode.BICUBIC),
            transforms.CenterCrop(224),
            transforms.PILToTensor(),
        ]
    )
    return torch.stack([transform(Image.open(file).convert("RGB")) for file in files])


def ours(files: list[Path], threads: int) -> torch.Tensor:
    return torch.stack(parallel_map(lambda file: prepare(file, PREPROCESS), files, threads))


def photos(folder: Path, size: tuple[int, int], count: int) -> list[Path]:
    """JPEGs of noise at several scales, which compress about as photos do."""
    rng = np.random.default_rng(0)
    files = []
    for number in range(count):
        total = np.zeros((size[1], size[0], 3), dtype=np.float32)
        for cell in (3, 12, 50, 200):
            shape = (size[1] // cell + 2, size[0] // cell + 2, 3)
            coarse = Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8))
            total += np.asarray(coarse.resize(size, Image.Resampling.BICUBIC)) * cell**0.5
        total -= total.min()
        picture = Image.fromarray((total / total.max() * 255).astype(np.uint8))
        files.append(folder / f"{number}.jpg")
        picture.save(files[-1], quality=90)
    return files


if __name__ == "__main__":
    main()
