"""Relation networks: how alike a query and a class are is learned, too."""

from dataclasses import dataclass
from typing import ClassVar, Literal, final

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from headstart.core import Batch, Ctx, Episodes, Labelled, Loss, Parts
from headstart.core.label_kind import LabelKind
from headstart.learners.encoding import Encoder
from headstart.learners.learner import Learner, Problem, State, query_loss, require_possible
from headstart.learners.metric._features import (
    class_means,
    class_sums,
    features_of,
    metric_parts,
    only_known,
)


@final
@dataclass(frozen=True, kw_only=True)
class RelationNet(Learner):
    """A perceptron reads the features of a query beside the mean of a class, and gives their relation.

    The paper's relation module convolves maps of features; here it is a perceptron on vectors, so that any
    encoder will do.

    Attributes:
        units: of the hidden layer of the relation module, >= 1.
        loss_on: "squares", the squared error of the relations, in [0, 1], as in the paper; or
            "cross-entropy", of the classes.
    """

    name: ClassVar[str] = "relation-net"
    title: ClassVar[str] = "Relation networks"
    paper: ClassVar[str] = "arXiv:1711.06025"
    kinds: ClassVar[tuple[LabelKind, ...]] = ("classes",)
    learned: ClassVar[tuple[str, ...]] = ("network", "relation")

    units: int = 64
    loss_on: Literal["squares", "cross-entropy"] = "squares"

    def __post_init__(self) -> None:
        self.check("units", self.units >= 1, "a whole number >= 1")
        known = ("squares", "cross-entropy")
        self.check("loss_on", self.loss_on in known, " or ".join(map(repr, known)))

    def parts(self, encoder: Encoder, problem: Problem) -> Parts:
        """The encoder and the relation module."""
        relation = nn.Sequential(
            nn.Linear(2 * encoder.width, self.units), nn.ReLU(), nn.Linear(self.units, 1)
        )
        return Parts({**metric_parts(encoder, problem), "relation": relation})

    def adapt(self, parts: Parts, support: Labelled, state: State | None = None) -> State:
        """Sums (t, classes, width) of the features of each class, and its rows (t, classes)."""
        network = features_of(parts)
        return class_sums(network(support.x), support.y, network.classes, state)

    def predict(self, parts: Parts, state: State, x: Tensor) -> Tensor:
        """The log-odds of the relations (t, q, classes); -inf for classes without a row."""
        features, means = features_of(parts)(x), class_means(state)
        pairs = (*features.shape[:2], means.shape[1], -1)
        both = torch.cat([means[:, None].expand(pairs), features[:, :, None].expand(pairs)], -1)
        return only_known(parts["relation"](both)[..., 0], state)

    def loss(self, parts: Parts, batch: Batch, ctx: Ctx) -> Loss:
        """The squared error of the relations, or the cross-entropy."""
        assert isinstance(batch, Episodes)
        logits = self.predict(parts, self.adapt(parts, batch.support), batch.query.x)
        require_possible(logits, batch.query.y)
        if self.loss_on == "cross-entropy":
            return Loss.sum(query=query_loss(logits, batch.query.y))
        wanted = one_hot(batch.query.y, logits.shape[-1])
        return Loss.sum(query=(logits.sigmoid() - wanted).square().mean())
