"""Trees of scikit-learn as arrays, and as a head."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from headstart.nn.tree_head import TreeHead

Reals = NDArray[np.float64]
LEAF = -1  # child of a leaf


@dataclass(frozen=True)
class Tree:
    """One tree; node 0 is its root, and a row goes left if its feature is <= the threshold."""

    feature: NDArray[np.int64]  # (nodes,)
    threshold: Reals  # (nodes,)
    left: NDArray[np.int64]  # (nodes,), LEAF at a leaf
    right: NDArray[np.int64]  # (nodes,)
    value: Reals  # (nodes, each), of which those of leaves count

    @classmethod
    def constant(cls, value: Reals) -> "Tree":
        """A tree of one leaf with a value (each,)."""
        no = np.full(1, LEAF)
        return cls(np.zeros(1, np.int64), np.zeros(1), no, no, np.asarray(value)[None])

    @classmethod
    def of_forest(cls, fitted: Any, value: Reals) -> "Tree":
        """The `tree_` of a decision tree, with values (nodes, each) in the outputs' order."""
        children = fitted.children_left, fitted.children_right
        return cls(fitted.feature, fitted.threshold, *children, value)

    @classmethod
    def of_boosting(cls, nodes: Any, value: Reals) -> "Tree":
        """The nodes of a tree of histogram gradient boosting, with values (nodes, each)."""
        left = np.where(nodes["is_leaf"], LEAF, nodes["left"].astype(np.int64))
        right = nodes["right"].astype(np.int64)
        return cls(nodes["feature_idx"].astype(np.int64), nodes["num_threshold"], left, right, value)

    def of(self, row: NDArray[Any]) -> float:
        """The first value of the leaf that a row (width,) arrives at."""
        at = 0
        while self.left[at] != LEAF:
            at = (self.left if row[self.feature[at]] <= self.threshold[at] else self.right)[at]
        return float(self.value[at, 0])

    @property
    def depth(self) -> int:
        """Comparisons on the longest way to a leaf."""
        level, depth = np.zeros(1, np.int64), -1
        while len(level):
            level = level[self.left[level] != LEAF]
            level, depth = np.concatenate([self.left[level], self.right[level]]), depth + 1
        return depth


def head_of(trees: Sequence[Tree], outputs: int, votes: Literal["classes", "tags", ""] = "") -> TreeHead:
    """The head that sums these trees, all with `outputs` values, or with one for each output in turn."""
    inner = [tree.left != LEAF for tree in trees]
    nodes = max(1, sum(int(mask.sum()) for mask in inner))
    columns: dict[str, list[NDArray[Any]]] = {name: [] for name in ("feature", "threshold", "left", "right")}
    roots, values, at, leaf = [], [], 0, nodes
    for tree, mask in zip(trees, inner, strict=True):
        number = np.where(mask, at + np.cumsum(mask) - 1, leaf + np.cumsum(~mask) - 1)
        roots.append(number[0])
        columns["feature"].append(tree.feature[mask])
        columns["threshold"].append(rounded_down(tree.threshold[mask]))
        columns["left"].append(number[tree.left[mask]])
        columns["right"].append(number[tree.right[mask]])
        values.append(tree.value[~mask])
        at, leaf = at + int(mask.sum()), leaf + int((~mask).sum())
    value, depth = np.concatenate(values), max(tree.depth for tree in trees)
    head = TreeHead(nodes, len(value), len(trees), depth, outputs, value.shape[1], votes)
    for name, parts in columns.items():
        buffer: torch.Tensor = getattr(head, name)
        if at:
            buffer.copy_(torch.from_numpy(np.concatenate(parts)))
    head.root.copy_(torch.tensor(roots))
    head.value.copy_(torch.from_numpy(value))
    return head


def rounded_down(thresholds: Reals) -> NDArray[np.float32]:
    """The largest float32 numbers <= thresholds: the same float32 numbers are <= both."""
    near = thresholds.astype(np.float32)
    return np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near)
