from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from headstart.core import About, Backbone, Ctx, Do, Domains, Head, Method, Model, Parts, Task
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe
from headstart.nn.bank import Bank
from headstart.nn.voting_head import VotingHead
from headstart.solvers.logistic import Logistic, logistic
from headstart.solvers.penalty_selection import select_logistic
from headstart.solvers.threads import threads_for
from headstart.solvers.tradaboost import tradaboost

from ._banks import bank_of, collect


@final
@dataclass(frozen=True, kw_only=True)
class TrAdaBoost(Method[Domains]):
    """Boost probes on both domains' labelled rows, so that source rows that contradict the target fade.

    Each round is a logistic probe on frozen features. The later half of the rounds vote. It learns from
    labels of both domains and makes nothing of unlabelled rows; labelled rows of the target are needed.

    Attributes:
        rounds: how many probes are fitted, >= 1.
        penalty: half of it multiplies each probe's squared weights, against the weighted sum of
            cross-entropies, > 0; None finds it by five folds, before the first round.
    """

    about = About(
        "tradaboost",
        "mapping",
        "inputs",
        Domains,
        "doi:10.1145/1273496.1273521",
        closed_form=True,
        needs_target_labels=True,
        label_kinds=("classes",),
        display_name="TrAdaBoost",
    )
    rounds: int = 10
    penalty: float | None = None

    def __post_init__(self) -> None:
        self.check("rounds", self.rounds >= 1, ">= 1")
        self.check("penalty", self.penalty is None or self.penalty > 0, "> 0, or None to find it")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The frozen backbone, and a bank for its features of the labelled rows of each domain."""
        width, outputs = backbone.width, task.outputs
        source, target_labelled = Bank(task.rows, width, outputs), Bank(0, width, outputs)
        return Parts({"backbone": backbone, "source": source, "target_labelled": target_labelled})

    def moves(self) -> tuple[Do[Domains]]:
        """Collect."""
        return (Do(self.collect, changes=("source", "target_labelled")),)

    def collect(self, parts: Parts, batch: Domains, ctx: Ctx) -> None:
        """Add the features of a batch's labelled rows to the banks; one of the target only once."""
        collect(parts, "source", batch.source, ctx)
        if batch.target_labelled is not None:
            collect(parts, "target_labelled", batch.target_labelled, ctx, once=True)

    def predictor(self, parts: Parts) -> Model:
        """The backbone, with the probes that vote; with no row of the target, a probe on the source."""
        backbone = parts["backbone"]
        assert isinstance(backbone, Backbone)
        source, target_labelled = bank_of(parts, "source"), bank_of(parts, "target_labelled")
        rows, labels, weights = (
            torch.cat(pair) for pair in zip(_known(source), _known(target_labelled), strict=True)
        )
        n = len(rows) - len(_known(target_labelled)[0])
        with threads_for(rows.numel()):
            if n < len(rows):
                head: Head = self.boost(rows, labels, source.outputs, n, weights)
            else:
                counts = None if source.counts is None else weights
                head = LogisticProbe(penalty=self.penalty).solve(rows, labels, source.outputs, counts)
        return Model(backbone, head.to(rows.device))

    def boost(self, x: Tensor, y: Tensor, classes: int, source_rows: int, weights: Tensor) -> VotingHead:
        """The probes that vote, for features x (rows, width) and classes y (rows,), the source's first.

        Weights (rows,) > 0 are what each row counts before the first round.
        """
        penalty = self.penalty or select_logistic(x, y, classes, weights=weights).penalty

        def learn(counts: Tensor) -> tuple[Logistic, Tensor]:
            probe = logistic(x, y, classes, penalty, counts)
            return probe, (x @ probe.weight.T + probe.bias).argmax(1) != y

        found = tradaboost(learn, weights, source_rows, self.rounds)
        voters = found.learners[found.first :]
        return VotingHead.of(
            torch.stack([one.weight for one in voters]),
            torch.stack([one.bias for one in voters]),
            found.votes[found.first :],
        )


def _known(bank: Bank) -> tuple[Tensor, Tensor, Tensor]:
    """The features, labels and weights of the rows that count something."""
    features, labels = bank.content
    weights = features.new_ones(len(labels)) if bank.counts is None else bank.counts
    there = weights > 0
    return features[there], labels[there], weights[there]
