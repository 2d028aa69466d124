"""Scores of a model by which it may be chosen without a label of the target; higher is better in all."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headstart.core import BadInput, HeadstartError, LabelKind
from headstart.metrics.unlabelled import (
    deep_embedded_validation,
    importance_weighted_validation,
    information_maximisation,
    nuclear_norm,
    soft_neighbourhood_density,
)
from headstart.session.scoring import answers, value
from headstart.solvers.penalty_selection import select_logistic
from headstart.solvers.ratios.classifier import classifier_ratios

ROWS = 2000  # of the target that are looked at


def refuse_unscored(select: str, kind: LabelKind) -> None:
    """Refuse to choose tags and numbers by a score that reads the answers of classes.

    Raises:
        BadInput: it says what can be chosen by.
    """
    if kind != "classes" and select != "source":
        raise BadInput(
            f"select is {select!r}, which reads the answers of classes, and the source tells {kind}. Take "
            "'source', the figure on held-out source rows: on the command line --select source."
        )


@dataclass(frozen=True)
class Validators:
    """What all scores of a study are computed from; nothing in it is a label of the target.

    Attributes:
        kind: of the labels.
        labels: of the held-out source rows.
        held: features (h, width) of the frozen backbone for these rows.
        target: the same for target rows (m, width).
        seed: of the folds of the domain classifier.
    """

    kind: LabelKind
    labels: Any
    held: Tensor
    target: Tensor
    seed: int

    def scores(self, held: Tensor, target: Tensor) -> dict[str, float]:
        """All scores of a model that gives outputs (h, outputs) and (m, outputs); without those that fail."""
        found = {"source": value(held, self.labels)} if len(held) else {}
        if self.kind != "classes":
            return found
        p = answers(target, "classes")
        tried: dict[str, Callable[[], float]] = {
            "im": lambda: information_maximisation(p),
            "bnm": lambda: nuclear_norm(p),
            "snd": lambda: soft_neighbourhood_density(p),
        }
        if len(held):
            losses = (held.argmax(1).numpy() != self.labels).astype(np.float64)
            tried |= {
                "iwv": lambda: importance_weighted_validation(losses, self.weights),
                "dev": lambda: deep_embedded_validation(losses, self.weights),
                "reverse": lambda: self.reverse(target.argmax(1)),
            }
        for name, compute in tried.items():
            try:
                found[name] = compute()
            except HeadstartError:  # such as a domain that the weights can't reach: no score is no choice
                continue
        return found

    @cached_property
    def weights(self) -> Any:
        """Importance weights (h,) of the held-out source rows, from the frozen features."""
        return classifier_ratios(self.held, self.target, seed=self.seed).weights.numpy()

    def reverse(self, said: Tensor) -> float:
        """How well the held-out source is told by a probe that learned what a model says of the target.

        Reverse validation (Zhong et al. 2010, doi:10.1007/978-3-642-15939-8_35) on frozen features. A class
        that the model never names is told right for no row.
        """
        kept, places = torch.unique(said, return_inverse=True)
        if len(kept) < 2:
            return 1 / max(1, len(np.unique(self.labels)))
        fit = select_logistic(self.target.double(), places, len(kept), 1.0, None)
        back = kept[(self.held.double() @ fit.weight.double().T + fit.bias.double()).argmax(1)]
        outputs = torch.nn.functional.one_hot(back, int(max(int(kept.max()), self.labels.max())) + 1).float()
        return value(outputs, self.labels)
