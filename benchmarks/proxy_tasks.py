"""What proxy tasks teach a small encoder: `python -m benchmarks.proxy_tasks [--fashion FOLDER]`.

scikit-learn's digits (8 x 8 pixels; 1,297 rows without labels, 500 for the test), or with `--fashion`
Fashion-MNIST (28 x 28; 6,000 rows of its training part, 2,000 of its test part). Three convolutions, random
at first, are pre-trained for 200 steps of 128 rows by each task, all at one rate; nothing is tuned. Then
scikit-learn's logistic regression learns 5 and 10 labels a class from standardised features, in five draws of
the labels, which are the same for all. Over 3 seeds of the network and of the training.

    apt-get download dataset-fashion-mnist && dpkg -x dataset-fashion-mnist*.deb unpacked
    python -m benchmarks.proxy_tasks --fashion unpacked/usr/share/datasets/fashion-mnist
"""

import argparse
import gzip
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import nn

import headstart as hs
from headstart.core import make

SEEDS, DRAWS, STEPS, BATCH, RATE = 3, 5, 200, 128, 2e-3
LABELS = (5, 10)  # a class
T95 = 4.303  # of Student's t with 2 degrees of freedom
TASKS = (
    "simclr",
    "rotation",
    "relative-rotation",
    "same-or-not",
    "relative-position",
    "jigsaw",
    "relative-rotation:compare=concat",
    "relative-rotation:angles=8",
)
Sets = tuple[np.ndarray, np.ndarray, np.ndarray]  # unlabelled and test pictures (n, 1, h, w); labels of both
Scores = dict[int, np.ndarray]  # by labels a class, one a draw


def net(seed: int, size: int) -> nn.Module:
    """Three convolutions with batch normalisation for pictures of a size, averaged over places."""

    def layers(inputs: int, outputs: int, stride: int = 2) -> list[nn.Module]:
        convolution = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1)
        return [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        flat = [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        return nn.Sequential(*layers(1, 32, 1 if size < 16 else 2), *layers(32, 64), *layers(64, 128), *flat)


def digits() -> Sets:
    """The rows of scikit-learn's digits, the last 500 for the test."""
    data = hs.data.load("digits")
    assert data.array is not None
    x = data.array.reshape(-1, 1, 8, 8).astype("float32") / 255
    return x[:-500], x[-500:], np.asarray(data.labels)


def fashion(folder: Path) -> Sets:
    """The first 6,000 rows of the training part, and the first 2,000 of the test part."""

    def read(name: str, head: int) -> np.ndarray:
        return np.frombuffer(gzip.decompress((folder / f"{name}-ubyte.gz").read_bytes()), np.uint8)[head:]

    train, test = (read(f"{name}-images-idx3", 16).reshape(-1, 1, 28, 28) for name in ("train", "t10k"))
    labels = np.concatenate([read("train-labels-idx1", 8)[:6000], read("t10k-labels-idx1", 8)[:2000]])
    return train[:6000].astype("float32") / 255, test[:2000].astype("float32") / 255, labels


def features(encoder: nn.Module, x: np.ndarray) -> np.ndarray:
    """Features of pictures in evaluation mode."""
    with torch.no_grad():
        parts = [encoder.eval()(part) for part in torch.split(torch.from_numpy(x), 500)]
    return torch.cat(parts).numpy()


def probe(encoder: nn.Module, data: Sets) -> Scores:
    """Accuracy on the test part by labels a class, for each draw of the labels."""
    train, test = features(encoder, data[0]), features(encoder, data[1])
    scale = StandardScaler().fit(train)
    train, test, labels = scale.transform(train), scale.transform(test), data[2]
    own, truth = labels[: len(train)], labels[len(train) :]
    found: Scores = {}
    for count in LABELS:
        scores = []
        for draw in range(DRAWS):
            order = np.random.default_rng(draw).permutation(len(train))
            rows = np.concatenate([order[own[order] == one][:count] for one in np.unique(own)])
            fitted = LogisticRegression(max_iter=2000).fit(train[rows], own[rows])
            scores.append(fitted.score(test, truth))
        found[count] = np.array(scores)
    return found


def pretrained(task: str, seed: int, data: Sets) -> tuple[nn.Module, float]:
    """The encoder, and its loss at the end over the chance level."""
    method: Any = make(f"{task}{',' if ':' in task else ':'}then=nothing")
    recipe = hs.Recipe(steps=STEPS, batch=BATCH, lr=RATE, seed=seed)
    base = hs.models.backbone(net(seed, data[0].shape[-1]), example=torch.from_numpy(data[0][:2]))
    found = hs.fit(method, base, (data[0], data[2][: len(data[0])].astype(str)), recipe)
    chance = method.chance_level(BATCH)
    assert chance is not None
    return found.model.backbone, statistics.mean(found.curve[-20:]) / chance


def shown(values: list[float]) -> str:
    """Mean and 95 % interval over the seeds, in points."""
    half = T95 * statistics.stdev(values) / len(values) ** 0.5
    return f"{100 * statistics.mean(values):.1f} ± {100 * half:.1f}"


def table(name: str, data: Sets, tasks: list[str]) -> None:
    """Print one row a task."""
    before = [probe(net(seed, data[0].shape[-1]), data) for seed in range(SEEDS)]
    columns = " | ".join(f"{count} labels a class | over random weights" for count in LABELS)
    print(f"\n{name}: {len(data[0])} rows without labels, test of {len(data[1])}\n")
    rule = "---|" * (2 * len(LABELS) + 3)
    print(f"| task | {columns} | loss / chance | seconds of the processor |\n|{rule}")
    start = " | ".join(f"{shown([one[count].mean() for one in before])} |" for count in LABELS)
    print(f"| random weights | {start} | | |")
    for task in tasks:
        begun = time.process_time()
        made = [pretrained(task, seed, data) for seed in range(SEEDS)]
        spent = (time.process_time() - begun) / SEEDS
        after = [probe(encoder, data) for encoder, _ in made]
        cells = []
        for count in LABELS:
            gained = [(b[count] - a[count]).mean() for a, b in zip(before, after, strict=True)]
            cells += [shown([one[count].mean() for one in after]), shown(gained)]
        loss = statistics.mean(ratio for _, ratio in made)
        print(f"| {task} | {' | '.join(cells)} | {loss:.2f} | {spent:.0f} |", flush=True)


def main() -> None:
    """Print the table of one set."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fashion", type=Path, help="folder of Fashion-MNIST's files; default: digits")
    parser.add_argument("--tasks", nargs="+", default=list(TASKS))
    given = parser.parse_args()
    if given.fashion is None:
        table("digits", digits(), given.tasks)
    else:
        table("Fashion-MNIST", fashion(given.fashion), given.tasks)


if __name__ == "__main__":
    main()
