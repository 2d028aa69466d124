"""Domain-adversarial learning, CORAL and optimal transport: when they help, and when they hurt."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from headstart.claims._claim import Claim, Effect, Numbers, difference, mean_of
from headstart.claims._digits import Rows, accuracy, all_digits
from headstart.claims._lab import Lab
from headstart.core import make
from headstart.data.domains import Domains
from headstart.predictor.fit import fit
from headstart.records.claims import Mark, Panel
from headstart.run.recipe import Recipe

SOURCE_ROWS, RARE = 900, 0.1  # rows of the source; share of the rows of classes that become rare
ARMS = {  # name: method, what is drawn, and what it is compared with
    "source": ("source-only:backbone_lr=1.0", "network, source only", ""),
    "dann": ("dann:backbone_lr=1.0", "network, DANN", "source"),
    "probe": ("coral:weight=0", "frozen features, source only", ""),
    "coral": ("coral", "frozen features, CORAL", "probe"),
    "transport": ("optimal-transport:most=500", "frozen features, optimal transport", "probe"),
}
FROZEN = ("probe", "coral", "transport")
SHIFTS = {"pale": "Covariate shift: pale digits", "shares": "Label shift: other shares of classes"}


def network(random: torch.Generator) -> nn.Sequential:
    """Two hidden layers."""
    net = nn.Sequential(nn.Flatten())
    for inner, outer in ((64, 64), (64, 32)):
        net.extend([nn.Linear(inner, outer), nn.ReLU()])
    net.append(nn.Linear(32, 10))
    with torch.no_grad():
        for layer in net:
            if isinstance(layer, nn.Linear):
                scale = (2 / layer.in_features) ** 0.5
                layer.weight.copy_(torch.randn(layer.weight.shape, generator=random) * scale)
                layer.bias.zero_()
    return net


def targets(rest: Rows, random: torch.Generator) -> dict[str, Rows]:
    """Rows of the same classes that look pale, and rows that look alike while five classes are rare."""
    rare = torch.randperm(10, generator=random)[:5]
    kept = ~torch.isin(rest.y, rare) | (torch.rand(len(rest), generator=random) < RARE)
    return {"pale": Rows(0.4 * rest.x + 0.3, rest.y), "shares": rest.pick(torch.nonzero(kept)[:, 0])}


def measure(lab: Lab, seed: int) -> Numbers:
    """Accuracies on two targets, whose rows are known and whose labels are not."""
    random = lab.generator("alignment", seed)
    digits = all_digits()
    order = torch.randperm(len(digits), generator=random)
    source = digits.pick(order[: lab.pick(quick=SOURCE_ROWS, full=SOURCE_ROWS, tiny=40)])
    rest = digits.pick(order[SOURCE_ROWS : lab.pick(quick=1797, full=1797, tiny=960)])
    recipe = Recipe(
        steps=lab.pick(quick=400, full=2000, tiny=5), batch=64, lr=3e-3, seed=lab.derive("alignment", seed)
    )
    features = fit(make("from-scratch"), network(lab.generator("features", seed)), source.arrays, recipe)
    found: Numbers = {}
    for shift, target in targets(rest, random).items():
        data = Domains(source.arrays, target.x.numpy())
        for name, (method, _, other) in ARMS.items():
            chosen: Any = make(ARMS[other][0] if lab.null and other else method)
            if name in FROZEN and lab.tier == "tiny":  # where none is looked for
                chosen = replace(chosen, penalty=1.0)
            start = features.model.backbone if name in FROZEN else network(lab.generator("start", seed))
            found[f"{name} {shift}"] = accuracy(fit(chosen, start, data, recipe), target)
    return found


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """The accuracies under each shift."""
    return [
        Panel(
            title,
            "accuracy",
            marks=[
                Mark(text, mean_of(seeds, f"{name} {shift}"), bool(other))
                for name, (_, text, other) in ARMS.items()
            ],
        )
        for shift, title in SHIFTS.items()
    ]


def effects() -> tuple[Effect, ...]:
    """Each method over the same without the target, where it is to help, and the reverse."""
    names = {"dann": "DANN", "coral": "CORAL", "transport": "Optimal transport"}
    helps = [
        Effect(f"{title} over source only, pale digits", difference(f"{name} pale", f"{ARMS[name][2]} pale"))
        for name, title in names.items()
    ]
    hurts = [
        Effect(
            f"Source only over {title}, other shares of classes",
            difference(f"{ARMS[name][2]} shares", f"{name} shares"),
        )
        for name, title in names.items()
    ]
    return (*helps, *hurts)


CLAIM = Claim(
    number=19,
    name="domain-alignment",
    title="Aligned domains help under covariate shift, and hurt under label shift",
    statement=(
        "Where the target's digits are pale and the classes as frequent, making the features of both "
        "domains alike raises the accuracy on the target. Where they look the same and half of the classes "
        "are rare, it lowers it: features can then be alike only if classes are mixed up."
    ),
    paper="arXiv:1505.07818",
    data=(
        "Digits of scikit-learn: 900 labelled rows of the source; 897 others without labels, pale, or with a "
        "tenth of the rows of five classes. Accuracy on these target rows."
    ),
    compared=(
        "DANN against the same network trained on the source alone; CORAL and optimal transport of frozen "
        "features against a probe on the source alone."
    ),
    null="nothing is aligned: each method is replaced by training on the source alone",
    holds="Align where only the look has changed, and compare the shares of classes first.",
    fails=(
        "See which of them it is. An adversary can run away and end below the source alone; CORAL and "
        "optimal transport of frozen features can't, and do well where means and spreads of features have "
        "changed."
    ),
    effects=effects(),
    measure=measure,
    draw=draw,
)
