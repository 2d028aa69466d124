"""Moving frozen features: one pass over both domains, then a closed form."""

from abc import abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from headstart.core import Backbone, BadInput, Ctx, Do, Domains, Method, Model, Parts, Task, label_kind_of
from headstart.methods.outputs.probing.linear_probe import linear_probe
from headstart.nn.bank import Bank
from headstart.solvers.threads import threads_for

from ._banks import bank_of, collect


@dataclass(frozen=True, kw_only=True)
class FeatureMapping(Method[Domains]):
    """Moves the frozen features of the source to those of the target, and reads the outputs off there.

    The head that is fitted to the moved rows takes the target's features as they are.

    Attributes:
        weight: how far the source's rows are moved, in [0, 1]: 0 leaves them where they are.
        penalty: of the linear probe, > 0; None finds it, as a logistic probe does, or for numbers a ridge
            probe.
    """

    weight: float = 1.0
    penalty: float | None = None

    def __post_init__(self) -> None:
        self.check("weight", 0 <= self.weight <= 1, "in [0, 1]")
        self.check("penalty", self.penalty is None or self.penalty > 0, "> 0, or None to find it")

    @abstractmethod
    def move(self, source: Tensor, labels: Tensor, target: Tensor) -> Tensor:
        """Where features (n, d) of the source, of labels (n, ...), go among those (m, d) of the target."""

    def find_penalty(self, source: Tensor, moved: Tensor, labels: Tensor, outputs: int) -> float | None:
        """The penalty of the probe if none is set; None: selected on the moved rows, as a probe does."""
        return None

    def moves(self) -> tuple[Do[Domains]]:
        """Collect."""
        return (Do(self.collect, changes=("source", "target", "target_labelled")),)

    def collect(self, parts: Parts, batch: Domains, ctx: Ctx) -> None:
        """Add the features of a batch to the banks; a labelled row of the target only once."""
        if batch.source.weight is not None:
            raise BadInput(f"{self.about.name}: rows are moved, not weighted; leave the weights of rows out.")
        collect(parts, "source", batch.source, ctx)
        if self.weight:
            target = ctx.gather(parts["backbone"](batch.target).float())
            bank_of(parts, "target").add(
                target, torch.zeros(len(target), dtype=torch.int64, device=target.device)
            )
        if batch.target_labelled is not None:
            collect(parts, "target_labelled", batch.target_labelled, ctx, once=True)

    def predictor(self, parts: Parts) -> Model:
        """The backbone, with a head fitted to the moved rows and to labelled ones of the target."""
        backbone = parts["backbone"]
        assert isinstance(backbone, Backbone)
        source, labels = bank_of(parts, "source").content
        target, _ = bank_of(parts, "target").content
        labelled, known = bank_of(parts, "target_labelled").content
        with threads_for(source.numel() + target.numel()):
            moved = (
                torch.lerp(source, self.move(source, labels, target), self.weight) if self.weight else source
            )
            rows, goals = moved, labels
            if len(labelled):
                rows, goals = torch.cat([moved, labelled]), torch.cat([labels, known])
            outputs = bank_of(parts, "source").outputs
            penalty = self.penalty or self.find_penalty(source, moved, labels, outputs)
            head = linear_probe(label_kind_of(labels), penalty).solve(rows, goals, outputs)
        return Model(backbone, head.to(source.device))


def domain_banks(backbone: Backbone, task: Task) -> Parts:
    """The frozen backbone, and a bank for the features of the rows of each kind."""
    width, outputs = backbone.width, task.outputs
    return Parts(
        {
            "backbone": backbone,
            "source": Bank(task.rows, width, outputs, task.kind),
            "target": Bank(0, width, outputs),
            "target_labelled": Bank(0, width, outputs, task.kind),
        }
    )
