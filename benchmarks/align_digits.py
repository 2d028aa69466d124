"""Every alignment method on two real shifts of digits: `python -m benchmarks.align_digits`.

MNIST -> optdigits (other writers, another scanner) and fonts -> MNIST (print to handwriting): the same small
convolutional network from random weights, 2,000 labelled source rows, 2,100 target rows without labels, and
900 target rows that judge. Each method is trained with each seed and looked at five times; the step, and with
* the method, are chosen by information maximisation, without labels of the target. The settings are the
methods' defaults, but that all is learned from the first layer on (norm=train, backbone_lr=1); methods on
frozen features get those of the random network, and are here to show that this is not what they are for.
"""

import argparse
from pathlib import Path

import torch
from torch import nn

import headstart as hs
from benchmarks.align_texts import table
from benchmarks.digits import drawn, fonts, mnist, optdigits
from headstart.run.progress import Progress

WHOLE = (
    "source-only",
    "importance-weighting",
    "dann",
    "cdan",
    "adda",
    "mcd",
    "deep-coral",
    "dan",
    "jan",
    "deepjdot",
    "mcc",
    "entropy-minimisation",
    "self-training",
)
DATA = Path.home() / ".cache" / "headstart-benchmarks"
OWN_NORMS = ("domain-norm", "shot")
FROZEN = ("coral", "subspace-alignment", "optimal-transport", "weighted-probe")


def net() -> nn.Module:
    """Three convolutions with batch normalisation, 24 thousand weights."""
    with torch.random.fork_rng():
        torch.random.manual_seed(0)
        layers: list[nn.Module] = []
        for inside, outside in ((1, 16), (16, 32), (32, 64)):
            layers += [nn.Conv2d(inside, outside, 3, padding=1), nn.BatchNorm2d(outside), nn.ReLU()]
            layers += [nn.MaxPool2d(2)]
        return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def methods(names: list[str]) -> list[str]:
    """Specs that learn the whole network."""
    found = [f"{name}:norm=train,backbone_lr=1.0" for name in WHOLE]
    found += [f"{name}:backbone_lr=1.0" for name in OWN_NORMS] + list(FROZEN)
    return [one for one in found if not names or one.partition(":")[0] in (*names, "source-only")]


def main() -> None:
    """Both shifts, all methods, the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, default=DATA, help="where data are or are fetched to")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--select", default="im")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--methods", nargs="*", default=[])
    given = parser.parse_args()
    hand = mnist(given.folder)
    tasks = {
        "mnist-optdigits": (drawn(hand, 2500, 0), drawn(optdigits(), 3000, 1)),
        "fonts-mnist": (drawn(fonts(given.folder), 2500, 2), drawn(hand, 3000, 3)),
    }
    for name, (source, target) in tasks.items():
        result = hs.align(
            source,
            target,
            net(),
            methods=methods(given.methods),
            seeds=given.seeds,
            epochs=given.epochs,
            batch=64,
            lr=3e-3,
            select=given.select,
            out=None if given.out is None else given.out / name,
            resume=given.out is not None,
            progress=Progress("lines"),
        ).result
        table(name, result)


if __name__ == "__main__":
    main()
