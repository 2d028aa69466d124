from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import Tensor

from headstart.core import About, Head, Labelled, label_kind_of
from headstart.core.linear_head import LinearHead
from headstart.losses.label import label_loss
from headstart.methods.outputs.probing.linear_probe import linear_probe
from headstart.methods.outputs.probing.probe import Probe
from headstart.nn.stacked_head import StackedHead, mean_prediction
from headstart.nn.tree_head import TreeHead
from headstart.solvers.temperature import best_scale

from .gradient_boosting import GradientBoosting
from .random_forest import RandomForest
from .tree_method import THIRDS, TreeMethod, as_arrays, set_temperature, thirds

STEPS = 10  # in which the weight of a model goes from 0 to 1
MANY = 4000  # rows from which on one third that is left out says enough


@final
@dataclass(frozen=True, kw_only=True)
class Stacking(Probe):
    """Average what a linear model, a forest and boosted trees predict for the rows of a table.

    How much each counts is what serves rows best that none of them has learned from; tags have no boosted
    trees. Nothing is transferred: the backbone's weights have no part in it. Needs scikit-learn.

    Attributes:
        trees: of the forest, and boosted ones for each class or number at most, >= 1.
    """

    about = About(
        "stacking",
        "nothing",
        "mapping",
        Labelled,
        "doi:10.1007/BF00117832",
        closed_form=True,
        needs_columns=True,
        package="sklearn",
    )
    trees: int = 100

    def __post_init__(self) -> None:
        self.check("trees", self.trees >= 1, ">= 1")

    def solve(self, features: Tensor, labels: Tensor, outputs: int, weights: Tensor | None = None) -> Head:
        """All models of all rows; temperatures of trees, and weights, by models of two thirds of them."""
        kind = label_kind_of(labels)
        left_out, rows = self._left_out(features, labels, outputs, weights)
        linear, trees = self._models(features, labels, outputs, weights)
        if not len(rows):
            return StackedHead.of(linear, trees, (1 / (1 + len(trees)),) * (1 + len(trees)), kind)
        y, counts = labels[rows], None if weights is None else weights[rows]
        if kind == "classes" and bool((y != y[0]).any()):
            for place, head in enumerate(trees, 1):
                scale = best_scale(left_out[place], y, weights=counts)
                left_out[place] = scale * left_out[place]
                set_temperature(head, scale)

        def loss(mixture: Sequence[float]) -> float:
            return float(label_loss(mean_prediction(left_out, mixture, kind), y, weight=counts))

        return StackedHead.of(linear, trees, min(mixtures(1 + len(trees), STEPS), key=loss), kind)

    def _models(
        self, x: Tensor, y: Tensor, outputs: int, weights: Tensor | None
    ) -> tuple[LinearHead, list[TreeHead]]:
        """The linear model, and trees without a temperature, of rows x (n, width)."""
        kind, arrays = label_kind_of(y), as_arrays(x, y, weights)
        grown: list[TreeMethod] = [RandomForest(trees=self.trees)]
        if kind in GradientBoosting.about.label_kinds:
            grown.append(GradientBoosting(iterations=self.trees))
        linear = linear_probe(kind).solve(x, y, outputs, weights)
        assert isinstance(linear, LinearHead)
        return linear, [method.grow(*arrays[:2], outputs, arrays[2]).to(x.device) for method in grown]

    def _left_out(
        self, x: Tensor, y: Tensor, outputs: int, weights: Tensor | None
    ) -> tuple[list[Tensor], Tensor]:
        """Outputs (m, outputs) of each model for rows that it has not seen, and which rows (m,) these are."""
        strata = y.numpy(force=True) if label_kind_of(y) == "classes" else np.zeros(len(y), np.int64)
        third = torch.from_numpy(thirds(strata)).to(x.device)
        found, rows = [], [third[:0]]
        for number in range(THIRDS if len(y) < MANY else 1):
            held, rest = (third == number).nonzero()[:, 0], (third != number).nonzero()[:, 0]
            if len(held) and len(rest):
                some = None if weights is None else weights[rest]
                linear, trees = self._models(x[rest], y[rest], outputs, some)
                found.append([head(x[held]).detach() for head in (linear, *trees)])
                rows.append(held)
        return [torch.cat(each) for each in zip(*found, strict=True)], torch.cat(rows)


def mixtures(models: int, steps: int) -> Iterator[tuple[float, ...]]:
    """All weights of so many models that are multiples of 1 / steps and sum to 1.

    >>> list(mixtures(2, 2))
    [(0.0, 1.0), (0.5, 0.5), (1.0, 0.0)]
    """
    if models == 1:
        yield (1.0,)
        return
    for first in range(steps + 1):
        for others in mixtures(models - 1, steps - first) if first < steps else [(0.0,) * (models - 1)]:
            rest = (steps - first) / steps
            yield (first / steps, *(one * rest for one in others))
