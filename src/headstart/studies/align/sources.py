"""Several sources: how like each the target is, and two models that are made of it."""

import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import Backbone, LabelKind, Model
from headstart.core.linear_head import LinearHead
from headstart.data.dataset import Dataset
from headstart.data.train_test_split import Rows
from headstart.methods.outputs.probing.linear_probe import linear_probe
from headstart.nn.expert_head import ExpertHead
from headstart.report.text import join_words, round_percent
from headstart.solvers.penalty_selection import select_logistic


@dataclass(frozen=True)
class Sources:
    """Rows that several sources were pooled from, by features of the frozen backbone.

    A logistic regression on the sources, which has seen no row of the target, tells them apart. Its mean
    probability for a source over the target's rows is how like that source the target is. Sources of one law
    have the shares that they have in the rows, and their weights are 1: then weighting is pooling. Experts
    are weighted row by row by its probabilities, which is the distribution-weighted rule of Mansour et al.
    2008 ("Domain adaptation with multiple sources", NIPS 21): the same weights for all rows can do badly.
    """

    names: tuple[str, ...]  # of the sources
    source: Tensor  # features (n, width) of the rows that are trained on
    numbers: Tensor  # int64 (n,) of their sources, in [0, sources)
    labels: Tensor  # of these rows
    target: Tensor  # features (m, width) of the target

    @classmethod
    def of(cls, data: Dataset, rows: Rows, source: Tensor, target: Tensor) -> "Sources":
        """Of rows (n,) with features `source` of data that were pooled."""
        assert data.attributes is not None
        known, numbers = np.unique(data.attributes[rows], return_inverse=True)
        names = tuple(data.attribute_names[number] for number in known)
        return cls(names, source, torch.from_numpy(numbers), torch.from_numpy(data.labels[rows]), target)

    @cached_property
    def classifier(self) -> LinearHead:
        """Logits (n, sources) of features (n, width)."""
        numbers = self.numbers.to(self.source.device)
        fit = select_logistic(self.source.double(), numbers, len(self.names))
        return LinearHead.of(fit.weight, fit.bias)

    @cached_property
    def shares(self) -> Tensor:
        """Of each source (sources,), float64, >= 0; their sum is 1."""
        with torch.no_grad():
            logits: Tensor = self.classifier(self.target)
        return logits.double().softmax(1).mean(0)

    def weights(self, rows: Rows, of: int) -> NDArray[np.float64]:
        """Weights (of,) >= 0 of all rows of the data: of the trained `rows` (n,) 1 on average, else 0.

        A row counts as its source's share in the target over its share in the rows.
        """
        counts = torch.bincount(self.numbers, minlength=len(self.names)).double()
        ratio = self.shares.cpu() / (counts / counts.sum())
        found = np.zeros(of, np.float64)
        found[rows] = ratio[self.numbers].numpy()
        return found

    def experts(self, backbone: Backbone, kind: LabelKind, outputs: int) -> Model:
        """A probe of each source on the frozen backbone; the answer is their mean by the classifier.

        Raises:
            HeadstartError: the rows of a source can't be learned from.
        """
        heads = []
        for number in range(len(self.names)):
            own = self.numbers == number
            head = linear_probe(kind).solve(
                self.source[own.to(self.source.device)], self.labels[own], outputs
            )
            assert isinstance(head, LinearHead)
            heads.append(head)
        return Model(copy.deepcopy(backbone), ExpertHead.of(heads, self.classifier, kind)).eval()

    @property
    def similarity(self) -> dict[str, float]:
        """The shares by name."""
        return dict(zip(self.names, self.shares.tolist(), strict=True))

    def said(self) -> str:
        """How like each source the target is, as a sentence."""
        parts = [f"{round_percent(share)} like {name}" for name, share in self.similarity.items()]
        return f"The target is {join_words(parts)}, by a classifier that tells the sources apart."
