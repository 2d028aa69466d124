"""What pre-training without labels has in common: settings, stages, and the parts of all such methods."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from torch import nn

from headstart.core import B, Backbone, LabelKind, Method, On, Parts, Seeded, Task, make
from headstart.core.filled import Filled
from headstart.core.linear_head import LinearHead

NOTHING = "nothing"  # comes after the pre-training


@dataclass(frozen=True, kw_only=True)
class SelfSupervised(Method[B]):
    """Settings of methods that pre-train an encoder on samples alone.

    Attributes:
        start: "given" goes on from the backbone as it is; "random" begins with random weights.
        steps: of the pre-training, >= 1; None takes the recipe's.
        batch: rows of a step, >= 2; None takes the recipe's.
        lr: the highest learning rate of the pre-training, > 0; None takes the recipe's.
        chunks: parts that a batch is computed in, one after the other, to take less memory, >= 1; the
            gradient is that of the whole batch, unless a batch normalisation sees each part by itself.
        then: the method that learns from the labels afterwards, with settings after a colon; None takes a
            logistic probe, or for numbers a ridge probe; "nothing" ends with the encoder.
    """

    start: Literal["given", "random"] = "given"
    steps: int | None = None
    batch: int | None = None
    lr: float | None = None
    chunks: int = 1
    then: str | None = None

    def __post_init__(self) -> None:
        self.check("start", self.start in ("given", "random"), "'given' or 'random'")
        self.check("steps", self.steps is None or self.steps >= 1, ">= 1, or None for the recipe's")
        self.check("batch", self.batch is None or self.batch >= 2, ">= 2, or None for the recipe's")
        self.check("lr", self.lr is None or 0 < self.lr < float("inf"), "> 0, or None for the recipe's")
        self.check("chunks", self.chunks >= 1, ">= 1")
        if self.then not in (None, NOTHING):
            make(str(self.then))

    def recipe_overrides(self) -> Mapping[str, Any]:
        """Steps, batch and rate, where they are given, and the parts that a batch is computed in."""
        given = {"steps": self.steps, "batch": self.batch, "lr": self.lr}
        return {name: value for name, value in given.items() if value is not None} | {
            "accumulate": self.chunks
        }

    def stages(self, kind: LabelKind = "classes") -> tuple[Method[Any], ...]:
        """The pre-training, then the stages of the method that comes after it."""
        if self.then == NOTHING:
            return (self,)
        after = make(self.then or ("ridge-probe" if kind == "numbers" else "logistic-probe"))
        return (self, *after.stages(kind))

    def chance_level(self, rows: int) -> float | None:
        """The loss of an encoder that tells nothing apart, for a batch of so many rows; None: not known."""
        return None

    def chance_in(self, parts: Parts, rows: int) -> float | None:
        """The same where it follows from the data that the parts were built for."""
        return self.chance_level(rows)

    def examples(self, parts: Parts, batch: Seeded) -> list[Filled]:
        """What was hidden of each row of a batch, and what is filled in; none if nothing is filled in.

        The parts are in evaluation mode, and a row's mask is that of its seed.
        """
        return []


def encoder_parts(
    settings: SelfSupervised[Any], backbone: Backbone, task: Task, **others: nn.Module
) -> Parts:
    """The backbone, or an untrained twin of it, a head that does not learn here, and other parts by name."""
    encoder = backbone.untrained(task.seed) if settings.start == "random" else backbone
    head = task.head or LinearHead(encoder.width, task.outputs)
    return Parts({"backbone": encoder, "head": head, **others})


def learning(*parts: str) -> tuple[On, ...]:
    """All of the backbone, and all of other parts."""
    return (On("backbone"), *map(On, parts))
