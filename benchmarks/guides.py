"""Guides: the cost of a guided step, of scouts at once, and what guides are worth on three kinds of data.

    OMP_NUM_THREADS=1 python -m benchmarks.guides --speed
    OMP_NUM_THREADS=2 python -m benchmarks.guides --worth [digits clipart pbmc] [--out DIR]  # none named: all

What is compared, the rates to choose from, the numbers of scouts, draws and steps, and the rule of the
verdict (`headstart.studies.scouts.comparison.verdict_of`) were fixed here before the first result. Each set
is one `headstart.scouts`: classes are cut in two by their order, the backbone is pre-trained on the first
part (on clip art it is EfficientNet-Lite0 as it comes), scouts learn from the same part, and few-shot
training is measured on the second. Each way of training takes the best of four rates on rows that are not
held out. Speeds are in processor seconds.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import headstart as hs
from benchmarks.paired import interleaved, print_table, times_faster
from headstart.core.errors import CannotWrite
from headstart.run.guided import guide
from headstart.run.recipe import Recipe
from headstart.session.scouting import class_subsets, run_scouts
from headstart.session.session import Session
from headstart.solvers.guides import min_max

RATES = (3e-4, 1e-3, 3e-3, 1e-2)
ROUNDS = 51  # steps of a few milliseconds each


@dataclass(frozen=True)
class Set:
    """A set of data, and how its classes are cut."""

    data: str
    first: int  # classes that the backbone and the scouts learn
    backbone: str
    pretrain: int  # steps; 0: the backbone comes with its weights
    method: str
    how: dict[str, Any]


SETS = {
    "digits": Set("digits", 6, "small-convnet", 300, "fine-tune:backbone_lr=1.0", {"target_steps": 60}),
    "clipart": Set(
        "clipart",
        8,
        "efficientnet_lite0",
        0,
        "fine-tune:last=2",
        {"size": 96, "target_steps": 30, "scouts": 8, "steps": 20},
    ),
    "pbmc": Set("pbmc", 5, "table-mlp", 300, "fine-tune:backbone_lr=1.0", {"target_steps": 60, "labels": 3}),
}


def halves(name: str, first: int) -> tuple[Any, Any]:
    """Rows of the first classes, and of the others."""
    data = hs.data.load(name)
    early = data.labels < first
    return tuple(with_own_classes(data, np.flatnonzero(part)) for part in (early, ~early))


def with_own_classes(data: Any, rows: Any) -> Any:
    """Some rows, with the classes that they have alone."""
    some = data.subset(rows)
    present = np.unique(some.labels)
    places = np.full(len(data.classes), -1)
    places[present] = np.arange(len(present))
    return replace(some, classes=tuple(data.classes[c] for c in present), labels=places[some.labels])


def worth(name: str, out: Path) -> None:
    """One study; its table and verdict."""
    wanted = SETS[name]
    early, late = halves(wanted.data, wanted.first)
    base: Any = wanted.backbone
    if wanted.pretrain:
        tuned = hs.fit("fine-tune:backbone_lr=1.0,norm=train", base, early, Recipe(steps=wanted.pretrain))
        base = tuned.model.backbone
    how: dict[str, Any] = {"target": late, "method": wanted.method, "target_lr": RATES, **wanted.how}
    folder = out / name
    try:
        found = hs.scouts(base, early, out=folder, resume=folder.is_dir(), **how)
    except CannotWrite as error:
        raise SystemExit(str(error)) from error
    record = found.result
    print(f"\n{name}: {record}\n")
    for arm in record.arms:
        gain = arm.gain
        said = (
            ""
            if gain is None
            else f"{100 * gain.value:+.1f} ({100 * gain.low:+.1f} to {100 * gain.high:+.1f})"
        )
        print(f"| {arm.title} | {100 * arm.mean:.1f} | {said} | {arm.lr:g} |")


def speed() -> None:
    """A guided step of 11.7 million weights, and eight scouts on the digits."""
    from torchvision.models import resnet18

    net = resnet18()
    weights = list(net.parameters())
    for one in weights:
        one.grad = torch.randn_like(one)
    shares = [torch.rand_like(one) for one in weights]
    plain, guided, looped = (torch.optim.AdamW(weights, 1e-4, fused=True) for _ in range(3))
    guide(guided, zip(weights, shares, strict=True))

    def loop() -> None:
        old = [one.detach().clone() for one in weights]
        looped.step()
        with torch.no_grad():
            for one, before, share in zip(weights, old, shares, strict=True):
                one.copy_(before + share * (one - before))

    seconds = interleaved(
        {"AdamW": plain.step, "guided": guided.step, "Python loop": loop}, ROUNDS, process_time
    )
    print_table("a step of AdamW, 11.7 million weights", seconds)
    over = times_faster(seconds["AdamW"], seconds["guided"])
    ahead = times_faster(seconds["guided"], seconds["Python loop"])
    print(f"guided takes {over:.2f} times as long as AdamW, and is {ahead:.2f} times faster than the loop")
    _scouts()


def _scouts() -> None:
    data = hs.data.load("digits")
    shown = (data.picture(row) for row in range(len(data)))
    x = np.stack([np.asarray(one.convert("L"), np.float32) for one in shown if one is not None]) / 255
    rows = hs.data.load((x.reshape(len(x), -1), np.array(data.classes)[data.labels]))
    width = x[0].size
    net = nn.Sequential(nn.Linear(width, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
    session = Session(hs.models.backbone(net, example=torch.zeros(2, width), head=None), rows)
    cousins = class_subsets(rows.labels, rows.classes, 3, 8, 0)
    recipe = Recipe(steps=100, weight_decay=0.0)
    found: dict[str, dict[str, Tensor]] = {}

    def one_by_one() -> None:
        each = [run_scouts(session, [cousin], recipe).squares for cousin in cousins]
        found["one"] = min_max({name: sum(one[name] for one in each) for name in each[0]})  # type: ignore[misc]

    def at_once() -> None:
        found["all"] = min_max(run_scouts(session, cousins, recipe, "vmap").squares)

    ways: dict[str, Callable[[], None]] = {"one after the other": one_by_one, "at once": at_once}
    print_table("eight scouts on the digits", interleaved(ways, 3, process_time))
    apart = max(float((found["all"][name] - one).abs().max()) for name, one in found["one"].items())
    print(f"largest difference of guides: {apart:.1e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--worth", nargs="*", choices=SETS)
    parser.add_argument("--out", type=Path, default=Path("runs/guides"))
    options = parser.parse_args()
    if options.speed:
        speed()
    for name in [] if options.worth is None else options.worth or SETS:
        worth(name, options.out)


if __name__ == "__main__":
    main()
