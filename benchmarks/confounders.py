"""A colour that goes with the class: plain training, two remedies, and alignment, which is none.

scikit-learn's digits, low (0 to 4) against high (5 to 9), in red and green. In 900 training rows the colour
agrees with the class in 90 %; in 450 rows of a target, whose labels nobody is told, in 10 %; in 447 test
rows in 50 %. A small convolutional net from the same random start, 300 steps of 64 rows, three seeds.

    python -m benchmarks.confounders [--seeds 3] [--steps 300]
"""

import argparse
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

import headstart as hs
from headstart.core import Preprocess, make
from headstart.data.attributes import class_by_attribute_groups
from headstart.data.dataset import Dataset
from headstart.metrics.groups import group_accuracy
from headstart.studies.shortcuts.changes import ClassifierUnderTest

METHODS: tuple[tuple[str, bool], ...] = (  # and whether they see the target
    ("fine-tune:backbone_lr=1.0", False),
    ("group-balanced:backbone_lr=1.0", False),
    ("group-dro:backbone_lr=1.0", False),
    ("deep-coral:backbone_lr=1.0", True),
    ("dan:backbone_lr=1.0", True),
    ("dan:backbone_lr=1.0,weight=0.1", True),
    ("dann:backbone_lr=1.0", True),
    ("dann:backbone_lr=1.0,weight=0.1", True),
)


def parts(seed: int) -> tuple[Dataset, Dataset, Dataset]:
    """Training rows, rows of the target, test rows."""
    digits = hs.data.load("digits")
    assert digits.array is not None
    grey = hs.data.load((digits.array, np.where(digits.labels < 5, "low", "high")), name="digits")
    order = np.random.default_rng(seed).permutation(len(grey))
    shares = ((order[:900], 0.9), (order[900:1350], 0.1), (order[1350:], 0.5))
    train, target, test = (
        hs.data.confounded(grey.subset(rows), agreement, seed=seed) for rows, agreement in shares
    )
    return train, target, test


def net(seed: int) -> nn.Module:
    """Two convolutions and a layer of 64 features; the same for all methods of a seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        module = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(512, 64),
            nn.ReLU(),
            nn.Linear(64, 2),
        )
    plain = Preprocess(size=(8, 8), keep=1.0, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    return hs.models.backbone(module, example=torch.zeros(2, 3, 8, 8), preprocess=plain)


def judged(method: str, sees_target: bool, seed: int, steps: int) -> dict[str, float]:
    """Accuracy on the test rows, on its worst group, and on the target's rows."""
    train, target, test = parts(seed)
    data: Any = hs.data.Domains(train, target) if sees_target else train
    recipe = hs.Recipe(steps=steps, batch=64, lr=3e-3, views=0, seed=seed)
    model = hs.fit(make(method), net(seed), data, recipe)
    figures: dict[str, float] = {}
    for name, part in (("test", test), ("target", target)):
        right = ClassifierUnderTest.of(model, part).predict(part) == part.labels
        found = group_accuracy(right, class_by_attribute_groups(part).numbers)
        figures |= {name: found.average.value, f"worst group, {name}": found.worst.value}
    return figures


def table(seeds: int, steps: int) -> Iterator[tuple[str, dict[str, list[float]]]]:
    """The figures of every method, by seed."""
    for method, sees_target in METHODS:
        found = [judged(method, sees_target, seed, steps) for seed in range(seeds)]
        yield method, {name: [one[name] for one in found] for name in found[0]}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=300)
    given = parser.parse_args()
    torch.set_num_threads(1)
    print("| method | test, % | worst group, % | by seed |\n|---|---|---|---|")
    for method, figures in table(given.seeds, given.steps):
        worst = figures["worst group, test"]
        each = ", ".join(f"{100 * value:.0f}" for value in worst)
        means = (100 * float(np.mean(figures["test"])), 100 * float(np.mean(worst)))
        print(f"| `{method}` | {means[0]:.1f} | {means[1]:.1f} | {each} |", flush=True)


if __name__ == "__main__":
    main()
