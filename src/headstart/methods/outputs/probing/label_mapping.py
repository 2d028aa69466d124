from dataclasses import dataclass
from typing import Literal, NamedTuple, final

import torch
from torch import Tensor

from headstart.core import About, Backbone, Ctx, Do, Labelled, Method, Model, Parts, Task
from headstart.nn.bank import Bank
from headstart.nn.label_assignment import assigned, mean_predictions, predicted_counts
from headstart.nn.label_map import LabelMap, SourceLogits, classifier_of, named_assignment
from headstart.solvers.penalty_selection import select_logistic
from headstart.solvers.temperature import best_scale
from headstart.solvers.threads import threads_for

from .probe import bank_of

HOWS = ("frequency", "mean", "learned", "fixed")


@final
@dataclass(frozen=True, kw_only=True)
class LabelMapping(Method[Labelled]):
    """Let classes of the classifier that the backbone was trained with stand for the new ones.

    Backbone and classifier stay as they are; the result is a linear head.

    Attributes:
        how: "frequency" gives each new class the source classes that are predicted most for its rows, each to
            one class only; "mean" takes the class whose mean predicted distribution is nearest, by the
            Kullback-Leibler divergence; "learned" solves a logistic regression on the source logits; "fixed"
            takes `given`.
        each: source classes for a new class, of which the mean logit is taken, >= 1; for "frequency".
        given: for "fixed", which source classes stand for each new one: "cat=tabby|Persian cat;dog=beagle".
        scale: of the logits, > 0; None finds the one of the least log loss on the labelled rows.
    """

    about = About(
        "label-mapping",
        "mapping",
        "outputs",
        Labelled,
        "arXiv:2211.11635",
        closed_form=True,
        label_kinds=("classes",),
    )
    how: Literal["frequency", "mean", "learned", "fixed"] = "frequency"
    each: int = 1
    given: str = ""
    scale: float | None = None

    def __post_init__(self) -> None:
        self.check("how", self.how in HOWS, "'frequency', 'mean', 'learned' or 'fixed'")
        self.check("each", self.each >= 1, ">= 1")
        self.check("scale", self.scale is None or 0 < self.scale < float("inf"), "a number > 0")
        self.check("given", bool(self.given) == (self.how == "fixed"), "classes for how='fixed', else ''")

    def shipped_backbone(self, backbone: Backbone) -> Backbone:
        """The backbone with the features that its classifier reads."""
        return backbone.at_classifier()

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The frozen backbone and its classifier, and a bank for its logits of the labelled rows.

        Raises:
            BadInput: the backbone has no classifier, it has too few classes, or `given` names others.
        """
        found = classifier_of(backbone, self.about.name)
        given = LabelMap(task.outputs, len(found.classes))
        if self.how == "fixed":
            given.matrix.copy_(named_assignment(self.given, task.classes, found.classes))
        elif self.how == "frequency":
            assigned(given.counts, self.each)  # refuses too few
        return Parts(
            {
                "backbone": self.shipped_backbone(backbone),
                "source": SourceLogits(found),
                "given": given,
                "bank": Bank(task.rows, len(found.classes), task.outputs),
            }
        )

    def moves(self) -> tuple[Do[Labelled]]:
        """Collect."""
        return (Do(self.collect, changes=("bank",)),)

    def collect(self, parts: Parts, batch: Labelled, ctx: Ctx) -> None:
        """Add the source logits of a batch to the bank."""
        logits = parts["source"](parts["backbone"](batch.x).float())
        weights = None if batch.weight is None else ctx.gather(batch.weight)
        bank_of(parts).add(ctx.gather(logits), ctx.gather(batch.y), weights)

    def predictor(self, parts: Parts) -> Model:
        """The backbone with the head that classifier and mapping make together."""
        backbone, source, given = (parts[name] for name in ("backbone", "source", "given"))
        assert isinstance(backbone, Backbone)
        assert isinstance(source, SourceLogits)
        assert isinstance(given, LabelMap)
        rows = Rows(*bank_of(parts).counted, outputs=len(given.matrix))
        with threads_for(rows.logits.numel()):
            matrix, bias = self.solve(rows, given.matrix)
            scale = self.scale
            if scale is None and self.how == "learned":  # its penalty is chosen on left-out rows
                scale = 1.0
            if scale is None:
                mapped = rows.logits @ matrix.T + bias
                scale = best_scale(mapped, rows.labels, weights=rows.weights)
        return Model(backbone, source.mapped(matrix, bias, scale))

    def solve(self, rows: "Rows", given: Tensor) -> tuple[Tensor, Tensor]:
        """The matrix (outputs, sources) of the mapping and a bias (outputs,)."""
        bias = rows.logits.new_zeros(rows.outputs)
        if self.how == "fixed":
            return given, bias
        if self.how == "frequency":
            return assigned(predicted_counts(*rows), self.each), bias
        if self.how == "learned":
            found = select_logistic(rows.logits, rows.labels, rows.outputs, weights=rows.weights)
            return found.weight, found.bias
        shares = mean_predictions(*rows)
        return shares, torch.special.entr(shares).sum(1)


class Rows(NamedTuple):
    """Labelled rows, as the classifier sees them."""

    logits: Tensor  # (n, sources)
    labels: Tensor  # (n,)
    weights: Tensor | None  # (n,) > 0; None: all equal
    outputs: int
