"""The weighted mean of the predictions of a linear head and of trees."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import Head, LabelKind
from headstart.core.linear_head import LinearHead

from .tree_head import TreeHead

LEAST = 1e-30  # probability, so that its logarithm is finite


class StackedHead(Head):
    """A weighted mean of what a linear head and ensembles of trees predict: (n, width) -> (n, outputs).

    Numbers are averaged as they are, of classes and tags the probabilities.

    Args:
        linear: settings of the linear head.
        trees: settings of each ensemble of trees.
        kind: of the labels.
    """

    weights: Tensor  # (1 + ensembles,) >= 0 of the linear head and of the trees, their sum is 1

    def __init__(
        self, linear: Mapping[str, Any], trees: Sequence[Mapping[str, Any]], kind: LabelKind
    ) -> None:
        super().__init__()
        self.kind = kind
        self.linear: Head = LinearHead(**linear).requires_grad_(False)
        self.trees = nn.ModuleList(TreeHead(**each) for each in trees)
        self.register_buffer("weights", torch.full((1 + len(trees),), 1 / (1 + len(trees))))

    @property
    def settings(self) -> Mapping[str, Any]:
        """Those of all heads, and the kind of label."""
        trees = [dict(each.settings) for each in self.trees if isinstance(each, TreeHead)]
        return {"linear": dict(self.linear.settings), "trees": trees, "kind": self.kind}

    def forward(self, z: Tensor) -> Tensor:
        """Outputs (n, outputs) of features (n, width)."""
        return mean_prediction([head(z) for head in (self.linear, *self.trees)], self.weights, self.kind)

    def rescaled(self, mean: Tensor, deviation: Tensor) -> "StackedHead":
        """All heads rescaled, for regression."""
        twin = copy.deepcopy(self)
        twin.linear = self.linear.rescaled(mean, deviation).requires_grad_(False)
        twin.trees = nn.ModuleList(
            each.rescaled(mean, deviation) for each in self.trees if isinstance(each, TreeHead)
        )
        return twin

    @classmethod
    def of(
        cls, linear: LinearHead, trees: Sequence[TreeHead], weights: Sequence[float], kind: LabelKind
    ) -> "StackedHead":
        """Of heads for the same features and outputs, and their weights."""
        head = cls(linear.settings, [each.settings for each in trees], kind)
        head.linear.load_state_dict(linear.state_dict())
        for mine, each in zip(head.trees, trees, strict=True):
            mine.load_state_dict(each.state_dict())
        head.weights.copy_(torch.tensor(weights))
        return head.to(linear.weight.device)


def mean_prediction(outputs: Sequence[Tensor], weights: Sequence[float] | Tensor, kind: LabelKind) -> Tensor:
    """Outputs (n, outputs) of a weighted mean of several predictions.

    Args:
        outputs: of each head, (n, outputs): numbers, or logits of classes or tags.
        weights: (heads,) >= 0, or of each row (heads, n, 1); their sum is 1.
        kind: of the labels.
    """
    if kind == "numbers":
        return _mean(outputs, weights)
    if kind == "tags":
        yes, no = (_mean([(sign * each).sigmoid() for each in outputs], weights) for sign in (1, -1))
        return yes.clamp(min=LEAST).log() - no.clamp(min=LEAST).log()
    return _mean([each.softmax(1) for each in outputs], weights).clamp(min=LEAST).log()


def _mean(values: Sequence[Tensor], weights: Sequence[float] | Tensor) -> Tensor:
    found = torch.zeros_like(values[0])
    for value, weight in zip(values, weights, strict=True):
        found = found + weight * value
    return found
