"""Importance weighting repairs covariate shift, and fails where the target leaves the source's support."""

import warnings
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from headstart.claims._claim import Claim, Effect, Numbers, difference, mean_of, value_of
from headstart.claims._lab import Lab
from headstart.core import make
from headstart.data.domains import Domains
from headstart.predictor.fit import FitWarning, fit
from headstart.predictor.predictor import Predictor
from headstart.records.claims import Curve, Mark, Panel
from headstart.records.record import Interval
from headstart.run.recipe import Recipe

SOURCE = (0.5, 0.5)  # mean and deviation of x
TARGETS = {"inside": (0.0, 0.3), "outside": (-1.5, 0.2)}  # of the source's support
NOISE = 0.3
GRID = torch.linspace(-1.7, 1.7, 35)[:, None]
ARMS = {
    "none": "no weights",
    "exact": "exact density ratio",
    "kliep": "KLIEP",
    "gaussian": "two normal distributions",
}
DOUBT = "rows lie where the source has rows"  # how headstart's warning about the support goes


def truth(x: Tensor) -> Tensor:
    """The function to learn, which no straight line is."""
    return x**3 - x


def density(x: Tensor, mean: float, deviation: float) -> Tensor:
    """Of a normal distribution, up to a constant factor."""
    return torch.exp(-0.5 * ((x - mean) / deviation) ** 2) / deviation


def fitted(arm: str, x: Tensor, y: Tensor, target: Tensor, weights: Tensor, seed: int) -> Predictor:
    """A straight line from rows of the source (n, 1) and their labels (n,)."""
    line, recipe = nn.Sequential(nn.Identity(), nn.Linear(1, 1)), Recipe(seed=seed)
    rows = x.numpy(), y.numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        if arm in ("none", "exact"):
            given = weights.numpy() if arm == "exact" else np.ones(len(x))
            return fit(make("ridge-probe"), line, rows, recipe, weights=given)
        method = make(f"weighted-probe:estimator={arm}")
        return fit(method, line, Domains(rows, target.numpy()), recipe)


def measure(lab: Lab, seed: int) -> Numbers:
    """Squared errors of lines on each target, with weights and without, and whether headstart warned."""
    random = lab.generator("covariate shift", seed)
    rows = lab.pick(quick=600, full=5000, tiny=80)
    x = SOURCE[0] + SOURCE[1] * torch.randn(rows, 1, generator=random)
    y = (truth(x) + NOISE * torch.randn(rows, 1, generator=random))[:, 0]
    found: Numbers = {"truth": truth(GRID).flatten().tolist()}
    found |= {"x": x[:60].flatten().tolist(), "y": y[:60].tolist()}
    for name, place in TARGETS.items():
        mean, deviation = SOURCE if lab.null else place
        target = mean + deviation * torch.randn(rows, 1, generator=random)
        weights = (density(x, mean, deviation) / density(x, *SOURCE))[:, 0]
        for arm in ARMS:
            model = fitted(arm, x, y, target, weights, lab.derive("line", seed))
            with torch.no_grad():
                found[f"{arm} {name}"] = float((model.model(target) - truth(target)).square().mean())
                found[f"line {arm} {name}"] = model.model(GRID).flatten().tolist()
            notes = model.training.notes if model.training else []
            found[f"warned {arm} {name}"] = float(any(DOUBT in note for note in notes))
    return found


def removed(arm: str, name: str = "inside") -> Effect:
    """Share of the error on a target that weights remove."""

    def share(numbers: Numbers) -> float:
        return 1 - value_of(numbers, f"{arm} {name}") / value_of(numbers, f"none {name}")

    return Effect(f"Share of the error {name} the support that weights remove, {ARMS[arm]}", share, 0.5)


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """The lines of the first seed, and the errors of all."""
    first, grid = seeds[0], GRID.flatten().tolist()
    named = {"truth": "the truth", "line none inside": "without weights"}
    named |= {"line exact inside": "with exact weights, target around 0"}
    named |= {"line exact outside": "with exact weights, target around -1.5"}
    curves = []
    for key, name in named.items():
        values = first[key]
        assert isinstance(values, list)
        exact = [Interval(value, value, value) for value in values]
        curves.append(Curve(name, grid, exact, dashed=key == "truth"))
    x, y = first["x"], first["y"]
    assert isinstance(x, list)
    assert isinstance(y, list)
    points = [[one, other] for one, other in zip(x, y, strict=True)]
    panels = [
        Panel("A line for x³ - x, and rows of the source", "y", "x", curves, points=points, share=False)
    ]
    for name, title in (
        ("inside", "Target within the source's support"),
        ("outside", "Target outside of it"),
    ):
        marks = [Mark(text, mean_of(seeds, f"{arm} {name}"), arm != "none") for arm, text in ARMS.items()]
        panels.append(Panel(title, "mean squared error, units of y²", marks=marks, share=False, zero=0.0))
    return panels


CLAIM = Claim(
    number=18,
    name="covariate-shift-weights",
    title="Importance weighting repairs covariate shift, within the source's support",
    statement=(
        "A model that is too simple to be right everywhere is right where its training rows lie. Weights "
        "that make source rows count as the target has them remove most of the error on the target, exact "
        "ones and estimated ones. Where the target has left the source's support they do not, and headstart "
        "says so."
    ),
    paper="doi:10.1016/S0378-3758(00)00115-4",
    data="Made up: 600 rows of x³ - x with noise, x normal around 0.5; targets around 0, and around -1.5.",
    compared=(
        "Straight lines from the same source rows: all rows counting alike, with the exact density ratio, "
        "and with ratios estimated from target rows without labels."
    ),
    null="both targets are drawn like the source, so that all weights are 1",
    holds="Weight the rows where labels depend on samples alike, and read the warning about the support.",
    fails=(
        "Beyond the support a handful of rows carry all of the weight, so that the error there is another "
        "with each draw; within it, the model may be rich enough to be right everywhere without weights."
    ),
    effects=(
        removed("exact"),
        removed("kliep"),
        Effect(
            "Error that exact weights leave outside the support, over that within",
            difference("exact outside", "exact inside"),
            0.05,
            "units of y²",
        ),
        Effect(
            "Warnings about the support outside of it, over within (1: always and never)",
            difference("warned kliep outside", "warned kliep inside"),
            0.5,
            "",
        ),
    ),
    measure=measure,
    draw=draw,
)
