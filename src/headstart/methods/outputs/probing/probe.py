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
        _bank(parts).add(ctx.gather(features), ctx.gather(batch.y), weights)

    def predictor(self, parts: Parts) -> Model:
        """The backbone with the solved head."""
        backbone = parts["backbone"]
        assert isinstance(backbone, Backbone)
        features, labels = _bank(parts).content
        weights = _bank(parts).counts
        if weights is not None:  # a row that counts nothing might as well not be there
            there = weights > 0
            features, labels, weights = features[there], labels[there], weights[there]
        with threads_for(features.numel()):
            head = self.solve(features, labels, _bank(parts).outputs, weights)
        return Model(backbone, head.to(features.device))

    @abstractmethod
    def solve(self, features: Tensor, labels: Tensor, outputs: int, weights: Tensor | None = None) -> Head:
        """The head for features (n, width) and labels (n, ...) of any kind in `about.label_kinds`.

        Weights (n,) > 0 are what each row counts; None: all the same.
        """


def _bank(parts: Parts) -> Bank:
    bank: nn.Module = parts["bank"]
    assert isinstance(bank, Bank)
    return bank
