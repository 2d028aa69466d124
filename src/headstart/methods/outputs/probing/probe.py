"""Probes: one pass that collects features, then a solution without a gradient."""

from abc import abstractmethod

from torch import Tensor, nn

from headstart.core import Backbone, Ctx, Do, Head, Labelled, Method, Model, Parts, Task
from headstart.nn.bank import Bank
from headstart.solvers.threads import threads_for


class Probe(Method[Labelled]):
    """Reads new outputs off a frozen mapping; a subclass says how, in `solve`."""

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """What is shipped of the frozen backbone, and a bank for its features of the labelled rows."""
        shipped = self.shipped_backbone(backbone)
        return Parts({"backbone": shipped, "bank": Bank(task.rows, shipped.width, task.outputs, task.kind)})

    def moves(self) -> tuple[Do[Labelled]]:
        """Collect."""
        return (Do(self.collect, changes=("bank",)),)

    def collect(self, parts: Parts, batch: Labelled, ctx: Ctx) -> None:
        """Add the features of a batch to the bank."""
        features = parts["backbone"](batch.x).float()
        weights = None if batch.weight is None else ctx.gather(batch.weight)
        bank_of(parts).add(ctx.gather(features), ctx.gather(batch.y), weights)

    def predictor(self, parts: Parts) -> Model:
        """The backbone with the solved head."""
        backbone = parts["backbone"]
        assert isinstance(backbone, Backbone)
        features, labels, weights = bank_of(parts).counted
        with threads_for(features.numel()):
            head = self.solve(features, labels, bank_of(parts).outputs, weights)
        return Model(backbone, head.to(features.device))

    @abstractmethod
    def solve(self, features: Tensor, labels: Tensor, outputs: int, weights: Tensor | None = None) -> Head:
        """The head for features (n, width) and labels (n, ...) of any kind in `about.label_kinds`.

        Weights (n,) > 0 are what each row counts; None: all the same.
        """


def bank_of(parts: Parts) -> Bank:
    """The part called bank."""
    bank: nn.Module = parts["bank"]
    assert isinstance(bank, Bank)
    return bank
