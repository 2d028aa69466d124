"""Prediction by decision trees."""

import copy
from collections.abc import Mapping
from typing import Any, Literal

import torch
from torch import Tensor

from headstart.core import Head


class TreeHead(Head):
    """Decision trees whose leaves are summed: (n, width) -> (n, outputs).

    At a node a row goes left if its feature is <= the threshold, and else right, also if it is missing (NaN).
    Nodes are counted over all trees; a child from the number of nodes on is a leaf.

    Args:
        nodes: inner nodes of all trees, >= 1.
        leaves: of all trees, >= 1.
        trees: number of trees, >= 1.
        depth: of the deepest tree, >= 0.
        outputs: of the head, >= 1.
        each: outputs that a tree adds to: all, or 1: the first tree to the first output, and so on in turn.
        votes: "classes" or "tags" if the sums are shares of the votes of the trees for them; "" if they are
            logits, or numbers.
    """

    feature: Tensor  # (nodes,) int32, the column of the features that is compared
    threshold: Tensor  # (nodes,)
    left: Tensor  # (nodes,) int32, child
    right: Tensor  # (nodes,) int32, child
    root: Tensor  # (trees,) int32
    value: Tensor  # (leaves, each)
    bias: Tensor  # (outputs,)
    scale: Tensor  # (outputs,) factor on the sums, or of votes on their logarithm: an inverse temperature

    def __init__(
        self,
        nodes: int,
        leaves: int,
        trees: int,
        depth: int,
        outputs: int,
        each: int,
        votes: Literal["classes", "tags", ""] = "",
    ) -> None:
        super().__init__()
        self.depth, self.votes = depth, votes
        for name in ("feature", "left", "right"):
            self.register_buffer(name, torch.zeros(nodes, dtype=torch.int32))
        self.register_buffer("threshold", torch.zeros(nodes))
        self.register_buffer("root", torch.zeros(trees, dtype=torch.int32))
        self.register_buffer("value", torch.zeros(leaves, each))
        self.each = each
        self.register_buffer("bias", torch.zeros(outputs))
        self.register_buffer("scale", torch.ones(outputs))

    @property
    def settings(self) -> Mapping[str, Any]:
        """All arguments."""
        leaves, each = self.value.shape
        return {
            "nodes": len(self.feature),
            "leaves": leaves,
            "trees": len(self.root),
            "depth": self.depth,
            "outputs": len(self.bias),
            "each": each,
            "votes": self.votes,
        }

    def forward(self, z: Tensor) -> Tensor:
        """Outputs (n, outputs) of features (n, width)."""
        sums = self.sums(z)
        if not self.votes:
            return self.scale * sums + self.bias
        trees = len(self.root)
        ways = 2 if self.votes == "tags" else len(self.bias)
        smooth = (sums * trees + 1 / ways) / (trees + 1)  # one extra tree spreads its vote over all
        return self.scale * (smooth.logit() if self.votes == "tags" else smooth.log())

    def sums(self, z: Tensor) -> Tensor:
        """Sums (n, outputs) of the leaves that features (n, width) arrive at."""
        nodes, outputs = len(self.feature), len(self.bias)
        at = self.root.long().expand(z.shape[0], -1)  # (n, trees); of `len` an export keeps one number
        for _ in range(self.depth):
            here = at.clamp(max=nodes - 1)
            below = z.gather(1, self.feature[here].long()) <= self.threshold[here]
            child = torch.where(below, self.left[here], self.right[here])
            at = torch.where(at < nodes, child.long(), at)
        values = self.value[at - nodes]  # (n, trees, each)
        rounds = len(self.root) * self.each // outputs  # not -1, which no rows at all leave open
        return values.reshape(z.shape[0], rounds, outputs).sum(1)

    def rescaled(self, mean: Tensor, deviation: Tensor) -> "TreeHead":
        """The same trees with rescaled numbers, for regression."""
        twin = copy.deepcopy(self)
        twin.scale.mul_(deviation.to(self.scale))
        twin.bias.mul_(deviation.to(self.bias)).add_(mean.to(self.bias))
        return twin
