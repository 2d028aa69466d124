from dataclasses import dataclass
from typing import Any, Literal, final

from torch.nn.functional import cross_entropy

from headstart.core import (
    About,
    Backbone,
    Ctx,
    Descend,
    Do,
    LabelKind,
    Loss,
    Method,
    Model,
    Parts,
    Task,
    Unlabelled,
)
from headstart.losses.alignment.information_maximisation import information_maximisation_loss
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts
from headstart.nn.centroids import Centroids

from ._alignment import probabilities
from .source_only import SourceOnly


@final
@dataclass(frozen=True, kw_only=True)
class SHOT(TuningSettings[Unlabelled]):
    """Adapt the backbone to the target under a frozen head, without the source's data.

    Where there is a source, the first stage trains on it with the same settings. Then the head is frozen,
    and the backbone learns confident and diverse predictions on the target (information maximisation) that
    agree with pseudo-labels, the class of the nearest centroid.

    Attributes:
        weight: of all that is learned on the target, >= 0; 0 leaves the source's model as it is.
        balance: how much the entropy of the mean answer is raised, >= 0.
        pseudo: weight of the cross-entropy with the nearest centroid's class, >= 0.
        momentum: of the running sums that the centroids are, in [0, 1): they are those of about
            1 / (1 - momentum) batches.
    """

    about = About(
        "shot",
        "mapping",
        "inputs",
        Unlabelled,
        "arXiv:2002.08546",
        per_sample_loss=False,
        label_kinds=("classes",),
        display_name="Source hypothesis transfer (SHOT)",
    )
    norm: Literal["frozen", "train"] = "train"
    smoothing: float = 0.1
    weight: float = 1.0
    balance: float = 1.0
    pseudo: float = 0.3
    momentum: float = 0.9

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("weight", "balance", "pseudo"):
            self.check(name, 0 <= getattr(self, name) < float("inf"), ">= 0")
        self.check("momentum", 0 <= self.momentum < 1, "in [0, 1)")

    def stages(self, kind: LabelKind = "classes") -> tuple[Method[Any], ...]:
        """Training on the source, then this on the target alone."""
        return (SourceOnly.like(self), self)

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The source's model, and the class centroids on the target."""
        parts = tuned_parts(self, backbone, task)
        if self.weight:
            parts["centroids"] = Centroids(backbone.width, task.outputs)
        return parts

    def moves(self) -> tuple[Any, ...]:
        """The centroids follow, then the backbone learns; without a weight nothing does."""
        if not self.weight:
            return ()
        find = (Do(self.find, changes=("centroids",)),) if self.pseudo else ()
        return (*find, Descend(self.loss, on=(tuned_on(self)[1],)))

    def find(self, parts: Parts, batch: Unlabelled, ctx: Ctx) -> None:
        """Bring the centroids up to date and find the nearest for each row."""
        features = parts["backbone"](batch.x)
        shares = probabilities(parts["head"](features))
        centroids = _centroids(parts)
        centroids.follow(ctx.gather(features.float()), ctx.gather(shares), self.momentum)
        centroids.set_pseudo_labels(features.float())

    def loss(self, parts: Parts, batch: Unlabelled, ctx: Ctx) -> Loss:
        """Information maximisation, and the cross-entropy with the class of the nearest centroid."""
        logits = parts["head"](parts["backbone"](batch.x))
        information = information_maximisation_loss(ctx.gather(logits), self.balance)
        terms = {"information": self.weight * information}
        if self.pseudo:
            goals = _centroids(parts).pseudo_labels
            terms["pseudo"] = self.weight * self.pseudo * cross_entropy(logits.float(), goals)
        return Loss.sum(**terms)

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head."""
        return Model.of(parts)


def _centroids(parts: Parts) -> Centroids:
    found = parts["centroids"]
    assert isinstance(found, Centroids)
    return found
