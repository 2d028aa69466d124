"""A pre-trained start regularises: with two points, what the network knew before decides between them."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from headstart.claims._claim import Claim, Effect, Numbers, difference, mean_of
from headstart.claims._lab import Lab
from headstart.core import make
from headstart.predictor.fit import fit
from headstart.records.claims import Curve, Mark, Panel
from headstart.records.record import Interval
from headstart.run.recipe import Recipe

GRID = torch.linspace(-2, 2, 41)[:, None]
STARTS = 6  # networks of each kind: their spread is how little two points say by themselves


def network(lab: Lab, seed: int, number: int) -> nn.Sequential:
    """A network with one hidden layer; each `number` has other first weights."""
    net = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
    random = lab.generator("start", seed, number)
    with torch.no_grad():
        for weight in net.parameters():
            weight.copy_(torch.randn(weight.shape, generator=random) / weight.shape[-1] ** 0.5)
    return net


def learn(net: nn.Module, x: Tensor, y: Tensor, steps: int) -> nn.Module:
    """A copy of the network that has learned the points."""
    recipe = Recipe(steps=steps, batch=len(x), lr=0.01, weight_decay=0.0)
    return fit(make("fine-tune"), net, (x.numpy(), y.numpy()), recipe).model


def measure(lab: Lab, seed: int) -> Numbers:
    """Spread and error of the functions that two points give, from scratch and from another line."""
    random = lab.generator("lines", seed)
    slope, shift = 1 + torch.rand(2, generator=random)
    x = torch.rand(64, 1, generator=random) * 4 - 2
    before = 0 if lab.null else lab.pick(quick=200, full=1000, tiny=20)
    steps = lab.pick(quick=150, full=500, tiny=20)
    two = torch.tensor([[-0.5], [0.5]])
    truth = (1.2 * slope * GRID + shift - 0.2)[:, 0]  # a related line
    drawn: dict[str, list[Tensor]] = {"scratch": [], "related": []}
    for number in range(lab.pick(quick=STARTS, full=20, tiny=2)):
        fresh = network(lab, seed, number)
        known = learn(fresh, x, (slope * x + shift)[:, 0], before) if before else fresh
        for name, start in (("scratch", fresh), ("related", known)):
            model = learn(start, two, (1.2 * slope * two + shift - 0.2)[:, 0], steps)
            with torch.no_grad():
                drawn[name].append(model(GRID).flatten())
    found: Numbers = {"truth": truth.tolist()}
    for name, functions in drawn.items():
        stacked = torch.stack(functions)
        found[f"spread {name}"] = float(stacked.std(0).mean())
        found[f"error {name}"] = float((stacked - truth).square().mean().sqrt())
        found |= {f"{name} {number}": values.tolist() for number, values in enumerate(functions)}
    return found


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """The functions of the first seed, and the errors of all."""
    first, grid = seeds[0], GRID.flatten().tolist()
    titles = {"scratch": "from scratch", "related": "from a related line"}
    panels = []
    for name, title in titles.items():
        curves = [_line("the line to learn", grid, first["truth"], dashed=True)]
        numbers = [key for key in first if key.startswith(f"{name} ")]
        curves += [_line("what networks make of two points", grid, first[key], faint=True) for key in numbers]
        panels.append(Panel(title.capitalize(), "y", "x", curves=curves, share=False))
    marks = [
        Mark(title, mean_of(seeds, f"error {name}"), name == "related") for name, title in titles.items()
    ]
    return [
        *panels,
        Panel("Root mean squared error, off the points too", "units of y", marks=marks, share=False),
    ]


def _line(name: str, x: list[float], y: object, faint: bool = False, dashed: bool = False) -> Curve:
    assert isinstance(y, list)
    return Curve(name, x, [Interval(value, value, value) for value in y], faint, dashed)


CLAIM = Claim(
    number=1,
    name="start-regularises",
    title="A pre-trained start regularises",
    statement=(
        "Two points do not say which function they lie on. Networks that have learned a related line before "
        "agree on what lies between and beyond the points, and are nearer to the truth than networks from "
        "scratch."
    ),
    paper="JMLR 11:625",
    data="Made up: 64 points of a line to pre-train on, two points of a related line to learn from.",
    compared="The same networks with the same two points, from scratch and after learning the related line.",
    null="no pre-training: both start from scratch",
    holds="With very few labels, what the backbone knows decides more than tuning: choose a related one.",
    fails="The start was too far from the task, or training was long enough to forget it.",
    effects=(
        Effect(
            "Smaller spread between networks",
            difference("spread scratch", "spread related"),
            unit="units of y",
        ),
        Effect("Smaller error", difference("error scratch", "error related"), unit="units of y"),
    ),
    measure=measure,
    draw=draw,
)
